/** Which publish a delivery came from, and which request a reply answers: only where nothing else can be meant. */
import { describe, expect, it } from "vitest";
import { Message, type Operation } from "../../src/messages/message.ts";
import { PublishMatches } from "../../src/messages/publish-matches.ts";
import { Moment } from "../../src/net/connection-observer.ts";

function moment(seconds: number): Moment {
  const at = new Moment();
  at.seconds = Math.floor(seconds);
  at.nanoseconds = Math.round((seconds % 1) * 1e9);
  return at;
}

let offset = 0;

interface Place {
  vhost?: string;
  broker?: string;
}

function message(operation: Operation, connection: number, seconds: number, parts: Partial<Message> & Place): Message {
  const { vhost = "/", broker = "10.0.0.1", ...rest } = parts;
  const carrier = { address: () => broker, port: () => 5672 };
  const inspected = { carrier, amqp: { client: 0, virtualHost: vhost } } as never;
  const origin = {
    connection: { number: connection, inspected },
    channel: 1,
    streamOffset: ++offset,
    moment: moment(seconds),
  };
  return Object.assign(new Message(operation, origin), { exchange: "x", routingKey: "k", size: 4, hashed: 4, ...rest });
}

/** Publishes come from c1 at 0 s and end at 0.25 s; a delivery comes to c2 at `at` s. */
function matched(publishes: readonly (Partial<Message> & Place)[], delivery: Partial<Message>, at = 1): Message {
  const matches = new PublishMatches();
  for (const publish of publishes) matches.published(message("publish", 1, 0, publish), moment(0.25));
  const delivered = message("deliver", 2, at, delivery);
  matches.delivered(delivered);
  return delivered;
}

describe("a delivery and its publish", () => {
  const trace = { traceId: "ab5e" };
  it.each<[what: string, publishes: (Partial<Message> & Place)[], delivery: Partial<Message>, by: string | null]>([
    ["the same message id", [{ messageId: "1" }, { messageId: "2" }], { messageId: "2" }, "message-id"],
    [
      "the same message id and trace",
      [{ messageId: "1" }, { messageId: "1", ...trace }],
      { messageId: "1", ...trace },
      "message-id",
    ],
    ["a message id that was published twice", [{ messageId: "1" }, { messageId: "1" }], { messageId: "1" }, null],
    ["a message id of another trace", [{ messageId: "1" }], { messageId: "1", ...trace }, null],
    ["a message id to another exchange", [{ messageId: "1", exchange: "y" }], { messageId: "1" }, null],
    ["a message id in another virtual host", [{ messageId: "1", vhost: "a" }], { messageId: "1" }, null],
    ["a message id at another broker", [{ messageId: "1", broker: "10.0.0.2" }], { messageId: "1" }, null],
    ["a message id, once dead-lettered", [{ messageId: "1" }], { messageId: "1", routingKey: "dead" }, null],
    ["the same correlation id", [{ correlationId: "1" }], { correlationId: "1" }, "correlation-id"],
    [
      "a message id where the publish has a correlation id only",
      [{ correlationId: "1" }],
      { messageId: "1", correlationId: "1" },
      null,
    ],
    ["the same body", [{ bodyHash: 1 }, { bodyHash: 2 }], { bodyHash: 1 }, "content"],
    ["the same beginning of a body, but another size", [{ bodyHash: 1, size: 9, hashed: 9 }], { bodyHash: 1 }, null],
    ["a body that came twice", [{ bodyHash: 1 }, { bodyHash: 1 }], { bodyHash: 1 }, null],
    ["a body part of which was not captured", [{ bodyHash: 1 }], { bodyHash: 1, hashed: 3 }, null],
    ["a message id with another body", [{ messageId: "1", bodyHash: 2 }], { messageId: "1" }, null],
    ["empty messages", [{ size: 0 }], { size: 0 }, null],
    [
      "names whose ends could change places",
      [{ exchange: "a", routingKey: "bc", messageId: "1" }],
      { exchange: "ab", routingKey: "c", messageId: "1" },
      null,
    ],
  ])("%s", (_, publishes, delivery, by) => {
    expect(matched(publishes, delivery).publish?.by ?? null).toBe(by);
  });

  it("tells where that was, and the time in the broker from its last octet", () => {
    expect(matched([{ messageId: "1" }], { messageId: "1" }, 1.5).publish).toMatchObject({
      connection: 1,
      channel: 1,
      seconds: 1.25,
    });
  });

  it("tells no time where the capture has the two the other way round", () => {
    expect(matched([{ messageId: "1" }], { messageId: "1" }, 0.2).publish).toMatchObject({
      by: "message-id",
      seconds: -1,
    });
  });

  it("forgets the oldest, and does not take a later publish for theirs while it remembers them", () => {
    const publishes = Array.from({ length: 40_000 }, (_, id) => ({ messageId: String(id) }));
    expect(matched(publishes, { messageId: "0" }).publish).not.toBeNull();
    expect(matched([...publishes, { messageId: "0" }], { messageId: "0" }).publish).toBeNull();
    expect(
      matched([...publishes, ...publishes.map(({ messageId }) => ({ messageId: `again ${messageId}` }))], {
        messageId: "0",
      }).publish,
    ).toBeNull();
  });
});

describe("a reply and its request", () => {
  const request = { routingKey: "rpc", correlationId: "7", replyTo: "answers" };
  const direct = { ...request, replyTo: "amq.rabbitmq.reply-to" };

  function answered(asked: readonly Partial<Message>[], reply: Partial<Message>, on = 1): number | null {
    const matches = new PublishMatches();
    for (const each of asked) matches.published(message("publish", 1, 10, each), moment(10));
    const delivered = message("deliver", on, 12, { exchange: "", ...reply });
    matches.delivered(delivered);
    return delivered.request?.seconds ?? null;
  }

  it.each<[what: string, asked: Partial<Message>[], reply: Partial<Message>, seconds: number | null]>([
    ["to its queue", [request], { routingKey: "answers", correlationId: "7" }, 2],
    ["by direct reply-to", [direct], { routingKey: "amq.rabbitmq.reply-to.g1hkAA", correlationId: "7" }, 2],
    ["to another queue", [request], { routingKey: "others", correlationId: "7" }, null],
    ["of another correlation id", [request], { routingKey: "answers", correlationId: "8" }, null],
    ["to two that asked with one id", [request, request], { routingKey: "answers", correlationId: "7" }, null],
    ["to what did not ask", [{ correlationId: "7" }], { routingKey: "k", correlationId: "7" }, null],
  ])("%s", (_, asked, reply, seconds) => {
    expect(answered(asked, reply)).toBe(seconds);
  });

  it("on another connection answers nothing", () => {
    expect(answered([request], { routingKey: "answers", correlationId: "7" }, 2)).toBeNull();
  });
});
