/** An output turns the result of a check into one format's text. Like a report's writer it is pure. */
import type { FormatOptions } from "../../report/report-format.ts";
import type { CheckResult } from "../check-result.ts";

/** Formats for programs pass over them: what they print depends on the result alone. */
export interface OutputOptions extends FormatOptions {
  /** Octets of the file that the text goes behind of; nothing where it begins one. Counts where a file has a limit. */
  octetsBefore?: number;
}

export type Output = (result: CheckResult, options: OutputOptions) => string;
