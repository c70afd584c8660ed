/** What is said of a cause, whatever the error it belongs to. Sentences. */
export interface CauseText {
  title: string;
  /** What would confirm it. */
  confirm: string;
  remedy: string;
}
