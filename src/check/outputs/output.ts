/** An output turns the result of a check into the text of one format. It is pure, like a ReportFormat. */
import type { FormatOptions } from "../../report/report-format.ts";
import type { CheckResult } from "../check-result.ts";

/** Formats for programs ignore them: their text depends on the result alone. */
export interface OutputOptions extends FormatOptions {
  /** Octets already in the file that the text is appended to. They count towards a limit of the file. */
  octetsBefore?: number;
}

export type Output = (result: CheckResult, options: OutputOptions) => string;
