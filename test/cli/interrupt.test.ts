import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { graceOf, onInterrupt } from "../../src/cli/interrupt.ts";

const listeners = (): number => process.listenerCount("SIGINT");

it("leaves Ctrl-C to the system where work begins that hears no signal", () => {
  const before = listeners();
  const interruption = onInterrupt(60_000);
  expect(listeners()).toBe(before + 1);
  interruption.beforeDeafWork();
  expect(listeners()).toBe(before);
  expect(interruption.signal.aborted).toBe(false);
});

it("ends reading at once where Ctrl-C came before such work, with no time left to a pipe's writer", () => {
  const before = listeners();
  const interruption = onInterrupt(60_000);
  process.emit("SIGINT");
  expect(interruption.signal.aborted).toBe(false);
  interruption.beforeDeafWork();
  expect(interruption.signal.aborted).toBe(true);
  interruption.release();
  expect(listeners()).toBe(before);
});

it.each([
  ["ends a command whose report is late", 0, false, 1],
  ["lets a report that came be written", 0, true, 0],
  ["waits for the report of a pipe, which nothing else holds", 300, false, 0],
])("%s", async (_, grace, isReported, ends) => {
  vi.useFakeTimers();
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const late = vi.fn();
  try {
    const interruption = onInterrupt(grace, late);
    process.emit("SIGINT");
    vi.advanceTimersByTime(400);
    if (isReported) interruption.reported();
    vi.advanceTimersByTime(60_000);
    interruption.release();
    expect(exit.mock.calls).toEqual(Array.from({ length: ends }, () => [130]));
    expect(late).toHaveBeenCalledTimes(ends);
  } finally {
    exit.mockRestore();
    vi.useRealTimers();
  }
});

it("waits for a pipe's writer, and for no file's", async () => {
  expect(await graceOf([fileURLToPath(import.meta.url), "-"])).toBeGreaterThan(0);
  expect(await graceOf([fileURLToPath(import.meta.url)])).toBe(0);
});
