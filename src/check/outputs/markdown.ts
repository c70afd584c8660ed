/**
 * `--format markdown`: a check as the summary of a job, for $GITHUB_STEP_SUMMARY or a comment.
 *
 * It has the outcome, a table of the captures with something to report, and what fails with its diagnosis, folded if it
 * is long. GitHub refuses a summary over 1 MiB as a whole, with everything written before: what does not fit is left
 * out and counted.
 */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import { codeSpan, inlineText, markdownText } from "../../report/markdown/markdown-text.ts";
import { MARKUP } from "../../report/markdown/markup.ts";
import type { Finding } from "../../report/report.ts";
import { DEFAULT_FORMAT_OPTIONS } from "../../report/report-format.ts";
import { diagnosisPicture } from "../../report/text/diagnosis.ts";
import { fairShare } from "../../report/text/overview.ts";
import { Page } from "../../report/text/page.ts";
import { byRule, counted } from "../../report/text/wording.ts";
import type {
  BaselineEntry,
  CheckedCapture,
  CheckedFinding,
  CheckResult,
  CheckSummary,
  Violation,
} from "../check-result.ts";
import type { OutputOptions } from "./output.ts";
import {
  basis,
  captureSummary,
  connectionOf,
  elsewhere,
  goneSentence,
  isQuiet,
  notChecked,
  notDecrypted,
  outcome,
  particulars,
  path,
  sentence,
  violationSentence,
  withoutFrames,
} from "./result-wording.ts";

/** Octets of a step's summary that GitHub takes. */
const MAX_OCTETS = 1 << 20;
/** Kept for the paragraph that reports what was left out. */
const RESERVED_OCTETS = 4_096;
/** Rows, findings in full, violations and entries of the baseline. */
const MAX_ROWS = 100;
const MAX_FINDINGS = 50;
const MAX_VIOLATIONS = 50;
const MAX_GONE = 50;
/** Captures and globs that are named in a sentence. */
const MAX_NAMES = 20;
/** With `all` there are this many times more rows, and as many findings as fit: rows must not take their place. */
const ALL = 10;
/** Characters of a diagnosis beyond which it is folded. */
const LONG = 400;
/** Columns of a picture. */
const PICTURE_COLUMNS = 100;

const COUNTS = ["failing", "violations", "told", "accepted", "expected"] as const;

/** A failing finding, with its capture and the rule that `fairShare` shares by. */
interface Failing {
  rule: string;
  checked: CheckedFinding;
  capture: CheckedCapture;
}

export function markdown(result: CheckResult, { all, octetsBefore = 0 }: OutputOptions): string {
  const most = (bound: number) => (all ? ALL * bound : bound);
  const summary = new Summary(MAX_OCTETS - octetsBefore - RESERVED_OCTETS);
  summary.add(headline(result));
  addBasis(summary, result, most(MAX_NAMES));
  addTable(summary, result, most(MAX_ROWS));
  addViolations(summary, result, most(MAX_VIOLATIONS));
  addFindings(summary, result, all ? Number.POSITIVE_INFINITY : MAX_FINDINGS);
  addGone(summary, result, most(MAX_GONE));
  return summary.text();
}

/** Paragraphs up to a number of octets. To add one fails when it no longer fits. */
class Summary {
  readonly #encoder = new TextEncoder();
  readonly #paragraphs: string[] = [];
  #room: number;

  constructor(octets: number) {
    this.#room = octets;
  }

