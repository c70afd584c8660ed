import { expect, test } from "vitest";
import { RecentOffsets } from "../../src/forensics/recent-offsets.ts";

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("keeps the latest: all of them, then between half as many as it may and all", () => {
  const offsets = new RecentOffsets(64);
  let kept: number[] = [];
  for (let i = 0; i < 1000; i++) {
    if (kept.length === 64) kept = kept.slice(32);
    kept.push(i);
    offsets.push(i);
    expect(offsets.list()).toEqual(kept);
  }
});

test("three at once are the same as one by one", () => {
  for (let before = 0; before < 70; before++) {
    const [one, three] = [new RecentOffsets(64), new RecentOffsets(64)];
    for (const offset of numbers(0, before)) for (const each of [one, three]) each.push(offset);
    for (let i = 100; i < 400; i += 3) {
      for (const offset of numbers(i, i + 3)) one.push(offset);
      three.pushThree(i, i + 1, i + 2);
      expect(three.list()).toEqual(one.list());
    }
  }
});

test("holds offsets beyond 2^32", () => {
  const offsets = new RecentOffsets(16);
  offsets.push(2 ** 40 + 1);
  expect(offsets.list()).toEqual([2 ** 40 + 1]);
});

test("forgets what is not to be kept, or all", () => {
  const offsets = new RecentOffsets(32);
  for (const offset of numbers(0, 20)) offsets.push(offset);
  offsets.keep(offset => offset < 5 || offset >= 18);
  offsets.push(30);
  expect(offsets.list()).toEqual([0, 1, 2, 3, 4, 18, 19, 30]);
  offsets.clear();
  offsets.push(31);
  expect(offsets.list()).toEqual([31]);
});
