/** Early warnings of what is acknowledged, confirmed or not: who does wrong gets them, and nobody else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEED } from "../support/chunkings.ts";
import { type Conversation, connectionOf, conversation, findings, type Play } from "../support/frame-log.ts";
import { bits, longlong, short, shortstr, table, type Wire, wire } from "../support/wire.ts";

const deliver = (channel: number, ...tags: readonly number[]): Wire => {
  const all = wire();
  for (const tag of tags) {
    all
      .method(channel, 60, 60, shortstr("ctag"), longlong(tag), bits(false), shortstr(""), shortstr("jobs"))
      .content(channel, "job");
  }
  return all;
};
const consume = (channel: number, noAck = false): Wire =>
  wire().method(channel, 60, 20, short(0), shortstr("jobs"), shortstr("ctag"), bits(false, noAck), table({}));
const acks = (channel: number, ...tags: readonly number[]): Wire => {
  const all = wire();
  for (const tag of tags) all.ack(channel, tag);
  return all;
};
const nack = (channel: number, tag: number, multiple = false): Wire =>
  wire().method(channel, 60, 120, longlong(tag), bits(multiple, false));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

const opened = (channels = 1): Conversation => {
  const all = conversation();
  for (const channel of upTo(channels)) {
    all.client(wire().channelOpen(channel)).server(wire().channelOpenOk(channel));
  }
  return all;
};
const consuming = (noAck = false, channels = 1): Conversation =>
  opened(channels).client(consume(1, noAck)).server(wire().consumeOk(1, "ctag"));
const closing = (conversation: Conversation): Conversation =>
  conversation.client(wire().close()).server(wire().closeOk()).end(0, "fin").end(1, "fin");
const confirming = (): Conversation => opened().client(wire().confirmSelect(1)).server(wire().confirmSelectOk(1));
const publishing = (count: number): Conversation => {
  const all = confirming();
  for (let i = 0; i < count; i++) all.client(wire().publish(1, "job"));
  return all;
};
const reopened = (conversation: Conversation): Conversation =>
  conversation
    .client(wire().channelClose(1))
    .server(wire().channelCloseOk(1))
    .client(wire().channelOpen(1))
    .server(wire().channelOpenOk(1));

/** Tests what is found in each conversation, wherever in its streams, however it is cut. */
function describeFindings(title: string, plays: readonly Play[]): void {
  describe(title, () => {
    it.each(plays)("$rule", ({ conversation, findings: expected }) => {
      expect(findings(conversation).map(line => line.replace(/^[<>]\d+\+\d+ /, ""))).toEqual(expected);
    });
  });
}

const REFUSED = "A broker closes the channel for it (406, unknown delivery tag).";
const tagLine = (tag: number, what: string): string =>
  `warning delivery-tag: basic.ack names delivery tag ${tag} on channel ${what}. ${REFUSED}`;

describeFindings("delivery-tag: an acknowledgment that fits no delivery", [
  {
    rule: "of a tag that was acknowledged before",
    conversation: closing(
      consuming()
        .server(deliver(1, 1, 2))
        .client(acks(1, 1, 2, 1)),
    ),
    findings: [tagLine(1, "1, which was acknowledged before")],
  },
  {
    rule: "of several: one finding, which counts them",
    conversation: consuming()
      .server(deliver(1, 1, 2, 3))
      .client(acks(1, 1, 2, 3, 1))
      .client(nack(1, 3, true)),
    findings: [tagLine(1, "1, which was acknowledged before; 2 such acknowledgments in all")],
  },
  {
    rule: "of a delivery of another channel, where nothing came",
    conversation: closing(
      consuming(false, 2)
        .server(deliver(1, 1, 2))
        .client(acks(2, 2)),
    ),
    findings: [tagLine(2, "2, where nothing was delivered: tags count by channel")],
  },
  {
    rule: "of a delivery from before the channel was closed and opened again",
    conversation: closing(reopened(consuming().server(deliver(1, 1, 2))).client(acks(1, 2))),
    findings: [tagLine(2, "1, where nothing was delivered: tags count by channel")],
  },
  {
    rule: "where no consumer awaits any",
    conversation: consuming(true).server(deliver(1, 1)).client(acks(1, 1)),
    findings: [tagLine(1, "1, where no delivery needs one: all consumers have no-ack")],
  },
  {
    rule: "the broker's close counts with it, and no other close does",
    conversation: consuming()
      .server(deliver(1, 1))
      .client(acks(1, 1, 1))
      .server(wire().channelClose(1, 406, "PRECONDITION_FAILED - unknown delivery tag 1", 60, 80))
      .client(wire().channelCloseOk(1)),
    findings: [
      tagLine(1, "1, which was acknowledged before"),
      "note broker-close: The broker closed channel 1: 406 PRECONDITION_FAILED - unknown delivery tag 1 (f1)",
    ],
  },
]);

