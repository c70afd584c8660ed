/** However the work is divided, and in whatever order its results are merged: the same report. */

import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectPart } from "../../../src/inspect.ts";
import { buildReport } from "../../../src/report/build-report.ts";
import { merge } from "../../../src/report/partial/merge.ts";
import { type InputPart, NO_TRAFFIC, type PartialResult } from "../../../src/report/partial/partial-result.ts";
import { SEED } from "../../support/chunkings.ts";
import { FIXTURES } from "../../support/golden.ts";

/** Several connections, findings with causes, notes, a torn frame, a file that cannot be read, one that is cut short. */
const paths = [
  "connections/same-port-twice.pcap",
  "interleaving/message-inside-a-body.pcap",
  "files/empty.pcap",
  "files/truncated-last-packet.pcap",
  "handshake/tls-client-on-plain-port.pcap",
].map(path => join(FIXTURES, path));

const found = await inspectPart(paths);
const report = buildReport(found);

/** One of `parts` has each connection, and one the counts of each input; all read all files. */
function divided({ inputs, connections }: PartialResult, parts: number, pick: () => number): PartialResult[] {
  const counted = inputs.map(() => pick() % parts);
  const owner = connections.map(() => pick() % parts);
  return Array.from({ length: parts }, (_, part) => ({
    inputs: inputs.map((input, i): InputPart => (counted[i] === part ? input : { ...input, traffic: NO_TRAFFIC })),
    connections: connections.filter((_, i) => owner[i] === part),
  }));
}

/** A part that knows only the inputs from `first` on: their indices are others. */
function ofInputs({ inputs, connections }: PartialResult, first: number, last: number): PartialResult {
  const inside = (input: number) => input >= first && input < last;
  const move = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && "input" in value && "packet" in value
      ? { ...value, input: (value.input as number) - first }
      : value;
  const kept = connections.filter(each => inside(each.first.input) && inside(each.recognised.input));
  return { inputs: inputs.slice(first, last), connections: JSON.parse(JSON.stringify(kept), move) };
}

/** Merges parts two and more at a time, in an order that `pick` gives, until there is one. */
function mergedBy(parts: readonly PartialResult[], pick: () => number): PartialResult {
  const left = [...parts];
  while (left.length > 1) {
    const taken = Array.from({ length: 2 + (pick() % 2) }, () =>
      left.length === 0 ? [] : left.splice(pick() % left.length, 1),
    ).flat();
    left.push(merge(taken));
  }
  return left[0]!;
}

/** As a file or a worker's message hands it over. */
const posted = (part: PartialResult): PartialResult => JSON.parse(JSON.stringify(part));

function picker(numbers: readonly number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length]!;
}

const numbers = fc.array(fc.nat(1000), { minLength: 7, maxLength: 40 });

describe(`results of parts (seed ${SEED})`, () => {
  it("are of captures that have something of everything", () => {
    expect(report.connections.length).toBeGreaterThan(2);
    expect(report.findings.some(({ diagnosis }) => diagnosis !== undefined)).toBe(true);
    expect(report.inputs.some(({ error }) => error !== undefined)).toBe(true);
  });

  it("come to the same report, however connections are divided and parts are merged", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), numbers, (parts, drawn) => {
        const pick = picker(drawn);
        const all = divided(found, parts, pick).map(posted);
        expect(buildReport(mergedBy(all, pick))).toEqual(report);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("come to the same report, however inputs are divided", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: paths.length - 1 })), numbers, (cuts, drawn) => {
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), paths.length];
        const all = bounds.slice(1).map((last, i) => posted(ofInputs(found, bounds[i]!, last)));
        expect(buildReport(mergedBy(all, picker(drawn)))).toEqual(report);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("merge into what an explained reading of the same says, in either order", async () => {
    const plain = await inspectPart(paths, { explain: false });
    const seen = { ...found, inputs: found.inputs.map(input => ({ ...input, traffic: NO_TRAFFIC })) };
    for (const order of [
      [plain, seen],
      [seen, plain],
      [seen, plain, seen],
    ]) {
      expect(buildReport(merge(order))).toEqual(report);
    }
  });

  it("merge of none is empty", () => {
    expect(merge([])).toEqual({ inputs: [], connections: [] });
  });
});
