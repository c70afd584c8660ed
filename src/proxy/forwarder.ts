/** The way of a connection's octets to the other side: straight on, or through its gate for as long as it has one. */
import type { Socket } from "node:net";
import type { Side } from "../net/connection-observer.ts";
import type { Gate } from "./connection-tap.ts";
import { reasonOf } from "./proxy-error.ts";

const SIDES = [0, 1] as const;

export interface PassageSurroundings {
  /** Counts the connections of this process, to name this one. */
  number: number;
  /** Where a side's octets are written on; null where there is nobody, or where its end is told already. */
  sink: (side: Side) => Socket | null;
  problem: (message: string) => void;
  /** The gate failed when it had stopped the client: nothing more may pass. */
  stop: () => void;
}

export class Passage {
  readonly #surroundings: PassageSurroundings;
  #gate: Gate | null = null;
  /** The gate is at work: a stop that it asks for has to wait for what it admits. */
  admitting = false;

  constructor(surroundings: PassageSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Whether octets pass straight on: nothing here keeps them. */
  get isOpen(): boolean {
    return this.#gate === null;
  }

  guardBy(gate: Gate | null): void {
    this.#gate = gate;
  }

  write(side: Side, chunk: Uint8Array, to: Socket): void {
    const gate = this.#gate;
    if (gate === null) {
      to.write(chunk);
      return;
    }
    this.admitting = true;
    try {
      for (const piece of gate.admit(side, chunk)) to.write(piece);
    } catch (error) {
      if (this.#loseGate(gate, error)) to.write(chunk);
    }
    this.admitting = false;
  }

  /** Writes what is still held back of a side whose stream has ended. */
  writeRest(side: Side, to: Socket): void {
    const gate = this.#gate;
    if (gate === null) return;
    this.admitting = true;
    try {
      for (const piece of gate.rest(side)) to.write(piece);
    } catch (error) {
      this.#loseGate(gate, error);
    }
    this.admitting = false;
  }

  /**
   * What a failed gate still holds goes on, and then everything else: returns true. But behind octets that a gate has
   * stopped there is a hole, and nothing may follow it.
   */
  #loseGate(gate: Gate, error: unknown): boolean {
    this.#gate = null;
    const { number, problem, sink, stop } = this.#surroundings;
    if (gate.stopped) {
      problem(`connection ${number} is ended: its guard failed after it had stopped the client (${reasonOf(error)})`);
      stop();
      return false;
    }
    problem(`connection ${number} is relayed unguarded from here: its guard failed (${reasonOf(error)})`);
    for (const side of SIDES) {
      const to = sink(side);
      if (to === null) continue;
      try {
        for (const piece of gate.rest(side)) to.write(piece);
      } catch {
        // It fails there too: what it holds is lost to us.
      }
    }
    return true;
  }
}