  /** False where the paragraph did not fit and was left out. */
  add(paragraph: string): boolean {
    if (!this.#takes(paragraph, 2)) return false;
    this.#paragraphs.push(paragraph);
    return true;
  }

  /**
   * One paragraph: a title, and a line for as many of these as fit. Returns how many do; with none, no title either.
   */
  addLines<T>(title: string, each: readonly T[], line: (one: T) => string): number {
    const lines: string[] = [];
    if (each.length === 0 || !this.#takes(title, 2)) return 0;
    for (const one of each) {
      const next = line(one);
      if (!this.#takes(next, 1)) break;
      lines.push(next);
    }
    if (lines.length > 0) this.#paragraphs.push(title + lines.join("\n"));
    return lines.length;
  }

  /** Adds a paragraph that always fits: a short one, of which there are only a few. */
  close(paragraph: string): void {
    this.#paragraphs.push(paragraph);
  }

  text(): string {
    return `${this.#paragraphs.join("\n\n")}\n`;
  }

  #takes(text: string, feeds: number): boolean {
    const octets = this.#encoder.encode(text).length + feeds;
    if (octets > this.#room) return false;
    this.#room -= octets;
    return true;
  }
}

function headline(result: CheckResult): string {
  const { captures, connections, frames } = result.summary;
  const seen = [counted(captures, "capture"), counted(connections, "AMQP connection"), counted(frames, "frame")];
  return [
    `## ghostframe check ${result.passed ? "passed" : "failed"}`,
    `**${outcome(result)}** in ${seen.join(", ")}.`,
  ].join("\n\n");
}

/** The config and policy, and what was not checked. */
function addBasis(summary: Summary, result: CheckResult, most: number): void {
  const { baseline } = result;
  const about = baseline === null ? "" : notChecked(baseline);
  const lines = [
    ...basis(result),
    withoutFrames(result, most),
    notDecrypted(result, most),
    elsewhere(result, most),
    about,
  ];
  summary.addLines(
    "",
    lines.filter(line => line !== ""),
    line => `- ${markdownText(line)}`,
  );
}

/** The captures with something to report, those that fail first, and the number of the others. */
function addTable(summary: Summary, { captures }: CheckResult, most: number): void {
  const notable = captures.filter(capture => !isQuiet(capture));
  const ordered = [...notable.filter(({ passed }) => !passed), ...notable.filter(({ passed }) => passed)];
  const head = "| capture | outcome | failing | violations | told | accepted | expected | frames |";
  const title = `${head}\n|---|---|--:|--:|--:|--:|--:|--:|\n`;
  const left = ordered.length - summary.addLines(title, ordered.slice(0, most), row);
  if (left > 0) summary.close(`${counted(left, "more capture")} with something to say left out of the table.`);
  const quiet = captures.length - notable.length;
  if (quiet > 0) summary.close(`${counted(quiet, "capture")} with nothing to report.`);
}

function row(capture: CheckedCapture): string {
  const counts: CheckSummary = captureSummary(capture);
  const cells = [
    inlineText(path(capture.path)),
    capture.passed ? "passed" : "**failed**",
    ...COUNTS.map(count => (counts[count] === 0 ? "" : grouped(counts[count]))),
    grouped(counts.frames),
  ];
  return `| ${cells.join(" | ")} |`;
}

function addViolations(summary: Summary, { captures, violations }: CheckResult, most: number): void {
  const all = [
    ...violations.map(violation => ({ violation, capture: null })),
    ...captures.flatMap(capture => capture.violations.map(violation => ({ violation, capture }))),
  ];
  addList(summary, { title: "### Violations", noun: "violation" }, all, most, violationLine);
}

function violationLine({ violation, capture }: { violation: Violation; capture: CheckedCapture | null }): string {
  const where = capture === null ? "" : ` in ${inlineText(path(capture.path))}`;
  return `- **${violation.kind}**${where}: ${inlineText(violationSentence(violation))}`;
}

/** Findings that fail, under their capture; a rule with a thousand of them does not hide the others. */
function addFindings(summary: Summary, { captures }: CheckResult, most: number): void {
  const failing = captures.flatMap(capture =>
    capture.findings
      .filter(({ state }) => state === "failing")
      .map((checked): Failing => ({ rule: checked.finding.rule, checked, capture })),
  );
  const shown = fairShare(failing, most);
  const added = new Set<Failing>();
  let before: CheckedCapture | null = null;
  for (const each of shown) {
    const title = each.capture === before ? "" : `### ${inlineText(path(each.capture.path))}\n\n`;
    if (!summary.add(title + story(each))) break;
    before = each.capture;
    added.add(each);
  }
  const rest = failing.filter(each => !added.has(each)).map(({ checked }) => checked.finding);
  if (rest.length > 0) summary.close(`Left out: ${counted(rest.length, "more failing finding")}, ${byRule(rest)}.`);
}

/** The sentence of a finding, and below it what explains it. */
function story({ checked: { finding, level }, capture }: Failing): string {
  const about = particulars(capture, finding);
  const list = about.map(({ label, text }) => {
    // To be copied as it is; it holds nothing from the wire.
    const shown = label === "Wireshark" ? codeSpan(text) : inlineText(text);
    return `- ${label}: ${shown}`;
  });
  const section = finding.spec === "" ? "" : ` (AMQP 0-9-1 §${inlineText(printable(finding.spec, 8))})`;
  const title = `**${level} ${codeSpan(printable(finding.rule, 30))}**${section}: ${inlineText(sentence(finding))}`;
  if (list.length === 0) return title;
  const picture = pictureOf(capture, finding);
  const shown = picture === "" ? "" : `\n\n${picture}`;
  const length = about.reduce((sum, { text }) => sum + text.length, 0);
  if (length <= LONG) return `${title}\n\n${list.join("\n")}${shown}`;
  return `${title}${shown}\n\n<details><summary>Diagnosis and remedy</summary>\n\n${list.join("\n")}\n\n</details>`;
}

/** As the text report draws it; "" if there is nothing to draw. */
function pictureOf(capture: CheckedCapture, finding: Finding): string {
  const { diagnosis } = finding;
  if (diagnosis === undefined) return "";
  const page = new Page({ ...DEFAULT_FORMAT_OPTIONS, columns: PICTURE_COLUMNS });
  const stop = connectionOf(capture, finding)?.verdict.predicted?.streamOffset;
  const brokerStops = finding.direction === "client-to-server" ? (stop ?? null) : null;
  const lines = diagnosisPicture(diagnosis, { begun: null, brokerStops }, page);
  return lines.length < 2 ? "" : MARKUP.github.block(lines);
}

function addGone(summary: Summary, { baseline }: CheckResult, most: number): void {
  if (baseline === null) return;
  const heading = `### Gone from the baseline ${inlineText(path(baseline.path))}`;
  const title = `${heading}\n\nNo finding has these entries any more: take them out.`;
  const line = (entry: BaselineEntry) => `- ${markdownText(goneSentence(entry))}`;
  addList(summary, { title, noun: "baseline line" }, baseline.gone, most, line);
}

/** A list under a title: as many lines as are allowed and fit, and the number of those left out. */
function addList<T>(
  summary: Summary,
  { title, noun }: { title: string; noun: string },
  all: readonly T[],
  most: number,
  line: (one: T) => string,
): void {
  const rest = all.length - summary.addLines(`${title}\n\n`, all.slice(0, most), line);
  if (rest > 0) summary.close(`${counted(rest, `more ${noun}`)} left out.`);
}
