/**
 * `--format github`: annotations for GitHub Actions, a workflow command a line.
 *
 * GitHub shows ten annotations of each level for a step, and drops the others silently. So no more are written: what
 * fails comes first, each rule in turn, and the last line has the counts. Accepted and expected findings get none.
 */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Severity } from "../../report/report.ts";
import { fairShare } from "../../report/text/overview.ts";
import { packetRange } from "../../report/text/wording.ts";
import type { CheckedCapture, CheckedFinding, CheckResult, Violation } from "../check-result.ts";
import { connectionOf, outcome, particulars, path, sentence, violationSentence } from "./result-wording.ts";
import { commandData, commandProperty } from "./workflow-command.ts";

/** Annotations of one level that GitHub shows of a step. */
const MAX_OF_LEVEL = 10;
const COMMANDS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", note: "notice" };

interface Annotation {
  level: Severity;
  /** A rule, or a kind of violation, by which `fairShare` takes turns. */
  rule: string;
  fails: boolean;
  /** Written only for those that are shown. */
  line: () => string;
}

export function github(result: CheckResult): string {
  const all = [
    ...result.violations.map(each => violationAnnotation(each, null)),
    ...result.captures.flatMap(captureAnnotations),
  ];
  const conclusion: Severity = result.passed ? "note" : "error";
  let leftOut = 0;
  const lines = (["error", "warning", "note"] as const).flatMap(level => {
    const most = level === conclusion ? MAX_OF_LEVEL - 1 : MAX_OF_LEVEL;
    const failing = all.filter(each => each.level === level && each.fails);
    const others = all.filter(each => each.level === level && !each.fails);
    const shown = [...fairShare(failing, most)];
    shown.push(...fairShare(others, most - shown.length));
    leftOut += failing.length + others.length - shown.length;
    return shown.map(({ line }) => line());
  });
  const rest = leftOut === 0 ? "" : `; ${grouped(leftOut)} not shown here`;
  lines.push(command(conclusion, { title: "ghostframe check" }, outcome(result) + rest));
  return `${lines.join("\n")}\n`;
}

function captureAnnotations(capture: CheckedCapture): Annotation[] {
  const counted = new Set(capture.findings.filter(({ state }) => state !== "told").map(({ finding }) => finding.id));
  return [
    ...capture.violations.map(each => violationAnnotation(each, capture)),
    ...capture.findings
      // A consequence is annotated with what led to it.
      .filter(({ state, finding }) => state === "failing" || (state === "told" && !counted.has(finding.cause ?? "")))
      .map(each => findingAnnotation(each, capture)),
  ];
}

function violationAnnotation(violation: Violation, capture: CheckedCapture | null): Annotation {
  const file = capture === null ? {} : { file: path(capture.path) };
  const { kind } = violation;
  return {
    level: "error",
    rule: kind,
    fails: true,
    line: () => command("error", { ...file, title: kind }, violationSentence(violation)),
  };
}

function findingAnnotation({ finding, level, state }: CheckedFinding, capture: CheckedCapture): Annotation {
  const line = () => {
    const seen = [
      connectionOf(capture, finding) ? `connection ${printable(finding.connection ?? "", 12)}` : "",
      finding.packets.length === 0 ? "" : packetRange(finding.packets),
    ].filter(part => part !== "");
    const title = `${printable(finding.rule, 30)}${seen.length === 0 ? "" : ` (${seen.join(", ")})`}`;
    const about = particulars(capture, finding).map(({ label, text }) => `${label}: ${text}`);
    return command(level, { file: path(capture.path), title }, [sentence(finding), ...about].join("\n"));
  };
  return { level, rule: finding.rule, fails: state === "failing", line };
}

function command(level: Severity, properties: Readonly<Record<string, string>>, message: string): string {
  const written = Object.entries(properties).map(([name, value]) => `${name}=${commandProperty(value)}`);
  return `::${COMMANDS[level]} ${written.join(",")}::${commandData(message)}`;
}
