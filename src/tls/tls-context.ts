import type { ConnectionObserver, Moment, Side } from "../net/connection-observer.ts";
import type { ReuseBudget } from "./key-stream-reuse.ts";
import type { OctetBudget } from "./recent-octets.ts";
import type { TlsKeys } from "./tls-session.ts";

/** What a TLS connection is told of the TCP connection it observes. */
export interface TlsContext {
  /** The shared moment of whoever delivers. */
  moment: Moment;
  /** The connection's first octets are in the capture. */
  sawBeginning: boolean;
  reuse: ReuseBudget;
  /** Octets kept to explain torn records; null where they are only to be found. */
  octets: OctetBudget | null;
  /** Null where nothing can be decrypted. */
  keys: TlsKeys | null;
  /** Called once when it is certain that this is TLS: what the client opened with has been read by then. */
  recognised: () => void;
  /** It is not TLS: what was held back has been handed to `plain`, which gets the rest by itself. */
  isPlain: () => void;
  /** Observes the octets where it is not TLS, and the decrypted ones where it is and keys are at hand. */
  plain: ConnectionObserver;
  writers: WritersListener;
}

/** Is told who wrote what, once a session turns out to have more than one writer: the other side reads no further. */
export interface WritersListener {
  /** Of several writers, the one that most likely wrote bytes[0, size). */
  attribute(side: Side, writers: readonly number[], bytes: Uint8Array, size: number): number;
  /** Writer 0 is the one whose octets were handed on before; 1, … are copies. `number` is the record's. */
  wrote(side: Side, writer: number, number: number, bytes: Uint8Array, size: number): void;
}
