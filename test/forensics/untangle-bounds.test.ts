/** Whatever the octets, the untangling ends soon, within its memory, and says nothing that contradicts itself. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/report/report.ts";
import { pcapHeader, pcapRecord } from "../support/capture-writer.ts";
import { randomNumbers } from "../support/chunkings.ts";
import { carrying } from "../support/segments.ts";
import { longTangle } from "../support/tangled-streams.ts";
import { clientHandshake } from "../support/wire.ts";
import { diagnosesOf, expectConsistent } from "./untangle/consistent.ts";
import { body, frame, header, heartbeat, join, method } from "./untangle/frames.ts";
import { inspected, segmented } from "./untangle/inspected.ts";

const SEED = Number(process.env.FC_SEED ?? 20_261_121);
/** 100 for the bound that is promised; less by default, as it takes its time. */
const MEGABYTES = Number(process.env.INCIDENT_MEGABYTES ?? 20);
/** What is promised (2 to 3.5 s were measured on one machine, as fast as it was then), and slack for machines that have other things to do. */
const SECONDS = 3.5 * 1.5;
const MEBIBYTES = 64 + 32;

const opened = clientHandshake().channelOpen(1).channelOpen(2).channelOpen(3).octets;
const random = randomNumbers(SEED);
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random() * 256);
function repeated(times: number, ...parts: Uint8Array[]): Uint8Array {
  const once = join(...parts);
  const all = new Uint8Array(times * once.length);
  for (let i = 0; i < times; i++) all.set(once, i * once.length);
  return all;
}
/** The first part of a body frame that claims to be longer than it is. */
const begun = (channel: number, claimed: number, there: number): Uint8Array =>
  frame(3, channel, new Uint8Array(claimed).fill(0xce)).subarray(0, 7 + there);

const ADVERSARIES: Readonly<Record<string, Uint8Array>> = {
  "random octets": noise(2_000_000),
  "0xce only": new Uint8Array(1_000_000).fill(0xce),
  zeros: new Uint8Array(1_000_000),
  "01 00 01 again and again": repeated(300_000, Uint8Array.of(1, 0, 1)),
  "headers of bodies, none with a payload": repeated(80_000, begun(1, 4000, 0)),
  "headers of bodies inside each other, ends of 0xce": repeated(
    4000,
    begun(1, 300, 40),
    begun(2, 200, 30),
    begun(3, 90, 20),
  ),
  "headers cut after every length": repeated(
    9000,
    ...Array.from({ length: 7 }, (_, k) => method(1 + (k % 3)).subarray(0, k + 1)),
  ),
  "heartbeats cut in two": repeated(40_000, heartbeat.subarray(0, 5), heartbeat),
  "methods torn by methods": repeated(9000, method(1).subarray(0, 10), method(2).subarray(0, 12), method(3)),
  "frames interrupted 40 deep": join(
    ...Array.from({ length: 40 }, (_, i) => begun(1 + (i % 3), 2000 + i, 50)),
    ...Array.from({ length: 40 }, () => new Uint8Array(1951).fill(0xce)),
  ),
  "contents that are never finished, and then bodies": join(
    repeated(40, method(1), header(1, 10), body(1, "too short")),
    repeated(12, body(1, "abc")),
    method(1),
    header(1, 3),
    body(1, "abc"),
  ),
  "good frames behind one octet of noise": join(
    Uint8Array.of(0x55),
    repeated(20_000, method(1), header(1, 3), body(1, "abc")),
  ),
};

/** Measures again where a bound is exceeded, as other processes only add to what is measured. */
function leastOf(measure: () => number, bound: number): number {
  let least = measure();
  for (let again = 0; again < 2 && least >= bound; again++) least = Math.min(least, measure());
  return least;
}

describe("adversaries", () => {
  it.each(Object.entries(ADVERSARIES))("%s", (_, octets) => {
    const segments = segmented(join(opened, octets, method(1), header(1, 3), body(1, "end")));
    inspected({ segments }, false);
    let report: Report | null = null;
    const costs = (): number => {
      const plain = cpuSeconds(() => inspected({ segments }, false));
      const explained = cpuSeconds(() => {
        report = inspected({ segments });
      });
      return explained - plain;
    };
    expect(leastOf(costs, SECONDS)).toBeLessThan(SECONDS);
    for (const diagnosis of diagnosesOf(report!)) expectConsistent(diagnosis, opened.length + octets.length + 100);
  });
});

describe(`an incident of ${MEGABYTES} MB`, () => {
  const random20 = join(opened, noise(1 << 20));
  it.each([
    ["frames torn again and again", () => longTangle(MEGABYTES)],
    [
      "a body torn at its very end",
      () => join(opened, begun(1, 130_000, 9), method(2), longTangle(MEGABYTES).subarray(1000)),
    ],
    ["noise", () => join(random20, ...Array.from({ length: MEGABYTES - 1 }, () => random20.subarray(opened.length)))],
  ])("%s: costs 3.5 s and 64 MiB more than without explaining it", (_, make) => {
    const folder = mkdtempSync(joinPath(tmpdir(), "incident-"));
    try {
      const path = joinPath(folder, "incident.pcap");
      writeFileSync(path, captureOf(make()));
      const plains = [measured(path, false), measured(path, false)];
      const plain = {
        seconds: Math.min(...plains.map(({ seconds }) => seconds)),
        mebibytes: Math.min(...plains.map(({ mebibytes }) => mebibytes)),
      };
      const first = measured(path, true);
      const costs = (of: "seconds" | "mebibytes"): (() => number) => {
        const runs = [first];
        return () => (runs.pop() ?? measured(path, true))[of] - plain[of];
      };
      expect(leastOf(costs("seconds"), SECONDS)).toBeLessThan(SECONDS);
      expect(leastOf(costs("mebibytes"), MEBIBYTES)).toBeLessThan(MEBIBYTES);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

interface Measured {
  seconds: number;
  mebibytes: number;
}

/** A run of the built program, in a process of its own. */
function measured(path: string, explain: boolean): Measured {
  const script = fileURLToPath(new URL("untangle/measure.mjs", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, path, String(explain)], { encoding: "utf8" })) as Measured;
}

function captureOf(octets: Uint8Array): Uint8Array {
  const mss = 65_483;
  const records: Uint8Array[] = [];
  const add = (flags: string, sequence: number, payload: Uint8Array): void => {
    const data = carrying(payload).tcp({ flags, sequence }).ipv4().ethernet().bytes;
    records.push(pcapRecord({ seconds: 1_790_000_000, fraction: records.length, data }));
  };
  add("S", 0, new Uint8Array(0));
  for (let at = 0; at < octets.length; at += mss) add("A", at + 1, octets.subarray(at, at + mss));
  return join(pcapHeader(), ...records);
}
