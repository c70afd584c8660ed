/**
 * `--format text`: a check for the person whose build failed, read in a CI log or a terminal.
 *
 * A capture that fails has a block: what fails in full, as `inspect` prints it, and the counts of the rest. A capture
 * that passes has a line. Then come the violations of the call, the baseline's entries without a finding any more, and
 * in the last line the outcome. With `all`, findings below the threshold are printed in full as well, and every
 * capture.
 */
import { grouped } from "../../bytes/grouped.ts";
import { columns, cut, printable } from "../../bytes/printable.ts";
import type { Finding } from "../../report/report.ts";
import { inAscii } from "../../report/text/ascii.ts";
import { inputNotes, inputTitle } from "../../report/text/headline.ts";
import { incidentBlocks } from "../../report/text/incident.ts";
import { overview } from "../../report/text/overview.ts";
import { Page, wrap } from "../../report/text/page.ts";
import { byRule, counted } from "../../report/text/wording.ts";
import type { CheckedCapture, CheckedFinding, CheckResult, Violation } from "../check-result.ts";
import type { OutputOptions } from "./output.ts";
import {
  basis,
  captureSummary,
  cutInFront,
  elsewhere,
  goneSentence,
  notChecked,
  notDecrypted,
  outcome,
  path,
  reportOn,
  violationSentence,
  withoutFrames,
} from "./result-wording.ts";
import { disarmed } from "./workflow-command.ts";

/** Failing captures that are printed in full; the others have a line. */
const MAX_IN_FULL = 20;
/** Captures with a line of their own. */
const MAX_LINES = 20;
const MAX_VIOLATIONS = 20;
const MAX_GONE = 20;
/** Captures and globs that are named in a sentence. */
const MAX_NAMES = 10;
const EXPECTATION_COLUMNS = 200;
/** Least columns for a capture's path, as a share of the line. */
const PATH_SHARE = 0.4;

/** No line is wider than `columns`, which is at least 40. Ends in a line feed. */
export function text(result: CheckResult, options: OutputOptions): string {
  const page = new Page(options);
  const failing = result.captures.filter(({ passed }) => !passed);
  const inFull = page.all ? result.captures : failing.slice(0, MAX_IN_FULL);
  const shownInFull = new Set(inFull);
  const briefly = result.captures.filter(capture => !shownInFull.has(capture));
  const blocks = [
    ...inFull.flatMap(capture => captureBlocks(capture, result, page)),
    captureLines(briefly, page),
    violationBlock(result.violations, page),
    baselineBlock(result, page),
    conclusion(result, page),
  ];
  const shown = blocks.filter(lines => lines.length > 0).map(lines => lines.join("\n"));
  const whole = `${shown.join("\n\n")}\n`;
  return disarmed(options.ascii === true ? inAscii(whole) : whole);
}

/** Title and counts, and then a block for each finding that fails. */
function captureBlocks(capture: CheckedCapture, { tool }: CheckResult, page: Page): string[][] {
  const printed = capture.findings.filter(({ state }) => state === "failing" || (page.all && state === "told"));
  const report = reportOn(capture, printed, tool);
  // With some policies a note fails: it is printed in full like the others.
  const found = overview(report, true);
  const [input] = report.inputs;
  return [
    [
      ...inputTitle(input!, found.inputCounts[0]!, page),
      ...page.prose(standing(capture), capture.passed ? page.paint.good : page.paint.error),
      ...violationLines(capture.violations, page),
      ...quieter(capture, page),
      ...inputNotes(input!, page),
    ],
    ...incidentBlocks(found, page),
  ];
}

/** `FAILED: 2 failing, 1 told · 1 AMQP connection · 41 frames`. */
function standing(capture: CheckedCapture): string {
  const summary = captureSummary(capture);
  const { connections, frames } = summary;
  const traffic = `${counted(connections, "AMQP connection")} · ${counted(frames, "frame")}`;
  return `${outcome({ passed: capture.passed, summary })} · ${traffic}`;
}

/** What does not fail, by rule. */
function quieter({ findings, expectations }: CheckedCapture, page: Page): string[] {
  const of = (state: CheckedFinding["state"]): Finding[] =>
    findings.filter(each => each.state === state).map(({ finding }) => finding);
  const lines = (["told", "accepted", "expected"] as const).flatMap(state =>
    of(state).length === 0 ? [] : page.labelled(state, byRule(of(state))),
  );
  if (expectations.length === 0) return lines;
  const globs = cut(expectations.map(glob => path(glob)).join(", "), EXPECTATION_COLUMNS);
  return [...lines, ...page.labelled("expects", globs)];
}

