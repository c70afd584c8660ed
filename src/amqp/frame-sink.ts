import type { Moment } from "../net/connection-observer.ts";
import type { EnvelopeFault } from "./envelope-fault.ts";

/** Receives what a scanner finds in one direction of a stream. */
export interface FrameSink {
  /** Frames follow from a boundary that is a guess. */
  readonly isGuess: boolean;
  /**
   * A whole frame with a right end octet. The payload of method, header and heartbeat frames is
   * bytes[start, start + size); a body's payload is there only where start ≥ 0. The frame's stream offset and the
   * moment it began are the scanner's `frameOffset` and `frameMoment()`.
   */
  frame(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void;
  /**
   * A message may begin at bytes[at] that lies whole in bytes[at, end) (`mayBeWhole`), with others behind it. Returns
   * how many octets of such messages the sink has taken, or 0; the sink gets no other call for them. `frameOffset` is
   * the first one's, and the sink moves it on to the last one's; all of them began at `frameMoment()`.
   */
  messages(bytes: Uint8Array, at: number, end: number): number;
  /** A whole frame part of whose payload was not captured. */
  hiddenFrame(type: number, channel: number, size: number): void;
  /** A frame envelope is broken. Its `behind` goes on filling as octets come in. */
  brokenEnvelope(fault: EnvelopeFault): void;
  /**
   * A supposed frame has a broken envelope. Returns whether the boundary before it was a guess. "refuted": nothing is
   * broken, and the boundary is searched for again. "in-doubt": the search for the boundary shows whether the guess was
   * right, and `guessDecided` follows.
   */
  guessBroken(): "no-guess" | "refuted" | "in-doubt";
  /** Whether the guess in doubt was right: the frames after it belong to the stream, and one of them is broken. */
  guessDecided(wasRight: boolean): void;
  /** The boundary is lost because octets were not captured. */
  boundaryLost(): void;
  /** The boundary was found again at this stream offset, whose octet was captured at this moment; frames follow. */
  boundaryFound(streamOffset: number, moment: Moment): void;
}
