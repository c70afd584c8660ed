/** One headline per input: which file, what kind, how much, and what was found in it, in a line. */

import { grouped } from "../../bytes/grouped.ts";
import { columns, printable } from "../../bytes/printable.ts";
import type { Input } from "../report.ts";
import type { InputCounts } from "./input-counts.ts";
import type { Overview } from "./overview.ts";
import { type Page, row, wrap } from "./page.ts";
import { counted, size } from "./wording.ts";

const MAX_INPUTS = 20;
const MAX_NOTES = 8;

/** A block of lines per input. Beyond twenty inputs only those with something to report have one. */
export function headlines(overview: Overview, page: Page): string[][] {
  const { inputs, summary } = overview.report;
  const selected = summary.leftOut !== undefined;
  const blocks: string[][] = [];
  let begun = false;
  let leftOut = 0;
  for (const [index, input] of inputs.entries()) {
    const counts = overview.inputCounts[index]!;
    const quiet = input.error === undefined && counts.errors === 0 && counts.warnings === 0;
    if (!page.all && inputs.length > MAX_INPUTS && (quiet || blocks.length >= MAX_INPUTS)) leftOut++;
    else blocks.push(headline(input, counts, begun, selected, page));
    begun ||= counts.connections + counts.encrypted > 0;
  }
  if (leftOut > 0) blocks.push(page.prose(`${counted(leftOut, "more file")}: --all lists them.`, page.paint.faint));
  if (!begun && !selected && inputs.some(({ packets }) => packets > 0)) blocks.push(hint(page));
  return blocks;
}

function headline(input: Input, counts: InputCounts, begun: boolean, selected: boolean, page: Page): string[] {
  const lines = inputTitle(input, counts, page);
  if (input.error !== undefined) {
    const problem = input.packets === 0 ? "could not be read" : "not read to its end";
    lines.push(...page.prose(`${problem}: ${printable(input.error)}`, page.paint.error));
  }
  if (input.error === undefined || input.packets > 0) lines.push(...found(input, counts, begun, selected, page));
  return [...lines, ...inputNotes(input, page)];
}

/** The notes on the file as a whole. */
export function inputNotes({ notes }: Input, page: Page): string[] {
  const shown = page.all ? notes : notes.slice(0, MAX_NOTES);
  const lines = shown.flatMap(note => page.labelled("note", printable(note)));
  const rest = notes.length - shown.length;
  if (rest > 0) lines.push(...page.labelled("", `${counted(rest, "more note")}: --all lists them.`));
  return lines;
}

/** `orders.pcapng · pcapng · 48 packets · 469 kB · 2026-11-21`, the path on its own line if it would not fit. */
export function inputTitle(input: Input, { firstDay, lastDay }: InputCounts, page: Page): string[] {
  const path = input.path === "-" ? "standard input" : printable(input.path);
  const days = firstDay === lastDay ? (firstDay ?? "") : `${firstDay} to ${lastDay}`;
  const format = input.format === "unknown" ? "unknown format" : printable(input.format);
  const facts = [format, counted(input.packets, "packet"), size(input.octets), days].filter(part => part !== "");
  const behind = ` · ${facts.join(" · ")}`;
  if (columns(path) + columns(behind) <= page.columns) return [page.paint.strong(path) + page.paint.faint(behind)];
  const lines = wrap(path, page.columns).map(line => page.paint.strong(line));
  return [...lines, ...page.prose(row(facts), page.paint.faint)];
}

function found(input: Input, counts: InputCounts, begun: boolean, selected: boolean, page: Page): string[] {
  const { errors, warnings, notes, unclosed, connections, encrypted } = counts;
  const traffic = trafficOf(counts);
  if (errors > 0 || warnings > 0) {
    const findings = [
      errors > 0 ? counted(errors, "incident") : "",
      warnings > 0 ? counted(warnings, "warning") : "",
      notes > 0 ? counted(notes, "note") : "",
    ];
    return page.prose(
      row([findings.filter(part => part !== "").join(", "), ...traffic]),
      errors > 0 ? page.paint.error : page.paint.warning,
    );
  }
  if (connections + encrypted > 0) {
    const partly = notes > 0 || encrypted > 0 || input.error !== undefined;
    const seen = row([...traffic, notes > 0 ? counted(notes, "note") : ""]);
    if (selected) return page.prose(`no finding on what was asked for: ${seen}`);
    if (unclosed > 0) {
      return page.prose(`no broken frame: ${seen} · ${counted(unclosed, "connection")} ended without connection.close`);
    }
    return page.prose(`clean${partly ? " as far as can be seen" : ""}: ${seen}`, page.paint.good);
  }
  if (selected) return page.prose("no connection of those asked for begins here");
  // A capture in several files: a connection is counted in the file where it begins.
  return page.prose(begun ? "no further AMQP connection begins here" : "no AMQP 0-9-1 found", page.paint.warning);
}

function trafficOf({ connections, decrypted, encrypted, frames }: InputCounts): string[] {
  const amqp = [
    `${counted(connections, "AMQP connection")}${decrypted === 0 ? "" : `, ${decrypted === connections ? "" : `${grouped(decrypted)} of them `}decrypted`}`,
    counted(frames, "frame"),
  ];
  const tls = `${counted(encrypted, "TLS connection")}, not decrypted`;
  return [...(connections > 0 || encrypted === 0 ? amqp : []), ...(encrypted > 0 ? [tls] : [])];
}

/** What to try when there is nothing to report on. */
function hint(page: Page): string[] {
  return [
    ...page.labelled("try", "--decode-as PORT takes every connection of that port for AMQP"),
    ...page.labelled("", "--port PORT shows what was spoken on that port instead"),
    ...page.labelled("", "--tls-keys FILE decrypts TLS with the key log of a client or broker"),
  ];
}
