/** Octets of a client that are read before its broker is connected. Then the client must wait. */
const MAX_EARLY_OCTETS = 16 * 1024;

/** What a client sends before its broker is connected. */
export class EarlyOctets {
  /** The client has ended its stream as well. */
  ended = false;
  #chunks: Uint8Array[] = [];
  #octets = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#octets += chunk.length;
  }

  /** Nothing more should be read from the client. */
  get isFull(): boolean {
    return this.#octets >= MAX_EARLY_OCTETS;
  }

  /** Returns what was kept, in order, and keeps it no longer. */
  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}
