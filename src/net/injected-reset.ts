/**
 * An RST that neither end sent: a firewall or a load balancer did, in an end's name. Only clear signs count. An end that
 * resets a connection sends nothing more on it (RFC 9293 §3.5.2), and what it sent has one time to live.
 */
import type { InjectedReset, Moment, Side } from "./connection-observer.ts";
import { secondsBetween } from "./moment-order.ts";
import { octetsFrom } from "./sequence-number.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import type { TcpSegment } from "./tcp-segment.ts";

/** By how much more the time to live must differ: a route may change by a hop. */
const ROUTE_CHANGE = 1;
/** Octets sent before an RST may be captured after it, but not this much later. */
const OUT_OF_ORDER_SECONDS = 0.01;

/**
 * The RST `segment` of a side in `packet`, if its time to live is another one than that of the side's SYN and octets,
 * which agree (RFC 791 §3.1; RFC 8200 §3). Null where that is not clear.
 */
export function resetFromElsewhere(
  connection: TcpConnection,
  side: Side,
  { timeToLive }: TcpSegment,
  packet: number,
): InjectedReset | null {
  const usual = connection.stream(side).timeToLive;
  if (usual <= 0 || Math.abs(timeToLive - usual) <= ROUTE_CHANGE) return null;
  return { side, packet, sign: { timeToLive, usual } };
}

/**
 * The connection's RST, if the side whose stream it ended goes on where that stream ended: its next octets, which begin
 * at `sequence`, are captured at `moment`, clearly later. Null where that is not so.
 */
export function resetIgnored(
  connection: TcpConnection,
  side: Side,
  sequence: number,
  moment: Moment,
): InjectedReset | null {
  const { rst } = connection;
  const stream = connection.stream(side);
  if (rst === null || stream.closing !== "rst" || stream.closeMoment?.packet !== rst.packet) return null;
  const isNext = octetsFrom(stream.closeAt, sequence) === 0 && octetsFrom(stream.next, sequence) === 0;
  if (!isNext || secondsBetween(rst, moment) < OUT_OF_ORDER_SECONDS) return null;
  return { side, packet: rst.packet, sign: { goesOn: moment.packet } };
}
