import { describe, expect, it } from "vitest";
import { BusyPolling } from "../../src/proxy/busy-polling.ts";

/** An event loop in the test's hands: a turn takes 20 µs at most, and times are milliseconds. */
class Loop {
  now = 1000;
  turns = 0;
  readonly polling: BusyPolling;
  #next: (() => void) | null = null;

  constructor() {
    this.polling = new BusyPolling({
      now: () => this.now,
      next: turn => {
        this.#next = turn;
      },
    });
  }

  get isTurning(): boolean {
    return this.#next !== null;
  }

  /** Lets so much time pass: in turns while it turns, asleep for the rest. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    while (this.#next !== null && this.now < end) this.turn(Math.min(0.02, end - this.now));
    this.now = Math.max(this.now, end);
  }

  /** The loop comes round after so long. */
  turn(milliseconds: number): void {
    const turn = this.#next;
    this.#next = null;
    this.now += milliseconds;
    this.turns++;
    turn?.();
  }

  /** So many chunks, one after each gap; returns whether the loop turned behind the last one. */
  chunks(count: number, gap: number, octets = 300): boolean {
    for (let i = 0; i < count; i++) {
      this.pass(gap);
      this.polling.relayed(octets);
    }
    return this.isTurning;
  }
}

describe("keeps the loop turning", () => {
  it("behind small chunks that come fast, from the ninth on", () => {
    const loop = new Loop();
    expect(loop.chunks(8, 0.05)).toBe(false);
    expect(loop.chunks(1, 0.05)).toBe(true);
  });

  it("for 0.2 ms behind the last one", () => {
    const loop = new Loop();
    loop.chunks(20, 0.05);
    loop.pass(0.19);
    expect(loop.isTurning).toBe(true);
    loop.pass(0.02);
    expect(loop.isTurning).toBe(false);
    const { turns } = loop;
    loop.pass(1000);
    expect(loop.turns).toBe(turns);
  });

  it("again as soon as chunks come fast again", () => {
    const loop = new Loop();
    loop.chunks(20, 0.05);
    loop.pass(5000);
    expect(loop.chunks(4, 0.05)).toBe(true);
  });

  it.each([
    ["all in time", [0.05, 0.05, 0.05], true],
    ["three of four in time", [0.05, 0.05, 0.05, 1], true],
    ["two of three in time", [0.05, 0.05, 1], false],
    ["one of two", [0.05, 1], false],
    ["none", [1], false],
    ["none, by a hair", [0.2], false],
  ])("%s, %o ms: %s", (_, gaps, expected) => {
    const loop = new Loop();
    let turned = false;
    for (let i = 0; i < 200; i++) {
      const isTurning = loop.chunks(1, gaps[i % gaps.length]!);
      if (i >= 100) turned ||= isTurning;
    }
    expect(turned).toBe(expected);
  });

  it("as long as two of three are in time, once it does", () => {
    const loop = new Loop();
    loop.chunks(20, 0.05);
    for (let i = 0; i < 100; i++) {
      loop.chunks(1, 1);
      expect(loop.chunks(2, 0.05)).toBe(true);
    }
  });

  it.each([
    ["a large chunk each", 0.05, 16 * 1024, false],
    ["a gigabit a second", 0.012, 1460, false],
    ["a tenth of that", 0.115, 1460, true],
  ])("of a bulk transfer, %s: every %d ms %d octets", (_, gap, octets, expected) => {
    const loop = new Loop();
    loop.chunks(100, gap, octets);
    loop.pass(0.19);
    expect(loop.isTurning).toBe(expected);
  });

  it("behind what follows a bulk transfer", () => {
    const loop = new Loop();
    loop.chunks(1000, 0.01, 64 * 1024);
    loop.pass(0.3);
    expect(loop.chunks(20, 0.05)).toBe(true);
  });
});

describe("where others want the processor", () => {
  /** Somebody else runs for so long while the loop turns, and then a chunk comes. */
  const steal = (loop: Loop, milliseconds: number): void => {
    expect(loop.chunks(20, 0.01)).toBe(true);
    loop.turn(milliseconds);
  };

  it("bears what an inspector takes", () => {
    const loop = new Loop();
    for (let i = 0; i < 10; i++) {
      steal(loop, 7);
      steal(loop, 7);
      loop.chunks(2500, 0.1);
    }
    expect(loop.chunks(20, 0.01)).toBe(true);
  });

  it("sleeps for half a second", () => {
    const loop = new Loop();
    for (let i = 0; i < 6; i++) steal(loop, 3);
    expect(loop.chunks(4900, 0.1)).toBe(false);
    expect(loop.chunks(200, 0.1)).toBe(true);
  });

  /** How long it sleeps when it is stolen from, in milliseconds. */
  const rest = (loop: Loop): number => {
    for (let i = 0; i < 6; i++) steal(loop, 3);
    const began = loop.now;
    while (!loop.chunks(1, 0.1));
    return Math.round((loop.now - began) / 100) * 100;
  };

  it("sleeps twice as long each time, up to 16 s", () => {
    const loop = new Loop();
    const rests = Array.from({ length: 7 }, () => rest(loop));
    expect(rests).toEqual([500, 1000, 2000, 4000, 8000, 16000, 16000]);
  });

  it.each([
    ["nothing", 0],
    ["little", 3],
  ])("begins anew when %s was stolen for a while", (_, stolen) => {
    const loop = new Loop();
    expect([rest(loop), rest(loop)]).toEqual([500, 1000]);
    loop.chunks(2500, 0.1);
    if (stolen > 0) steal(loop, stolen);
    loop.chunks(2600, 0.1);
    expect(rest(loop)).toBe(500);
  });

  it("does not mind turns of less than half a millisecond", () => {
    const loop = new Loop();
    for (let i = 0; i < 1000; i++) steal(loop, 0.49);
    expect(loop.chunks(20, 0.01)).toBe(true);
  });
});
