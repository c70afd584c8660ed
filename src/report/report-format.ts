/**
 * A format turns a report into text. It is pure: no files, no clock, no environment. What depends on the terminal comes
 * in through the options. Every string that came from the wire leaves as printable text.
 */
import type { Report } from "./report.ts";

export interface FormatOptions {
  /** Terminal columns that no line may exceed. A format may have a minimum of its own. */
  columns: number;
  /** ASCII only, for a terminal that shows nothing else. Default: false. */
  ascii?: boolean;
  /** Terminal colours (ANSI escape sequences) in the text. */
  colour: boolean;
  /** Everything, however long. Without it a format for people leaves out what is healthy or repeats. */
  all: boolean;
  /** Of Markdown: whose. Default: github. */
  flavor?: "github" | "slack" | "jira";
}

export const DEFAULT_FORMAT_OPTIONS: Readonly<FormatOptions> = { columns: 80, colour: false, all: false };

export type ReportFormat = (report: Report, options?: Partial<FormatOptions>) => string;
