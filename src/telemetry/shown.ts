import { printable } from "../bytes/printable.ts";
import { withoutCredentials } from "../connection/credentials.ts";
import type { Discretion } from "../connection/discretion.ts";

/** Columns of a name or an id of the wire. */
const MAX_NAME = 256;
/** Columns of a sentence. */
const MAX_SENTENCE = 4096;

/** A text of the wire as telemetry may hold it: without secrets, without terminal control, `most` columns. */
export function shownName(text: string, discretion: Discretion, most = MAX_NAME): string {
  return printable(discretion.text(withoutCredentials(text)), most);
}

/** The same for a sentence or a name in a report: its secrets are masked already. */
export function shownText(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, " "), MAX_SENTENCE);
}
