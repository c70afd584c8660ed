/** Runs a client's octets through an inspection, in memory. */
import { Inspection } from "../../../src/inspect.ts";
import { buildReport } from "../../../src/report/build-report.ts";
import type { Report } from "../../../src/report/report.ts";
import { carrying } from "../../support/segments.ts";

export interface Inspected {
  segments: readonly Uint8Array[];
  lost?: ReadonlySet<number>;
  /** How the client's stream ends; "FA" by default. Null if the capture ends before it. */
  end?: "FA" | "R" | null;
}

/** The report on one connection of which the client's segments were captured, but for those that are lost. */
export function inspected({ segments, lost, end = "FA" }: Inspected, explain = true): Report {
  const inspection = new Inspection({ explain, decodeAs: [5672] });
  inspection.beginInput();
  let number = 1;
  const send = (flags: string, sequence: number, octets: Uint8Array): void =>
    inspection.packet(carrying(octets).tcp({ flags, sequence }).ipv4().ethernet().record(1, number++));
  send("S", 0, new Uint8Array(0));
  let at = 1;
  for (const [i, octets] of segments.entries()) {
    if (lost?.has(i) !== true) send("A", at, octets);
    at += octets.length;
  }
  if (end !== null) send(end, at, new Uint8Array(0));
  return buildReport(inspection.finish());
}

/** Octets in segments of `mss`. */
export function segmented(octets: Uint8Array, mss = 1448): Uint8Array[] {
  return Array.from({ length: Math.ceil(octets.length / mss) }, (_, i) => octets.subarray(i * mss, (i + 1) * mss));
}
