/**
 * What `ghostframe check` found: the findings of each capture, judged by a policy. Every output format is written from
 * this; `json` prints it as it is. The same captures and the same policy give the same result, in any order, and with
 * any number of captures read at the same time.
 */
import type { RuleId } from "../connection/rules.ts";
import type { Connection, Finding, Input, Severity } from "../report/report.ts";

export const CHECK_SCHEMA = "ghostframe.check/1";
export const CONFIG_FILE = "ghostframe.config.json";

/** The level of a rule's findings; "off" leaves them out. */
export type Level = Severity | "off";

export interface CheckResult {
  schema: typeof CHECK_SCHEMA;
  tool: { name: "ghostframe"; version: string };
  /** Nothing fails: no finding at or above `failOn` that is neither accepted nor expected, and no violation. */
  passed: boolean;
  /** The config's path from the working directory, with slashes; null without a config. */
  config: string | null;
  policy: Policy;
  /** By path, in code unit order. */
  captures: CheckedCapture[];
  /** Violations of the call as a whole. */
  violations: Violation[];
  /** Globs of the expectations that match no capture and no folder of the call. */
  expectedElsewhere: string[];
  baseline: BaselineState | null;
  summary: CheckSummary;
}

export interface Policy {
  /** The lowest level that fails. */
  failOn: Severity;
  /** Levels that differ from the registry's. */
  rules: Partial<Record<RuleId, Level>>;
  limits: Limits;
}

export interface Limits {
  /** Gaps of a capture, both directions of all connections together; null for no limit. */
  maxGaps: number | null;
  /**
   * Fewest frames of all captures together. Default 1: a check without any AMQP fails. If it is not 0, a capture that
   * was named by itself must have a frame, too.
   */
  minFrames: number;
  /**
   * Packets of a capture, and connections on AMQP's ports, that may hold AMQP and were not read; null for no limit.
   * Default 0: what was not read may be corrupt.
   */
  maxUnread: number | null;
}

export interface CheckedCapture {
  /** As it was named, with slashes. */
  path: string;
  passed: boolean;
  input: Input;
  connections: Connection[];
  /** In the order of the capture. */
  findings: CheckedFinding[];
  violations: Violation[];
  /** The globs of the expectations that it met or failed, in the config's order. */
  expectations: string[];
  frames: number;
  /** Records of TLS connections that were not decrypted, if there are any: they count as what was checked. */
  tlsRecords?: number;
  gaps: number;
  /** Findings of rules that are off: they are not among `findings`. */
  off: number;
}

export interface CheckedFinding {
  finding: Finding;
  /** Its severity under the policy. */
  level: Severity;
  /** Stays the same in a new recording: hexadecimal, 16 digits. Two findings of one capture may have the same. */
  fingerprint: string;
  /**
   * failing: ends the check with status 1. told: below `failOn`, or a consequence of one that counts. accepted: by the baseline. expected: by the config.
   */
  state: "failing" | "told" | "accepted" | "expected";
}

/** What fails besides findings: limits, expectations, captures that could not be read. */
export interface Violation {
  kind:
    | "unreadable"
    | "expected-clean"
    | "expected-finding"
    | "expectation-unmatched"
    | "max-gaps"
    | "min-frames"
    | "max-unread"
    | "no-capture";
  /** One sentence with the numbers in it. */
  message: string;
  /** The rule that was expected and not found. */
  rule?: RuleId;
}

export interface BaselineState {
  path: string;
  /** Findings it accepted. */
  accepted: number;
  /** Entries without a finding any more, of captures that were checked or whose files are gone. */
  gone: BaselineEntry[];
  /** Entries of captures whose files exist, but were not checked in this call. */
  notChecked: number;
}

/** An accepted finding, as it stands in the baseline's file. */
export interface BaselineEntry {
  fingerprint: string;
  rule: RuleId;
  /** The capture it was seen in; not part of the fingerprint. */
  capture: string;
  /** How many findings of that capture have it. */
  count: number;
  /** The finding's sentence when it was accepted, for people who read the file. */
  message: string;
}

export interface CheckSummary {
  captures: number;
  connections: number;
  frames: number;
  failing: number;
  told: number;
  accepted: number;
  expected: number;
  /** Findings of rules that are off. */
  off: number;
  violations: number;
}