describeFindings("acknowledgments as they should be", [
  {
    rule: "each delivery once, in any order, and several at once",
    conversation: closing(
      consuming()
        .server(deliver(1, ...upTo(8)))
        .client(acks(1, 2, 1, 4))
        .client(nack(1, 3))
        .client(wire().ack(1, 8, true)),
    ),
    findings: [],
  },
  {
    rule: "all that there is (tag 0), again and again",
    conversation: closing(
      consuming()
        .server(deliver(1, 1, 2))
        .client(wire().ack(1, 0, true).ack(1, 0, true)),
    ),
    findings: [],
  },
  {
    rule: "the same tags again on a channel that was opened again",
    conversation: closing(
      reopened(
        consuming()
          .server(deliver(1, 1, 2))
          .client(acks(1, 1, 2)),
      )
        .client(consume(1))
        .server(wire().consumeOk(1, "ctag"))
        .server(deliver(1, 1, 2))
        .client(acks(1, 1, 2)),
    ),
    findings: [],
  },
  {
    rule: "in a transaction, which may be rolled back",
    conversation: closing(
      consuming()
        .client(wire().method(1, 90, 10))
        .server(wire().method(1, 90, 11))
        .server(deliver(1, 1))
        .client(acks(1, 1, 1)),
    ),
    findings: [],
  },
  {
    rule: "captured before their deliveries: directions may be out of step",
    conversation: closing(
      consuming()
        .client(acks(1, 1, 2, 3))
        .server(deliver(1, 1, 2, 3)),
    ),
    findings: [],
  },
  {
    rule: "of deliveries that the capture ends before",
    conversation: consuming()
      .client(acks(1, 1, 2))
      .server(deliver(1, 1)),
    findings: [],
  },
  {
    rule: "of a broker that does not count from 1",
    conversation: closing(
      consuming()
        .server(deliver(1, 7, 9))
        .client(acks(1, 9, 12)),
    ),
    findings: [],
  },
]);

const unconfirmed = (level: string, words: string): string =>
  `${level} unconfirmed: ${words}: the client does not know whether the broker took them.`;

describeFindings("unconfirmed: publishes whose confirm nobody waits for", [
  {
    rule: "the client closes the connection",
    conversation: closing(publishing(3).server(wire().ack(1, 1))),
    findings: [
      unconfirmed(
        "warning",
        "The client closed the connection while publishes awaited their confirm (2 of 3 on channel 1)",
      ),
    ],
  },
  {
    rule: "the client closes the channel, and goes on",
    conversation: reopened(publishing(3).server(wire().ack(1, 2))),
    findings: [
      unconfirmed("warning", "The client closed a channel while publishes awaited their confirm (2 of 3 on channel 1)"),
    ],
  },
  {
    rule: "the client vanishes: a note",
    conversation: publishing(1).end(0, "rst").end(1, "rst"),
    findings: [
      unconfirmed(
        "note",
        "The client reset the connection without connection.close while publishes awaited their confirm (1 of 1 on channel 1)",
      ),
      "note ended-abruptly: The client reset the connection without connection.close.",
    ],
  },
  {
    rule: "the broker closes: a note",
    conversation: publishing(2)
      .server(wire().close(320, "CONNECTION_FORCED"))
      .client(wire().closeOk())
      .end(0, "fin")
      .end(1, "fin"),
    findings: [
      "note broker-close: The broker closed the connection: 320 CONNECTION_FORCED",
      unconfirmed(
        "note",
        "The broker closed the connection while publishes awaited their confirm (2 of 2 on channel 1)",
      ),
    ],
  },
]);

describeFindings("publishes of which nothing is left open", [
  {
    rule: "all confirmed, out of order and several at once",
    conversation: closing(publishing(5).server(wire().ack(1, 2).ack(1, 1).ack(1, 5, true))),
    findings: [],
  },
  {
    rule: "confirmed behind the client's close",
    conversation: publishing(1).client(wire().close()).server(wire().ack(1, 1).closeOk()).end(0, "fin").end(1, "fin"),
    findings: [],
  },
  {
    rule: "a second confirm.select changes nothing",
    conversation: closing(
      publishing(1)
        .client(wire().confirmSelect(1))
        .client(wire().publish(1, "job"))
        .server(wire().ack(1, 2, true)),
    ),
    findings: [],
  },
  {
    rule: "no confirms were asked for",
    conversation: closing(opened().client(wire().publish(1, "job"))),
    findings: [],
  },
  {
    rule: "the channel had them before it was opened again",
    conversation: closing(reopened(publishing(1).server(wire().ack(1, 1))).client(wire().publish(1, "job"))),
    findings: [],
  },
  { rule: "the capture ends", conversation: publishing(3), findings: [] },
  { rule: "the client's close is not answered yet", conversation: publishing(3).client(wire().close()), findings: [] },
]);

