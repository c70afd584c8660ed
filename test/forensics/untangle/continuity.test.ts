import { describe, expect, it } from "vitest";
import { Continuity } from "../../../src/forensics/untangle/continuity.ts";
import type { Unfinished } from "../../../src/forensics/untangle/reading.ts";
import { randomNumbers } from "../../support/chunkings.ts";

const over = (octets: Uint8Array, budget = { steps: 1_000_000 }) => new Continuity(octets, 0, octets.length, budget);
const cutAt = (at: number): Unfinished => ({
  id: 0,
  frame: { id: 0, type: 3, channel: 1, size: 100_000 },
  channel: 1,
  owes: 0,
  left: 50_000,
  header: null,
  ignored: 0,
  cutAt: at,
  by: -1,
});
const once = '{"id":4711,"name":"order","paid":true},';
const json = new TextEncoder().encode(once.repeat(400));

describe("continuity of octets", () => {
  it("makes a cut dear in the middle of a word, and the word's other half cheap", () => {
    const middle = once.indexOf("name") + 2;
    const continuity = over(json);
    expect(continuity.cutPrice(40 * once.length + middle)).toBeGreaterThan(2);
    expect(continuity.resumePrice(cutAt(20 * once.length + middle), 60 * once.length + middle)).toBeLessThan(-2);
    expect(continuity.resumePrice(cutAt(20 * once.length + middle), 60 * once.length + 1)).toBeGreaterThan(2);
  });
  it("takes what stands near a cut for better evidence than what stands elsewhere", () => {
    const [one, other] = ['{"of":"4711-a"},', '{"of":"4722-b"},'];
    const octets = new TextEncoder().encode(other.repeat(2000) + one.repeat(20) + other.repeat(20) + one.repeat(20));
    const continuity = over(octets);
    const middle = one.indexOf("4711") + 2;
    const cut = 2010 * one.length + middle;
    const goesOn = continuity.resumePrice(cutAt(cut), 2050 * one.length + middle);
    expect(goesOn).toBeLessThan(0);
    expect(continuity.resumePrice(cutAt(cut), 2030 * one.length + middle)).toBeGreaterThan(goesOn);
  });
  it("knows a body by what it says again and again, wherever it is cut", () => {
    // Two bodies of one application, which differ in a name. Each is cut where the name is not.
    const lines = (name: string) =>
      Array.from({ length: 60 }, (_, i) => `line ${i + 100}, order ${name}, paid;`).join("");
    const [one, other] = [lines("4711-x"), lines("8292-y")];
    for (let cut = 400; cut < 430; cut++) {
      const [oneAt, otherAt] = [one.slice(cut), other.slice(cut)];
      const octets = new TextEncoder().encode(one.slice(0, cut) + other.slice(0, cut) + oneAt + otherAt);
      const continuity = over(octets);
      const [right, wrong] = [2 * cut, 2 * cut + oneAt.length].map(at => continuity.resumePrice(cutAt(cut), at));
      expect(right, `cut at ${cut}`).toBeLessThan(wrong! - 2);
    }
  });
  it("says little of octets in no order", () => {
    const random = randomNumbers(5);
    const continuity = over(Uint8Array.from({ length: 50_000 }, () => random() * 256));
    const said: number[] = [];
    for (let at = 1000; at < 40_000; at += 997) {
      said.push(Math.abs(continuity.cutPrice(at)), Math.abs(continuity.resumePrice(cutAt(at), at + 3001)));
    }
    // Three octets may stand twice by chance.
    expect(said.reduce((sum, each) => sum + each, 0) / said.length).toBeLessThan(0.5);
  });
  it("says nothing of what is no body, and nothing beyond the octets", () => {
    const continuity = over(json);
    expect(continuity.resumePrice({ ...cutAt(500), frame: { id: 0, type: 1, channel: 1, size: 90 } }, 900)).toBe(0);
    expect(continuity.cutPrice(json.length - 1)).toBe(0);
    expect(continuity.cutPrice(1)).toBe(0);
  });
  it("learns once, when it is asked, and is paid for", () => {
    const budget = { steps: 1000 };
    const continuity = over(json, budget);
    expect(budget.steps).toBe(1000);
    continuity.cutPrice(500);
    const first = 1000 - budget.steps;
    expect(first).toBeGreaterThan(1 + json.length / 1024);
    continuity.cutPrice(500 + once.length);
    // The same octets behind the same ones: nothing is looked at again.
    expect(1000 - budget.steps).toBe(first + 1);
  });
});
