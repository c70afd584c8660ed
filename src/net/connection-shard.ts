/** Divides connections among several readings of the same captures: each connection is followed by one reading. */
import type { Side } from "./connection-observer.ts";
import type { TcpConnection } from "./tcp-connection.ts";

/** Part `number` of `of` parts; the first one is 1. */
export interface ConnectionShard {
  number: number;
  of: number;
}

/**
 * Whether a connection is in this part. It follows from addresses and ports alone, in either direction and without a seed:
 * every reading of the same packets, on any machine, divides them in the same way.
 */
export function isInShard(tcp: TcpConnection, { number, of }: ConnectionShard): boolean {
  const ends = ([0, 1] as Side[]).map(side => `${tcp.address(side)} ${tcp.port(side)}`).sort();
  return fnv1a32(ends.join(" ")) % of === number - 1;
}

/** FNV-1a, 32 bits, of a text in ASCII (draft-eastlake-fnv). */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
