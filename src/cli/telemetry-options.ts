/** `--otlp` and what belongs to it, of the commands that read captures. */
import { type Command, Option } from "commander";
import type { MessageReaders } from "../report/message-output.ts";
import type { Report } from "../report/report.ts";
import { counted } from "../report/text/wording.ts";
import { type CaptureTelemetry, MESSAGE_CHOICES, type MessageChoice } from "../telemetry/capture-telemetry.ts";
import type { TelemetryExporter } from "../telemetry/export/telemetry-exporter.ts";
import { TelemetryError, telemetrySetting } from "../telemetry/settings.ts";
import { complain } from "./output.ts";

export interface TelemetryOptions {
  otlp?: string | true;
  otlpMessages: MessageChoice;
}

export function addTelemetryOptions(command: Command): Command {
  return command
    .option(
      "--otlp [url]",
      "send traces, metrics and logs there by OTLP over HTTP, or into JSON lines with file:DIR (default: where the OTEL_ variables say)",
    )
    .addOption(
      new Option("--otlp-messages <which>", "messages that get spans; those that an incident cost have one in any case")
        .choices(MESSAGE_CHOICES)
        .default("traced"),
    );
}

/** Batches that fail one after another until a capture's telemetry is given up. */
const PATIENCE = 2;

/** The telemetry of one reading of captures. */
export class CaptureSession {
  readonly #telemetry: CaptureTelemetry;
  readonly #exporter: TelemetryExporter;

  private constructor(telemetry: CaptureTelemetry, exporter: TelemetryExporter) {
    this.#telemetry = telemetry;
    this.#exporter = exporter;
  }

  /** Null where nothing is to be sent: then nothing of it is loaded. Throws a TelemetryError. */
  static async open({ otlp, otlpMessages }: TelemetryOptions): Promise<CaptureSession | null> {
    const setting = telemetrySetting(otlp, process.env);
    if (setting === null) return null;
    const [{ TelemetryExporter }, { CaptureTelemetry }, { TraceIds }, { digest }] = await Promise.all([
      import("../telemetry/export/telemetry-exporter.ts"),
      import("../telemetry/capture-telemetry.ts"),
      import("../telemetry/trace-ids.ts"),
      import("../telemetry/export/digest.ts"),
    ]);
    const problem = (message: string): void => complain(`telemetry: ${message}`);
    const exporter = await TelemetryExporter.open(setting, { patience: PATIENCE, problem });
    return new CaptureSession(new CaptureTelemetry(new TraceIds(digest, null), otlpMessages, exporter), exporter);
  }

  /** What it wants to be told by an inspection. */
  get readers(): Pick<MessageReaders, "onMessageFacts" | "onConnectionFacts"> {
    return {
      onMessageFacts: (message, finding) => this.#telemetry.message(message, finding),
      onConnectionFacts: facts => this.#telemetry.connection(facts),
    };
  }

  /** Resolves when there is room for more. */
  ready(): Promise<void> {
    return this.#exporter.ready();
  }

  /** Sends what the report says, and waits for all. What could not be sent is told, and changes nothing else. */
  async finish(report: Report): Promise<void> {
    this.#telemetry.report(report);
    await this.#exporter.flush();
    const { dropped } = this.#exporter;
    if (dropped > 0) complain(`telemetry: ${counted(dropped, "record")} could not be sent`);
  }
}

export { TelemetryError };
