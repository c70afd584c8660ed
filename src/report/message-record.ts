/**
 * A message as `messages --format ndjson` prints it, and as the library hands it out. message.schema.json describes it. The
 * line is made first, piece by piece, because there are millions of them; the record is that line, parsed.
 */
import { withoutCredentials } from "../connection/credentials.ts";
import type { Discretion } from "../connection/discretion.ts";
import type { MatchedBy, Message, Outcome, SeenPublish } from "../messages/message.ts";
import { isoTime } from "../net/place.ts";
import { jsonLine } from "./json.ts";

export const MESSAGE_SCHEMA = "ghostframe.message/1";

/** Version 1 changes only by addition. Unknown values are left out. */
export interface MessageRecord {
  schema: typeof MESSAGE_SCHEMA;
  operation: "publish" | "deliver" | "get";
  /** When its first octet was captured: ISO 8601, UTC, with as many digits as the capture has. */
  time: string;
  /** c1, c2, …: its name in reports. */
  connection: string;
  channel: number;
  exchange: string;
  routingKey: string;
  queue?: string;
  consumerTag?: string;
  deliveryTag?: number;
  /** Counts the publishes of a channel from confirm.select on, as the broker does. */
  publishNumber?: number;
  redelivered?: true;
  messageId?: string;
  correlationId?: string;
  replyTo?: string;
  appId?: string;
  /** Octets of its body. */
  size?: number;
  outcome: Outcome;
  /** The finding that cost it. */
  finding?: string;
  /** Reply code: why it was returned or refused. */
  code?: number;
  /**
   * For a publish whose outcome is unknown: it is one of `candidates` identical ones, of which `returns` came back,
   * with this reply code.
   */
  mayBeReturned?: { code: number; returns: number; candidates: number };
  /** Seconds from its first octet to the confirm, return or acknowledgment. */
  latency?: number;
  /** For a delivery: its publish, if the capture shows it without doubt, and how it was matched. */
  publish?: SeenMessage & { by: MatchedBy };
  /** Seconds from the publish's last octet to the delivery's first one. */
  inBroker?: number;
  /** For a reply: its request, on the same connection, and seconds since. */
  request?: SeenMessage & { latency: number };
  traceId?: string;
  spanId?: string;
  /** Index of the capture file of `packets`. */
  input: number;
  /** Where its method frame begins in its direction's stream. */
  streamOffset: number;
  /** Numbers of the packets with its first and last octet. */
  packets: [first: number, last: number];
}

/** Where another message begins. */
export interface SeenMessage {
  connection: string;
  channel: number;
  streamOffset: number;
}

/** `finding`: id of the finding that cost it, if that is known. */
export function messageRecord(message: Message, finding?: string): MessageRecord {
  return JSON.parse(messageJson(message, finding)) as MessageRecord;
}

/** One line, without its line feed. */
export function messageJson(message: Message, finding?: string): string {
  const { discretion } = message.connection.inspected.amqp;
  let json = `{"schema":"${MESSAGE_SCHEMA}","operation":"${message.operation}","time":"${isoTime(message)}","connection":"c${message.connection.number}","channel":${message.channel}`;
  json += `,"exchange":${shown(message.exchange, discretion)},"routingKey":${shown(message.routingKey, discretion)}`;
  if (message.queue !== null) json += `,"queue":${shown(message.queue, discretion)}`;
  if (message.consumerTag !== null) json += `,"consumerTag":${shown(message.consumerTag, discretion)}`;
  if (message.deliveryTag > 0) json += `,"deliveryTag":${message.deliveryTag}`;
  if (message.publishNumber > 0) json += `,"publishNumber":${message.publishNumber}`;
  if (message.redelivered) json += ',"redelivered":true';
  if (message.messageId !== null) json += `,"messageId":${shown(message.messageId, discretion)}`;
  if (message.correlationId !== null) json += `,"correlationId":${shown(message.correlationId, discretion)}`;
  if (message.replyTo !== null) json += `,"replyTo":${shown(message.replyTo, discretion)}`;
  if (message.appId !== null) json += `,"appId":${shown(message.appId, discretion)}`;
  if (message.size >= 0) json += `,"size":${message.size}`;
  json += `,"outcome":"${message.outcome}"`;
  if (finding !== undefined) json += `,"finding":"${finding}"`;
  if (message.code > 0) json += `,"code":${message.code}`;
  if (message.latency >= 0) json += `,"latency":${nanosecond(message.latency)}`;
  const { publish, request, mayBeReturned } = message;
  if (mayBeReturned !== null) {
    const { code, returns, candidates } = mayBeReturned;
    json += `,"mayBeReturned":{"code":${code},"returns":${returns},"candidates":${candidates}}`;
  }
  if (publish !== null) {
    json += `,"publish":{${placeJson(publish)},"by":"${publish.by}"}`;
    if (publish.seconds >= 0) json += `,"inBroker":${nanosecond(publish.seconds)}`;
  }
  if (request !== null) json += `,"request":{${placeJson(request)},"latency":${nanosecond(request.seconds)}}`;
  if (message.traceId !== null) json += `,"traceId":${shown(message.traceId, discretion)}`;
  if (message.spanId !== null) json += `,"spanId":${shown(message.spanId, discretion)}`;
  return `${json},"input":${message.input},"streamOffset":${message.streamOffset},"packets":[${message.packet},${message.lastPacket}]}`;
}

function placeJson({ connection, channel, streamOffset }: SeenPublish): string {
  return `"connection":"c${connection}","channel":${channel},"streamOffset":${streamOffset}`;
}

function nanosecond(seconds: number): number {
  return Math.round(seconds * 1e9) / 1e9;
}

/** Text that needs no escape in JSON. */
const PLAIN = /^[\x20\x21\x24-\x5b\x5d-\x7e]*$/;

function shown(text: string, discretion: Discretion): string {
  const free = discretion.text(withoutCredentials(text));
  return PLAIN.test(free) ? `"${free}"` : jsonLine(free);
}
