/** What is read, the moves, and the results: the shapes that the files of this folder share. */
import type { Continuity } from "./continuity.ts";
import type { NamedWriters } from "./named-writers.ts";
import type { Places } from "./places.ts";
import type { Frame, Reading, Unfinished } from "./reading.ts";
import type { Sender } from "./sender.ts";
import type { Starts } from "./starts.ts";

/** What must be read. */
export interface Torn {
  /** octets[0, length), of which octets[0] has stream offset `base`. */
  octets: Uint8Array;
  length: number;
  base: number;
  /** Stream offset of the boundary to begin at, and that of the fault. */
  from: number;
  fault: number;
  /** There are no more octets. */
  ended: boolean;
  sender: Sender;
  /** Stream offsets at which TCP segments begin. */
  segments: readonly number[];
}

/** The octets that are read: octets[0, end), and what is known about their sender and places. */
export interface Stretch {
  readonly octets: Uint8Array;
  readonly end: number;
  readonly sender: Sender;
  readonly starts: Starts;
  readonly places: Places;
  readonly continuity: Continuity;
  readonly writers: NamedWriters;
}

/** The moves of which others are made. */
export interface BasicMoves {
  readonly stretch: Stretch;
  /** Payload of the largest body frame. */
  readonly maxBody: number;
  /** Counts work that may give no reading, in readings. */
  spend(steps: number): void;
  /** The possible moves at a boundary. `justCut`: the frame interrupted here, which does not go on at once. */
  atBoundary(reading: Reading, at: number, justCut: Unfinished | null): void;
  /** A frame whose header is whole is under way from `at` to `end`. */
  admit(reading: Reading, frame: Frame, at: number, end: number): void;
  /** `reading` with an interrupted frame going on at `at`, for `over` more; what is under way must still be set. */
  resumed(reading: Reading, each: Unfinished, at: number, over: number): Reading;
  /** The frame under way is interrupted at `at`; null if it cannot be. */
  cut(reading: Reading, at: number): Reading | null;
}

/**
 * A reading of all octets up to `boundary`; `open` if they ended before the stream was in order, `spent` if the steps
 * did before one reading was left.
 */
export interface Found {
  reading: Reading;
  boundary: number;
  open: boolean;
  spent: boolean;
}
