/** Columns of what to do now: with its label it stands in one line of 80. */
export const NOW_COLUMNS = 67;

/** What is said of a cause, whatever the error it belongs to. Sentences. */
export interface CauseText {
  title: string;
  /** What would confirm it. */
  confirm: string;
  remedy: string;
  /** The remedy in one line, where its first sentence is longer than `NOW_COLUMNS`. */
  now?: string;
}
