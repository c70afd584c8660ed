/**
 * A writer turns a report into one format's text. It is pure: no files, no clock, no environment; what depends on the
 * terminal comes in through the options, and every string that came from the wire leaves as printable text.
 */
import type { Report } from "./report.ts";

export interface FormatOptions {
  /** Terminal columns no line may exceed. A writer may ask for a minimum of its own. */
  columns: number;
  /** Terminal colours (ANSI escape sequences) in the text. */
  colour: boolean;
  /** Everything, however long; without it a writer for people leaves out what is healthy or repeats. */
  all: boolean;
}

export const DEFAULT_FORMAT_OPTIONS: Readonly<FormatOptions> = { columns: 80, colour: false, all: false };

export type ReportFormat = (report: Report, options?: Partial<FormatOptions>) => string;
