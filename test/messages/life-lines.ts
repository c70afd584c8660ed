/** What the ledger tells of a conversation, a line a message. */
import { expect } from "vitest";
import { BrokerPredictor } from "../../src/broker/broker-predictor.ts";
import { BrokerRules } from "../../src/broker/broker-rules.ts";
import type { InspectedConnection } from "../../src/inspection/inspected-connection.ts";
import { Ledger } from "../../src/messages/ledger.ts";
import type { Message } from "../../src/messages/message.ts";
import type { MessageBudget } from "../../src/messages/message-budget.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { type Chunking, chunkings } from "../support/chunkings.ts";
import type { Conversation } from "../support/frame-log.ts";
import { bits, longlong, type Message as Sent, short, shortstr, type Wire, wire } from "../support/wire.ts";

/** `publish #1 (default)/tasks m1 confirmed 2 s`, in the order in which their outcomes were known. */
export function lifeLines(conversation: Conversation, budget?: MessageBudget): string[] {
  const ways = [...chunkings(conversation.stream)];
  const [whole, ...others] = ways.map(chunking => ({ chunking, lines: linesOf(conversation, chunking, budget) }));
  for (const { chunking, lines } of others) expect(lines, chunking.name).toEqual(whole!.lines);
  return whole!.lines;
}

/** The same of octets that come as they were sent; how they are cut makes no difference. */
export function lifeLinesAsSent(conversation: Conversation, budget?: MessageBudget): string[] {
  const [asSent] = chunkings(conversation.stream);
  return linesOf(conversation, asSent!, budget);
}

function linesOf(conversation: Conversation, chunking: Chunking, budget?: MessageBudget): string[] {
  const lines: string[] = [];
  const predictor = new BrokerPredictor(new BrokerRules("rabbitmq-3.10"));
  const ledger = new Ledger(message => lines.push(line(message)), budget === undefined ? {} : { budget });
  const connection = {
    amqp: { client: 0, virtualHost: "/", reportedCloses: { reportedAt: () => -1 } },
    carrier: { address: () => "127.0.0.1", port: () => 5672, last: new Moment() },
    get prediction() {
      return predictor.prediction;
    },
  } as unknown as InspectedConnection;
  ledger.take({ kind: "connection-opened", connection, number: 1, at: { input: 0, packet: 1 } });
  const amqp = conversation.read(chunking, { listener: ledger, predictor });
  Object.assign(connection, { amqp, carrier: { last: new Moment() }, hellos: [null, null] });
  ledger.take({ kind: "connection-closed", connection });
  expect(ledger.budget.outstanding, "messages outstanding at the end").toBe(0);
  return lines;
}

function line(message: Message): string {
  const { operation, exchange, routingKey, queue, outcome, code, latency } = message;
  const number = operation === "publish" ? message.publishNumber : message.deliveryTag;
  const { mayBeReturned: doubt } = message;
  const parts = [
    operation,
    ...(number > 0 ? [`#${number}`] : []),
    message.messageId ?? `${exchange}/${routingKey}`,
    ...(queue === null ? [] : [`(${queue})`]),
    outcome,
    ...(doubt === null ? [] : [`${doubt.returns} of ${doubt.candidates} returned ${doubt.code}`]),
    ...(code > 0 ? [String(code)] : []),
    ...(latency > 0 ? [`${latency} s`] : []),
  ];
  return parts.join(" ");
}

/** What the client sends to publish a message of this id. */
export function publish(
  id: string,
  { channel = 1, mandatory = false, body = "body", ...sent }: Sent & Where = {},
): Wire {
  const { exchange = "", routingKey = "tasks" } = sent;
  return wire()
    .method(channel, 60, 40, short(0), shortstr(exchange), shortstr(routingKey), bits(mandatory, false))
    .content(channel, body, { properties: { messageId: id } });
}

interface Where {
  body?: string;
  channel?: number;
  mandatory?: boolean;
}

/** basic.return. */
export function returned(
  id: string,
  { channel = 1, body = "body", exchange = "", routingKey = "tasks" }: Sent & Where = {},
): Wire {
  return wire()
    .method(channel, 60, 50, short(312), shortstr("NO_ROUTE"), shortstr(exchange), shortstr(routingKey))
    .content(channel, body, { properties: { messageId: id } });
}

export function deliver(tag: number, id: string, consumerTag = "ctag"): Wire {
  return wire()
    .method(1, 60, 60, shortstr(consumerTag), longlong(tag), bits(false), shortstr(""), shortstr("tasks"))
    .content(1, "body", { properties: { messageId: id } });
}

export function consume(queue: string, { noAck = false, consumerTag = "ctag" } = {}): Wire {
  return wire().method(
    1,
    60,
    20,
    short(0),
    shortstr(queue),
    shortstr(consumerTag),
    bits(false, noAck, false, false),
    [0, 0, 0, 0],
  );
}

export function consumeOk(consumerTag = "ctag"): Wire {
  return wire().method(1, 60, 21, shortstr(consumerTag));
}

export function nack(tag: number, { multiple = false, requeue = false } = {}): Wire {
  return wire().method(1, 60, 120, longlong(tag), bits(multiple, requeue));
}

export function reject(tag: number, requeue = false): Wire {
  return wire().method(1, 60, 90, longlong(tag), bits(requeue));
}
