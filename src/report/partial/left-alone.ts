import type { TrafficCounts } from "./partial-result.ts";

/** Ports kept of connections left alone: one more than are named. */
const MAX_PORTS = 9;

type LeftAlone = TrafficCounts["leftAlone"][number];

/** Adds connections left alone to those of the same protocol. Of their ports the lowest are kept. */
export function addLeftAlone(counts: LeftAlone[], { protocol, connections, ports }: LeftAlone): void {
  let same = counts.find(each => each.protocol === protocol);
  if (same === undefined) {
    same = { protocol, connections: 0, ports: [] };
    counts.push(same);
    counts.sort((a, b) => (a.protocol < b.protocol ? -1 : 1));
  }
  same.connections += connections;
  same.ports = [...new Set([...same.ports, ...ports])].sort((a, b) => a - b).slice(0, MAX_PORTS);
}
