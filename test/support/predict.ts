/** The one place where the differential test meets the predictor. */
import { Inspection } from "../../src/inspect.ts";
import { carrying } from "./segments.ts";

export type Prediction =
  | { outcome: "close"; code: number; text: string; classId: number; methodId: number; fatal?: boolean }
  | { outcome: "reset"; reason: string };

const SEGMENT = 1400;

/** What the broker will do, from the client's octets alone; null when it will not end the connection. */
export function predict(clientOctets: Uint8Array): Prediction | null {
  const inspection = new Inspection({ explain: false, decodeAs: [5672] });
  inspection.beginInput();
  let number = 1;
  const send = (flags: string, sequence: number, octets: Uint8Array): void =>
    inspection.packet(carrying(octets).tcp({ flags, sequence }).ipv4().ethernet().record(1, number++));
  send("S", 0, new Uint8Array(0));
  for (let at = 0; at < clientOctets.length; at += SEGMENT) {
    send("A", at + 1, clientOctets.subarray(at, at + SEGMENT));
  }
  return inspection.finish()[0]?.judge.prediction ?? null;
}
