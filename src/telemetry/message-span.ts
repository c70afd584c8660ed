/**
 * Spans of messages, by OpenTelemetry's messaging conventions for RabbitMQ:
 *
 *   publish   from its first octet until the broker's confirm, return or close
 *   deliver   from its first octet until the client settles it
 *   get       the same of what basic.get brought
 *   ack, nack, reject   its moment, under the delivery
 *
 * What is not answered ends with its last octet; if the answer was awaited to the end, with its channel or connection.
 *
 * A message that carries a trace context belongs into that trace, under the span that sent it. Others have a trace of
 * their own. All are linked to the span of their connection.
 */
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import type { Discretion } from "../connection/discretion.ts";
import type { Message, Outcome } from "../messages/message.ts";
import type { Traced } from "../messages/trace-context.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { type Destination, destinationOf } from "./destination.ts";
import type { Attributes, RelayedStretch, SpanContext, SpanKind, SpanLink, SpanRecord } from "./records.ts";
import { shownName } from "./shown.ts";
import type { TraceIds } from "./trace-ids.ts";
import { later, unixTime } from "./unix-time.ts";

/** What an incident did to a message. */
export interface MessageTrouble {
  /** Rule of the finding: why it failed. */
  errorType: string;
  /** One sentence. */
  description: string;
  attributes: Attributes;
  links: SpanLink[];
  /** Links beyond those. */
  droppedLinks: number;
}

const KINDS: Readonly<Record<string, [type: string, kind: SpanKind]>> = {
  // The message carries another context: that of the application's own span.
  publish: ["send", "client"],
  deliver: ["process", "consumer"],
  get: ["receive", "client"],
};

/** Outcomes that show how the client settled a delivery, and the method of it. */
const SETTLED: Partial<Record<Outcome, string>> = { acked: "ack", nacked: "nack", rejected: "reject" };

/** Whether its trace is recorded: only then its spans belong there. SkyWalking's ids are none of OpenTelemetry's. */
export function isTraced({ traceId, sampled }: Message): boolean {
  return sampled !== false && traceIdOf(traceId) !== null;
}

/** The span that sent it, by its own context; null if there is none, or it is not recorded. */
export function producerOf({ traceId, spanId, sampled }: Traced): SpanContext | null {
  const [trace, span] = [traceIdOf(traceId), spanIdOf(spanId)];
  return sampled === false || trace === null || span === null ? null : { traceId: trace, spanId: span };
}

/** The identity of a message's span. */
export function messageContext(
  ids: TraceIds,
  { trace }: ConnectionSource,
  { operation, streamOffset, traceId }: Pick<Message, "operation" | "streamOffset" | "traceId">,
): SpanContext {
  const own = ids.part(trace, `${operation} ${streamOffset}`);
  return { traceId: traceIdOf(traceId) ?? own.traceId, spanId: own.spanId };
}

/** Its span, and that of its settlement. `trouble`: what an incident did to it; null for nothing. */
export function messageSpans(
  ids: TraceIds,
  source: ConnectionSource,
  message: Message,
  trouble: MessageTrouble | null,
): SpanRecord[] {
  const { operation, outcome, latency, lasted } = message;
  const context = { ...messageContext(ids, source, message), traceState: traceStateOf(message, source.discretion) };
  const [type, kind] = KINDS[operation]!;
  const { discretion } = source;
  const routingKey = shownName(message.routingKey, discretion);
  const queue = message.queue === null ? null : shownName(message.queue, discretion);
  const destination = destinationOf(shownName(message.exchange, discretion), routingKey, queue);
  const attributes = operationAttributes(message, source, { destination, routingKey }, [type, operation]);
  addOwnAttributes(attributes, message, source);
  const failure = trouble ?? failureOf(message);
  if (failure !== null) Object.assign(attributes, { "error.type": failure.errorType }, failure.attributes);
  const start = unixTime(message);
  const end = later(start, Math.max(0, latency >= 0 ? latency : lasted));
  const parentSpanId = traceIdOf(message.traceId) === null ? null : spanIdOf(message.spanId);
  const links: SpanLink[] = [linkTo(source.trace, "connection")];
  // A delivery's span links to the span that created the message; the publish's span is in that trace anyway.
  if (operation !== "publish" && parentSpanId !== null) {
    links.push({ ...linkTo({ ...context, spanId: parentSpanId }, "creation"), isRemote: true });
  }
  const span: SpanRecord = {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: context.traceState,
    parentSpanId,
    hasRemoteParent: true,
    name: `${operation} ${destination.template}`,
    kind,
    start,
    end,
    attributes,
    stretch: stretchOf(message, source),
    events: [],
    links: failure === null ? links : [...links, ...failure.links],
    droppedLinks: failure?.droppedLinks ?? 0,
    error: failure?.description ?? null,
  };
  const settled = operation === "publish" || latency < 0 ? undefined : SETTLED[outcome];
  if (settled === undefined) return [span];
  const named = operationAttributes(message, source, { destination, routingKey }, ["settle", settled]);
  const { spanId } = ids.part(source.trace, `settle ${message.streamOffset}`);
  return [span, settlementSpan(span, spanId, `${settled} ${destination.template}`, named)];
}

