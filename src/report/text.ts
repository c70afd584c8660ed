/**
 * `--format text`: the report for the person who has to act on it, read in a terminal or pasted into a ticket.
 *
 * It goes from the answer to the evidence: what was found in each file, then every incident (what broke, whose
 * connection, which packets to open in Wireshark, how the octets were read), then the limits of what could be seen, the
 * connections, and the count. It stays short for ten thousand connections: what is healthy or repeats is counted, and
 * `all` lists it.
 */

import type { Report } from "./report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "./report-format.ts";
import { brokerLogBlock } from "./text/broker-log-lines.ts";
import { connectionTable } from "./text/connection-table.ts";
import { headlines } from "./text/headline.ts";
import { incidents } from "./text/incident.ts";
import { notes } from "./text/notes.ts";
import { overview } from "./text/overview.ts";
import { Page } from "./text/page.ts";
import { counted } from "./text/wording.ts";

/** No line is wider than `columns`, which is at least 40. Ends in a line feed. */
export function text(report: Report, options: Partial<FormatOptions> = {}): string {
  const page = new Page({ ...DEFAULT_FORMAT_OPTIONS, ...options });
  const found = overview(report);
  const blocks = [
    ...headlines(found, page),
    ...incidents(found, page),
    brokerLogBlock(found, page),
    notes(found, page),
    connectionTable(found, page),
    [summary(report, page)],
  ];
  return `${blocks
    .filter(lines => lines.length > 0)
    .map(lines => lines.join("\n"))
    .join("\n\n")}\n`;
}

function summary({ summary: { errors, warnings, notes: noteCount } }: Report, { paint }: Page): string {
  return [
    errors > 0 ? paint.error(counted(errors, "error")) : counted(errors, "error"),
    warnings > 0 ? paint.warning(counted(warnings, "warning")) : counted(warnings, "warning"),
    counted(noteCount, "note"),
  ].join(", ");
}
