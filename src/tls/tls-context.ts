import type { ConnectionObserver, Moment, Side } from "../net/connection-observer.ts";
import type { ReuseBudget } from "./key-stream-reuse.ts";
import type { OctetBudget } from "./recent-octets.ts";
import type { TlsKeys } from "./tls-session.ts";

/** What a TLS connection needs to know about the TCP connection that it observes. */
export interface TlsContext {
  /** The shared moment of the sender of the octets. */
  moment: Moment;
  /** The connection's first octets are in the capture. */
  sawBeginning: boolean;
  reuse: ReuseBudget;
  /** Octets kept to explain torn records; null if these must only be found. */
  octets: OctetBudget | null;
  /** Null if nothing can be decrypted. */
  keys: TlsKeys | null;
  /** Called once when it is certain that this is TLS: the client's opening has been read by then. */
  recognised: () => void;
  /** It is not TLS: the held octets have been handed to `plain`, which gets the rest by itself. */
  isPlain: () => void;
  /** Observes the octets if it is not TLS, and the decrypted ones if it is and keys are known. */
  plain: ConnectionObserver;
  writers: WritersListener;
}

/** Gets each writer's records, once a session has more than one writer: the other side reads no further. */
export interface WritersListener {
  /** Among several writers, the one that most likely wrote bytes[0, size). */
  attribute(side: Side, writers: readonly number[], bytes: Uint8Array, size: number): number;
  /** Writer 0 is the one whose octets were handed on before; 1, … are copies. `number` is the record's. */
  wrote(side: Side, writer: number, number: number, bytes: Uint8Array, size: number): void;
}
