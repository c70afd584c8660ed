/** `--output FORMAT=FILE`, the same for every command that ends with a report or with the result of a check. */
import { InvalidArgumentError, Option } from "commander";
import { didYouMean } from "../check/nearest-name.ts";
import { OUTPUT_NAMES, type OutputName } from "../check/outputs/outputs.ts";

/** Traces, metrics and logs as lines of JSON: it is written while captures are read. */
export const OTLP = "otlp";
/** A check's findings before they are judged, for `merge`: not a format of its result. */
export const PARTIAL = "partial";

/** A report's findings as a table in a folder, for databases. */
export const PARQUET = "parquet";

/** Formats of files. Stdout has neither `otlp` nor `partial`. */
export const FILE_FORMATS = [...OUTPUT_NAMES, OTLP] as const;
export type FileFormat = OutputName | typeof OTLP | typeof PARTIAL | typeof PARQUET;

export interface OutputFile {
  format: FileFormat;
  /** As it was named. */
  path: string;
  /** Whether the text is appended to the file. */
  append?: boolean;
}

/** `--format`, for stdout. */
export function formatOption(what: "report" | "result"): Option {
  return new Option("--format <format>", `form of the ${what}`).choices(OUTPUT_NAMES).default("text");
}

/** `what`: its purpose, in the help; `others`: formats that only this command has. */
export function outputOption(what: string, others: readonly (typeof PARTIAL | typeof PARQUET)[] = []): Option {
  const formats: readonly FileFormat[] = [...FILE_FORMATS, ...others];
  return new Option("--output <format=file>", `${what} into a file (repeat it for more)`)
    .choices(formats)
    .argParser((value: string, before: OutputFile[] | undefined) => collectOutputs(value, before, formats));
}

/** `--trace-url`, for pages. */
export function traceUrlOption(): Option {
  return new Option("--trace-url <url>", "of html: where a trace is looked up, as https://host/{traceId}").argParser(
    (value: string) => {
      if (!/^https?:\/\//.test(value)) {
        throw new InvalidArgumentError("Expected an http or https address with {traceId}.");
      }
      return value;
    },
  );
}

/** `sarif=out/ghostframe.sarif`, any number of times. */
export function collectOutputs(
  value: string,
  before: OutputFile[] | undefined,
  formats: readonly FileFormat[] = FILE_FORMATS,
): OutputFile[] {
  const at = value.indexOf("=");
  if (at < 1 || at === value.length - 1) throw new InvalidArgumentError("Expected FORMAT=FILE.");
  const name = value.slice(0, at);
  const path = value.slice(at + 1);
  const format = formats.find(each => each === name);
  if (format === undefined) {
    const near = didYouMean(name, formats);
    throw new InvalidArgumentError(
      `Unknown format "${name}"${near === "" ? `: expected ${formats.join(", ")}.` : near}`,
    );
  }
  if (path === "-") {
    const isPrinted = OUTPUT_NAMES.some(each => each === format);
    throw new InvalidArgumentError(isPrinted ? `For standard output there is --format ${name}.` : "Expected a file.");
  }
  return [...(before ?? []), { format, path }];
}
