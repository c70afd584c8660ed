import { PayloadOverrun } from "../bytes/cursor.ts";

const HEADER_SIZE = 4;
/** Octets of one message that are put together: a chain of certificates fits. */
const MAX_MESSAGE = 1 << 17;

/**
 * Puts the handshake messages of one direction together, which may begin and end anywhere in its records. A message
 * that is too large, or does not decode, is skipped: it is no fault of the record layer.
 */
export class HandshakeReader {
  readonly #message: (type: number, body: Uint8Array) => void;
  #kept: Uint8Array = new Uint8Array(0);

  constructor(message: (type: number, body: Uint8Array) => void) {
    this.#message = message;
  }

  /** A handshake record's plaintext: bytes[start, end). */
  receive(bytes: Uint8Array, start: number, end: number): void {
    const octets = new Uint8Array(this.#kept.length + end - start);
    octets.set(this.#kept);
    octets.set(bytes.subarray(start, end), this.#kept.length);
    let at = 0;
    while (octets.length - at >= HEADER_SIZE) {
      const size = (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
      if (size > MAX_MESSAGE) {
        this.clear();
        return;
      }
      const end = at + HEADER_SIZE + size;
      if (end > octets.length) break;
      this.#emit(octets[at]!, octets.subarray(at + HEADER_SIZE, end));
      at = end;
    }
    this.#kept = octets.subarray(at);
  }

  /** Octets were missed, or what follows is encrypted. */
  clear(): void {
    this.#kept = new Uint8Array(0);
  }

  #emit(type: number, body: Uint8Array): void {
    try {
      this.#message(type, body);
    } catch (error) {
      if (!(error instanceof PayloadOverrun)) throw error;
    }
  }
}
