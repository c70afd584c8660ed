/** Texts of the outputs for people: counts, the place of a finding, its explanation. All of it is printable. */
import { grouped } from "../../bytes/grouped.ts";
import { columns, printable } from "../../bytes/printable.ts";
import type { RuleId } from "../../connection/rules.ts";
import { type Connection, type Finding, REPORT_SCHEMA, type Report } from "../../report/report.ts";
import { diagnosisName } from "../../report/text/diagnosis.ts";
import {
  arrow,
  clientName,
  confidence,
  counted,
  displayFilter,
  endpoint,
  joined,
  packetRange,
} from "../../report/text/wording.ts";
import type {
  BaselineEntry,
  BaselineState,
  CheckedCapture,
  CheckedFinding,
  CheckResult,
  CheckSummary,
  Level,
  Violation,
} from "../check-result.ts";

const MESSAGE_COLUMNS = 2_048;
const SUMMARY_COLUMNS = 1_200;
const REMEDY_COLUMNS = 800;
const PATH_COLUMNS = 400;

/** `FAILED: 2 failing, 1 violation, 3 told`: failing always, the rest if it is not 0. */
export function outcome({ passed, summary }: Pick<CheckResult, "passed" | "summary">): string {
  const parts = [`${grouped(summary.failing)} failing`];
  if (summary.violations > 0)
    parts.push(`${grouped(summary.violations)} violation${summary.violations === 1 ? "" : "s"}`);
  for (const state of ["told", "accepted", "expected"] as const) {
    if (summary[state] > 0) parts.push(`${grouped(summary[state])} ${state}`);
  }
  return `${passed ? "PASSED" : "FAILED"}: ${parts.join(", ")}`;
}

/** Findings and violations of one capture, in the shape of the summary of the call. */
export function captureSummary({ findings, violations, connections, frames, off }: CheckedCapture): CheckSummary {
  const count = (state: CheckedFinding["state"]) => findings.filter(each => each.state === state).length;
  return {
    captures: 1,
    connections: connections.length,
    frames,
    failing: count("failing"),
    told: count("told"),
    accepted: count("accepted"),
    expected: count("expected"),
    off,
    violations: violations.length,
  };
}

/** A capture that passed, with nothing else to report. */
export function isQuiet({ passed, findings, violations }: CheckedCapture): boolean {
  return passed && findings.length === 0 && violations.length === 0;
}

/** A report on some of a capture's findings, for the blocks of the text report. Severities are the policy's. */
export function reportOn(capture: CheckedCapture, findings: readonly CheckedFinding[], tool: Report["tool"]): Report {
  const count = (severity: string) => findings.filter(({ level }) => level === severity).length;
  return {
    schema: REPORT_SCHEMA,
    tool,
    inputs: [{ ...capture.input, path: capture.path }],
    connections: capture.connections,
    findings: findings.map(({ finding, level }) => ({ ...finding, severity: level })),
    summary: { errors: count("error"), warnings: count("warning"), notes: count("note") },
  };
}

export function path(name: string): string {
  return cutInFront(printable(name, Number.POSITIVE_INFINITY), PATH_COLUMNS);
}

/** Printable text; if it is too long, its beginning is cut: paths differ at their ends. */
export function cutInFront(text: string, maxColumns: number): string {
  if (columns(text) <= maxColumns) return text;
  let width = columns(ELLIPSIS);
  const kept: string[] = [];
  for (const character of Array.from(text).reverse()) {
    width += columns(character);
    if (width > maxColumns) break;
    kept.push(character);
  }
  // A mark whose letter is cut off would join the ellipsis.
  return `${ELLIPSIS}${kept
    .reverse()
    .join("")
    .replace(/^\p{M}+/u, "")}`;
}

const ELLIPSIS = "…";

/** Config and policy: `config ci/ghostframe.config.json; shared-channel counts as error, heartbeat is off`. */
export function basis({ config, policy, summary }: CheckResult): string[] {
  const levels = (Object.entries(policy.rules) as [RuleId, Level][]).map(([rule, level]) => {
    return level === "off" ? `${rule} is off` : `${rule} counts as ${level}`;
  });
  const { off } = summary;
  return [
    [config === null ? "no config" : `config ${path(config)}`, levels.join(", ")]
      .filter(part => part !== "")
      .join("; "),
    off === 0 ? "" : `${counted(off, "finding")} of rules that are off`,
  ].filter(line => line !== "");
}

