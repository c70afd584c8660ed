/** What holds of every diagnosis, whatever the octets. */
import { expect } from "vitest";
import type { Diagnosis, Report } from "../../../src/report/report.ts";

export function diagnosesOf({ findings }: Report): Diagnosis[] {
  return findings.flatMap(({ diagnosis }) => (diagnosis === undefined ? [] : [diagnosis]));
}

/** Spans lie in the stream, those of different frames apart, and what is whole has all its octets. */
export function expectConsistent(diagnosis: Diagnosis, length: number): void {
  const { torn, replayed, missing, overwritten, foreign, unexplained, writers, confidence } = diagnosis;
  expect(confidence).toBeGreaterThan(0);
  expect(confidence).toBeLessThanOrEqual(1);
  const all = [...torn.flatMap(({ spans }) => spans), ...foreign.map(({ span }) => span), ...unexplained];
  all.sort((a, b) => a[0] - b[0]);
  for (const [i, [offset, octets]] of all.entries()) {
    expect(octets).toBeGreaterThan(0);
    expect(offset + octets).toBeLessThanOrEqual(all[i + 1]?.[0] ?? length);
  }
  for (const { spans, size, complete, packets, writer } of torn) {
    const octets = spans.reduce((sum, [, count]) => sum + count, 0);
    if (complete) expect(octets).toBe(size + 8);
    expect(packets).toHaveLength(spans.length);
    expect(writers.map(({ name }) => name)).toContain(writer);
  }
  for (const { span, of } of replayed) {
    expect(of[1]).toBe(span[1]);
    expect(of[0] + of[1]).toBeLessThanOrEqual(span[0]);
  }
  for (const { octets } of missing) expect(octets).toBeGreaterThan(0);
  for (const { span } of overwritten) expect(span[0] + span[1]).toBeLessThanOrEqual(length);
}
