/** The two ends of a TCP connection: 0 is the end that opened it (or is taken to have), 1 the other. */
export type Side = 0 | 1;

/** Why a direction of a stream is over. */
export type StreamEnd = "fin" | "rst" | "capture-ended";

/**
 * Where and when the octets now being delivered were seen. One mutable instance is shared by whoever delivers
 * (the TCP assembler, the proxy) and whoever listens: valid during a call, copied field by field to be kept.
 */
export class Moment {
  /** Index of the capture file, in the order given. */
  input = 0;
  /** 1-based packet number in that file; 0 when seen by the proxy. */
  packet = 0;
  seconds = 0;
  nanoseconds = 0;
  timeDigits = 6;

  set(other: Moment): void {
    this.input = other.input;
    this.packet = other.packet;
    this.seconds = other.seconds;
    this.nanoseconds = other.nanoseconds;
    this.timeDigits = other.timeDigits;
  }
}

/** What stands in front of a protocol: "PROXY v1", "SOCKS5"; and the port that it asks for, where it does. */
export interface PreludeFacts {
  readonly protocol: string;
  readonly port?: number;
}

/**
 * Receives one TCP connection's octets in stream order. The narrow waist between whatever carries octets (a capture's
 * TCP segments, the proxy's sockets) and AMQP: this, and nothing else, is what the core is fed.
 */
export interface ConnectionObserver {
  /** The next octets of one side's stream: bytes[start, end), never empty, valid only during the call. */
  data(side: Side, bytes: Uint8Array, start: number, end: number): void;
  /**
   * Octets of one side's stream that were not seen. `missing` counts them as the sequence numbers tell, or is −1 where
   * nobody can know (the capture began in mid-stream). `cut` is true when the snap length cut them off.
   */
  gap(side: Side, missing: number, cut: boolean): void;
  /**
   * So many octets at the beginning of one side's stream are not handed over: they stand in front of the protocol
   * (connection/prelude.ts). They count in stream offsets. `what` they are, where that is known by now.
   */
  prelude?(side: Side, octets: number, what: PreludeFacts | null): void;
  /** One side's stream is over. Called once a side at most, after its last octets. */
  end(side: Side, reason: StreamEnd): void;
}
