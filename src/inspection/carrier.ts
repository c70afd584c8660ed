import type { Moment, Side } from "../net/connection-observer.ts";

/** Who carried a connection's octets: a capture's packets, or the proxy's sockets. */
export interface Carrier {
  /** When and where its first and its latest octets were seen. */
  readonly first: Moment;
  readonly last: Moment;
  readonly ended: "fin" | "rst" | "open";
  /** When the SYN was answered, the first FIN was sent, the first RST; undefined and null where nobody saw that. */
  readonly synAck?: Moment | null;
  readonly fin?: Moment | null;
  readonly rst?: Moment | null;
  /** A guard stopped the client: what followed is no answer of the broker. */
  readonly guarded?: boolean;
  address(side: Side): string;
  port(side: Side): number;
  /** The tunnels that its packets came through, as far as numbers tell them apart: "VXLAN 42", "GTP tunnel 11". */
  tunnels(): string[];
  /** Octets of one side that were handed on. */
  octets(side: Side): number;
}
