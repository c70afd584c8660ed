import type { Message } from "../messages/message.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { FindingTrouble } from "./finding-trouble.ts";
import type { Instruments } from "./instruments.ts";
import { measureMessage } from "./measure.ts";
import { isTraced, messageContext, messageSpans, producerOf } from "./message-span.ts";
import type { SpanContext, TelemetrySink } from "./records.ts";
import { Tears } from "./tears.ts";
import type { TelemetryFinding } from "./telemetry-finding.ts";
import type { TraceIds } from "./trace-ids.ts";

/**
 * Which messages get spans: those whose trace is recorded, all, or only those that an incident cost, which have a span
 * in any case.
 */
export const MESSAGE_CHOICES = ["traced", "all", "incidents"] as const;
export type MessageChoice = (typeof MESSAGE_CHOICES)[number];

export interface TelemetryParts {
  ids: TraceIds;
  choice: MessageChoice;
  sink: TelemetrySink;
  instruments: Instruments;
  /** Relayed octets are recorded: records name the octets that they concern. */
  isRecorded?: boolean;
  /** Whether spans are sent. Else a measurement's exemplar is the span that a producer sent. Missing: they are sent. */
  sendsSpans?: boolean;
  /** Also called with every message, and the id of the finding that cost it. */
  onMessage?: ((message: Message, finding: string | undefined) => void) | null;
}

/** Measures a message that no incident cost, and sends its spans if they are wanted. */
export function emitMessage(
  { ids, choice, sink, instruments, sendsSpans = true }: TelemetryParts,
  source: ConnectionSource,
  message: Message,
): void {
  if (!sendsSpans) {
    measureMessage(instruments, source, message, producerOf(message), null);
    return;
  }
  const isWanted = choice === "traced" ? isTraced(message) : choice === "all";
  const spans = isWanted ? messageSpans(ids, source, message, null) : [];
  measureMessage(instruments, source, message, spans[0] ?? null, null);
  for (const span of spans) sink.span(span);
}

/** The findings of a connection whose messages incidents cost. */
export interface FindingsOfLost {
  /** The finding that cost a message, if it is known. */
  of(message: Message): TelemetryFinding | undefined;
  readonly all: readonly TelemetryFinding[];
}

/** None of them is known. */
export const NO_FINDINGS: FindingsOfLost = { of: () => undefined, all: [] };

/** The same for messages of one connection that incidents cost. Returns the contexts of their spans. */
export function emitLost(
  { ids, sink, instruments, sendsSpans = true }: TelemetryParts,
  source: ConnectionSource,
  messages: readonly Message[],
  findings: FindingsOfLost,
): SpanContext[] {
  const tears = new Tears(
    findings.all.map(({ finding }) => finding),
    messages,
  );
  const troubles = new Map<TelemetryFinding, FindingTrouble>();
  return messages.map(message => {
    const telemetryFinding = findings.of(message);
    let trouble = telemetryFinding && troubles.get(telemetryFinding);
    if (telemetryFinding !== undefined && trouble === undefined) {
      trouble = new FindingTrouble(ids, source, telemetryFinding, tears);
      troubles.set(telemetryFinding, trouble);
    }
    const context = messageContext(ids, source, message);
    const rule = telemetryFinding?.finding.rule ?? null;
    measureMessage(instruments, source, message, sendsSpans ? context : producerOf(message), rule);
    if (!sendsSpans) return context;
    for (const span of messageSpans(ids, source, message, trouble?.of(message) ?? null)) sink.span(span);
    return context;
  });
}
