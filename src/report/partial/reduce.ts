/** Changes to a result before a report is made of it. */

import { addLeftAlone } from "./left-alone.ts";
import { mapPlaces } from "./map-places.ts";
import type { InputPart, PartialResult, TrafficCounts } from "./partial-result.ts";

/**
 * For connections without findings only the counts, if nothing at all was found: a call may check thousands of
 * captures, and keeps the results of all of them.
 */
export function countsOfHealthy(result: PartialResult): PartialResult {
  const { inputs, connections } = result;
  const found = [...inputs.map(({ file }) => file), ...connections].some(({ findings }) => findings.length > 0);
  return found ? result : { inputs, connections: connections.map(each => ({ ...each, details: null })) };
}

/** Several files as one: packets are counted on from file to file, as `mergecap -a` puts them together. */
export function asOneInput(result: PartialResult, path: string): PartialResult {
  const { inputs } = result;
  const [first] = inputs;
  if (first === undefined) return result;
  const before = inputs.map((_, i) => inputs.slice(0, i).reduce((sum, { file }) => sum + file.packets, 0));
  const joined = mapPlaces(result.connections, (input, packet) => ({
    input: 0,
    packet: packet === null ? null : packet + before[input]!,
  }));
  const findings = inputs.flatMap(({ file }, i) =>
    mapPlaces(file.findings, (_, packet) => ({ input: 0, packet: packet === null ? null : packet + before[i]! })),
  );
  const total = (count: (input: InputPart) => number) => inputs.reduce((sum, input) => sum + count(input), 0);
  const file: InputPart["file"] = {
    format: first.file.format,
    packets: total(({ file }) => file.packets),
    octets: total(({ file }) => file.octets),
    notes: inputs.flatMap(({ file }) => file.notes),
    error: inputs.find(input => input.file.error !== null)?.file.error ?? null,
    unread: summed(inputs.flatMap(({ file }) => file.unread)),
    findings,
  };
  const leftAlone: TrafficCounts["leftAlone"] = [];
  for (const { traffic } of inputs) for (const each of traffic.leftAlone) addLeftAlone(leftAlone, each);
  const traffic: TrafficCounts = {
    excluded: total(({ traffic }) => traffic.excluded),
    leftAlone,
    resynchronisations: total(({ traffic }) => traffic.resynchronisations),
    evictedConnections: total(({ traffic }) => traffic.evictedConnections),
  };
  return { inputs: [{ position: 0, path, begin: first.begin, file, traffic }], connections: joined };
}

function summed(counts: readonly [kind: number, packets: number][]): [number, number][] {
  const sums = new Map<number, number>();
  for (const [kind, packets] of counts) sums.set(kind, (sums.get(kind) ?? 0) + packets);
  return [...sums];
}
