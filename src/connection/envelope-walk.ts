import { CONNECTION_CLASS } from "../amqp/method-keys.ts";
import { methodOf } from "../amqp/method-registry.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  isFrameType,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";
import { SecretSearch } from "./secret-search.ts";

/** Whether a client may send the method of a class-id and a method-id on channel 0, or on others. */
function mayBeSent(ids: number, onZero: boolean): boolean {
  const classId = ids >>> 16;
  const method = methodOf(classId, ids & 0xffff);
  return method !== undefined && method.from !== "server" && (classId === CONNECTION_CLASS) === onZero;
}

/** Walks from frame to frame by their sizes, over any chunking, and finds only where the envelope breaks first. */
export class EnvelopeWalk {
  /** As negotiated; 0 for no limit. */
  frameMax = 0;
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerOctets = 0;
  /** Octets of payload left; the frame-end octet follows. */
  #payload = 0;
  /** Of the octets walked over last: stretches [from, to) of payload on channel 0 that is no method's. */
  readonly strange: [number, number][] = [];
  /** What authenticates somebody in methods and headers. Bodies are left as they are. */
  readonly secrets = new SecretSearch();
  /** It is broken because no frame begins where one should: the octets there may be the rest of anything. */
  isStray = false;
  /** It is broken behind the ids of a method that no client sends there: they may be of two, and one of them carry a secret. */
  isStrangeMethod = false;
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
        const strangeAt = this.#lookFor(bytes, at, at + octets);
        if (strangeAt >= 0) {
          this.isStrangeMethod = true;
          return strangeAt;
        }
        this.#payload -= octets;
        if (this.#header[0] !== FRAME_BODY) this.secrets.search(bytes, at, at + octets, this.#payload > 0);
        at += octets;
      } else {
        if (bytes[at] !== FRAME_END) return at;
        at++;
        this.#headerOctets = 0;
        this.secrets.end();
      }
    }
    return -1;
  }

  /** Looks for what no client may send in payload [from, to): where it begins behind a method's ids, or −1. */
  #lookFor(bytes: Uint8Array, from: number, to: number): number {
    const header = this.#header;
    const onZero = header[1] === 0 && header[2] === 0;
    if (header[0] !== FRAME_METHOD) {
      if (onZero) this.strange.push([from, to]);
      return -1;
    }
    for (let at = from; at < to && this.#idOctets < METHOD_IDS_SIZE; ) {
      this.#ids = this.#ids * 256 + bytes[at++]!;
      if (++this.#idOctets === METHOD_IDS_SIZE && !mayBeSent(this.#ids, onZero)) return at;
    }
    return -1;
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
