/** Parts of a check: what is written is read again, and what does not belong together is refused, with its name. */
import { describe, expect, it } from "vitest";
import { isOfShard, jobOf, joinParts, type Part, PartError, partText, readPart } from "../../src/check/part.ts";

const ALL = ["a.pcap", "b.pcap", "c.pcap", "d.pcap", "e.pcap"].map(path => ({ path, place: path, isNamed: false }));
const JOB = jobOf(ALL, { broker: "auto" });

function part(number: number, of: number, job = JOB): Part {
  const captures = ALL.filter((_, i) => isOfShard(i, { number, of }));
  const result = { inputs: [], connections: [] };
  return { shard: { number, of }, job, folders: [""], captures: captures.map(each => ({ ...each, result })) };
}

function join(...parts: Part[]): string[] {
  const named = parts.map((each, i) => ({ name: `${i + 1}.part`, part: readPart(partText(each), `${i + 1}.part`) }));
  return joinParts(named)
    .captures.map(({ path }) => path)
    .toSorted();
}

describe("parts", () => {
  it.each([1, 2, 3, 5, 7])("of %i are all captures, each once, in any order", of => {
    const parts = Array.from({ length: of }, (_, i) => part(i + 1, of));
    expect(join(...parts)).toEqual(ALL.map(({ path }) => path));
    expect(join(...parts.toReversed())).toEqual(ALL.map(({ path }) => path));
  });

  it("count once where a task was run again", () => {
    expect(join(part(1, 2), part(2, 2), part(1, 2))).toHaveLength(ALL.length);
  });

  it.each<[what: string, parts: Part[], message: RegExp]>([
    ["one that is missing", [part(1, 3), part(3, 3)], /^part 2 is missing of 3: what is in it is not known$/],
    ["several that are missing", [part(2, 4)], /^parts 1, 3, 4 are missing of 4/],
    ["another division", [part(1, 2), part(2, 3)], /^2\.part: is of another check than 1\.part/],
    [
      "other captures",
      [part(1, 2), part(2, 2, jobOf(ALL.slice(1), { broker: "auto" }))],
      /^2\.part: is of another check/,
    ],
    ["other settings", [part(1, 2), part(2, 2, jobOf(ALL, { broker: "4.1" }))], /^2\.part: is of another check/],
    ["another result", [part(1, 1), { ...part(1, 1), captures: [] }], /^2\.part: is part 1, as 1\.part is, and says/],
    ["too few captures", [{ ...part(1, 1), captures: [] }], /^the parts have 0 captures, expected 5$/],
  ])("that do not make a whole are refused: %s", (_, parts, message) => {
    expect(() => join(...parts)).toThrow(PartError);
    expect(() => join(...parts)).toThrow(message);
  });
});

describe("the file of a part", () => {
  const text = partText(part(1, 2));

  it("is known to be cut, wherever it is", () => {
    for (let length = 0; length < text.length; length++) {
      expect(() => readPart(text.slice(0, length), "x.part"), `${length}`).toThrow(/^x\.part: is (?:cut|no partial)/);
    }
  });

  it.each([
    [
      "of another version",
      text.replace(/"version":"[^"]+"/, '"version":"0.0.1"'),
      /is of ghostframe 0\.0\.1, expected/,
    ],
    ["a report", '{"schema":"ghostframe.report/1"}\n', /is no partial result/],
    ["null", "null\n", /is no partial result/],
    ["a line that is no JSON", text.replace('{"path":"c', '{"path":c'), /is cut or damaged/],
  ])("is refused where it is %s", (_, octets, message) => {
    expect(() => readPart(octets, "x.part")).toThrow(message);
  });
});
