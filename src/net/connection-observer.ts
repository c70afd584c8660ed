/** The two ends of a TCP connection: 0 is the end that opened it (or is taken to have), 1 the other. */
export type Side = 0 | 1;

/** Why a direction of a stream is over. */
export type StreamEnd = "fin" | "rst" | "capture-ended";

/**
 * Where and when the octets now being delivered were seen. The sender of the octets (the TCP assembler, the proxy) and
 * their observer share one mutable instance: it is valid during a call; copy its fields to keep them.
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

/** An RST that something in between sent, and what shows that. */
export interface InjectedReset {
  /** The side that it claims to come from. */
  readonly side: Side;
  /** 1-based packet number in its file. */
  readonly packet: number;
  readonly sign: OtherTimeToLive | GoesOn;
}

/** Its IP time to live (hop limit), and that of the side's packets before. */
export interface OtherTimeToLive {
  readonly timeToLive: number;
  readonly usual: number;
}

/** The side sends its next octets after it, in this packet. */
export interface GoesOn {
  readonly goesOn: number;
}

/** What stands in front of a protocol: "PROXY v1", "SOCKS5"; and the port that it asks for, if it asks for one. */
export interface PreludeFacts {
  readonly protocol: string;
  readonly port?: number;
}

/**
 * Receives one TCP connection's octets in stream order. This is the only way by which octets reach AMQP and the core,
 * from a capture's TCP segments or from the proxy's sockets.
 */
export interface ConnectionObserver {
  /** The next octets of one side's stream: bytes[start, end), never empty, valid only during the call. */
  data(side: Side, bytes: Uint8Array, start: number, end: number): void;
  /**
   * Octets of one side's stream that were not seen. `missing` counts them by the sequence numbers; it is −1 where the
   * number cannot be known (the capture began in mid-stream). `cut` is true when the snap length cut them off.
   */
  gap(side: Side, missing: number, cut: boolean): void;
  /**
   * The first octets of one side's stream, this many, are not handed over: they stand in front of the protocol
   * (connection/prelude.ts). They count in stream offsets. `what` describes them, if that is known by now.
   */
  prelude?(side: Side, octets: number, what: PreludeFacts | null): void;
  /** One side's stream is over. Called at most once for each side, after its last octets. */
  end(side: Side, reason: StreamEnd): void;
}
