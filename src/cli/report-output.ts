/** Where a report goes: stdout in one format, and files in others (`--output FORMAT=FILE`). */
import { type Command, InvalidArgumentError, Option } from "commander";
import { check } from "../check/check.ts";
import { didYouMean } from "../check/nearest-name.ts";
import { type Output, outputs } from "../check/outputs/outputs.ts";
import { policyOf } from "../check/policy.ts";
import { formats } from "../report/formats.ts";
import type { PageData } from "../report/html/page-data.ts";
import { FLAVORS } from "../report/markdown/markup.ts";
import type { Input, Report } from "../report/report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions, type ReportFormat } from "../report/report-format.ts";
import { writeText } from "./check-output.ts";
import { complain } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";

/** Those of `check` judge the report by the default policy. */
const OF_CHECK = ["sarif", "junit", "github"] as const;
export const REPORT_FORMATS = [...(Object.keys(formats) as (keyof typeof formats)[]), "html", ...OF_CHECK] as const;
export type ReportFormatName = (typeof REPORT_FORMATS)[number];

export interface ReportFile {
  format: ReportFormatName;
  path: string;
}

export interface ReportOutputOptions {
  output?: ReportFile[];
  flavor?: FormatOptions["flavor"];
  all?: boolean;
  traceUrl?: string;
}

function traceUrl(value: string): string {
  if (!/^https?:\/\//.test(value)) throw new InvalidArgumentError("Expected an http or https address with {traceId}.");
  return value;
}

/** Whether a page is asked for: it shows messages, too. */
export function wantsPage({ format, output = [] }: ReportOutputOptions & { format?: string }): boolean {
  return format === "html" || output.some(file => file.format === "html");
}

export function addReportOutputs(command: Command): Command {
  return command
    .option("--output <format=file>", "also write the report into a file (repeat it for more)", collectReportFiles)
    .option("--trace-url <url>", "of html: where a trace is looked up, as https://host/{traceId}", traceUrl)
    .addOption(new Option("--flavor <flavor>", "of markdown: for whom").choices(FLAVORS).default("github"));
}

/** `html=report.html`, any number of times. */
export function collectReportFiles(value: string, before: ReportFile[] | undefined): ReportFile[] {
  const at = value.indexOf("=");
  if (at < 1 || at === value.length - 1) throw new InvalidArgumentError("Expected FORMAT=FILE.");
  const name = value.slice(0, at);
  const path = value.slice(at + 1);
  const format = REPORT_FORMATS.find(each => each === name);
  if (format === undefined) {
    const near = didYouMean(name, REPORT_FORMATS);
    throw new InvalidArgumentError(
      `Unknown format "${name}"${near === "" ? `: expected ${REPORT_FORMATS.join(", ")}.` : near}`,
    );
  }
  if (path === "-") throw new InvalidArgumentError(`For standard output there is --format ${name}.`);
  return [...(before ?? []), { format, path }];
}

/** The report in one format. */
export async function rendered(
  report: Report,
  format: ReportFormatName,
  options: FormatOptions,
  page: Omit<PageData, "report"> = {},
): Promise<string> {
  if (format === "html") {
    const [{ html }, { htmlParts }] = await Promise.all([import("../report/html.ts"), import("./html-output.ts")]);
    return html({ ...page, report }, htmlParts());
  }
  if (format === "sarif" || format === "junit" || format === "github") {
    const whole = asOneCapture(report);
    const rules = { policy: policyOf(), expectations: [] };
    const result = check([{ path: whole.inputs[0]!.path, report: whole }], rules, null);
    const write: Output = await outputs[format]();
    return write(result, options);
  }
  const write: ReportFormat = await formats[format]();
  return write(report, options);
}

/** Writes each file as a whole; says what could not be written. Whether all could. */
export async function writeReports(
  report: Report,
  { output = [], flavor, all = false }: ReportOutputOptions,
  page: Omit<PageData, "report"> = {},
): Promise<boolean> {
  let written = true;
  const options = { ...DEFAULT_FORMAT_OPTIONS, all, ...(flavor === undefined ? {} : { flavor }) };
  for (const { format, path } of output) {
    try {
      await writeText(path, await rendered(report, format, options, page));
    } catch (error) {
      if (!(error instanceof OutputFileError)) throw error;
      complain(error.message);
      written = false;
    }
  }
  return written;
}

/** Formats of `check` tell a capture by itself: files that are one timeline count as one. */
function asOneCapture(report: Report): Report {
  const [first, ...others] = report.inputs;
  if (first === undefined) return { ...report, inputs: [NO_INPUT] };
  const errors = report.inputs.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const whole: Input = {
    ...first,
    packets: others.reduce((sum, { packets }) => sum + packets, first.packets),
    octets: others.reduce((sum, { octets }) => sum + octets, first.octets),
    notes: report.inputs.flatMap(({ notes }) => notes),
    ...(errors.length === 0 ? {} : { error: errors.join("; ") }),
  };
  return { ...report, inputs: [whole] };
}

const NO_INPUT: Input = { path: "", format: "unknown", packets: 0, octets: 0, notes: [] };
