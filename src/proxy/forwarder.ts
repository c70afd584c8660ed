/** The way of a connection's octets to the other side: straight on, or through its guard for as long as it has one. */
import type { Socket } from "node:net";
import type { Side } from "../net/connection-observer.ts";
import type { ConnectionGuard } from "./connection-tap.ts";
import { reasonOf } from "./proxy-error.ts";

const SIDES = [0, 1] as const;

export interface ForwarderOptions {
  /** Counts the connections of this process, to name this one. */
  number: number;
  /** Where a side's octets are written on; null where there is nobody, or where its end is told already. */
  sink: (side: Side) => Socket | null;
  problem: (message: string) => void;
  /** The guard failed when it had stopped the client: nothing more may pass. */
  stop: () => void;
}

export class Forwarder {
  readonly #surroundings: ForwarderOptions;
  #guard: ConnectionGuard | null = null;
  /** The guard is at work: a stop that it asks for has to wait for what it admits. */
  admitting = false;

  constructor(surroundings: ForwarderOptions) {
    this.#surroundings = surroundings;
  }

  /** Whether octets pass straight on: nothing here keeps them. */
  get isOpen(): boolean {
    return this.#guard === null;
  }

  setGuard(guard: ConnectionGuard | null): void {
    this.#guard = guard;
  }

  write(side: Side, chunk: Uint8Array, to: Socket): void {
    const guard = this.#guard;
    if (guard === null) {
      to.write(chunk);
      return;
    }
    this.admitting = true;
    try {
      for (const piece of guard.admit(side, chunk)) to.write(piece);
    } catch (error) {
      if (this.#loseGuard(guard, error)) to.write(chunk);
    }
    this.admitting = false;
  }

  /** Writes what is still held back of a side whose stream has ended. */
  writeRest(side: Side, to: Socket): void {
    const guard = this.#guard;
    if (guard === null) return;
    this.admitting = true;
    try {
      for (const piece of guard.rest(side)) to.write(piece);
    } catch (error) {
      this.#loseGuard(guard, error);
    }
    this.admitting = false;
  }

  /**
   * What a failed guard still holds goes on, and then everything else: returns true. But behind octets that a guard has
   * stopped there is a hole, and nothing may follow it.
   */
  #loseGuard(guard: ConnectionGuard, error: unknown): boolean {
    this.#guard = null;
    const { number, problem, sink, stop } = this.#surroundings;
    if (guard.stopped) {
      problem(`connection ${number} is ended: its guard failed after it had stopped the client (${reasonOf(error)})`);
      stop();
      return false;
    }
    problem(`connection ${number} is relayed unguarded from here: its guard failed (${reasonOf(error)})`);
    for (const side of SIDES) {
      const to = sink(side);
      if (to === null) continue;
      try {
        for (const piece of guard.rest(side)) to.write(piece);
      } catch {
        // It fails there too: what it holds is lost to us.
      }
    }
    return true;
  }
}
