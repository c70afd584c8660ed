/** Other readings of the same octets, and where they differ from the one that is told. */
import type { Piece } from "./reading.ts";

/** A stretch of octets, to a frame or to NOBODY or BEGUN_BEFORE. */
export type Owned = Pick<Piece, "frame" | "from" | "to">;

/** Indices [from, to) that the reading gives to `frame`, and another one to `other`. */
export interface Doubt {
  readonly from: number;
  readonly to: number;
  readonly frame: number;
  readonly other: number;
}

/** Another reading, or several of a kind that differ in the same stretches. */
export interface Alternative {
  readonly doubts: readonly Doubt[];
  /** How likely it is beside the reading that is told: 1 where both are as likely. */
  readonly odds: number;
}
