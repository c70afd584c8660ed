/** Sentences about a running proxy: never more than was inspected. */
import { grouped } from "../../../bytes/grouped.ts";
import { answer } from "../../text/first-screen.ts";
import { counted } from "../../text/wording.ts";
import type { LivePart } from "../page-data.ts";
import type { Model } from "./model.ts";

/** The first sentence; `isWell` if nothing is wrong and nothing was missed. */
export function liveAnswer(model: Model, { counts, connections }: LivePart): { words: string; isWell: boolean } {
  const { sick, incidents, atRisk } = model.counts;
  if (sick + incidents + atRisk > 0) return { words: answer(model), isWell: false };
  const listed = [...connections.values()];
  const unseen = Math.max(counts.uninspected, listed.filter(({ uninspected }) => uninspected !== undefined).length);
  if (unseen > 0) {
    const words = `Nothing wrong so far in what is inspected. ${counted(unseen, "connection")} ${unseen === 1 ? "is" : "are"} not.`;
    return { words, isWell: false };
  }
  const hasFindings = counts.findings > 0;
  if (listed.length === 0)
    return { words: hasFindings ? "No finding is kept any more." : "No connection yet.", isWell: false };
  const sure = model.report.findings.length === 0 && !hasFindings;
  const words = sure
    ? `So far nothing wrong. ${counted(listed.length, "connection")}.`
    : "So far nothing broken. See the notes below.";
  return { words, isWell: sure };
}

/** What is not shown, and what was not inspected. */
export function liveLimits(model: Model, { counts }: LivePart): string[] {
  const { findings, connections } = model.report;
  const behind = Math.round(counts.behind / 2 ** 20);
  return [
    counts.leftOut > 0
      ? `${grouped(connections.length)} connections are listed; ${grouped(counts.leftOut)} more are not, most of them closed without a finding.`
      : "",
    counts.findings > findings.length
      ? `The latest ${grouped(findings.length)} of ${counted(counts.findings, "finding")} are kept.`
      : "",
    counts.uninspected > 0
      ? `${counted(counts.uninspected, "connection")} went on uninspected: the inspector fell behind, or ended.`
      : "",
    counts.refused > 0 ? `${counted(counts.refused, "connection")} could not be relayed.` : "",
    behind > 0 ? `The inspector is ${behind} MiB behind: what is shown is older than what happens.` : "",
  ].filter(words => words !== "");
}
