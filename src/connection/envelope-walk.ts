import {
  CONNECTION_CLASS,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
  CONNECTION_OPEN,
  CONNECTION_SECURE_OK,
  CONNECTION_START_OK,
  CONNECTION_TUNE_OK,
  CONNECTION_UPDATE_SECRET,
  methodIdOf,
} from "../amqp/method-keys.ts";
import { FRAME_END, FRAME_HEADER_SIZE, FRAME_METHOD, isFrameType, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";

/** Class-id and method-id of what a client may send on channel 0. */
const KNOWN_IDS: ReadonlySet<number> = new Set(
  [
    CONNECTION_START_OK,
    CONNECTION_SECURE_OK,
    CONNECTION_TUNE_OK,
    CONNECTION_OPEN,
    CONNECTION_CLOSE,
    CONNECTION_CLOSE_OK,
    CONNECTION_UPDATE_SECRET,
  ].map(key => CONNECTION_CLASS * 0x1_0000 + methodIdOf(key)),
);

/** Walks from frame to frame by their sizes, over any chunking, and finds only where the envelope breaks first. */
export class EnvelopeWalk {
  /** As negotiated; 0 for no limit. */
  frameMax = 0;
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerOctets = 0;
  /** Octets of payload left; the frame-end octet follows. */
  #payload = 0;
  /** Of the last octets walked over: stretches [from, to) of payload that no client may send there. */
  readonly strange: [number, number][] = [];
  /** It is broken because no frame begins where one should: the octets there may be the rest of anything. */
  isStray = false;
  /** Of a method: its class-id and method-id as far as they came, and how many octets of them. */
  #ids = 0;
  #idOctets = 0;

  /** Walks over bytes[from, …). Returns where it is broken, or −1; must not be called again after that. */
  walk(bytes: Uint8Array, from: number): number {
    this.strange.length = 0;
    for (let at = from; at < bytes.length; ) {
      if (this.#headerOctets < FRAME_HEADER_SIZE) {
        this.#header[this.#headerOctets++] = bytes[at++]!;
        if (this.#headerOctets === 1 && !isFrameType(this.#header[0]!)) {
          this.isStray = true;
          return at - 1;
        }
        if (this.#headerOctets === FRAME_HEADER_SIZE && !this.#begin()) return at;
      } else if (this.#payload > 0) {
        const octets = Math.min(this.#payload, bytes.length - at);
        this.#lookFor(bytes, at, at + octets);
        at += octets;
        this.#payload -= octets;
      } else {
        if (bytes[at] !== FRAME_END) return at;
        at++;
        this.#headerOctets = 0;
      }
    }
    return -1;
  }

  /** Searches for what no client may send in payload [from, to): on channel 0, and of class connection on others. */
  #lookFor(bytes: Uint8Array, from: number, to: number): void {
    const header = this.#header;
    const onZero = header[1] === 0 && header[2] === 0;
    const isMethod = header[0] === FRAME_METHOD;
    if (!onZero && !isMethod) return;
    let at = from;
    for (; isMethod && at < to && this.#idOctets < METHOD_IDS_SIZE; at++) {
      this.#ids = this.#ids * 256 + bytes[at]!;
      this.#idOctets++;
    }
    const isStrange = onZero ? !isMethod || !KNOWN_IDS.has(this.#ids) : this.#ids >>> 16 === CONNECTION_CLASS;
    if (isStrange && at < to) this.strange.push([at, to]);
  }

  /** Takes the header; false if it cannot be right. */
  #begin(): boolean {
    this.#payload = long(this.#header, 3);
    this.#ids = 0;
    this.#idOctets = 0;
    // As RabbitMQ does: a payload of frame-max octets is accepted, although the envelope makes it too long.
    return this.frameMax === 0 || this.#payload <= this.frameMax;
  }
}
