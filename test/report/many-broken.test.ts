/**
 * Very many broken connections: a readable report, in bounds of memory and time that do not depend on how many there are.
 * Measured by hand, on ten thousand: see docs/limits.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { policyOf } from "../../src/check/policy.ts";
import { inspectSharded } from "../../src/cli/sharded-inspection.ts";
import { inspectPart } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { json } from "../../src/report/json.ts";
import { merge } from "../../src/report/partial/merge.ts";
import type { PartialResult } from "../../src/report/partial/partial-result.ts";
import type { Finding, Report } from "../../src/report/report.ts";
import { text } from "../../src/report/text.ts";
import { manyBroken } from "../support/many-connections.ts";

const COUNT = 1200;
const KINDS = 3;
/** Findings of one kind that keep octets and diagnosis. */
const FULL = 16;

const folder = mkdtempSync(join(tmpdir(), "many-"));
afterAll(() => rmSync(folder, { recursive: true }));
let found: PartialResult;
let report: Report;

beforeAll(async () => {
  const path = join(folder, "many.pcap");
  writeFileSync(path, manyBroken(COUNT));
  found = await inspectPart([path]);
  report = buildReport(found);
}, 180_000);

const isFull = ({ diagnosis }: Finding) => diagnosis !== undefined;

describe(`${COUNT} broken connections of ${KINDS} kinds, all open at a time`, () => {
  it("are all found, and all explained", () => {
    expect(report.summary.errors).toBe(COUNT);
    expect(report.connections.some(({ unexplained }) => unexplained)).toBe(false);
  });

  it("are told in full as often as it helps: the others say which finding tells what they leave out", () => {
    expect(report.findings.filter(isFull)).toHaveLength(KINDS * FULL);
    const byId = new Map(report.findings.map(finding => [finding.id, finding]));
    const brief = report.findings.filter(finding => !isFull(finding));
    expect(brief.every(({ sameAs }) => isFull(byId.get(sameAs ?? "")!))).toBe(true);
    expect(new Set(brief.map(({ sameAs }) => sameAs))).toEqual(new Set(["f1", "f2", "f3"]));
  });

  it("lose messages whose fates are counted, listed or not", () => {
    const { messages, torn, swallowed, unread } = report.summary.lost!;
    expect(torn + swallowed + unread).toBe(messages);
  });

  it("are a page of text, that counts what is the same", () => {
    const page = text(report);
    expect(page.split("\n").length).toBeLessThan(250);
    expect(page.match(/The same, 399 times more: f\d/g)).toHaveLength(KINDS);
  });

  it("take about as many octets of JSON for each as one that is clean", () => {
    // Each lists the messages that it lost.
    expect(json(report).length / COUNT).toBeLessThan(4600);
  });

  it("have three fingerprints in a check, however their findings are told", () => {
    const { captures } = check([{ path: "many.pcap", report }], { policy: policyOf(), expectations: [] }, null);
    expect(new Set(captures[0]!.findings.map(each => each.fingerprint)).size).toBe(KINDS);
  });

  it("are the same report however they are divided", () => {
    for (const parts of [2, 5]) {
      const divided = Array.from({ length: parts }, (_, i) => ({
        ...found,
        connections: found.connections.filter((_, index) => index % parts === i),
      }));
      expect(buildReport(merge(divided.toReversed()))).toEqual(report);
    }
  });
});

/** Of each kind more than are told in full. */
const FEW = KINDS * (FULL + 4);

describe(`${FEW} of them`, () => {
  it.each([
    ["by two threads", "../../dist/command/shard-worker.js"],
    ["by two threads, of which one crashes", "../cli/shard-crash.mjs"],
  ])("are told the same %s", async (_, worker) => {
    const path = join(folder, "few.pcap");
    writeFileSync(path, manyBroken(FEW));
    const { signal } = new AbortController();
    const divided = await inspectSharded([path], 2, {}, { signal, worker: new URL(worker, import.meta.url) });
    expect(buildReport(divided)).toEqual(buildReport(await inspectPart([path])));
  });
});
