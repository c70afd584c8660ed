/** The limits of what could be seen, a line each; many of them are counted. */

import { grouped } from "../../bytes/grouped.ts";
import { columns, cut, pad, printable } from "../../bytes/printable.ts";
import { fairShare, type Overview, tellsEnd } from "./overview.ts";
import { type Page, wrap } from "./page.ts";
import { byRule, counted, joined, packetRange } from "./wording.ts";

const MAX_NOTES = 10;

export function notes(overview: Overview, page: Page): string[] {
  const shown = page.all ? overview.notes : fairShare(overview.notes, MAX_NOTES);
  const { masked = 0 } = overview.report.summary;
  if (shown.length + masked === 0) return [];
  const ruleColumns = shown.reduce((most, { rule }) => Math.max(most, columns(printable(rule, 30))), 0);
  const margin = " ".repeat(ruleColumns + 4);
  const lines = shown.flatMap(({ rule, connection, packets, message }) => {
    const places = [
      connection === null ? "" : printable(connection, 12),
      packets.length === 0 ? "" : packetRange(packets),
    ].filter(part => part !== "");
    const text = `${places.length > 0 ? `${places.join(", ")}: ` : ""}${printable(joined(message))}`;
    const room = page.columns - margin.length;
    // What was not read is told with what helps, to the end; and so is how a connection ended.
    const isWhole = page.all || rule === "unread" || tellsEnd({ rule });
    const [first = "", ...more] = isWhole ? wrap(text, room) : [cut(text, room)];
    return [
      `  ${page.paint.note(pad(printable(rule, 30), ruleColumns))}  ${first}`,
      ...more.map(line => margin + line),
    ];
  });
  const told = new Set(shown);
  const rest = overview.notes.filter(note => !told.has(note));
  if (rest.length > 0)
    lines.push(...page.prose(`and ${grouped(rest.length)} more: ${byRule(rest)}. --all tells each.`));
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
