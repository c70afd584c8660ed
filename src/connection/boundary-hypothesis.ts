/**
 * A frame boundary that was searched for is a guess: the frames that follow may lie inside a body, which holds a
 * capture, dead letters, relayed frames. Until the guess is proven, nothing is reported about them.
 *
 * Two things prove it. A body ends within frame-max octets, and the frames inside it end too: frames that go on for
 * longer belong to the stream. And clients write whole frames, so that pieces of the stream (segments) begin where
 * frames do; a body is cut where a segment is full, and such a cut meets a frame inside only by chance.
 */
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_ENVELOPE, FRAME_HEARTBEAT } from "../amqp/spec/constants.ts";
import { Moment } from "../net/connection-observer.ts";

/** Pieces that must begin with a frame. */
const MIN_ALIGNED = 4;
/** By how many times there must be more of them than by chance. */
const MORE_THAN_CHANCE = 4;
/** A body's octets while no frame-max is known. */
const UNKNOWN_BODY_LIMIT = 1 << 20;

/** A connection.close or close-ok that may lie inside a body. */
export interface KeptClose {
  method: Method;
  /** Its frame's payload. */
  octets: Uint8Array;
  moment: Moment;
}

export class BoundaryHypothesis {
  /** Whether there is a guess that is not proven. */
  open = false;
  /** The connection's beginning was not seen. */
  isMidStream = false;
  /** Stream offset of the boundary. */
  foundAt = 0;
  /** Whether there ever was a guess. */
  wasOpen = false;
  /** Whether a guess was shown to be wrong. */
  wasRefuted = false;
  /** How often the boundary was lost because octets were not captured. */
  losses = 0;
  /** Whether the direction's sender was known before. */
  knewSender = true;
  /** Whether the stream was seen from its beginning, and no boundary was lost to octets that were not captured. */
  get seenWhole(): boolean {
    return !this.isMidStream && this.losses === 0;
  }

  readonly #trusted: boolean;
  #framesBefore = 0;
  #pieces = 0;
  #aligned = 0;
  #lastType = 0;
  #close: KeptClose | null = null;
  /** When the last piece came. */
  readonly #moment = new Moment();

  /** `trusted`: whatever was found is taken as right. */
  constructor(trusted: boolean) {
    this.#trusted = trusted;
  }

  /** A boundary was found at this stream offset, behind the frames that its direction has. Returns whether it is a guess. */
  begin(foundAt: number, { frames, senderKnown }: { frames: number; senderKnown: boolean }, moment: Moment): boolean {
    if (this.#trusted) return false;
    this.wasOpen = true;
    this.knewSender = senderKnown;
    this.#moment.set(moment);
    this.open = true;
    this.foundAt = foundAt;
    this.#framesBefore = frames;
    this.#pieces = 0;
    this.#aligned = 0;
    this.#lastType = 0;
    this.#close = null;
    return true;
  }

  /** A frame of this type follows from the guess. */
  frame(type: number): void {
    this.#lastType = type;
    this.#close = null;
  }

  /**
   * The next octets of the stream come, where the scanner stands; `frames` as in `begin`. All that came at one moment
   * is one piece, even if it is handed over in parts. Returns whether the guess is proven now.
   */
  receive({ offset, atBoundary, sizeLimit }: FrameScanner, moment: Moment, frames: number): boolean {
    if (!this.open || sameMoment(moment, this.#moment)) return false;
    this.#moment.set(moment);
    this.#pieces++;
    // Heartbeats are so short that whole runs of them may lie in step with full segments.
    if (atBoundary && this.#lastType !== FRAME_HEARTBEAT) this.#aligned++;
    const reach = offset - this.foundAt;
    const chance = (this.#pieces * (frames - this.#framesBefore)) / reach;
    if (reach > Math.min(sizeLimit, UNKNOWN_BODY_LIMIT) + FRAME_ENVELOPE) return true;
    return this.#aligned >= MIN_ALIGNED && this.#aligned > MORE_THAN_CHANCE * chance;
  }

  /** A close follows from the guess. If nothing comes after it, it closed the connection. */
  keepClose(method: Method, octets: Uint8Array, scanner: FrameScanner): void {
    const moment = new Moment();
    moment.set(scanner.frameMoment());
    this.#close = { method, octets, moment };
  }

  /** The stream is over: gives up the guess. Returns the last frame after it if that is a close. */
  takeLastClose({ partial }: FrameScanner): KeptClose | null {
    this.open = false;
    return partial === null ? this.#close : null;
  }

  /** Octets are missing, and the boundary with them, guess or not. */
  lose(): void {
    this.open = false;
    this.losses++;
  }

  /** What followed from the guess broke. Returns the same as `close`. */
  refute(frames: number): number {
    this.wasRefuted = true;
    return this.close(frames);
  }

  /** The guess is proven, or given up. Returns how many of the direction's `frames` followed from it. */
  close(frames: number): number {
    this.open = false;
    return frames - this.#framesBefore;
  }
}

function sameMoment(one: Moment, other: Moment): boolean {
  if (one.packet !== other.packet || one.input !== other.input) return false;
  return one.nanoseconds === other.nanoseconds && one.seconds === other.seconds;
}
