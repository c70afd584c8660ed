import type { InjectedReset, Moment, Side } from "../net/connection-observer.ts";

/** What carried a connection's octets: a capture's packets, or the proxy's sockets. */
export interface Carrier {
  /** When and where its first and its latest octets were seen. */
  readonly first: Moment;
  readonly last: Moment;
  readonly ended: "fin" | "rst" | "open";
  /** When the SYN was answered, the first FIN was sent, the first RST; undefined or null if that was not seen. */
  readonly synAck?: Moment | null;
  readonly fin?: Moment | null;
  readonly rst?: Moment | null;
  /** That RST, if something in between sent it. */
  readonly injectedReset?: InjectedReset | null;
  /** A guard stopped the client: what followed is not the broker's answer. */
  readonly guarded?: boolean;
  address(side: Side): string;
  port(side: Side): number;
  /** Whether octets of one side wait at present for others that are missing in front of them. */
  holdsBack?(side: Side): boolean;
  /** The tunnels that its packets came through, as far as numbers distinguish them: "VXLAN 42", "GTP tunnel 11". */
  tunnels(): string[];
  /** Octets of one side that were handed on. */
  octets(side: Side): number;
}
