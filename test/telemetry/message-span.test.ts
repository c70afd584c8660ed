/** Spans of messages against OpenTelemetry's messaging conventions for RabbitMQ. */
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import { Discretion } from "../../src/connection/discretion.ts";
import { Message, type MessageConnection, type Operation } from "../../src/messages/message.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import type { ConnectionSource } from "../../src/telemetry/connection-source.ts";
import { isTraced, messageSpans, traceIdOf } from "../../src/telemetry/message-span.ts";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";
import { digest, linked } from "../support/telemetry.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const ids = new TraceIds(digest, null);
const trace = ids.connection({ start: "2026-01-01T00:00:00Z", ends: ["a 1", "b 2"], tunnels: [] });
const discretion = new Discretion();
discretion.learn(new TextEncoder().encode("correct-horse"));
const source: ConnectionSource = { trace, attributes: { "messaging.system": "rabbitmq" }, discretion, recorded: null };

function message(operation: Operation, facts: Partial<Message> = {}): Message {
  const moment = new Moment();
  moment.seconds = 1_700_000_000;
  moment.nanoseconds = 999_999_999;
  moment.packet = 7;
  const made = new Message(operation, { connection: {} as MessageConnection, channel: 3, streamOffset: 100, moment });
  return Object.assign(made, { exchange: "orders", routingKey: "eu.new", size: 12, ...facts });
}

function span(made: Message) {
  return messageSpans(ids, source, made, null)[0]!;
}

