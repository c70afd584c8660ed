/** Where a report goes: stdout in one format, and files in others. */
import { type Command, Option } from "commander";
import { check } from "../check/check.ts";
import { HTML, type Output, type OutputName, outputs } from "../check/outputs/outputs.ts";
import { policyOf } from "../check/policy.ts";
import { formats } from "../report/formats.ts";
import type { PageData } from "../report/html/page-data.ts";
import { FLAVORS } from "../report/markdown/markup.ts";
import type { Input, Report } from "../report/report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions, type ReportFormat } from "../report/report-format.ts";
import { FINDINGS } from "../report/tables.ts";
import { writeText } from "./check-output.ts";
import { complain } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { OTLP, type OutputFile, outputOption, PARQUET, PARTIAL, traceUrlOption } from "./output-option.ts";
import { writeTable } from "./table-output.ts";

export interface ReportOutputOptions {
  output?: OutputFile[];
  flavor?: FormatOptions["flavor"];
  all?: boolean;
  traceUrl?: string;
}

/** Whether a page is asked for: it shows messages, too. */
export function wantsPage({ format, output = [] }: ReportOutputOptions & { format?: OutputName }): boolean {
  return format === HTML || output.some(file => file.format === HTML);
}

/** `what`: the purpose of `--output`, in the help. */
export function addReportOutputs(command: Command, what = "also write the report"): Command {
  return command
    .addOption(outputOption(what, [PARQUET]))
    .addOption(traceUrlOption())
    .addOption(new Option("--flavor <flavor>", "of markdown: for whom").choices(FLAVORS).default("github"));
}

/** The report in one format, piece by piece. */
export async function rendered(
  report: Report,
  format: OutputName,
  options: FormatOptions,
  page: Omit<PageData, "report"> = {},
): Promise<Iterable<string>> {
  if (format === "json") return (await import("../report/json.ts")).jsonPieces(report);
  if (format === HTML) {
    const [{ html }, { htmlParts }] = await Promise.all([import("../report/html.ts"), import("./html-output.ts")]);
    return [html({ ...page, report }, htmlParts())];
  }
  if (!isOfReport(format)) {
    const whole = asOneCapture(report);
    const rules = { policy: policyOf(), expectations: [] };
    const result = check([{ path: whole.inputs[0]!.path, report: whole }], rules, null);
    const write: Output = await outputs[format]();
    return [write(result, options)];
  }
  const write: ReportFormat = await formats[format]();
  return [write(report, options)];
}

/** Writes each file as a whole; reports what could not be written. Returns whether all could. */
export async function writeReports(
  report: Report,
  { output = [], flavor, all = false }: ReportOutputOptions,
  page: Omit<PageData, "report"> = {},
): Promise<boolean> {
  let written = true;
  const options = { ...DEFAULT_FORMAT_OPTIONS, all, ...(flavor === undefined ? {} : { flavor }) };
  for (const { format, path } of output) {
    // Written while captures are read.
    if (format === OTLP || format === PARTIAL) continue;
    try {
      if (format === PARQUET) await writeTable(path, FINDINGS, pathsOf(report), report.findings);
      else await writeText(path, await rendered(report, format, options, page));
    } catch (error) {
      if (!(error instanceof OutputFileError)) throw error;
      complain(error.message);
      written = false;
    }
  }
  return written;
}

function pathsOf({ inputs }: Report): string[] {
  return inputs.map(({ path }) => path);
}

/** The others belong to a check: they judge the report by the default policy. */
function isOfReport(format: keyof typeof outputs): format is keyof typeof formats {
  return Object.hasOwn(formats, format);
}

/** Formats of `check` show each capture by itself: files that are one timeline count as one. */
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