/** `passed  captures/a.pcap · 2 AMQP connections · 57 frames`, a line for each capture. */
function captureLines(captures: readonly CheckedCapture[], page: Page): string[] {
  const notable = captures.filter(({ passed, findings }) => !passed || findings.length > 0);
  const shown = captures.length <= MAX_LINES ? captures : notable.slice(0, MAX_LINES);
  const lines = shown.flatMap(capture => [captureLine(capture, page), ...inputNotes(capture.input, page)]);
  const listed = new Set(shown);
  const rest = captures.filter(capture => !listed.has(capture));
  if (rest.length === 0) return lines;
  const failing = rest.filter(({ passed }) => !passed).length;
  const fate = failing === 0 ? " passed" : `, ${grouped(failing)} of them failing`;
  return [
    ...lines,
    ...page.prose(`${counted(rest.length, "more capture")}${fate}: --all lists them.`, page.paint.faint),
  ];
}

function captureLine(capture: CheckedCapture, page: Page): string {
  const word = capture.passed ? "passed" : "FAILED";
  const { connections, frames, ...summary } = captureSummary(capture);
  const rules = capture.findings.filter(({ state }) => state === "told").map(({ finding }) => finding.rule);
  const names = [...new Set(rules)].map(rule => printable(rule, 30)).join(", ");
  const counts = (["failing", "violations", "accepted", "expected", "told"] as const)
    .filter(state => summary[state] > 0)
    .map(state => `${grouped(summary[state])} ${state}${state === "told" && capture.passed ? `: ${names}` : ""}`);
  const said =
    counts.length > 0 ? counts.join(", ") : `${counted(connections, "connection")}, ${counted(frames, "frame")}`;
  const facts = cut(said, Math.floor(page.columns * (1 - PATH_SHARE)));
  const room = Math.max(8, page.columns - columns(word) - columns(facts) - 5);
  const ink = capture.passed ? page.paint.good : page.paint.error;
  const line = `${cutInFront(path(capture.path), room)} · ${facts}`;
  return `${ink(word)}  ${cut(line, page.columns - word.length - 2)}`;
}

function violationBlock(violations: readonly Violation[], page: Page): string[] {
  return violations.length === 0 ? [] : [page.paint.strong("VIOLATIONS"), ...violationLines(violations, page)];
}

function violationLines(violations: readonly Violation[], page: Page): string[] {
  const shown = page.all ? violations : violations.slice(0, MAX_VIOLATIONS);
  const lines = shown.flatMap(each => page.prose(`${each.kind}: ${violationSentence(each)}`, page.paint.error));
  const rest = violations.length - shown.length;
  if (rest > 0) lines.push(...page.prose(`${counted(rest, "more violation")}: --all lists them.`));
  return lines;
}

/** The entries that can be removed from the baseline, and how many were not checked. */
function baselineBlock({ baseline }: CheckResult, page: Page): string[] {
  if (baseline === null || (baseline.gone.length === 0 && baseline.notChecked === 0)) return [];
  const { gone, accepted } = baseline;
  const shown = page.all ? gone : gone.slice(0, MAX_GONE);
  const title = wrap(`BASELINE ${path(baseline.path)}`, page.columns);
  const lines = shown.flatMap(entry => page.labelled("gone", goneSentence(entry)));
  const rest = gone.length - shown.length;
  if (rest > 0) lines.push(...page.labelled("", `and ${grouped(rest)} more: --all lists them.`));
  const is = gone.length === 1 ? "1 entry has no finding" : `${grouped(gone.length)} entries have no finding`;
  const parts = [
    `accepts ${counted(accepted, "finding")}`,
    notChecked(baseline),
    gone.length === 0 ? "" : `${is} any more and can be taken out:`,
  ];
  return [
    ...title.map(line => page.paint.strong(line)),
    ...page.prose(parts.filter(part => part !== "").join("; ")),
    ...lines,
  ];
}

function conclusion(result: CheckResult, page: Page): string[] {
  const { captures, connections, frames } = result.summary;
  const seen = [counted(captures, "capture"), counted(connections, "AMQP connection"), counted(frames, "frame")];
  const { failOn } = result.policy;
  const threshold = failOn === "note" ? "any finding fails" : `findings fail from ${failOn} on`;
  const ink = result.passed ? page.paint.good : page.paint.error;
  const most = page.all ? Number.POSITIVE_INFINITY : MAX_NAMES;
  const asides = [
    ...basis(result),
    withoutFrames(result, most),
    notDecrypted(result, most),
    elsewhere(result, most),
  ].filter(line => line !== "");
  return [
    ...wrap(`${seen.join(", ")}; ${threshold}`, page.columns),
    ...asides.flatMap(line => wrap(line, page.columns)),
    ...wrap(outcome(result), page.columns).map(line => ink(line)),
  ];
}
