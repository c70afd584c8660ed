/**
 * Writes a connection's octets on to the other side: straight, or through its guard while it has one; at once, or slowly
 * (`--squeeze`). A side is read only as fast as the other side takes its octets.
 *
 * Bound: of each direction at most MAX_PENDING_OCTETS are held in this process, besides what TLS and a guard hold.
 */
import type { Socket } from "node:net";
import type { Side } from "../net/connection-observer.ts";
import type { BusyPolling } from "./busy-polling.ts";
import type { ConnectionGuard } from "./connection-tap.ts";
import { FramePosition } from "./frame-position.ts";
import { reasonOf } from "./proxy-error.ts";
import { type ReadPace, SlowReader } from "./slow-reader.ts";
import { otherSide, SIDES, type SocketPair } from "./socket-pair.ts";
import type { TapEvents } from "./tap-events.ts";

/** Octets that Node reads from a socket at once. */
const CHUNK_OCTETS = 64 * 1024;
/**
 * A chunk that waits to be written while less than a socket's high-water mark (16 KiB, Node's own) was waiting, and
 * one that Node had read, or reads ahead, when the source was paused: each may come on top of that mark.
 */
export const MAX_PENDING_OCTETS = 2 * (CHUNK_OCTETS + 16 * 1024);

/** What passed through the relay so far, whether it was inspected or not. */
export interface RelayCounters {
  /** Octets of each side. */
  octets: [client: number, broker: number];
  /** Pauses between two portions of clients that are read slowly. */
  pauses: number;
}

export interface ForwarderContext {
  /** Number of the connection, to name it. */
  number: number;
  sockets: SocketPair;
  events: TapEvents;
  /** Null if the thread sleeps whenever there is nothing to do. */
  polling: BusyPolling | null;
  counters: RelayCounters;
  problem: (message: string) => void;
  /** The guard failed after it had stopped the client: nothing more may pass. */
  stop: () => void;
}

export class Forwarder {
  readonly #context: ForwarderContext;
  #guard: ConnectionGuard | null = null;
  #slowReader: SlowReader | null = null;
  /** The client's stream has ended, and its last octets are still to be passed on slowly. */
  lastOctetsWait = false;
  /** The place in the stream that the client gets. */
  readonly #position = new FramePosition();
  /** The guard is at work. */
  #admitting = false;
  /** What waits until the present octets are passed on. */
  #deferred: (() => void) | null = null;

  constructor(context: ForwarderContext) {
    this.#context = context;
  }

  setGuard(guard: ConnectionGuard | null): void {
    this.#guard = guard;
  }

  /** From now on the client is read slowly. Both sockets are connected. */
  readSlowly(pace: ReadPace): void {
    const { sockets, counters } = this.#context;
    const to = sockets.of(1)!.socket;
    this.#slowReader = new SlowReader(pace, sockets.client.socket, octets => {
      this.#pass(0, octets);
      counters.pauses++;
      return !to.writableNeedDrain || to.writableLength === 0;
    });
  }

  get readsSlowly(): boolean {
    return this.#slowReader !== null;
  }

  /** The client got whole frames, and not a part of another. */
  get isBetweenFrames(): boolean {
    return this.#position.isBetweenFrames;
  }

  /** Passes on the next octets of a side. */
  take(side: Side, chunk: Uint8Array): void {
    if (side === 0 && this.#slowReader !== null) this.#slowReader.take(chunk);
    else this.#pass(side, chunk);
  }

  /** Calls `then` when everything that was taken of the side has been passed on. */
  finish(side: Side, then: () => void): void {
    if (side === 1 || this.#slowReader === null) {
      then();
      return;
    }
    this.lastOctetsWait = true;
    this.#slowReader.finish(then);
  }

  /** What was written to `side` has gone out: the other side may be read again. */
  drained(side: Side): void {
    if (side === 1 && this.#slowReader !== null) {
      this.#slowReader.drained();
      return;
    }
    const source = this.#context.sockets.of(otherSide(side))?.socket;
    if (source?.isPaused()) source.resume();
  }

  /** Writes what is still held back of a side whose stream has ended. */
  writeRest(side: Side, to: Socket): void {
    const guard = this.#guard;
    if (guard === null) return;
    this.#admitting = true;
    try {
      for (const piece of guard.rest(side)) this.#write(side, piece, to);
    } catch (error) {
      this.#loseGuard(guard, error);
    }
    this.#admitting = false;
  }

  /**
   * While the guard is at work, keeps `action` for `runDeferred` and returns true: the action must come after what the
   * guard admits. Only the first one is kept.
   */
  defer(action: () => void): boolean {
    if (this.#admitting) this.#deferred ??= action;
    return this.#admitting;
  }

  runDeferred(): void {
    const action = this.#deferred;
    if (action === null) return;
    this.#deferred = null;
    action();
  }

  /** Passes nothing more on slowly. */
  stop(): void {
    this.#slowReader?.stop();
  }

  #pass(side: Side, chunk: Uint8Array): void {
    const { sockets, events, polling, counters } = this.#context;
    counters.octets[side] += chunk.length;
    const from = sockets.of(side)!.socket;
    const to = sockets.of(otherSide(side))!.socket;
    if (this.#guard === null) this.#write(side, chunk, to);
    else this.#writeGuarded(this.#guard, side, chunk, to);
    const written = to.writableLength === 0;
    // A chunk above the high-water mark counts as too much even when the kernel took it all at once.
    if (to.writableNeedDrain && !written) from.pause();
    const given = written && this.#guard === null && chunk.length === chunk.buffer.byteLength;
    events.data(side, chunk, given);
    polling?.relayed(chunk.length);
    this.runDeferred();
  }

  #write(side: Side, octets: Uint8Array, to: Socket): void {
    if (side === 1) this.#position.take(octets);
    to.write(octets);
  }

  #writeGuarded(guard: ConnectionGuard, side: Side, chunk: Uint8Array, to: Socket): void {
    this.#admitting = true;
    try {
      for (const piece of guard.admit(side, chunk)) this.#write(side, piece, to);
    } catch (error) {
      if (this.#loseGuard(guard, error)) this.#write(side, chunk, to);
    }
    this.#admitting = false;
  }

  /**
   * Writes on what a failed guard still holds, and everything after it as well, and returns true. But if the guard has
   * stopped the client, octets are missing, and nothing may follow them.
   */
  #loseGuard(guard: ConnectionGuard, error: unknown): boolean {
    this.#guard = null;
    const { number, problem, stop } = this.#context;
    if (guard.stopped) {
      problem(`connection ${number} is ended: its guard failed after it had stopped the client (${reasonOf(error)})`);
      stop();
      return false;
    }
    problem(`connection ${number} is relayed unguarded from here: its guard failed (${reasonOf(error)})`);
    for (const side of SIDES) this.#writeHeld(guard, side);
    return true;
  }

  #writeHeld(guard: ConnectionGuard, side: Side): void {
    const { sockets, events } = this.#context;
    const to = sockets.of(otherSide(side))?.socket;
    if (to === undefined || events.hasEnded(side)) return;
    try {
      for (const piece of guard.rest(side)) this.#write(side, piece, to);
    } catch {
      // The guard fails here, too: what it holds is lost.
    }
  }
}
