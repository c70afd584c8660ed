/** Other readings of the same octets, and where they differ from the reported one. */
import type { Piece } from "./reading.ts";

/** A stretch of octets, assigned to a frame or to NOBODY or BEGUN_BEFORE. */
export type Owned = Pick<Piece, "frame" | "from" | "to">;

/** Indices [from, to) that the reading assigns to `frame`, and another one to `other`. */
export interface Doubt {
  readonly from: number;
  readonly to: number;
  readonly frame: number;
  readonly other: number;
}

/** Another reading, or several of a kind that differ in the same stretches. */
export interface Alternative {
  readonly doubts: readonly Doubt[];
  /** How likely it is beside the reported reading: 1 if both are as likely. */
  readonly odds: number;
}