describe("a message's span", () => {
  it.each<[what: string, message: Message, name: string, kind: string, type: string]>([
    ["publish", message("publish"), "publish orders:eu.new", "client", "send"],
    [
      "publish to a queue",
      message("publish", { exchange: "", routingKey: "tasks" }),
      "publish tasks",
      "client",
      "send",
    ],
    [
      "publish to nowhere",
      message("publish", { exchange: "", routingKey: "" }),
      "publish amq.default",
      "client",
      "send",
    ],
    ["publish to a fanout", message("publish", { routingKey: "" }), "publish orders", "client", "send"],
    ["delivery", message("deliver", { queue: "q" }), "deliver orders:eu.new:q", "consumer", "process"],
    ["delivery, the queue not known", message("deliver"), "deliver orders:eu.new", "consumer", "process"],
    [
      "delivery from the queue that the key names",
      message("deliver", { exchange: "", routingKey: "q", queue: "q" }),
      "deliver q",
      "consumer",
      "process",
    ],
    ["get", message("get", { queue: "q" }), "get orders:eu.new:q", "client", "receive"],
  ])("%s", (_, made, name, kind, type) => {
    const made1 = span(made);
    expect(made1).toMatchObject({ name, kind, error: null });
    expect(made1.attributes).toMatchObject({
      [conventions.ATTR_MESSAGING_SYSTEM]: conventions.MESSAGING_SYSTEM_VALUE_RABBITMQ,
      [conventions.ATTR_MESSAGING_OPERATION_TYPE]: type,
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: made.operation,
      [conventions.ATTR_MESSAGING_DESTINATION_NAME]: name.slice(name.indexOf(" ") + 1),
      [conventions.ATTR_MESSAGING_MESSAGE_BODY_SIZE]: 12,
    });
  });

  it("names ids, routing key and tag as the conventions do", () => {
    const { attributes } = span(message("deliver", { messageId: "m", correlationId: "c", deliveryTag: 5 }));
    expect(attributes).toMatchObject({
      [conventions.ATTR_MESSAGING_MESSAGE_ID]: "m",
      [conventions.ATTR_MESSAGING_MESSAGE_CONVERSATION_ID]: "c",
      [conventions.ATTR_MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY]: "eu.new",
      [conventions.ATTR_MESSAGING_RABBITMQ_MESSAGE_DELIVERY_TAG]: 5,
    });
  });

  it.each([
    [
      "publish to a reply queue",
      message("publish", { exchange: "", routingKey: "amq.gen-xyz" }),
      "publish (temporary)",
    ],
    [
      "reply pseudo-queue",
      message("deliver", { exchange: "", routingKey: "amq.rabbitmq.reply-to.g1h2" }),
      "deliver (temporary)",
    ],
    [
      "a name with an id in it",
      message("publish", { routingKey: "user.550e8400-e29b-41d4-a716-446655440000" }),
      "publish orders:user.…",
    ],
  ])("does not take what was made up for one run into its name: %s", (_, made, name) => {
    const { attributes, ...rest } = span(made);
    expect(rest.name).toBe(name);
    expect(attributes[conventions.ATTR_MESSAGING_DESTINATION_TEMPLATE]).toBe(name.slice(name.indexOf(" ") + 1));
    const isTemporary = name.endsWith("(temporary)");
    expect(attributes[conventions.ATTR_MESSAGING_DESTINATION_TEMPORARY]).toBe(isTemporary ? true : undefined);
  });

  it.each<[outcome: Message["outcome"], operation: Operation, code: number, errorType: string | undefined]>([
    ["confirmed", "publish", 0, undefined],
    ["nacked", "publish", 0, "nack"],
    ["returned", "publish", 312, "returned"],
    ["refused", "publish", 404, "NOT_FOUND"],
    ["torn", "publish", 0, "torn"],
    ["unconfirmed", "publish", 0, undefined],
    ["unknown", "publish", 0, undefined],
    ["acked", "deliver", 0, undefined],
    ["nacked", "deliver", 0, "nack"],
    ["rejected", "deliver", 0, "reject"],
    ["requeued", "deliver", 0, undefined],
    ["auto-acked", "deliver", 0, undefined],
  ])("%s %s: fails only where it is known to", (outcome, operation, code, errorType) => {
    const made = span(message(operation, { outcome, code }));
    expect(made.attributes[conventions.ATTR_ERROR_TYPE]).toBe(errorType);
    expect(made.error !== null).toBe(errorType !== undefined);
    if (errorType !== undefined) expect(made.error).not.toContain(errorType);
    expect(made.attributes["ghostframe.outcome"]).toBe(outcome);
  });

  it("ends with its last octet, or where all ended, if nothing settled it; at once if that is not known", () => {
    expect(span(message("publish", { outcome: "unread", lasted: 0.5 })).end).toEqual([1_700_000_001, 499_999_999]);
    expect(span(message("publish", { outcome: "confirmed", latency: 0, lasted: 0.5 })).end[0]).toBe(1_700_000_000);
    expect(span(message("publish", { outcome: "torn" })).end).toEqual([1_700_000_000, 999_999_999]);
  });

  it("ends when it is settled, to the nanosecond, and the settlement is a span under it", () => {
    const [delivery, settled] = messageSpans(
      ids,
      source,
      message("deliver", { outcome: "acked", latency: 1.000000002, traceId: TRACE, spanId: SPAN, deliveryTag: 9 }),
      null,
    );
    expect(delivery!.start).toEqual([1_700_000_000, 999_999_999]);
    expect(delivery!.end).toEqual([1_700_000_002, 1]);
    expect(settled).toMatchObject({
      traceId: TRACE,
      parentSpanId: delivery!.spanId,
      name: "ack orders:eu.new",
      kind: "client",
      start: [1_700_000_002, 1],
      end: [1_700_000_002, 1],
    });
    expect(settled!.attributes).toMatchObject({
      [conventions.ATTR_MESSAGING_OPERATION_TYPE]: conventions.MESSAGING_OPERATION_TYPE_VALUE_SETTLE,
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: "ack",
      [conventions.ATTR_MESSAGING_RABBITMQ_MESSAGE_DELIVERY_TAG]: 9,
    });
  });

  it("hangs under the span that the message names; a delivery is linked to it as well", () => {
    const context = { traceId: TRACE, spanId: SPAN };
    expect(span(message("publish", context))).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    const delivery = span(message("deliver", context));
    expect(delivery).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    expect(linked(delivery, "creation")).toEqual([expect.objectContaining({ ...context, isRemote: true })]);
  });

  it("has the message's tracestate, unless a secret stands in it", () => {
    const state = { traceId: TRACE, spanId: SPAN, traceState: "a=b" };
    const [delivery, settled] = messageSpans(
      ids,
      source,
      message("deliver", { ...state, outcome: "acked", latency: 1 }),
      null,
    );
    expect([
      delivery!.traceState,
      settled!.traceState,
      ...linked(delivery!, "creation").map(each => each.traceState),
    ]).toEqual(["a=b", "a=b", "a=b"]);
    expect(linked(delivery!, "connection")[0]!.traceState).toBeUndefined();
    expect(span(message("publish", { ...state, traceState: "a=correct-horse" })).traceState).toBeUndefined();
  });

  it("has a trace of its own where the message names none that can be used", () => {
    for (const traceId of [null, "not hexadecimal", "0".repeat(32)]) {
      const made = span(message("publish", { traceId, spanId: SPAN }));
      expect(made.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(made.parentSpanId).toBeNull();
    }
    expect(traceIdOf("a3ce929d0e0e4736")).toBe(`${"0".repeat(16)}a3ce929d0e0e4736`);
  });

  it("holds no secret, nothing that acts on a terminal, and no text of any length", () => {
    const { name, attributes } = span(
      message("publish", {
        exchange: "x\u001b]0;owned\u0007",
        routingKey: "key-correct-horse-1",
        messageId: "m".repeat(10_000),
        correlationId: "amqp://user:pass@host",
      }),
    );
    const text = JSON.stringify([name, attributes]);
    expect(text).not.toMatch(/correct|horse|pass@|\\u001b/);
    expect(attributes["messaging.message.id"]).toMatch(/^m{240,}…\(\+\d+\)$/);
  });
});

describe("a trace is recorded", () => {
  it.each([
    ["where its context says so", { traceId: TRACE, sampled: true }, true],
    ["where its context does not say", { traceId: TRACE, sampled: null }, true],
    ["not where its context says so", { traceId: TRACE, sampled: false }, false],
    ["not without a context", { traceId: null, sampled: null }, false],
    ["not where its ids are none of OpenTelemetry's", { traceId: "trace.1.2", sampled: true }, false],
  ])("%s", (_, facts, expected) => {
    expect(isTraced(message("publish", facts))).toBe(expected);
  });
});
