import { FRAME_END, FRAME_HEADER_SIZE, isFrameType } from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";

/** Goes from frame to frame by their sizes, over any chunking, and sees no more than where the envelope breaks first. */
export class EnvelopeWalk {
  /** As negotiated; 0 for no limit. */
  frameMax = 0;
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerOctets = 0;
  /** Octets of payload left; the frame-end octet follows. */
  #payload = 0;

  /** Goes on over bytes[from, …): where it is broken, or −1. Not to be called again once it is. */
  walk(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; ) {
      if (this.#headerOctets < FRAME_HEADER_SIZE) {
        this.#header[this.#headerOctets++] = bytes[at++]!;
        if (this.#headerOctets === FRAME_HEADER_SIZE && !this.#begin()) return at;
      } else if (this.#payload > 0) {
        const octets = Math.min(this.#payload, bytes.length - at);
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

  /** Takes the header; false for one that cannot be right. */
  #begin(): boolean {
    this.#payload = long(this.#header, 3);
    // As RabbitMQ has it: a payload of frame-max is forgiven those that forget the envelope.
    return isFrameType(this.#header[0]!) && (this.frameMax === 0 || this.#payload <= this.frameMax);
  }
}
