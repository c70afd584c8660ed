/** What is read, by what moves, and what comes of it: the shapes that the files of this folder share. */
import type { Continuity } from "./continuity.ts";
import type { Places } from "./places.ts";
import type { Frame, Reading, Unfinished } from "./reading.ts";
import type { Sender } from "./sender.ts";
import type { Starts } from "./starts.ts";

/** What is to be read. */
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

/** The octets that are read: octets[0, end), and what is known of where they came from. */
export interface Stretch {
  readonly octets: Uint8Array;
  readonly end: number;
  readonly sender: Sender;
  readonly starts: Starts;
  readonly places: Places;
  readonly continuity: Continuity;
}

/** The moves of which others are made. */
export interface BasicMoves {
  readonly stretch: Stretch;
  /** Payload of the largest body frame. */
  readonly maxBody: number;
  /** Counts work of which perhaps no reading comes, in readings. */
  spend(steps: number): void;
  /** What may stand at a boundary. `justCut`: the frame interrupted here, which does not go on at once. */
  atBoundary(reading: Reading, at: number, justCut: Unfinished | null): void;
  /** A frame whose header is whole is under way from `at` to `end`. */
  admit(reading: Reading, frame: Frame, at: number, end: number): void;
  /** `reading` where an interrupted frame goes on at `at`, which costs `over` beyond that; what is under way then is yet to be set. */
  resumed(reading: Reading, each: Unfinished, at: number, over: number): Reading;
  /** The frame under way is interrupted at `at`; null where it cannot be. */
  cut(reading: Reading, at: number): Reading | null;
}

/**
 * A reading of all octets up to `boundary`; `open` where they came to an end before the stream was in order, `spent` where the
 * steps did before one reading was left.
 */
export interface Found {
  reading: Reading;
  boundary: number;
  open: boolean;
  spent: boolean;
}
