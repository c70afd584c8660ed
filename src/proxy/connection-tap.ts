/** The events of relayed connections, and what may be done to a connection. */
import type { Side } from "../net/connection-observer.ts";
import type { UpstreamSteps } from "../report/live-event-sink.ts";
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
  /** How the broker was reached; missing while there is no connection yet. */
  steps?: UpstreamSteps;
  /** The version of TLS that the client agreed on; missing if there is none. */
  clientTlsVersion?: string | null;
  /** Octets are encrypted between client and proxy, between proxy and broker. */
  encrypted: { client: boolean; upstream: boolean };
}

/**
 * Why a connection was not relayed, or was reset: at most one for each connection. `upstream-silent` may come before
 * it, and ends nothing. The inspector decides whether a reset is trouble: it knows what was sent before.
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
    | "client-proxy-header"
    | "too-many-connections"
    | "idle"
    | "shutdown";
  /** One sentence without a full stop, with addresses and the system's error code. */
  message: string;
  /** For a reset: false if the client had sent no octet. */
  clientSpoke?: boolean;
}

/** Gets the events of one connection, in the order in which they happen. Must not throw or wait. */
export interface ConnectionTap {
  /** Both sides are connected; octets come next. The upstream's address is the real one now. */
  connected(upstream: Endpoint): void;
  /**
   * The next octets of one side, as they were read. `bytes` must not be kept, unless they are `given`: then the buffer
   * holds nothing else, and belongs to the tap.
   */
  data(side: Side, bytes: Uint8Array, given?: boolean): void;
  /** One side will send no more: it ended its stream (fin) or reset the connection (rst). Once a side at most. */
  end(side: Side, reason: "fin" | "rst"): void;
  trouble(trouble: RelayTrouble): void;
  /** Both sockets are closed. Once, and last. */
  closed(): void;
}

/** What the owner of a tap or guard may do to a connection. */
export interface Relayed {
  /**
   * Ends the connection from the proxy's side. Nothing more is relayed. The broker's stream ends after what the guard
   * admitted. The client is sent the close frame (for null, the end of its stream) and is closed when it has ended its
   * own stream.
   */
  stop(closeFrame: Uint8Array | null): void;
}

/** All octets of a connection pass through it: `--guard`. */
export interface ConnectionGuard {
  /** Octets of the client were dropped: even if the guard fails now, nothing may follow them. */
  readonly stopped: boolean;
  /**
   * Takes the next octets of one side. Returns the octets that may be written on now, in order; the others are held back
   * and come with a later call. A guard that throws is removed, unless it has stopped the client. So when it throws it
   * must have kept nothing of this chunk, and `rest` must still work for both sides.
   */
  admit(side: Side, chunk: Uint8Array): readonly Uint8Array[];
  /** What is still held back of a side whose stream ends. It is written on before the end is passed on. */
  rest(side: Side): readonly Uint8Array[];
}
