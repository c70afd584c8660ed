import type { Message as ExplainedMessage } from "../forensics/diagnosis.ts";
import type { Message, Outcome } from "../messages/message.ts";
import { readTraceHeaders, type Traced } from "../messages/trace-context.ts";
import type { Finding } from "../report/report.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { linkTo, type MessageTrouble, messageContext, traceIdOf } from "./message-span.ts";
import type { SpanContext, SpanLink } from "./records.ts";
import { shownText } from "./shown.ts";
import { type Tear, tearsOf } from "./tears.ts";
import { findingAttributes, type ToldFinding } from "./told-finding.ts";
import type { TraceIds } from "./trace-ids.ts";

/** What a finding says of each message that it cost: why, and who tore whom. */
export class FindingTrouble {
  readonly #ids: TraceIds;
  readonly #source: ConnectionSource;
  readonly #told: ToldFinding;
  readonly #tears: readonly Tear[];

  constructor(ids: TraceIds, source: ConnectionSource, told: ToldFinding) {
    this.#ids = ids;
    this.#source = source;
    this.#told = told;
    const { diagnosis } = told.finding;
    this.#tears = diagnosis === undefined ? [] : tearsOf(diagnosis);
  }

  of({ streamOffset, packet, lastPacket, outcome }: Message): MessageTrouble {
    const { finding } = this.#told;
    const attributes = findingAttributes(this.#told);
    // These are the message's own; the finding's stand in its log record, and in the event of the connection.
    for (const own of ["ghostframe.stream_offset", "ghostframe.trace_ids", "ghostframe.lost.messages"]) {
      delete attributes[own];
    }
    if (packet > 0) {
      attributes["ghostframe.packet.first"] = packet;
      attributes["ghostframe.packet.last"] = lastPacket;
    }
    const why = finding.diagnosis?.summary ?? finding.message;
    return {
      errorType: finding.rule,
      description: shownText(`${FATES[outcome] ?? "Lost"}. ${why}`),
      attributes,
      links: this.#links(streamOffset),
    };
  }

  #links(streamOffset: number): SpanLink[] {
    return this.#tears.flatMap(({ torn, tearing }) => {
      const links: SpanLink[] = [];
      if (beginOf(torn) === streamOffset) links.push(linkTo(this.#context(tearing), "torn-by"));
      if (beginOf(tearing) === streamOffset) links.push(linkTo(this.#context(torn), "tore"));
      return links;
    });
  }

  #context(message: ExplainedMessage): SpanContext {
    return messageContext(this.#ids, this.#source, {
      operation: "publish",
      streamOffset: beginOf(message),
      traceId: traceOf(message).traceId,
    });
  }
}

/** What happened to the message itself. */
const FATES: Partial<Record<Outcome, string>> = {
  torn: "Not whole when its stream broke",
  swallowed: "Inside a frame of another message, which broke",
  unread: "Behind what the broker read",
  unconfirmed: "Never confirmed",
  refused: "The broker closed over it",
};

/** Where a message's method frame begins. */
function beginOf({ spans }: ExplainedMessage): number {
  return spans[0]![0];
}

/** The trace context that a message of a diagnosis carries. */
export function traceOf({ headers, traceparent }: ExplainedMessage): Traced {
  const traced: Traced = { traceId: null, spanId: null, sampled: null };
  readTraceHeaders({ ...headers, ...(traceparent === undefined ? {} : { traceparent }) }, traced);
  return traced;
}

/** Traces of the messages of a finding: what it cost, and what its diagnosis names. */
export function traceIdsOf({ lost = [], diagnosis }: Finding): string[] {
  const explained = diagnosis?.writers.flatMap(({ messages }) => messages.map(each => traceOf(each).traceId)) ?? [];
  const ids = [...lost.map(({ traceId }) => traceId ?? null), ...explained].map(traceIdOf);
  return [...new Set(ids.filter(id => id !== null))];
}
