import { byCodeUnit } from "../../bytes/code-unit-order.ts";
import type { LeftAlone } from "./partial-result.ts";

/** Ports kept of connections left alone: one more than are named. */
const MAX_PORTS = 9;

/** Adds connections left alone to those of the same protocol. Their lowest ports are kept. */
export function addLeftAlone(counts: LeftAlone[], { protocol, onAmqpPort, connections, ports }: LeftAlone): void {
  let same = counts.find(each => each.protocol === protocol && each.onAmqpPort === onAmqpPort);
  if (same === undefined) {
    same = { protocol, onAmqpPort, connections: 0, ports: [] };
    counts.push(same);
    counts.sort((a, b) => byCodeUnit(orderOf(a), orderOf(b)));
  }
  same.connections += connections;
  same.ports = [...new Set([...same.ports, ...ports])].sort((a, b) => a - b).slice(0, MAX_PORTS);
}

function orderOf({ protocol, onAmqpPort }: LeftAlone): string {
  return `${protocol ?? ""} ${onAmqpPort}`;
}
