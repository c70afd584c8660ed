import { printable } from "../bytes/printable.ts";
import { withoutCredentials } from "../connection/credentials.ts";
import type { Discretion } from "../connection/discretion.ts";

/** Columns of a name or an id of the wire. */
const MAX_NAME = 256;
/** Columns of a sentence. */
const MAX_SENTENCE = 4096;

/** A text of the wire as telemetry may hold it: without secrets, without what acts on a terminal, `most` columns. */
export function shownName(text: string, discretion: Discretion, most = MAX_NAME): string {
  return printable(discretion.text(withoutCredentials(text)), most);
}

/** The same of a sentence or a name that a report has: its secrets are gone already. */
export function shownText(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, " "), MAX_SENTENCE);
}