/** `1 expectation concerns no capture of this call: captures/clean/**`; empty if each concerns one. */
export function elsewhere({ expectedElsewhere }: CheckResult, most: number): string {
  if (expectedElsewhere.length === 0) return "";
  const concern = expectedElsewhere.length === 1 ? "concerns" : "concern";
  return `${counted(expectedElsewhere.length, "expectation")} ${concern} no capture of this call: ${named(expectedElsewhere, most)}`;
}

/** `2 captures without an AMQP frame: a.pcap, b.pcap`; empty if there is none. */
export function withoutFrames({ captures }: CheckResult, most: number): string {
  const empty = captures
    .filter(({ frames, input }) => frames === 0 && input.error === undefined)
    .map(capture => capture.path);
  return empty.length === 0 ? "" : `${counted(empty.length, "capture")} without an AMQP frame: ${named(empty, most)}`;
}

/**
 * `1 capture whose TLS was not decrypted: nothing of its AMQP was checked (--tls-keys): a.pcap`; empty if there is
 * none.
 */
export function notDecrypted({ captures }: CheckResult, most: number): string {
  const encrypted = captures.filter(({ tlsRecords = 0 }) => tlsRecords > 0).map(capture => capture.path);
  if (encrypted.length === 0) return "";
  const whose = encrypted.length === 1 ? "its" : "their";
  return `${counted(encrypted.length, "capture")} whose TLS was not decrypted: nothing of ${whose} AMQP was checked (--tls-keys): ${named(encrypted, most)}`;
}

function named(names: readonly string[], most: number): string {
  const rest = names.length - most;
  return names.slice(0, most).map(path).join(", ") + (rest > 0 ? ` and ${grouped(rest)} more` : "");
}

/** `3 entries of captures that were not checked`; empty if there is none. */
export function notChecked({ notChecked: entries }: BaselineState): string {
  return entries === 0
    ? ""
    : `${grouped(entries)} ${entries === 1 ? "entry" : "entries"} of captures that were not checked`;
}

/** The finding's sentence. */
export function sentence({ message }: Pick<Finding, "message">): string {
  return printable(joined(message), MESSAGE_COLUMNS);
}

export function violationSentence({ message }: Violation): string {
  return printable(message, MESSAGE_COLUMNS);
}

export function goneSentence({ rule, capture, count, message }: BaselineEntry): string {
  const times = count === 1 ? "" : ` (${grouped(count)} times)`;
  return `${printable(rule, 30)} in ${path(capture)}${times}: ${printable(joined(message), MESSAGE_COLUMNS)}`;
}

export function connectionOf(capture: CheckedCapture, { connection }: Finding): Connection | undefined {
  return connection === null ? undefined : capture.connections.find(({ id }) => id === connection);
}

/** `orders-api · connection c1 · client → server · offset 2318 · packets 31–42`, as far as it is known. */
export function place({ finding, connection }: { finding: Finding; connection: Connection | undefined }): string {
  const { direction, streamOffset, packets } = finding;
  return [
    connection ? clientName(connection) : "",
    finding.connection === null ? "" : `connection ${printable(finding.connection, 12)}`,
    direction === null ? "" : arrow(direction),
    streamOffset === null ? "" : `offset ${streamOffset}`,
    packets.length === 0 ? "" : packetRange(packets),
  ]
    .filter(part => part !== "")
    .join(" · ");
}

/** `127.0.0.1:59768 → 127.0.0.1:5672`. */
export function route({ client, server }: Connection): string {
  return `${endpoint(client)} → ${endpoint(server)}`;
}

/** What the octets are, with the numbers that prove it; empty where they could not be explained. */
export function proof({ diagnosis }: Finding): string {
  return printable(diagnosis?.summary ?? "", SUMMARY_COLUMNS);
}

export function remedy({ diagnosis }: Finding): string {
  return printable(diagnosis?.remedy ?? "", REMEDY_COLUMNS);
}

/** What explains a finding and what helps, each a label and a text. */
export function particulars(capture: CheckedCapture, finding: Finding): { label: string; text: string }[] {
  const { diagnosis, packets } = finding;
  const connection = connectionOf(capture, finding);
  const all = [
    { label: "where", text: place({ finding, connection }) },
    { label: "route", text: connection ? route(connection) : "" },
    {
      label: "diagnosis",
      text: diagnosis ? `${diagnosisName(diagnosis.kind)} · ${confidence(diagnosis.confidence)}` : "",
    },
    { label: "proof", text: proof(finding) },
    { label: "remedy", text: remedy(finding) },
    { label: "Wireshark", text: packets.length === 0 ? "" : displayFilter(packets, connection) },
  ];
  return all.filter(({ text }) => text !== "");
}
