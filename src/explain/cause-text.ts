/** Columns of what to do now: with its label it stands in one line of 80. */
export const NOW_COLUMNS = 67;

/** The text on a cause, for any error. Sentences. */
export interface CauseText {
  title: string;
  /** What would confirm it. */
  confirm: string;
  remedy: string;
  /** The remedy in one line, if its first sentence is longer than `NOW_COLUMNS`. */
  now?: string;
}
