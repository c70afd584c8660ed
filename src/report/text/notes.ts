/** What is no error, or limits what could be seen, each in full; many of them are counted. */

import { grouped } from "../../bytes/grouped.ts";
import { columns, pad, printable } from "../../bytes/printable.ts";
import type { Finding } from "../report.ts";
import { lostByFate, lostWords } from "./lost-messages.ts";
import { fairShare, type Overview } from "./overview.ts";
import { type Page, wrap } from "./page.ts";
import { byRule, counted, joined, packetRange } from "./wording.ts";

/** Notes shown if not all are asked for. */
export const MAX_NOTES = 10;

export function notes(overview: Overview, page: Page): string[] {
  const shown = page.all ? overview.notes : fairShare(overview.notes, MAX_NOTES);
  const { masked = 0 } = overview.report.summary;
  if (shown.length + masked === 0) return [];
  const ruleColumns = shown.reduce((most, { rule }) => Math.max(most, columns(printable(rule, 30))), 0);
  const margin = " ".repeat(ruleColumns + 4);
  const lines = shown.flatMap(finding => {
    const { rule } = finding;
    const [first = "", ...more] = wrap(noteWords(finding), page.columns - margin.length);
    return [
      `  ${page.paint.note(pad(printable(rule, 30), ruleColumns))}  ${first}`,
      ...more.map(line => margin + line),
    ];
  });
  const inFull = new Set(shown);
  const rest = overview.notes.filter(note => !inFull.has(note));
  if (rest.length > 0)
    lines.push(...page.prose(`and ${grouped(rest.length)} more: ${byRule(rest)}. --all shows each.`));
  if (masked > 0) {
    const [are, they] = masked === 1 ? ["is", "it"] : ["are", "they"];
    lines.push(
      ...page.prose(
        `${counted(masked, "range")} of octets ${are} masked: ${they} may hold credentials. What a diagnosis needs of them is not shown either.`,
      ),
    );
  }
  return [page.paint.strong("NOTES"), ...lines];
}

/** `f2, c1, packet 31: …`: a note by its number, where it is, and its whole text. */
export function noteWords(finding: Finding): string {
  const { id, connection, packets, message } = finding;
  const places = [
    printable(id, 12),
    connection === null ? "" : printable(connection, 12),
    packets.length === 0 ? "" : packetRange(packets),
  ].filter(part => part !== "");
  const lost = lostByFate(finding, false).map(each => lostWords(each));
  const cost = lost.length === 0 ? "" : `. Lost: ${lost.join("; ")}`;
  return `${places.join(", ")}: ${printable(joined(message))}${cost}`;
}
