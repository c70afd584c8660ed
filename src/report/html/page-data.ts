/** What an HTML report carries: the report, and what only it shows. */
import type { MessageRecord } from "../message-record.ts";
import type { Report } from "../report.ts";

export interface PageData {
  report: Report;
  /** Left out where messages were not read. */
  messages?: PageMessages;
  /** Where a trace is looked up; `{traceId}` and `{spanId}` stand for its ids. */
  traceUrl?: string;
  /** `check` and `run`: how it ended. */
  outcome?: { passed: boolean; words: string; lines: string[] };
}

export interface PageMessages {
  /** Lost ones, and a sample of the others. */
  list: MessageRecord[];
  /** All that were seen. */
  count: number;
}
