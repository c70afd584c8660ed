/**
 * A format turns a report into text. It is pure: no files, no clock, no environment. The options contain what depends
 * on the terminal. Every string from the wire is written as printable text.
 */
import type { Report } from "./report.ts";

export interface FormatOptions {
  /** Terminal columns that no line may exceed. A format may have a minimum of its own. */
  columns: number;
  /** ASCII only, for a terminal that shows nothing else. Default: false. */
  ascii?: boolean;
  /** Terminal colours (ANSI escape sequences) in the text. */
  colour: boolean;
  /** Everything, at any length. Without it a format for people leaves out what is healthy or repeats. */
  all: boolean;
  /** For Markdown: which one. Default: github. */
  flavor?: "github" | "slack" | "jira";
}

export const DEFAULT_FORMAT_OPTIONS: Readonly<FormatOptions> = { columns: 80, colour: false, all: false };

export type ReportFormat = (report: Report, options?: Partial<FormatOptions>) => string;
