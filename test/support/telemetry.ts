/** What telemetry says of captures, kept in memory. */
import { hash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { inspect } from "../../src/inspect.ts";
import type { Report } from "../../src/report/report.ts";
import { CaptureTelemetry } from "../../src/telemetry/capture-telemetry.ts";
import { Instruments } from "../../src/telemetry/instruments.ts";
import type { MessageChoice } from "../../src/telemetry/message-telemetry.ts";
import type { LogRecord, SpanContext, SpanRecord, TelemetrySink } from "../../src/telemetry/records.ts";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";

export const digest = (text: string): string => hash("sha256", text, "hex");

export class KeptTelemetry implements TelemetrySink {
  readonly spans: SpanRecord[] = [];
  readonly logs: LogRecord[] = [];
  readonly instruments = new Instruments();

  span(span: SpanRecord): void {
    this.spans.push(span);
  }

  log(record: LogRecord): void {
    this.logs.push(record);
  }

  /** The span that a context names. */
  at({ traceId, spanId }: SpanContext): SpanRecord | undefined {
    return this.spans.find(span => span.traceId === traceId && span.spanId === spanId);
  }
}

export interface Seen extends KeptTelemetry {
  report: Report;
}

export async function telemetryOf(
  fixture: string,
  choice: MessageChoice = "traced",
  parent: SpanContext | null = null,
): Promise<Seen> {
  return telemetryOfFiles([fileURLToPath(new URL(`../../fixtures/${fixture}`, import.meta.url))], choice, parent);
}

export async function telemetryOfFiles(
  paths: readonly string[],
  choice: MessageChoice,
  parent: SpanContext | null = null,
): Promise<Seen> {
  const kept = new KeptTelemetry();
  const parts = { ids: new TraceIds(digest, parent), choice, sink: kept, instruments: kept.instruments };
  const telemetry = new CaptureTelemetry(parts, () => Promise.resolve());
  const report = await inspect(paths, {
    onMessageFacts: message => telemetry.message(message),
    onConnectionFacts: facts => telemetry.connection(facts),
  });
  await telemetry.report(report);
  return Object.assign(kept, { report });
}

/** Links of one kind. */
export function linked(span: SpanRecord, reason: string): SpanContext[] {
  return span.links.filter(({ attributes }) => attributes["ghostframe.link"] === reason);
}
