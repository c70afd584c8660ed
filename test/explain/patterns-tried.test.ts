/** A log's speed, as work: how many regular expressions are tried for a line. Seconds would depend on the machine. */
import { expect, it, vi } from "vitest";
import { IncidentCounts } from "../../src/explain/incident-counts.ts";

const LINES = 400;
const HEAD = (i: number): string => `2026-11-30 10:00:${String(i % 60).padStart(2, "0")}.000`;

/** Kinds of lines that logs are full of, and regular expressions that may be tried for each on average. */
const LOGS: readonly [name: string, most: number, isRead: boolean, line: (i: number) => string][] = [
  [
    "the broker's news",
    24,
    false,
    i => `${HEAD(i)} [info] <0.${i}.0> accepting AMQP connection <0.${i}.0> (10.0.0.1:${i} -> 10.0.0.2:5672)`,
  ],
  [
    "errors that all differ",
    36,
    true,
    i =>
      `${HEAD(i)} [error] <0.${i}.0> closing AMQP connection <0.${i}.0> (10.0.0.1:${i} -> 10.0.0.2:5672): {frame_too_large,${i * 7919},131064}`,
  ],
  [
    "an application's lines",
    12,
    false,
    i => `${HEAD(i)} INFO [worker-${i}] order ${i * 31} was paid, and is on its way`,
  ],
  [
    "other services' errors",
    32,
    false,
    i => `${HEAD(i)} ERROR [db-${i}] connection to 10.0.0.${i % 256}:5432 refused: timeout`,
  ],
  ["JSON", 14, false, i => `{"time":"2026-11-30T10:00:00Z","level":"info","msg":"request ${i} took ${i % 90} ms"}`],
];

it.each(LOGS)("%s", (_, most, isRead, line) => {
  const counts = new IncidentCounts();
  const exec = vi.spyOn(RegExp.prototype, "exec");
  try {
    for (let i = 0; i < LINES; i++) counts.line(line(i));
    counts.end();
    expect(exec.mock.calls.length / LINES).toBeLessThan(most);
  } finally {
    exec.mockRestore();
  }
  expect(counts.incidents.length > 0).toBe(isRead);
});
