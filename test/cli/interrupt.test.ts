import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
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

it("waits for a pipe's writer, and for no file's", async () => {
  expect(await graceOf([fileURLToPath(import.meta.url), "-"])).toBeGreaterThan(0);
  expect(await graceOf([fileURLToPath(import.meta.url)])).toBe(0);
});
