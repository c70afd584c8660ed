import { Moment } from "../net/connection-observer.ts";
import { HANDSHAKE } from "./record-layer.ts";

/** Octets that are held at most: a ClientHello is far smaller. */
const MAX_HELD = 1 << 15;
/** Octets that identify a ClientHello: the record's header, and the message's type. */
const HELLO_OCTETS = 6;

/** What the client sent first, held until the server's first octet shows whether it speaks TLS. */
export class HeldOpening {
  octets = 0;
  #pieces: Uint8Array[] = [];
  readonly #moment = new Moment();

  push(bytes: Uint8Array, start: number, end: number, moment: Moment): void {
    if (this.octets === 0) this.#moment.set(moment);
    this.#pieces.push(new Uint8Array(bytes.subarray(start, end)));
    this.octets += end - start;
  }

  /** It begins with all octets that identify a ClientHello. */
  get isClientHello(): boolean {
    return this.octets >= HELLO_OCTETS && this.mayBeClientHello;
  }

  /** It may become a ClientHello, by the octets so far. */
  get mayBeClientHello(): boolean {
    if (this.octets > MAX_HELD) return false;
    const first: number[] = [];
    for (const piece of this.#pieces) {
      if (first.length < HELLO_OCTETS) first.push(...piece.subarray(0, HELLO_OCTETS - first.length));
    }
    const fits = [first[0] === HANDSHAKE, first[1] === 3, first[2]! <= 4, true, true, first[5] === 1];
    return fits.every((each, i) => each || i >= first.length);
  }

  /** Hands over what is held, as if it came at the moment of its first octet. `moment` is the shared one. */
  give(moment: Moment, take: (piece: Uint8Array) => void): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    const now = new Moment();
    now.set(moment);
    moment.set(this.#moment);
    for (const piece of pieces) take(piece);
    moment.set(now);
  }
}
