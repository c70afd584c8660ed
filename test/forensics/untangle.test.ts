import { describe, expect, it } from "vitest";
import type { UntangledFrame } from "../../src/forensics/untangle/result.ts";
import { untangle } from "../../src/forensics/untangle/untangle.ts";
import { body, frame, header, heartbeat, join, method, type Octets } from "./untangle/frames.ts";

/** What follows in good order, so that the end of the incident can be seen. */
const ORDER = join(heartbeat, heartbeat, heartbeat, heartbeat);

/** Reads octets from offset 1000 on: the torn frames, and what is nobody's. Null where more octets are wanted. */
function read(octets: Uint8Array, segments: readonly number[] = [], ended = true): string[] | null {
  const base = 1000;
  const usesChannel = (channel: number): boolean => channel >= 1 && channel <= 3;
  const sender = { sizeLimit: 4096, maxBody: null, isClient: true, seenWhole: true, usesChannel };
  const at = segments.map(offset => base + offset);
  const budget = { steps: 1_000_000 };
  const torn = {
    octets,
    length: octets.length,
    base,
    from: base,
    fault: base,
    ended,
    sender,
    segments: at,
  };
  const found = untangle(torn, budget);
  if (found === null) return null;
  return [...found.frames.filter(isBroken).map(line), ...found.unexplained.map(span => `nobody ${span.join("+")}`)];
}

function isBroken({ spans, complete }: UntangledFrame): boolean {
  return spans.length > 1 || !complete;
}

function line({ type, channel, size, spans, complete }: UntangledFrame): string {
  return `${type}/${channel}/${size} ${spans.map(([at, octets]) => `${at}+${octets}`).join(" ")}${complete ? "" : " never whole"}`;
}

/** The octets of a frame, `inserted` put in behind the first `at`. */
function cut(whole: Uint8Array, at: number, ...inserted: readonly Octets[]): Uint8Array {
  return join(whole.subarray(0, at), ...inserted, whole.subarray(at));
}

const hello = body(1, "hello, world"); // 20 octets
const other = join(method(2), header(2, 3), body(2, "abc")); // 19 + 22 + 11 = 52 octets

describe("a torn frame", () => {
  const cases: readonly { what: string; octets: Uint8Array; lines: string[] }[] = [
    { what: "is found in its body", octets: cut(hello, 12, other), lines: ["3/1/12 1000+12 1064+8"] },
    { what: "before its end octet", octets: cut(hello, 19, other), lines: ["3/1/12 1000+19 1071+1"] },
    { what: "behind its header", octets: cut(hello, 7, other), lines: ["3/1/12 1000+7 1059+13"] },
    { what: "by a heartbeat", octets: cut(hello, 12, heartbeat), lines: ["3/1/12 1000+12 1020+8"] },
    {
      what: "twice",
      octets: join(hello.subarray(0, 9), other, hello.subarray(9, 15), heartbeat, hello.subarray(15)),
      lines: ["3/1/12 1000+9 1061+6 1075+5"],
    },
    {
      what: "with its interrupter torn as well",
      octets: cut(hello, 10, cut(body(2, "inner body"), 9, body(3, "innermost"))),
      lines: ["3/1/12 1000+10 1045+10", "3/2/10 1010+9 1036+9"],
    },
    {
      what: "although 0xce stands where its size says without the others taken out",
      octets: cut(hello, 10, body(2, Uint8Array.from([65, 66, 0xce, 67]))),
      lines: ["3/1/12 1000+10 1022+10"],
    },
    {
      what: "although each of its octets is 0xce",
      octets: cut(body(1, new Uint8Array(12).fill(0xce)), 12, other),
      lines: ["3/1/12 1000+12 1064+8"],
    },
    ...Array.from({ length: 10 }, (_, i) => ({
      what: `in a method, after ${i + 1} octets`,
      octets: cut(method(1), i + 1, other),
      lines: [`1/1/11 1000+${i + 1} ${1053 + i}+${18 - i}`],
    })),
    ...Array.from({ length: 10 }, (_, i) => ({
      what: `in a content header, after ${i + 1} octets`,
      octets: cut(header(1, 5), i + 1, other),
      lines: [`2/1/14 1000+${i + 1} ${1053 + i}+${21 - i}`],
    })),
    ...Array.from({ length: 6 }, (_, i) => ({
      what: `in a body's header, after ${i + 1} octets`,
      octets: cut(hello, i + 1, other),
      lines: [`3/1/12 1000+${i + 1} ${1053 + i}+${19 - i}`],
    })),
  ];
  it.each(cases)("$what", ({ octets, lines }) => {
    expect(read(join(octets, ORDER))).toEqual(lines);
  });

  it.each(cases)("is the same however the stream is cut: $what", ({ octets, lines }) => {
    const stream = join(octets, ORDER);
    for (let size = 1; size < stream.length; size += 3) {
      const segments = Array.from({ length: Math.floor(stream.length / size) }, (_, i) => (i + 1) * size);
      expect(read(stream, segments), `segments of ${size}`).toEqual(lines);
    }
  });
});

describe("two frames under way at a time", () => {
  it("take turns where segments end", () => {
    const one = body(1, "one writes this body");
    const two = body(2, "two writes another one");
    const parts = [one.subarray(0, 15), two.subarray(0, 16), one.subarray(15), two.subarray(16)];
    const segments = parts.map((_, i) => join(...parts.slice(0, i + 1)).length);
    expect(read(join(...parts, ORDER), segments)).toEqual(["3/1/20 1000+15 1031+13", "3/2/22 1015+16 1044+14"]);
  });
});

describe("what is never completed", () => {
  it.each([
    { what: "a body", octets: join(hello.subarray(0, 12), other), lines: ["3/1/12 1000+12 never whole"] },
    { what: "a header", octets: join(hello.subarray(0, 5), other), lines: ["3/1/0 1000+5 never whole"] },
    {
      what: "a body whose writer goes on with another publish",
      octets: join(hello.subarray(0, 12), method(1), header(1, 5), body(1, "again"), other),
      lines: ["3/1/12 1000+12 never whole"],
    },
  ])("$what", ({ octets, lines }) => {
    expect(read(join(octets, ORDER))).toEqual(lines);
  });

  it("is no fault of the last frame, which the end cuts", () => {
    expect(read(join(cut(hello, 12, other), body(2, "cut by the end").subarray(0, 12)))).toEqual([
      "3/1/12 1000+12 1064+8",
      "3/2/14 1072+12 never whole",
    ]);
  });
});

describe("octets that are nobody's", () => {
  it("reach to the next frame", () => {
    expect(read(join(hello, Uint8Array.from([0xff, 0xfe, 0xfd]), other, ORDER))).toEqual(["nobody 1020+3"]);
  });

  it("are those of another protocol, inside a body too", () => {
    const strange = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
    expect(read(join(cut(hello, 12, strange), other, ORDER))).toEqual(["3/1/12 1000+12 1030+8", "nobody 1012+18"]);
  });

  it("are not a frame of the right length that was overwritten", () => {
    const spoilt = hello.slice();
    spoilt.fill(0x55, 10);
    expect(read(join(spoilt, other, ORDER))).toEqual(["3/1/12 1000+20 never whole"]);
  });
});

describe("frames inside a body", () => {
  it("are its content where it is whole without them", () => {
    const captured = frame(3, 1, join(method(1), header(1, 5), body(1, "hello"), heartbeat));
    expect(read(join(captured, other, ORDER))).toEqual([]);
  });
});
