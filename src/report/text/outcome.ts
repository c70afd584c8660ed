/** What came of an incident: the broker's answer to it, and the findings it led to. */

import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Connection, Finding, Verdict } from "../report.ts";
import { type Page, unbroken } from "./page.ts";
import { byRule, joined, packetRange, verdict } from "./phrases.ts";

/** Consequences told with an incident; the rest is counted. */
const MAX_CONSEQUENCES = 3;
const SENTENCE_COLUMNS = 512;

/**
 * The broker's answer in the capture, what the client's octets alone let expect, and what else followed. Without a
 * connection only what followed: its end has been told.
 */
export function outcome(
  incident: Finding,
  connection: Connection | undefined,
  ledTo: readonly Finding[],
  page: Page,
): string[] {
  if (!connection) return consequences(ledTo, page);
  const { predicted, observed } = connection.verdict;
  const answer = observed === null ? null : verdict(observed);
  const expected = predicted === null ? null : verdict(predicted);
  const lines: string[] = [];
  // A finding that says what the broker said makes one line with it, or is the message above.
  const quoted = ledTo.find(finding => quotes(finding, observed));
  if (answer !== null && !quotes(incident, observed)) {
    lines.push(...page.labelled("broker", answer + (quoted ? reference(quoted) : "")));
  }
  if (expected !== null) lines.push(...page.labelled("predicted", expected === answer ? "the same" : expected));
  const others = ledTo.filter(finding => finding !== quoted);
  return [...lines, ...consequences(others, page)];
}

function quotes({ rule, message }: Finding, observed: Verdict | null): boolean {
  if (rule !== "broker-close" || observed?.outcome !== "close" || observed.text === "") return false;
  return joined(message).includes(joined(observed.text));
}

function consequences(findings: readonly Finding[], page: Page): string[] {
  const shown = page.all ? findings : findings.slice(0, MAX_CONSEQUENCES);
  const lines = shown.flatMap(finding => {
    const sentence = printable(joined(finding.message), SENTENCE_COLUMNS);
    return page.labelled("led to", `${printable(finding.rule, 30)}: ${sentence}${reference(finding)}`);
  });
  const rest = findings.slice(shown.length);
  if (rest.length > 0) lines.push(...page.labelled("", `and ${grouped(rest.length)} more: ${byRule(rest)}`));
  return lines;
}

/** ` (f2, packet 41)`, behind what is told of another finding. */
function reference({ id, packets }: Finding): string {
  return ` ${unbroken(`(${printable(id, 12)}${packets.length > 0 ? `, ${packetRange(packets)}` : ""})`)}`;
}
