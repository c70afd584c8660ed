/** `proxy --output FORMAT=FILE`: when the proxy has ended, its recording is inspected, as by `inspect`. */
import { basename } from "node:path";
import type { BrokerChoice } from "../broker/versions.ts";
import { inspect } from "../inspect.ts";
import type { Report } from "../report/report.ts";
import { counted } from "../report/text/wording.ts";
import { PageSample } from "./html-output.ts";
import { complain } from "./output.ts";
import { OTLP } from "./output-option.ts";
import { type ReportOutputOptions, wantsPage, writeReports } from "./report-output.ts";
import { RunRecording } from "./run-recording.ts";
import { TakenFiles } from "./taken-files.ts";
import { UsageError } from "./usage-error.ts";

export interface ProxyReportOptions extends ReportOutputOptions {
  record?: string;
  recordOn: "always" | "finding";
  recordFiles: number;
  broker: BrokerChoice;
}

export class ProxyReport {
  readonly #options: ProxyReportOptions;
  readonly #recording: RunRecording;

  /**
   * To be called before the proxy records. Null if no report is asked for. `taken`: the files that the proxy reads.
   *
   * @throws UsageError if there is nothing to make a report of
   */
  static async begin(options: ProxyReportOptions, taken = new TakenFiles()): Promise<ProxyReport | null> {
    const outputs = (options.output ?? []).filter(({ format }) => format !== OTLP);
    taken.takeOutputs(options.output ?? []);
    if (outputs.length === 0) return null;
    if (options.record === undefined) {
      throw new UsageError("--output: expected together with --record DIR: the report is made of what was recorded");
    }
    return new ProxyReport({ ...options, output: outputs }, await RunRecording.begin(options.record));
  }

  private constructor(options: ProxyReportOptions, recording: RunRecording) {
    this.#options = options;
    this.#recording = recording;
  }

  /** To be called when nothing more is recorded. `ports`: where the proxy listened. Returns whether all was written. */
  async write(ports: readonly number[]): Promise<boolean> {
    const files = await this.#recording.files();
    const sample = wantsPage(this.#options) ? new PageSample() : null;
    const report = await inspect(files, {
      broker: this.#options.broker,
      ports,
      ...sample?.readers(),
    });
    for (const { path, error } of report.inputs) if (error !== undefined) complain(`${path}: ${error}`);
    const { traceUrl } = this.#options;
    const written = await writeReports(this.#withNotes(report), this.#options, {
      ...sample?.data,
      ...(traceUrl === undefined ? {} : { traceUrl }),
    });
    return written && report.inputs.every(({ error }) => error === undefined);
  }

  /** Notes which part of the proxy's traffic is not in the report. */
  #withNotes(report: Report): Report {
    const { recordOn, recordFiles } = this.#options;
    const [first, ...others] = report.inputs;
    if (first === undefined) return report;
    const deleted = ordinalOf(first.path) - 1;
    const notes = [
      ...(recordOn === "finding" ? ["Only what came around findings was recorded (--record-on finding)."] : []),
      ...(deleted > 0
        ? [`Before it ${counted(deleted, "recording")} had been deleted (--record-files ${recordFiles}).`]
        : []),
    ];
    return { ...report, inputs: [{ ...first, notes: [...first.notes, ...notes] }, ...others] };
  }
}

/** Recordings of one proxy are numbered from 1: `ghostframe-20261121T181951.905Z-0001.pcapng`. */
function ordinalOf(path: string): number {
  return Number(/-(\d{4,})\.pcapng$/.exec(basename(path))?.[1] ?? 1);
}
