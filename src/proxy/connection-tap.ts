/** What the relay tells of the connections it carries, and who may stand in their way. */
import type { Side } from "../net/connection-observer.ts";
import type { Endpoint } from "../report/report.ts";

/** A client that was accepted. Side 0 is the client, side 1 the broker. */
export interface RelayedConnection {
  /** Counts the connections of this process from 1, in the order in which they were accepted. */
  number: number;
  client: Endpoint;
  /** Where the client connected to: our listener's end of its connection. */
  listener: Endpoint;
  /** The broker, by the address that was connected to; by its configured name while there is no connection yet. */
  upstream: Endpoint;
  /** Octets are encrypted between client and proxy, between proxy and broker. */
  encrypted: { client: boolean; upstream: boolean };
}

/**
 * Why a connection was not, or not to its end, relayed: one of a connection at most. Before it may come
 * `upstream-silent`, which ends nothing.
 */
export interface RelayTrouble {
  kind:
    | "upstream-refused"
    | "upstream-unreachable"
    | "upstream-timeout"
    | "upstream-tls"
    | "upstream-reset"
    | "upstream-silent"
    | "client-reset"
    | "client-tls"
    | "too-many-connections"
    | "shutdown";
  /** One sentence without a full stop, with addresses and the system's error code. */
  message: string;
}

/** Is told what one connection carries, in the order in which it happens. Never throws, never waits. */
export interface ConnectionTap {
  /** Both sides are connected; octets come next. The upstream's address is the real one now. */
  connected(upstream: Endpoint): void;
  /**
   * The next octets of one side, as they were read. `bytes` must not be kept, unless they are `given`: nobody else looks
   * at their buffer any more, which holds nothing else.
   */
  data(side: Side, bytes: Uint8Array, given?: boolean): void;
  /** One side will send no more: it ended its stream (fin) or reset the connection (rst). Once a side at most. */
  end(side: Side, reason: "fin" | "rst"): void;
  trouble(trouble: RelayTrouble): void;
  /** Both sockets are closed. Once, and last. */
  closed(): void;
}

/** Stands in the way of a connection's octets: `--guard`. */
export interface ConnectionGuard {
  /** Octets of the client were held back for good: whatever becomes of the guard, nothing may follow them. */
  readonly stopped: boolean;
  /**
   * Takes the next octets of one side, and returns those that may be written on now, in order; others are held back
   * and come with a later call. Nothing more of a side comes behind its `end`. A guard that throws is done without,
   * unless it has stopped the client: it must have taken nothing of this chunk, and still give the `rest` of both sides.
   */
  admit(side: Side, chunk: Uint8Array): readonly Uint8Array[];
  /** What is still held back of a side whose stream ends: it is written on before the end is. */
  rest(side: Side): readonly Uint8Array[];
}
