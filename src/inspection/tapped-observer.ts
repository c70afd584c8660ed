import type { ConnectionObserver, PreludeFacts, Side, StreamEnd } from "../net/connection-observer.ts";

/** The observer, with a tap in front of it that gets the same octets; null for no tap. */
export function tapped(observer: ConnectionObserver, tap: ConnectionObserver | null): ConnectionObserver {
  return tap === null ? observer : new TappedObserver(observer, tap);
}

class TappedObserver implements ConnectionObserver {
  readonly #observer: ConnectionObserver;
  readonly #tap: ConnectionObserver;

  constructor(observer: ConnectionObserver, tap: ConnectionObserver) {
    this.#observer = observer;
    this.#tap = tap;
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    this.#tap.data(side, bytes, start, end);
    this.#observer.data(side, bytes, start, end);
  }

  prelude(side: Side, octets: number, what: PreludeFacts | null): void {
    this.#tap.prelude?.(side, octets, what);
    this.#observer.prelude?.(side, octets, what);
  }

  gap(side: Side, missing: number, cut: boolean): void {
    this.#tap.gap(side, missing, cut);
    this.#observer.gap(side, missing, cut);
  }

  end(side: Side, reason: StreamEnd): void {
    this.#tap.end(side, reason);
    this.#observer.end(side, reason);
  }
}
