/**
 * `--format text`: the report for the person who has to act on it, read in a terminal or pasted into a ticket.
 *
 * It goes from the answer to the evidence: how many connections are sick, why and what to do, what was found in each
 * file, then every incident once (cause, picture, proof, what was lost, remedy, evidence), then the limits of what
 * could be seen, the connections, and the answer once more. It stays short for ten thousand connections: what is
 * healthy or repeats is counted, and `all` lists it.
 */

import type { Report } from "./report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "./report-format.ts";
import { inAscii } from "./text/ascii.ts";
import { brokerLogBlock } from "./text/broker-log-lines.ts";
import { connectionTable } from "./text/connection-table.ts";
import { answer, firstScreen, isTrouble, shownConfidences } from "./text/first-screen.ts";
import { headlines } from "./text/headline.ts";
import { incidentBlocks } from "./text/incident.ts";
import { notes } from "./text/notes.ts";
import { type Overview, overview } from "./text/overview.ts";
import { Page } from "./text/page.ts";
import { confidenceMeaning, counted } from "./text/wording.ts";

/** No line is wider than `columns`, which is at least 40. Ends in a line feed. */
export function text(report: Report, options: Partial<FormatOptions> = {}): string {
  const settings = { ...DEFAULT_FORMAT_OPTIONS, ...options };
  const page = new Page(settings);
  const found = overview(report);
  const blocks = [
    ...firstScreen(found, page),
    ...headlines(found, page),
    ...incidentBlocks(found, page),
    confidenceNote(found, page),
    brokerLogBlock(found, page),
    notes(found, page),
    connectionTable(found, page),
    summary(found, page),
  ];
  const shown = `${blocks
    .filter(lines => lines.length > 0)
    .map(lines => lines.join("\n"))
    .join("\n\n")}\n`;
  return settings.ascii === true ? inAscii(shown) : shown;
}

/** What the numbers behind causes and diagnoses mean, once. */
function confidenceNote({ incidents }: Overview, page: Page): string[] {
  const words = confidenceMeaning(shownConfidences(incidents));
  return words === "" ? [] : page.prose(words, page.paint.faint);
}

/** The answer once more, at the end of a long report; what else was found is counted. */
function summary(found: Overview, page: Page): string[] {
  const { counts, incidents, notes: shownNotes } = found;
  const trouble = isTrouble(counts);
  const warnings = incidents.filter(({ finding }) => finding.severity === "warning").length;
  const rest = [
    warnings > 0 ? counted(warnings, "warning") : "",
    shownNotes.length > 0 ? counted(shownNotes.length, "note") : "",
  ].filter(part => part !== "");
  const words = `${answer(found)}${rest.length === 0 ? "" : ` ${rest.join(", ")}.`}`;
  return page.flush(words, trouble === null ? undefined : page.paint[trouble]);
}
