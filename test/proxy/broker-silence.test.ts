import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BrokerSilence } from "../../src/proxy/broker-silence.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Step = "reached" | "asked" | "end" | number;

/** How often it is told, after steps and milliseconds between them. */
function notes(steps: readonly Step[]): number {
  let times = 0;
  const silence = new BrokerSilence(100, () => times++);
  for (const step of steps) {
    if (typeof step === "number") vi.advanceTimersByTime(step);
    else silence[step]();
  }
  silence.end();
  return times;
}

it.each<[what: string, steps: Step[], times: number]>([
  ["a broker that was reached and asked", ["reached", "asked", 100], 1],
  ["one that was asked before it was reached", ["asked", 1000, "reached", 99], 0],
  ["the same, later", ["asked", 1000, "reached", 100], 1],
  ["one that was asked late", ["reached", 1000, "asked", 99], 0],
  ["once only", ["reached", "asked", "asked", 150, "asked", 1000], 1],
  ["one that nobody asked", ["reached", 1000], 0],
  ["one that was not reached", ["asked", 1000], 0],
  ["one that answered", ["reached", "asked", 99, "end", 1000], 0],
  ["one that spoke first", ["reached", "end", "asked", 1000], 0],
])("%s", (_, steps, times) => {
  expect(notes(steps)).toBe(times);
  expect(vi.getTimerCount()).toBe(0);
});
