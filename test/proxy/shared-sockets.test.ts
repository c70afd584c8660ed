import { describe, expect, test } from "vitest";
import { ScanPace, SharedSockets, sharedSocketSentence } from "../../src/proxy/shared-sockets.ts";
import type { Holder } from "../../src/proxy/socket-holders.ts";

type Scan = Record<number, number[]>;

function answer(scan: Scan): Map<number, Holder[]> {
  const holders = (pids: number[]) => pids.map(pid => ({ pid, command: "ruby worker.rb" }));
  return new Map(Object.entries(scan).map(([number, pids]) => [Number(number), holders(pids)]));
}

const cases: { what: string; scans: Scan[]; shared: string[] }[] = [
  { what: "one holder is how it should be", scans: [{ 1: [10] }, { 1: [10] }], shared: ["", ""] },
  { what: "two holders count in the second scan", scans: [{ 1: [10, 11] }, { 1: [10, 11] }], shared: ["", "1: 10 11"] },
  {
    what: "what is told is not told again",
    scans: [{ 1: [10, 11] }, { 1: [10, 11] }, { 1: [10, 11] }, { 1: [10, 11, 12] }],
    shared: ["", "1: 10 11", "", ""],
  },
  {
    what: "held for a moment, and again by another child",
    scans: [{ 1: [10, 11] }, { 1: [10] }, { 1: [10, 12] }, { 1: [10, 13] }],
    shared: ["", "", "", ""],
  },
  {
    what: "a scan between that found nothing",
    scans: [{ 1: [10, 11] }, { 1: [] }, { 1: [10, 11] }],
    shared: ["", "", ""],
  },
  {
    what: "of three holders only those that stay",
    scans: [{ 1: [10, 11, 12] }, { 1: [10, 12, 13] }],
    shared: ["", "1: 10 12"],
  },
  { what: "handed on from one process to the next", scans: [{ 1: [10] }, { 1: [11] }], shared: ["", ""] },
  {
    what: "several connections, each on its own",
    scans: [
      { 1: [10, 11], 2: [10], 3: [20, 21] },
      { 1: [10, 11], 2: [10, 11], 3: [20] },
      { 1: [10, 11], 2: [10, 11], 3: [20] },
    ],
    shared: ["", "1: 10 11", "2: 10 11"],
  },
  {
    what: "connections of the same processes, at once",
    scans: [
      { 1: [10, 11], 2: [10, 11] },
      { 1: [10, 11], 2: [10, 11] },
    ],
    shared: ["", "1: 10 11, 2: 10 11"],
  },
  { what: "nothing is open", scans: [{}, {}], shared: ["", ""] },
];

test.each(cases)("$what", ({ scans, shared }) => {
  const sockets = new SharedSockets();
  const text = (scan: Scan) =>
    sockets
      .scanned(answer(scan))
      .map(({ number, holders }) => `${number}: ${holders.map(({ pid }) => pid).join(" ")}`)
      .join(", ");
  expect(scans.map(text)).toEqual(shared);
});

test("the same answer twice is one scan", () => {
  const sockets = new SharedSockets();
  const scan = answer({ 1: [10, 11] });
  expect([sockets.scanned(scan), sockets.scanned(scan)]).toEqual([[], []]);
  expect(sockets.scanned(answer({ 1: [10, 11] }))).toHaveLength(1);
});

test("the sentence names the processes", () => {
  const holders = [
    { pid: 4711, command: "ruby worker.rb" },
    { pid: 4713, command: "" },
  ];
  expect(sharedSocketSentence(holders)).toBe(
    "2 processes hold the client's end of this connection: 4711 (ruby worker.rb), 4713. A connection inherited through " +
      "fork: when a second one of them writes, their frames mix. Connect after the fork.",
  );
});

test("the sentence names eight of them at the most", () => {
  const holders = Array.from({ length: 11 }, (_, at) => ({ pid: 100 + at, command: "puma" }));
  expect(sharedSocketSentence(holders)).toContain("11 processes hold");
  expect(sharedSocketSentence(holders)).toContain("107 (puma), 3 more. A connection");
});

test("a connection is suspected from the first scan that finds it shared until it is told", () => {
  const sockets = new SharedSockets();
  const suspected = [{ 1: [10] }, { 1: [10, 11] }, { 1: [10, 11] }, { 1: [10, 11] }].map(scan => {
    sockets.scanned(answer(scan));
    return sockets.suspects;
  });
  expect(suspected).toEqual([false, true, false, false]);
});

describe("the pace of scans", () => {
  /** Which of these asks found a scan due. */
  const dueAt = (newest: readonly number[]): number[] => {
    const pace = new ScanPace();
    return newest.flatMap((number, at) => (pace.isDue(number) ? [at] : []));
  };

  test.each([
    ["is none while nothing is open", Array.from({ length: 30 }, () => 0), []],
    [
      "is two scans in a row of a new connection, and every tenth then",
      Array.from({ length: 25 }, () => 1),
      [0, 1, 11, 21],
    ],
    ["begins again with another one", [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2], [0, 1, 6, 7]],
    ["does not begin again when the newest one is closed", [2, 2, 2, 2, 1, 1, 1], [0, 1]],
  ])("%s", (_, newest, due) => {
    expect(dueAt(newest)).toEqual(due);
  });

  test("is one more scan where one has to be confirmed", () => {
    const pace = new ScanPace();
    for (let i = 0; i < 2; i++) pace.isDue(1);
    pace.again();
    expect([pace.isDue(1), pace.isDue(1)]).toEqual([true, false]);
  });
});