describeFindings("unacknowledged: a consumer that never acknowledges", [
  {
    rule: "ten deliveries, and a minute",
    conversation: consuming()
      .server(deliver(1, ...upTo(10)))
      .later(60)
      .client(wire().heartbeat()),
    findings: [
      "note unacknowledged: The client acknowledged none of the deliveries that await it (10 on channel 1, in 60 s): it is slow, acknowledges many at a time, or never.",
    ],
  },
  {
    rule: "nine",
    conversation: consuming()
      .server(deliver(1, ...upTo(9)))
      .later(60)
      .client(wire().heartbeat()),
    findings: [],
  },
  {
    rule: "less than a minute",
    conversation: consuming()
      .server(deliver(1, ...upTo(50)))
      .later(59)
      .client(wire().heartbeat()),
    findings: [],
  },
  {
    rule: "one acknowledgment",
    conversation: consuming()
      .server(deliver(1, ...upTo(50)))
      .later(90)
      .client(acks(1, 1)),
    findings: [],
  },
  {
    rule: "none is due",
    conversation: consuming(true)
      .server(deliver(1, ...upTo(50)))
      .later(90)
      .client(wire().heartbeat()),
    findings: [],
  },
]);

describeFindings("channel-state: a channel that is used on after the broker closed it", [
  {
    rule: "six seconds later",
    conversation: opened()
      .server(wire().channelClose(1, 404, "NOT_FOUND", 60, 40))
      .later(6)
      .client(wire().publish(1, "job"))
      .client(wire().publish(1, "job")),
    findings: [
      "note broker-close: The broker closed channel 1: 404 NOT_FOUND",
      "warning channel-state: basic.publish came on channel 1, 6 s after the broker had closed it (404 NOT_FOUND): the broker discards it, and all messages on this channel until the client answers the close.",
    ],
  },
  {
    rule: "what was on its way is not meant",
    conversation: opened()
      .server(wire().channelClose(1, 404, "NOT_FOUND", 60, 40))
      .later(4)
      .client(wire().publish(1, "job")),
    findings: ["note broker-close: The broker closed channel 1: 404 NOT_FOUND"],
  },
  {
    rule: "nor what comes when the client has answered, and opened it again",
    conversation: opened()
      .server(wire().channelClose(1, 404, "NOT_FOUND", 60, 40))
      .client(wire().channelCloseOk(1).channelOpen(1))
      .server(wire().channelOpenOk(1))
      .later(9)
      .client(wire().publish(1, "job")),
    findings: ["note broker-close: The broker closed channel 1: 404 NOT_FOUND"],
  },
]);

describe(`where octets are missing, or the beginning (seed ${SEED})`, () => {
  const lives = (): Conversation =>
    closing(
      consuming()
        .server(deliver(1, 1, 2))
        .client(acks(1, 1, 2)),
    );
  const isAbout = (rule: string): boolean => ["delivery-tag", "unconfirmed", "unacknowledged"].includes(rule);

  it("nothing is said of what follows", () => {
    for (const side of [0, 1] as const) {
      const gapped = (conversation: Conversation): Conversation => conversation.gap(side, 40);
      const all = [
        closing(
          gapped(consuming().server(deliver(1, 1)).client(acks(1, 1)))
            .client(acks(1, 1, 5))
            .client(wire().heartbeat(9))
            .server(wire().heartbeat(9)),
        ),
        closing(gapped(publishing(2)).client(wire().heartbeat(9)).server(wire().heartbeat(9))),
      ];
      for (const conversation of all)
        expect(connectionOf(conversation).incidents.filter(({ rule }) => isAbout(rule))).toEqual([]);
    }
  });

  it("a healthy client gets no warning, whichever octets are lost", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<0 | 1>(0, 1), fc.integer({ min: 1, max: 90 })), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.nat({ max: 6 }),
        (gaps, at) => {
          const sent = lives();
          const parts = publishing(at).server(wire().ack(1, at, true));
          for (const [side, missing] of gaps)
            parts.gap(side, missing).client(wire().heartbeat(3)).server(wire().heartbeat(3));
          for (const each of [sent, closing(parts)])
            expect(findings(each, 2).filter(line => /delivery-tag|unconfirmed/.test(line))).toEqual([]);
        },
      ),
      { seed: SEED, numRuns: 40 },
    );
  });
});
