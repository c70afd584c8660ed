import { FRAME_ENVELOPE, FRAME_HEADER_SIZE } from "../amqp/spec/constants.ts";

/** Octets of a frame header in front of its size. */
const SIZE_AT = 3;
/** Frame types are 1 to 3, and 8. */
const LAST_TYPE = 8;

/**
 * Whether a stream stands between two frames: steps from header to header, and reads nothing else. A stream that does
 * not begin with frames never does.
 */
export class FramePosition {
  /** Octets of the present frame that are still to come; of its header only where `#inHeader` counts them. */
  #left = 0;
  /** Octets of a header that was cut. */
  #inHeader = 0;
  #size = 0;
  #frames = 0;
  #isLost = false;

  /** The last octets ended a frame. */
  get isBetweenFrames(): boolean {
    return !this.#isLost && this.#frames > 0 && this.#left === 0 && this.#inHeader === 0;
  }

  take(octets: Uint8Array): void {
    let at = 0;
    while (at < octets.length && !this.#isLost) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, octets.length - at);
        this.#left -= step;
        at += step;
      } else this.#header(octets[at++]!);
    }
  }

  #header(octet: number): void {
    if (this.#inHeader === 0) this.#isLost = octet === 0 || octet > LAST_TYPE;
    else if (this.#inHeader >= SIZE_AT) this.#size = this.#size * 256 + octet;
    if (++this.#inHeader < FRAME_HEADER_SIZE) return;
    this.#left = this.#size + FRAME_ENVELOPE - FRAME_HEADER_SIZE;
    this.#frames++;
    this.#inHeader = 0;
    this.#size = 0;
  }
}
