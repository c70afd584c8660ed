import type { Message as ExplainedMessage } from "../forensics/diagnosis.ts";
import type { Message, Outcome } from "../messages/message.ts";
import { readTraceHeaders, type Traced } from "../messages/trace-context.ts";
import type { Finding } from "../report/report.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { linkTo, type MessageTrouble, messageContext, producerOf, traceIdOf } from "./message-span.ts";
import type { Attributes, SpanContext } from "./records.ts";
import { beginOf, type LostMessage, type Tears } from "./tears.ts";
import { findingAttributes, type TelemetryFinding } from "./telemetry-finding.ts";
import type { TraceIds } from "./trace-ids.ts";

/** What a finding adds to each message that it cost: the reason, and which writer tore which. */
export class FindingTrouble {
  readonly #ids: TraceIds;
  readonly #source: ConnectionSource;
  readonly #telemetryFinding: TelemetryFinding;
  readonly #tears: Tears;
  /** What it adds to every message. */
  readonly #attributes: Attributes;

  /** `tears`: those of its connection. */
  constructor(ids: TraceIds, source: ConnectionSource, telemetryFinding: TelemetryFinding, tears: Tears) {
    this.#ids = ids;
    this.#source = source;
    this.#telemetryFinding = telemetryFinding;
    this.#tears = tears;
    this.#attributes = Object.fromEntries(
      Object.entries(findingAttributes(telemetryFinding)).filter(([name]) => !OF_THE_FINDING_ALONE.has(name)),
    );
  }

  of({ streamOffset, outcome }: Message): MessageTrouble {
    const { tornBy = [], tore = [], dropped = 0 } = this.#tears.of(streamOffset) ?? {};
    return {
      errorType: this.#telemetryFinding.finding.rule,
      // The reason is in an attribute: many messages may be lost for one reason.
      description: FATES[outcome] ?? "Lost",
      attributes: this.#attributes,
      links: [
        ...tornBy.map(each => linkTo(this.#context(each), "torn-by")),
        ...tore.map(each => linkTo(this.#context(each), "tore")),
      ],
      droppedLinks: dropped,
    };
  }

  #context(message: ExplainedMessage | LostMessage): SpanContext {
    const { traceId } = "spans" in message ? traceOf(message) : message;
    return messageContext(this.#ids, this.#source, { operation: "publish", streamOffset: beginOf(message), traceId });
  }
}

/** A message has its own; the finding's are in its log record, and in the event of the connection. */
const OF_THE_FINDING_ALONE: ReadonlySet<string> = new Set([
  "ghostframe.stream_offset",
  "ghostframe.packet.first",
  "ghostframe.packet.last",
  "ghostframe.trace_ids",
  "ghostframe.lost.messages",
]);

/** What happened to the message itself. */
const FATES: Partial<Record<Outcome, string>> = {
  torn: "Not whole when its stream broke",
  swallowed: "Inside a frame of another message, which broke",
  unread: "Behind what the broker read",
  unconfirmed: "Never confirmed",
  refused: "The broker closed over it",
};

/** The trace context that a message of a diagnosis carries. */
export function traceOf({ headers, traceparent }: ExplainedMessage): Traced {
  const traced: Traced = { traceId: null, spanId: null, sampled: null, traceState: null };
  readTraceHeaders({ ...headers, ...(traceparent === undefined ? {} : { traceparent }) }, traced);
  return traced;
}

/** The span that sent one of the messages in its diagnosis; null if none is recorded. */
export function producerOfFinding({ diagnosis }: Finding): SpanContext | null {
  const messages = diagnosis?.writers.flatMap(writer => writer.messages) ?? [];
  return messages.map(message => producerOf(traceOf(message))).find(each => each !== null) ?? null;
}

/** Traces of the messages of a finding: those that it cost, and those in its diagnosis. */
export function traceIdsOf({ lost = [], diagnosis }: Finding): string[] {
  const explained = diagnosis?.writers.flatMap(({ messages }) => messages.map(each => traceOf(each).traceId)) ?? [];
  const ids = [...lost.map(({ traceId }) => traceId ?? null), ...explained].map(traceIdOf);
  return [...new Set(ids.filter(id => id !== null))];
}