/** The moment a message was settled, under its own span. */
function settlementSpan(of: SpanRecord, spanId: string, name: string, attributes: Attributes): SpanRecord {
  return {
    traceId: of.traceId,
    spanId,
    traceState: of.traceState,
    parentSpanId: of.spanId,
    name,
    kind: "client",
    start: of.end,
    end: of.end,
    attributes,
    events: [],
    links: [],
    error: null,
  };
}

/** Shared by the span of a message and that of its settlement. */
function operationAttributes(
  message: Message,
  { attributes, discretion }: ConnectionSource,
  { destination, routingKey }: { destination: Destination; routingKey: string },
  [type, name]: [type: string, name: string],
): Attributes {
  const of: Attributes = {
    "messaging.operation.type": type,
    "messaging.operation.name": name,
    "messaging.destination.name": destination.name,
    "ghostframe.channel": message.channel,
    "ghostframe.outcome": message.outcome,
    // Added last: to add to an object that begins as a copy of another one is thirty times as slow.
    ...attributes,
  };
  if (destination.template !== destination.name) of["messaging.destination.template"] = destination.template;
  if (destination.isAnonymous) of["messaging.destination.anonymous"] = true;
  if (destination.isTemporary) of["messaging.destination.temporary"] = true;
  if (routingKey !== "") of["messaging.rabbitmq.destination.routing_key"] = routingKey;
  if (message.deliveryTag > 0) of["messaging.rabbitmq.message.delivery_tag"] = message.deliveryTag;
  if (message.messageId !== null) of["messaging.message.id"] = shownName(message.messageId, discretion);
  if (message.correlationId !== null) {
    of["messaging.message.conversation_id"] = shownName(message.correlationId, discretion);
  }
  return of;
}

/** Further attributes of a message's own span. */
function addOwnAttributes(of: Attributes, message: Message, { discretion }: ConnectionSource): void {
  of["ghostframe.stream_offset"] = message.streamOffset;
  if (message.size >= 0) of["messaging.message.body.size"] = message.size;
  if (message.consumerTag !== null) of["ghostframe.consumer_tag"] = shownName(message.consumerTag, discretion);
  if (message.publishNumber > 0) of["ghostframe.publish_number"] = message.publishNumber;
  if (message.redelivered) of["ghostframe.redelivered"] = true;
  if (message.packet > 0) {
    of["ghostframe.packet.first"] = message.packet;
    of["ghostframe.packet.last"] = message.lastPacket;
  }
}

/** Unless something in it must not be shown: a masked tracestate is invalid. */
function traceStateOf({ traceState }: Message, discretion: Discretion): string | undefined {
  return traceState !== null && shownName(traceState, discretion, traceState.length) === traceState
    ? traceState
    : undefined;
}

/** Its octets, if they are recorded. */
function stretchOf(message: Message, { recorded }: ConnectionSource): RelayedStretch | undefined {
  if (recorded === null) return undefined;
  const { streamOffset: from, endOffset, explained } = message;
  const [begin, octets] = explained?.spans.at(-1) ?? [from, 1];
  return { connection: recorded, isClients: message.operation === "publish", from, to: endOffset || begin + octets };
}

/** What failed without a finding; null if nothing did, as far as is known. */
export function failureOf({ operation, outcome, code }: Message): MessageTrouble | null {
  const name = REPLY_CODES[code]?.name;
  const attributes: Attributes = code === 0 ? {} : { "ghostframe.reply_code": code };
  const failed = (errorType: string, description: string): MessageTrouble => ({
    errorType,
    description,
    attributes,
    links: [],
    droppedLinks: 0,
  });
  if (outcome === "returned") return failed("returned", `the broker could not route it (${name ?? code})`);
  if (outcome === "refused") return failed(name ?? "refused", "the broker closed over it");
  if (outcome === "torn") return failed("torn", "its connection ended before it was whole");
  if (outcome === "nacked" && operation === "publish") return failed("nack", "the broker did not take it");
  if (outcome === "nacked") return failed("nack", "the client could not process it, and did not put it back");
  if (outcome === "rejected") return failed("reject", "the client could not process it, and did not put it back");
  return null;
}

/** Why a span is linked to another one. */
export type LinkReason = "connection" | "creation" | "torn-by" | "tore" | "lost";

export function linkTo({ traceId, spanId, traceState }: SpanContext, reason: LinkReason): SpanLink {
  return { traceId, spanId, traceState, attributes: { "ghostframe.link": reason } };
}

const HEXADECIMAL = /^(?=.*[1-9a-f])[0-9a-f]+$/;

/** Its trace id in OpenTelemetry's form; shorter ones of other systems get zeros in front. null for none. */
export function traceIdOf(id: string | null): string | null {
  if (id === null || id.length > 32 || !HEXADECIMAL.test(id)) return null;
  return id.padStart(32, "0");
}

function spanIdOf(id: string | null): string | null {
  return id !== null && id.length === 16 && HEXADECIMAL.test(id) ? id : null;
}
