import type { Socket } from "node:net";

/** How slowly a side is to be read: at most `octets` are passed on, then nothing for `pauseMs`. */
export interface Sip {
  octets: number;
  pauseMs: number;
}

/**
 * Passes a socket's octets on in sips, with a pause after each, so that the peer's kernel must hold back what it sends
 * and its writes come out in parts.
 *
 * Of what was read, at most two chunks of 64 KiB wait in the process: the one that is being sipped, and one that Node
 * reads ahead. Smaller reads from the kernel would need `onread`, a buffer of one's own, and Node's documented API has
 * that for sockets that connect, not for those a server accepts. What the peer can send beyond that is bounded by the
 * receive window, which stays small as long as its socket is read slowly.
 */
export class Sipper {
  readonly #sip: Sip;
  readonly #source: Socket;
  readonly #pour: (octets: Uint8Array) => boolean;
  #waiting: Uint8Array[] = [];
  #afterLast: (() => void) | null = null;
  #pause: NodeJS.Timeout | null = null;
  #blocked = false;

  /** `pour` passes octets on, and returns false when nothing more may come before `drained` is called. */
  constructor(sip: Sip, source: Socket, pour: (octets: Uint8Array) => boolean) {
    this.#sip = sip;
    this.#source = source;
    this.#pour = pour;
  }

  take(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#source.pause();
    this.#next();
  }

  /** Calls `then` when everything taken so far has been passed on. */
  finish(then: () => void): void {
    if (this.#waiting.length === 0) then();
    else this.#afterLast = then;
  }

  drained(): void {
    this.#blocked = false;
    this.#next();
  }

  stop(): void {
    this.#waiting = [];
    this.#afterLast = null;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
  }

  #next(): void {
    if (this.#pause !== null || this.#blocked) return;
    const chunk = this.#waiting[0];
    if (chunk === undefined) {
      this.#source.resume();
      return;
    }
    const { octets, pauseMs } = this.#sip;
    if (chunk.length <= octets) this.#waiting.shift();
    else this.#waiting[0] = chunk.subarray(octets);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#next();
    }, pauseMs);
    this.#blocked = !this.#pour(chunk.subarray(0, octets));
    if (this.#waiting.length === 0) this.#afterLast?.();
  }
}
