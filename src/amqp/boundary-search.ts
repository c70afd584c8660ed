import type { Moment } from "../net/connection-observer.ts";
import type { EnvelopeFault } from "./envelope-fault.ts";

/**
 * Searches for the frame boundary where a scanner has lost it, and hands the octets from there on back to it. The
 * scanner
 * gives it every octet of the stream until it has found one.
 */
export interface BoundarySearch {
  /** Stream offset of the boundary; valid after `receive` or `finish` returned true. */
  readonly foundAt: number;
  /** What stands before that boundary is fully explained: the frames before it belong to the stream. */
  readonly isExplained?: boolean;
  /** The next octets of the stream: bytes[start, end). Returns true when a boundary was found. */
  receive(bytes: Uint8Array, start: number, end: number, moment: Moment): boolean;
  /** Octets were not captured: `missing` of them, or −1 if the number is not known. */
  gap(missing: number): void;
  /** The stream is over. Returns true when a boundary was found all the same. */
  finish(): boolean;
  /** When and where the boundary that was found was captured. */
  foundMoment(): Moment;
  /** Hands over the octets from the boundary on, piece by piece, `moment` being set to that of each. */
  replay(moment: Moment, piece: (bytes: Uint8Array, start: number, end: number) => void): void;
  /** Frees what it keeps. */
  release(): void;
}

/**
 * Makes a search from stream offset `from` on, for frames whose payload has at most `sizeLimit` octets; behind a
 * broken envelope where there is one.
 */
export type NewSearch = (from: number, sizeLimit: number, fault: EnvelopeFault | null) => BoundarySearch;
