import { long, short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import { FRAME_END, FRAME_HEADER_SIZE } from "./spec/constants.ts";

/** Octets of evidence kept behind a broken header, and of its payload. RabbitMQ prints as many. */
export const SNIPPET = 16;
/** Faults whose evidence is gathered at a time. */
const MAX_WATCHED = 256;

/**
 * What is wrong with a frame envelope, in the broker's order of checks: size, end octet, type. It is undecided until
 * the end octet's place has come, and stalled if the stream ended inside a plausible frame; unfinished, if that is natural:
 * such a fault is one only where what follows the header proves it.
 */
export class EnvelopeFault {
  rule: "frame-too-large" | "frame-end" | "frame-type" | "undecided" | "stalled" | "unfinished";
  readonly streamOffset: number;
  readonly type: number;
  readonly channel: number;
  readonly size: number;
  /** The largest payload that would have been no fault. */
  readonly sizeLimit: number;
  /** The seven header octets. */
  readonly header: Uint8Array;
  /** The first octets of the payload, 16 at most; for frame-too-large they are in `behind`. */
  readonly payload: Uint8Array;
  /** Octets that follow, 16 at most: from the end octet's place on, or behind the header if it broke before that. */
  readonly behind: number[] = [];
  /** Stream offset of the first octet of `behind`. */
  readonly behindOffset: number;
  /** The octet in the frame-end octet's place, or −1 if the stream has not come so far. */
  endOctet: number;
  readonly moment = new Moment();

  /** `frame` is the broken one, with the octets that have come. */
  constructor(
    rule: EnvelopeFault["rule"],
    streamOffset: number,
    sizeLimit: number,
    frame: { readonly header: Uint8Array; readonly begun: Moment; readonly firstOctets: Uint8Array },
    endOctet: number,
  ) {
    const { header, begun } = frame;
    this.rule = rule;
    this.sizeLimit = sizeLimit;
    this.streamOffset = streamOffset;
    this.header = header;
    this.type = header[0]!;
    this.channel = short(header, 1);
    this.size = long(header, 3);
    this.payload = rule === "frame-end" ? frame.firstOctets : NOTHING;
    this.endOctet = endOctet;
    this.behindOffset = rule === "frame-end" ? this.endOffset : streamOffset + FRAME_HEADER_SIZE;
    this.moment.set(begun);
  }

  /** The stream ended before anything in the frame broke. */
  get isOfEnd(): boolean {
    return this.rule === "stalled" || this.rule === "unfinished";
  }

  /** The rule that it breaks. If the stream ended before the end octet's place, the type is certainly wrong. */
  get brokenRule(): "frame-too-large" | "frame-end" | "frame-type" {
    return this.rule === "frame-too-large" || this.rule === "frame-end" ? this.rule : "frame-type";
  }

  /** Stream offset of the place where the frame-end octet must stand. */
  get endOffset(): number {
    return this.streamOffset + FRAME_HEADER_SIZE + this.size;
  }

  /**
   * Takes evidence out of bytes[start, end), where the octet of stream offset `from` + i is bytes[i]. Returns whether
   * the stream has passed all possible evidence.
   */
  gather(bytes: Uint8Array, start: number, end: number, from: number): boolean {
    for (let i = this.behindOffset + this.behind.length - from; i >= start && i < end; i++) {
      if (this.behind.length === SNIPPET) break;
      this.behind.push(bytes[i]!);
    }
    const place = this.endOffset - from;
    if (place >= start && place < end && this.endOctet < 0) {
      this.endOctet = bytes[place]!;
      if (this.rule === "undecided") this.rule = this.endOctet === FRAME_END ? "frame-type" : "frame-end";
    }
    return end > place && end >= this.behindOffset + SNIPPET - from;
  }
}

/** Faults whose evidence is not complete yet. */
export class AwaitedEvidence {
  #faults: EnvelopeFault[] = [];
  /** How many faults there were in all. */
  count = 0;

  add(fault: EnvelopeFault): void {
    this.count++;
    if (this.#faults.length < MAX_WATCHED) this.#faults.push(fault);
  }

  /**
   * Gathers evidence from bytes[start, end), whose first octet has stream offset `offset`. So the rule of a fault is
   * settled where the broker settles it, even if the boundary was found long before the end that the broken header
   * gives.
   */
  gather(bytes: Uint8Array, start: number, end: number, offset: number): void {
    if (this.#faults.length === 0) return;
    const from = offset - start;
    this.#faults = this.#faults.filter(fault => !fault.gather(bytes, start, end, from));
  }

  /** It is not known any more which octets come. */
  giveUp(): void {
    this.#faults = [];
  }
}

const NOTHING = new Uint8Array(0);
