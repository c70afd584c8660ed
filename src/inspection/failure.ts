import { printable } from "../bytes/printable.ts";
import { BoundReached } from "../connection/bound-reached.ts";

/** Columns of an error's message that are shown. */
const MOST_COLUMNS = 120;

/** What was thrown, in a few words: the kind of the error and its message. The stack is shown with GHOSTFRAME_DEBUG. */
export function problemOf(error: unknown): string {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `${printable(words, MOST_COLUMNS)}. Please report it`;
}

/** How the inspection of a connection ended, in a clause; `where`: what of it was inspected. */
export function endOfInspection(error: unknown, where: string): string {
  if (error instanceof BoundReached) return `its inspection ended behind ${where}: ${error.message}`;
  return `an internal error ended its inspection behind ${where}: ${problemOf(error)}`;
}
