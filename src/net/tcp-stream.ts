/** One direction of a TCP connection: where it stands, what waits, how it ended. */
import type { Moment, StreamEnd } from "./connection-observer.ts";
import type { DeliveredOctets } from "./delivered-octets.ts";
import type { HeldSegments } from "./held-segments.ts";

/** What one end sends. Sequence numbers are signed 32-bit integers; only their differences mean anything. */
export class TcpStream {
  /** This end's SYN, or the other's acknowledgment of it, is in the capture. */
  sawSyn = false;
  /** `start` and `next` hold. */
  known = false;
  /** Sequence number of the first octet. */
  start = 0;
  /** Sequence number of the next octet to deliver. */
  next = 0;
  /** What the other end has acknowledged, as far as it was seen. */
  acked = 0;
  /** The observer knows how the stream begins: with its first octet, or with a gap of unknown length. */
  begun = false;
  /** In order so far and nothing pending: a segment at `next` goes straight through. */
  flowing = false;
  /** FIN or RST was seen; `closeAt` is the sequence number behind the last octet it allows. */
  closing: StreamEnd | null = null;
  closeAt = 0;
  closeMoment: Moment | null = null;
  /** The end was reported to the observer. */
  ended = false;

  held: HeldSegments | null = null;
  /** The octets delivered last, kept where copies may come. */
  delivered: DeliveredOctets | null = null;
  /** What was acknowledged when the connection had `markedAt` packets. */
  markedAck = 0;
  markedAt = 0;

  /** Segments in a row that lie where this stream cannot be, and where the next of them would go on. */
  strays = 0;
  strayNext = 0;

  /** Time to live of its packets, but for FIN and RST; 0 for none, −1 if it changes. */
  timeToLive = 0;

  /** Octets delivered. */
  octets = 0;
  /** Gaps reported, those of unknown length included. */
  gaps = 0;
  /** Octets in the gaps of known length. */
  missing = 0;

  /** Nothing was delivered, skipped or held back yet. */
  get untouched(): boolean {
    return this.next === this.start && this.held === null;
  }

  noteTimeToLive(timeToLive: number): void {
    if (this.timeToLive === 0) this.timeToLive = timeToLive;
    else if (this.timeToLive !== timeToLive) this.timeToLive = -1;
  }

  /** The stream's first octet has this sequence number. */
  beginAt(sequence: number): void {
    this.known = true;
    this.start = sequence;
    this.restartAt(sequence);
  }

  /** Delivery goes on at this sequence number. */
  restartAt(sequence: number): void {
    this.next = sequence;
    this.acked = sequence;
    this.strays = 0;
  }
}
