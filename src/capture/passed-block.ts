/** A pcapng block without packets, passed over as its octets come: it may be longer than memory. */
import { word } from "./byte-order.ts";

const CLOSING_LENGTH = 4;

export class PassedBlock {
  /** 0 while there is no such block. */
  length = 0;
  type = 0;
  /** Its offset in the file. */
  atOctet = 0;
  /** Octets still to come. */
  #left = 0;

  begin(type: number, atOctet: number, length: number, taken: number): void {
    this.type = type;
    this.atOctet = atOctet;
    this.length = length;
    this.#left = length - taken;
  }

  /** Octets that must come together before there is progress. */
  get needed(): number {
    return this.#left > CLOSING_LENGTH ? 1 : CLOSING_LENGTH;
  }

  /** Takes the block's octets in bytes[start, end) but its closing length, and returns the position behind them. */
  pass(start: number, end: number): number {
    const taken = Math.min(this.#left - CLOSING_LENGTH, end - start);
    this.#left -= taken;
    return start + taken;
  }

  /** The closing length at bytes[at], which ends the block; −1 when it is not there yet. */
  close(bytes: Uint8Array, at: number, end: number, littleEndian: boolean): number {
    if (this.#left > CLOSING_LENGTH || end - at < CLOSING_LENGTH) return -1;
    this.#left = 0;
    return word(bytes, at, littleEndian);
  }
}
