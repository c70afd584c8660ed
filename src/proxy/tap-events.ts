import type { Side } from "../net/connection-observer.ts";
import type { Endpoint } from "../report/report.ts";
import type { ConnectionTap, RelayTrouble } from "./connection-tap.ts";

/**
 * Gives the events of one connection to its tap: the end of a side once, and one trouble. A tap that throws gets no
 * further events; the connection is relayed all the same.
 */
export class TapEvents {
  readonly #failed: (error: unknown) => void;
  readonly #ended: [boolean, boolean] = [false, false];
  #tap: ConnectionTap | null = null;
  #troubled = false;

  /** `failed` is called when the tap has thrown. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  setTap(tap: ConnectionTap): void {
    this.#tap = tap;
  }

  /** Whether the end of this side was emitted. */
  hasEnded(side: Side): boolean {
    return this.#ended[side];
  }

  connected(upstream: Endpoint): void {
    this.#emit(tap => tap.connected(upstream));
  }

  data(side: Side, chunk: Uint8Array, given: boolean): void {
    // Not #emit: a closure for every chunk is too many.
    try {
      this.#tap?.data(side, chunk, given);
    } catch (error) {
      this.#drop(error);
    }
  }

  /** Emits a side's end, unless it was emitted before. */
  end(side: Side, reason: "fin" | "rst"): void {
    if (this.#ended[side]) return;
    this.#ended[side] = true;
    this.#emit(tap => tap.end(side, reason));
  }

  /** Emits why the connection is not relayed to its end, unless a reason was emitted before. */
  trouble(trouble: RelayTrouble): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.#emit(tap => tap.trouble(trouble));
  }

  /** The broker is silent. That ends nothing: trouble may follow. */
  silent(trouble: RelayTrouble): void {
    this.#emit(tap => tap.trouble(trouble));
  }

  closed(): void {
    this.#emit(tap => tap.closed());
    this.#tap = null;
  }

  #emit(event: (tap: ConnectionTap) => void): void {
    if (this.#tap === null) return;
    try {
      event(this.#tap);
    } catch (error) {
      this.#drop(error);
    }
  }

  #drop(error: unknown): void {
    this.#tap = null;
    this.#failed(error);
  }
}
