import type { ConnectionInspection } from "../inspection/connection-inspection.ts";
import type { Side } from "../net/connection-observer.ts";
import type { RelayTrouble } from "./connection-tap.ts";
import type { LiveConnection } from "./live-connection.ts";

/**
 * Whether a reset ends a connection that was over anyway. TCP does not show it: RabbitMQ answers the FIN of a client
 * that has closed in order by a reset, and a health check may reset what it has opened. It is no trouble if the client
 * has sent nothing, if a stream was ended before (FIN), if the side that resets has sent connection.close or close-ok
 * (§1.4.2.7), if the guard has stopped the client, or if a client resets because its broker closed: that is a finding
 * of its own.
 */
export function isOrderlyReset(
  { amqp, carrier }: ConnectionInspection<LiveConnection>,
  { kind, clientSpoke }: RelayTrouble,
): boolean {
  if (kind !== "client-reset" && kind !== "upstream-reset") return false;
  if (clientSpoke === false || carrier.wasFinished || carrier.guarded) return true;
  const side: Side = kind === "client-reset" ? 0 : 1;
  return amqp.directions[side].closing || (side === 0 && amqp.directions[1].closing);
}
