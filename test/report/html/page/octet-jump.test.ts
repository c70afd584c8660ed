import { describe, expect, it } from "vitest";
import { octetJump, stopsOf } from "../../../../src/report/html/page/octet-jump.ts";
import type { Place } from "../../../../src/report/report.ts";
import { tornFrame } from "../../../support/report-samples.ts";

const report = tornFrame();
const place = (packet: number, streamOffset: number): Place => ({ input: 0, packet, streamOffset, time: null });
const [sample = expect.fail()] = report.findings;
const torn = { ...sample, at: { from: place(31, 162_315), to: place(42, 393_013) } };
const firstPiece = torn.diagnosis!.writers[0]!.messages[0]!;
firstPiece.at = [
  { from: place(31, 162_110), to: place(31, 210_750) },
  { from: place(42, 390_697), to: place(42, 393_013) },
];
torn.diagnosis!.writers[1]!.messages[0]!.at = [{ from: place(33, 210_750), to: place(36, 246_800) }];
const other = {
  ...torn,
  id: "f9",
  streamOffset: 900_000,
  length: 100,
  octets: [],
  packets: [70, 72],
  at: { from: place(70, 900_000), to: place(72, 900_100) },
};
delete other.diagnosis;
const jump = (asked: string) => octetJump(asked, torn, [torn, other]);

describe("where a reader wants to look", () => {
  it.each([
    ["213065", 213_065, "read as frame-end octet"],
    ["213,065", 213_065, "read as frame-end octet"],
    ["0x34049", 213_065, "read as frame-end octet"],
    [" 250000 ", 250_000, "The octet itself is not kept here"],
  ])("%s is an offset", (asked, offset, words) => {
    const found = jump(asked);
    expect(found.offset).toBe(offset);
    expect(found.words).toContain(words);
    expect(found.words).toContain("Writer B");
  });

  it.each([
    ["p31", 162_110, "Packet 31: Writer A"],
    ["P 42", 390_697, "piece 2 of 2"],
    ["packet 33", 210_750, "Writer B"],
    ["p35", 210_750, "which began in packet 33"],
    ["p39", 162_315, "the incident, at 162,315, which began in packet 31"],
  ])("%s is a packet: what begins in it, else what passes through it", (asked, offset, words) => {
    const found = jump(asked);
    expect(found.offset).toBe(offset);
    expect(found.words).toContain(words);
  });

  it.each(["", "x", "p", "-5", "12e3", "p31x", "9".repeat(400)])("“%s” is neither, and said to be so", asked => {
    const { offset, words } = jump(asked);
    expect(offset).toBe(null);
    expect(words).toContain("neither an offset nor a packet");
    expect(words.length).toBeLessThan(200);
  });

  it.each([
    ["900050", "Offset 900,050 is not of this incident"],
    ["p71", "Nothing is known here of packet 71"],
  ])("%s is of another finding, which is named", (asked, words) => {
    const found = jump(asked);
    expect(found.offset).toBe(null);
    expect(found.words).toContain(words);
    expect(found.elsewhere).toBe(other);
  });

  it("says so where nobody has it", () => {
    for (const asked of ["5", "p4000000"]) expect(jump(asked)).toMatchObject({ asked, offset: null });
    expect(jump("5").elsewhere).toBeUndefined();
    // An offset of another stream is another octet.
    expect(octetJump("900050", torn, [{ ...other, direction: "server-to-client" }]).elsewhere).toBeUndefined();
  });
});

it("stops where frames and pieces begin, and where the broker stops, in order", () => {
  const stops = stopsOf(torn);
  expect(stops.slice(0, 5)).toEqual([162_110, 162_315, 210_750, 213_065, 246_800]);
  expect(stops).toEqual([...new Set(stops)].sort((a, b) => a - b));
  expect(stopsOf(other)).toEqual([900_000]);
});
