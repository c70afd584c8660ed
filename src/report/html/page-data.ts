/** The contents of an HTML report: the report, and what only the page shows. */
import type { MessageRecord } from "../message-record.ts";
import type { Report } from "../report.ts";
import type { LiveConnection, LiveCounts, LiveFinding, RateSample } from "./live-data.ts";

export interface PageData {
  report: Report;
  /** Left out if messages were not read. */
  messages?: PageMessages;
  /** By connection id: when each step of connecting was seen. Left out if that was not read. */
  steps?: Record<string, ConnectionSteps>;
  /** Of connections that had any, by id. Left out if these were not read. */
  heartbeats?: Record<string, HeartbeatTimes>;
  /** Where a trace is looked up; `{traceId}` and `{spanId}` stand for its ids. */
  traceUrl?: string;
  /** For `check` and `run`: how it ended. */
  outcome?: Outcome;
  /** For the live page of `proxy --ui`: its state. */
  live?: LivePart;
}

/** What only the live page shows. */
export interface LivePart {
  counts: LiveCounts;
  rates: readonly RateSample[];
  /** By id. */
  connections: ReadonlyMap<string, LiveConnection>;
  findings: ReadonlyMap<string, LiveFinding>;
}

/** How captures were judged. All texts are safe to show. */
export interface Outcome {
  passed: boolean;
  /** `FAILED: 2 failing, 1 violation`. */
  words: string;
  /** For `run`: which command was run, and how it ended. */
  command?: string;
  /** Violations first: what fails besides findings, and in which capture. */
  violations: string[];
  /** The config, the levels, the limits, and what was not checked. */
  policy: string[];
  /** What the baseline accepts, and its entries that are gone. */
  baseline: string[];
  /** Those that failed first. `rest`: the number of the others. */
  captures: { list: JudgedCapture[]; rest: number };
  /** For findings that do not count: by id, why. */
  standing: Record<string, string>;
}

export interface JudgedCapture {
  path: string;
  passed: boolean;
  /** What of it fails, is reported, accepted or expected; what was read if there is nothing to report. */
  words: string;
  connections: number;
  frames: number;
}

/** Steps of the handshake, with their names in `connections`, in order; times as in the report. */
export type ConnectionSteps = [step: string, time: string][];

/** Milliseconds since the epoch, an even sample if there were many; and how many there were. */
export interface HeartbeatTimes {
  client: number[];
  broker: number[];
  count: number;
}

export interface PageMessages {
  /** Lost ones, and a sample of the others. */
  list: MessageRecord[];
  /** All that were seen. */
  count: number;
}
