/** The result of an incident: the broker's answer to it, and the findings it led to. */

import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Broker, Connection, Finding, Verdict } from "../report.ts";
import { type Page, unbroken } from "./page.ts";
import { brokerName, byRule, joined, packetRange, verdict } from "./wording.ts";

/** Consequences shown with an incident; the rest is counted. */
const MAX_CONSEQUENCES = 3;
const SENTENCE_COLUMNS = 512;

/**
 * The broker's answer in the capture, the answer that the client's octets alone predict, and what else followed.
 * Without a connection only what followed: its end was shown before.
 */
export function outcome(
  incident: Finding,
  connection: Connection | undefined,
  ledTo: readonly Finding[],
  page: Page,
): string[] {
  if (!connection) return consequences(ledTo, page);
  const { predicted, observed } = connection.verdict;
  const lines: string[] = [];
  // A finding that repeats the broker's words makes one line with it, or is the message above.
  const quoted = ledTo.find(finding => quotes(finding, observed));
  const asPredicted = observed !== null && predicted !== null && agree(observed, predicted);
  if (observed !== null && (asPredicted || !quotes(incident, observed))) {
    const words = asPredicted
      ? `${verdict(observed)} — as predicted${knownReason(observed, predicted)}`
      : verdict(observed);
    lines.push(...page.labelled("broker", words + (quoted ? reference(quoted) : "")));
  }
  if (predicted !== null && !asPredicted) lines.push(...prediction(predicted, connection.broker, page));
  const others = ledTo.filter(finding => finding !== quoted);
  return [...lines, ...consequences(others, page)];
}

/** The same to a client, with any line breaks of the broker's pretty-printer. A bare reset gives no reason. */
function agree(observed: Verdict, predicted: Verdict): boolean {
  if (observed.outcome === "reset") {
    if (predicted.outcome !== "reset") return false;
    return observed.reason === "" || joined(observed.reason) === joined(predicted.reason);
  }
  return (
    predicted.outcome === "close" &&
    observed.code === predicted.code &&
    observed.name === predicted.name &&
    joined(observed.text) === joined(predicted.text) &&
    observed.classId === predicted.classId &&
    observed.methodId === predicted.methodId
  );
}

function knownReason(observed: Verdict, predicted: Verdict): string {
  if (observed.outcome !== "reset" || predicted.outcome !== "reset" || observed.reason !== "") return "";
  return predicted.reason === "" ? "" : ` (${printable(joined(predicted.reason), SENTENCE_COLUMNS)})`;
}

/** What the client's octets alone predict, from which broker, and what comes then. */
function prediction(predicted: Verdict, rules: Broker | undefined, page: Page): string[] {
  const { broker, sequel } = predicted;
  const guess = rules?.basis === "guessed" ? ", a guess" : "";
  const by = broker === undefined || broker === "" ? "" : ` (${brokerName(broker)}${guess})`;
  // What followed begins with the close frame that was just shown.
  const rest = joined(sequel ?? "").replace(/^connection\.close, then /, "");
  const then = rest === "" ? "" : `; then ${printable(rest, SENTENCE_COLUMNS)}`;
  return page.labelled("predicted", `${verdict(predicted)}${unbroken(by)}${then}`);
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

/** ` (f2, packet 41)`, behind the sentence of another finding. */
function reference({ id, packets }: Finding): string {
  return ` ${unbroken(`(${printable(id, 12)}${packets.length > 0 ? `, ${packetRange(packets)}` : ""})`)}`;
}
