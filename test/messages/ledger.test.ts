/** The life line of messages: what became of each, by what both ends said, however the octets are cut. */
import { describe, expect, it } from "vitest";
import { MessageBudget } from "../../src/messages/message-budget.ts";
import { type Conversation, conversation } from "../support/frame-log.ts";
import { bits, long, longlong, short, shortstr, wire } from "../support/wire.ts";
import { consume, consumeOk, deliver, lifeLines, nack, publish, reject, returned } from "./life-lines.ts";

interface Life {
  rule: string;
  conversation: Conversation;
  lines: string[];
}

function describeLives(title: string, lives: readonly Life[]): void {
  describe(title, () => {
    it.each(lives)("$rule", ({ conversation, lines }) => {
      expect(lifeLines(conversation)).toEqual(lines);
    });
  });
}

const opened = () => conversation().client(wire().channelOpen(1)).server(wire().channelOpenOk(1));
const confirming = () => opened().client(wire().confirmSelect(1)).server(wire().confirmSelectOk(1));
const consuming = (noAck = false) => opened().client(consume("jobs", { noAck })).server(consumeOk());
const midStream = () =>
  conversation({ handshake: false, sawBeginning: false }).client(wire().heartbeat(3)).server(wire().heartbeat(3));

describeLives("confirms", [
  {
    rule: "an ack confirms one message, and tells how long that took",
    conversation: confirming().client(publish("m1")).later(2).server(wire().ack(1, 1)),
    lines: ["publish #1 m1 confirmed 2 s"],
  },
  {
    rule: "with multiple it confirms all up to its number",
    conversation: confirming()
      .client(publish("m1"))
      .client(publish("m2"))
      .client(publish("m3"))
      .server(wire().ack(1, 2, true)),
    lines: ["publish #1 m1 confirmed", "publish #2 m2 confirmed", "publish #3 m3 unconfirmed"],
  },
  {
    rule: "out of order",
    conversation: confirming()
      .client(publish("m1"))
      .client(publish("m2"))
      .server(wire().ack(1, 2))
      .server(wire().ack(1, 1)),
    lines: ["publish #2 m2 confirmed", "publish #1 m1 confirmed"],
  },
  {
    rule: "a nack says that the broker could not take it",
    conversation: confirming().client(publish("m1")).server(nack(1)),
    lines: ["publish #1 m1 nacked"],
  },
  {
    rule: "numbers count from confirm.select on, not from the channel's beginning",
    conversation: opened()
      .client(publish("m1"))
      .client(wire().confirmSelect(1))
      .server(wire().confirmSelectOk(1))
      .client(publish("m2"))
      .server(wire().ack(1, 1)),
    lines: ["publish m1 accepted", "publish #1 m2 confirmed"],
  },
  {
    rule: "a second confirm.select changes nothing",
    conversation: confirming()
      .client(publish("m1"))
      .client(wire().confirmSelect(1))
      .client(publish("m2"))
      .server(wire().ack(1, 2, true)),
    lines: ["publish #1 m1 confirmed", "publish #2 m2 confirmed"],
  },
  {
    rule: "each channel counts by itself",
    conversation: confirming()
      .client(wire().channelOpen(2).confirmSelect(2))
      .server(wire().channelOpenOk(2).confirmSelectOk(2))
      .client(publish("m1"))
      .client(publish("n1", { channel: 2 }))
      .server(wire().ack(2, 1)),
    lines: ["publish #1 n1 confirmed", "publish #1 m1 unconfirmed"],
  },
  {
    rule: "a channel that is opened again counts from 1",
    conversation: confirming()
      .client(publish("m1"))
      .server(wire().ack(1, 1))
      .client(wire().channelClose(1))
      .server(wire().channelCloseOk(1))
      .client(wire().channelOpen(1).confirmSelect(1))
      .server(wire().channelOpenOk(1).confirmSelectOk(1))
      .client(publish("n1"))
      .server(wire().ack(1, 1)),
    lines: ["publish #1 m1 confirmed", "publish #1 n1 confirmed"],
  },
  {
    rule: "a confirm that is captured before its publish is one all the same: directions may be out of step",
    conversation: confirming().server(wire().ack(1, 1)).client(publish("m1")),
    lines: ["publish #1 m1 confirmed"],
  },
  {
    rule: "without confirms the broker says nothing",
    conversation: opened().client(publish("m1")),
    lines: ["publish m1 accepted"],
  },
  {
    rule: "an answer to a later method tells that it was handled",
    conversation: opened()
      .client(publish("m1"))
      .client(wire().queueDeclare(1, "q"))
      .client(publish("m2"))
      .server(wire().queueDeclareOk(1, "q"))
      .client(wire().ack(1, 9)),
    lines: ["publish m1 accepted", "publish m2 accepted"],
  },
]);

describeLives("returns", [
  {
    rule: "a message without a queue comes back, before its confirm",
    conversation: confirming()
      .client(publish("m1", { mandatory: true }))
      .later(1)
      .server(returned("m1"))
      .server(wire().ack(1, 1)),
    lines: ["publish #1 m1 returned 312 1 s"],
  },
  {
    rule: "one that did not ask for it is not the one",
    conversation: confirming()
      .client(publish("m1"))
      .client(publish("m1", { mandatory: true }))
      .server(returned("m1"))
      .server(wire().ack(1, 2, true)),
    lines: ["publish #2 m1 returned 312", "publish #1 m1 confirmed"],
  },
  {
    rule: "of two that nothing tells apart one comes back: neither is called returned",
    conversation: confirming()
      .client(publish("m1", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .server(returned("m1"))
      .server(wire().ack(1, 2))
      .server(wire().ack(1, 1)),
    lines: ["publish #1 m1 unknown 1 of 2 returned 312", "publish #2 m1 unknown 1 of 2 returned 312"],
  },
  {
    rule: "unless both do",
    conversation: confirming()
      .client(publish("m1", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .server(wire().raw(returned("m1").octets).raw(returned("m1").octets))
      .server(wire().ack(1, 2, true)),
    lines: ["publish #1 m1 returned 312", "publish #2 m1 returned 312"],
  },
  {
    rule: "a confirm before the return tells: the broker handles publishes in their order, and returns before it confirms",
    conversation: confirming()
      .client(publish("m1", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .server(wire().ack(1, 1))
      .server(returned("m1"))
      .server(wire().ack(1, 2)),
    lines: ["publish #1 m1 confirmed", "publish #2 m1 returned 312"],
  },
  {
    rule: "so does the return of another",
    conversation: confirming()
      .client(publish("m1", { mandatory: true }))
      .client(publish("other", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .server(wire().raw(returned("other").octets).raw(returned("m1").octets))
      .server(wire().ack(1, 3, true)),
    lines: ["publish #2 other returned 312", "publish #3 m1 returned 312", "publish #1 m1 confirmed"],
  },
  {
    rule: "two of three: the first return is about the first or second, and nobody knows",
    conversation: confirming()
      .client(publish("m1", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .server(wire().raw(returned("m1").octets).raw(returned("m1").octets))
      .server(wire().ack(1, 3, true)),
    lines: [1, 2, 3].map(number => `publish #${number} m1 unknown 2 of 3 returned 312`),
  },
  {
    rule: "the size of the body tells apart what has no id",
    conversation: confirming()
      .client(publish("", { mandatory: true, body: "AAAA" }))
      .client(publish("", { mandatory: true, body: "BBBBBB" }))
      .server(returned("", { body: "BBBBBB" }))
      .server(wire().ack(1, 2, true)),
    lines: ["publish #2  returned 312", "publish #1  confirmed"],
  },
  {
    rule: "without confirms one of several stays in doubt",
    conversation: opened()
      .client(publish("m1", { mandatory: true }))
      .client(publish("m1", { mandatory: true }))
      .server(returned("m1"))
      .client(wire().close())
      .server(wire().closeOk())
      .end(0, "fin")
      .end(1, "fin"),
    lines: ["publish m1 unknown 1 of 2 returned 312", "publish m1 unknown 1 of 2 returned 312"],
  },
  {
    rule: "it may be captured before its publish",
    conversation: confirming()
      .server(returned("m1"))
      .server(wire().ack(1, 1))
      .client(publish("m1", { mandatory: true })),
    lines: ["publish #1 m1 returned 312"],
  },
]);

describeLives("deliveries", [
  {
    rule: "an ack settles one, and its queue is known from basic.consume",
    conversation: consuming().server(deliver(1, "m1")).later(3).client(wire().ack(1, 1)),
    lines: ["deliver #1 m1 (jobs) acked 3 s"],
  },
  {
    rule: "an ack behind what ends the connection is not read",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .server(deliver(2, "m2"))
      .client(wire().ack(1, 1).method(1, 99, 1).ack(1, 2))
      .server(wire().close(503, "COMMAND_INVALID - unknown method {99,1}", 99, 1)),
    lines: ["deliver #1 m1 (jobs) acked", "deliver #2 m2 (jobs) requeued"],
  },
  {
    rule: "nobody knows of one behind an error of another channel's process",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .client(wire().publish(7, "body").ack(1, 1))
      .server(wire().close(504, "CHANNEL_ERROR - expected 'channel.open'", 60, 40)),
    lines: ["deliver #1 m1 (jobs) unknown", "publish /tasks unknown"],
  },
  {
    rule: "tag 0 with multiple settles all (§1.8.3.13)",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .server(deliver(2, "m2"))
      .client(wire().ack(1, 0, true)),
    lines: ["deliver #1 m1 (jobs) acked", "deliver #2 m2 (jobs) acked"],
  },
  {
    rule: "nack and reject requeue, or do not",
    conversation: consuming()
      .server(wire().raw(deliver(1, "m1").octets).raw(deliver(2, "m2").octets))
      .server(wire().raw(deliver(3, "m3").octets).raw(deliver(4, "m4").octets))
      .client(nack(1))
      .client(nack(2, { requeue: true }))
      .client(reject(3))
      .client(reject(4, true)),
    lines: [
      "deliver #1 m1 (jobs) nacked",
      "deliver #2 m2 (jobs) requeued",
      "deliver #3 m3 (jobs) rejected",
      "deliver #4 m4 (jobs) requeued",
    ],
  },
  {
    rule: "a consumer without acknowledgment",
    conversation: consuming(true).server(deliver(1, "m1")),
    lines: ["deliver #1 m1 (jobs) auto-acked"],
  },
  {
    rule: "an empty queue name means the queue declared last (§1.7.2.1)",
    conversation: opened()
      .client(wire().queueDeclare(1, ""))
      .server(wire().queueDeclareOk(1, "amq.gen-1"))
      .client(consume(""))
      .server(consumeOk())
      .server(deliver(1, "m1"))
      .client(wire().ack(1, 1)),
    lines: ["deliver #1 m1 (amq.gen-1) acked"],
  },
  {
    rule: "a consumer tag that the broker chooses",
    conversation: opened()
      .client(consume("jobs", { consumerTag: "" }))
      .server(consumeOk("amq.ctag-1"))
      .server(deliver(1, "m1", "amq.ctag-1")),
    lines: ["deliver #1 m1 (jobs) unsettled"],
  },
  {
    rule: "channel.close puts back what is not settled",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .later(1)
      .client(wire().channelClose(1))
      .server(wire().channelCloseOk(1)),
    lines: ["deliver #1 m1 (jobs) requeued 1 s"],
  },
  {
    rule: "basic.recover puts back all",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .client(wire().method(1, 60, 110, bits(true)))
      .server(wire().method(1, 60, 111)),
    lines: ["deliver #1 m1 (jobs) requeued"],
  },
  {
    rule: "an ack that is captured before its delivery is one all the same",
    conversation: consuming().client(wire().ack(1, 1)).server(deliver(1, "m1")),
    lines: ["deliver #1 m1 (jobs) acked"],
  },
  {
    rule: "basic.get brings one",
    conversation: opened()
      .client(wire().method(1, 60, 70, short(0), shortstr("jobs"), bits(false)))
      .server(
        wire()
          .method(1, 60, 71, longlong(1), bits(false), shortstr(""), shortstr("tasks"), long(0))
          .content(1, "body", { properties: { messageId: "m1" } }),
      )
      .client(wire().ack(1, 1)),
    lines: ["get #1 m1 (jobs) acked"],
  },
]);

const transacting = () =>
  opened()
    .client(wire().method(1, 90, 10))
    .server(wire().method(1, 90, 11));
describeLives("transactions", [
  {
    rule: "a commit takes what was published before it",
    conversation: transacting()
      .client(publish("m1"))
      .client(wire().method(1, 90, 20))
      .client(publish("m2"))
      .server(wire().method(1, 90, 21)),
    lines: ["publish m1 committed", "publish m2 unconfirmed"],
  },
  {
    rule: "a rollback does not",
    conversation: transacting()
      .client(publish("m1"))
      .client(wire().method(1, 90, 30))
      .server(wire().method(1, 90, 31)),
    lines: ["publish m1 rolled-back"],
  },
]);

describeLives("ends", [
  {
    rule: "a clean close",
    conversation: opened()
      .client(publish("m1"))
      .client(wire().close())
      .server(wire().closeOk())
      .end(0, "fin")
      .end(1, "fin"),
    lines: ["publish m1 accepted"],
  },
  {
    rule: "a reset: nobody knows how far the broker had read",
    conversation: opened().client(publish("m1")).end(1, "rst").end(0, "rst"),
    lines: ["publish m1 unknown"],
  },
  {
    rule: "a reset with a confirm outstanding",
    conversation: confirming().client(publish("m1")).end(1, "rst").end(0, "rst"),
    lines: ["publish #1 m1 unconfirmed"],
  },
  {
    rule: "what is sent behind the broker's connection.close is not read",
    conversation: confirming()
      .client(publish("m1"))
      .later(1)
      .server(wire().close(320, "CONNECTION_FORCED"))
      .later(1)
      .client(publish("m2")),
    lines: ["publish #1 m1 unconfirmed", "publish #2 m2 unread"],
  },
  {
    rule: "what is sent behind a broken frame is not read",
    conversation: confirming()
      .client(publish("m1"))
      .client(wire().frame(1, 1, [0, 60, 0, 40], { end: 0 }))
      .client(publish("m2"))
      .client(publish("m3"))
      .end(1, "rst")
      .end(0, "rst"),
    lines: ["publish #1 m1 unconfirmed", "publish m2 unread", "publish m3 unread"],
  },
  {
    rule: "the broker closes the channel over an exchange that is not there",
    conversation: opened()
      .client(publish("m1"))
      .client(publish("m2", { exchange: "nope" }))
      .client(publish("m3"))
      .server(wire().channelClose(1, 404, "NOT_FOUND - no exchange 'nope' in vhost '/'", 60, 40))
      .client(wire().channelCloseOk(1)),
    lines: ["publish m1 accepted", "publish m2 refused 404", "publish m3 unread"],
  },
  {
    rule: "a stream that ends inside a message",
    conversation: opened().client(wire().publishMethod(1).header(1, 9)).end(0, "fin").end(1, "fin"),
    lines: ["publish /tasks torn"],
  },
  {
    rule: "a capture that ends inside a message",
    conversation: opened().client(wire().publishMethod(1).header(1, 9)),
    lines: ["publish /tasks unknown"],
  },
]);

describeLives("behind a close", [
  {
    rule: "of the connection, nothing is read: publishes are lost, acknowledgments mean nothing",
    conversation: consuming()
      .server(deliver(1, "d1"))
      .client(publish("m1"))
      .client(wire().close())
      .client(publish("m2"))
      .client(wire().ack(1, 1))
      .server(wire().closeOk())
      .client(publish("m3"))
      .end(0, "fin")
      .end(1, "fin"),
    lines: ["publish m1 accepted", "deliver #1 d1 (jobs) requeued", "publish m2 unread", "publish m3 unread"],
  },
  {
    rule: "of the connection, with confirms",
    conversation: confirming()
      .client(publish("m1"))
      .client(wire().close())
      .client(publish("m2"))
      .server(wire().ack(1, 1)),
    lines: ["publish #1 m1 confirmed", "publish m2 unread"],
  },
  {
    rule: "of the channel, until it is opened again; confirms of the new one are its own",
    conversation: confirming()
      .client(wire().channelClose(1))
      .client(publish("m1"))
      .server(wire().channelCloseOk(1))
      .client(publish("m2"))
      .client(wire().channelOpen(1).confirmSelect(1))
      .server(wire().channelOpenOk(1).confirmSelectOk(1))
      .client(publish("m3"))
      .server(wire().ack(1, 1)),
    lines: ["publish #1 m3 confirmed", "publish m1 unread", "publish m2 unread"],
  },
  {
    rule: "of the channel by the broker: acknowledgments that come later are dropped",
    conversation: consuming()
      .server(deliver(1, "d1"))
      .later(1)
      .server(wire().channelClose(1, 406, "PRECONDITION_FAILED - unknown delivery tag 9", 60, 80))
      .later(1)
      .client(wire().ack(1, 1))
      .client(wire().channelCloseOk(1)),
    lines: ["deliver #1 d1 (jobs) requeued 2 s"],
  },
  {
    rule: "of the connection by the broker, too",
    conversation: consuming()
      .server(deliver(1, "d1"))
      .later(1)
      .server(wire().close(320, "CONNECTION_FORCED"))
      .later(1)
      .client(wire().ack(1, 1))
      .client(wire().closeOk())
      .end(0, "fin")
      .end(1, "fin"),
    lines: ["deliver #1 d1 (jobs) requeued"],
  },
  {
    rule: "a gap may hide that the channel was opened again",
    conversation: confirming()
      .client(wire().channelClose(1))
      .server(wire().channelCloseOk(1))
      .gap(0, 20)
      .client(wire().heartbeat(3))
      .client(publish("m1")),
    lines: ["publish m1 unknown"],
  },
]);

describeLives("what was not captured", [
  {
    rule: "a confirm may be in a gap",
    conversation: confirming().client(publish("m1")).gap(1, 100).server(wire().heartbeat(3)).client(publish("m2")),
    lines: ["publish #1 m1 unknown", "publish #2 m2 unconfirmed"],
  },
  {
    rule: "and may come behind it all the same",
    conversation: confirming().client(publish("m1")).gap(1, 100).server(wire().heartbeat(3).ack(1, 1)),
    lines: ["publish #1 m1 confirmed"],
  },
  {
    rule: "behind a gap in the client's octets numbers are not known any more",
    conversation: confirming()
      .client(publish("m1"))
      .gap(0, 100)
      .client(wire().heartbeat(3))
      .client(publish("m3"))
      .server(wire().ack(1, 1))
      .server(wire().ack(1, 3)),
    lines: ["publish #1 m1 confirmed", "publish m3 unknown"],
  },
  {
    rule: "an acknowledgment may be in a gap",
    conversation: consuming().server(deliver(1, "m1")).gap(0, 100).client(wire().heartbeat(3)),
    lines: ["deliver #1 m1 (jobs) unknown"],
  },
  {
    rule: "behind a gap a confirm of several says nothing of one whose own may be in it",
    conversation: confirming()
      .client(publish("m1"))
      .gap(1, 21)
      .server(wire().heartbeat(3))
      .client(publish("m2"))
      .server(nack(2, { multiple: true })),
    lines: ["publish #1 m1 unknown", "publish #2 m2 nacked"],
  },
  {
    rule: "nor does an acknowledgment of several",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .gap(0, 21)
      .client(wire().heartbeat(3))
      .server(deliver(2, "m2"))
      .client(wire().ack(1, 2, true)),
    lines: ["deliver #1 m1 (jobs) unknown", "deliver #2 m2 (jobs) acked"],
  },
  {
    rule: "where both directions have a gap, the channel may have been opened again: no tag settles what was before",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .gap(1, 90)
      .gap(0, 60)
      .server(wire().heartbeat(3))
      .client(wire().heartbeat(3).ack(1, 1)),
    lines: ["deliver #1 m1 (jobs) unknown"],
  },
  {
    rule: "where one of them has, one does",
    conversation: consuming()
      .server(deliver(1, "m1"))
      .gap(1, 90)
      .server(wire().heartbeat(3))
      .client(wire().heartbeat(3).ack(1, 1)),
    lines: ["deliver #1 m1 (jobs) acked"],
  },
  {
    rule: "nor a confirm's",
    conversation: confirming()
      .client(publish("m1"))
      .gap(0, 60)
      .gap(1, 40)
      .client(wire().heartbeat(3))
      .server(wire().heartbeat(3).ack(1, 1)),
    lines: ["publish #1 m1 unknown"],
  },
  {
    rule: "in mid-stream nothing is known of confirms",
    conversation: midStream().client(publish("m1")).server(wire().ack(1, 7)),
    lines: ["publish m1 unknown"],
  },
  {
    rule: "confirm.select in mid-stream: numbers count from there",
    conversation: midStream()
      .client(wire().confirmSelect(1))
      .server(wire().confirmSelectOk(1))
      .client(publish("m1"))
      .server(wire().ack(1, 1)),
    lines: ["publish #1 m1 confirmed"],
  },
  {
    rule: "unless the broker counts on: it was the second",
    conversation: midStream()
      .client(wire().confirmSelect(1))
      .server(wire().confirmSelectOk(1))
      .client(publish("m1"))
      .server(wire().ack(1, 8))
      .client(publish("m2")),
    lines: ["publish m1 unknown", "publish m2 unknown"],
  },
  {
    rule: "in mid-stream an acknowledgment settles a delivery; of a consumer without one nobody knows whether it needs one",
    conversation: midStream()
      .server(deliver(7, "m1"))
      .server(deliver(8, "m2"))
      .server(deliver(9, "m3", "other"))
      .client(wire().ack(1, 7)),
    lines: ["deliver #7 m1 acked", "deliver #8 m2 unsettled", "deliver #9 m3 unknown"],
  },
  {
    rule: "one of several messages proves nothing of another consumer's",
    conversation: midStream()
      .server(deliver(7, "m1"))
      .server(deliver(8, "m2", "other"))
      .server(deliver(9, "m3"))
      .client(wire().ack(1, 9, true)),
    lines: ["deliver #7 m1 acked", "deliver #8 m2 unknown", "deliver #9 m3 acked"],
  },
]);

describeLives("directions that a capture shows out of step", [
  {
    rule: "confirms that are seen before their confirm.select",
    conversation: opened()
      .later(5)
      .server(wire().confirmSelectOk(1).ack(1, 1))
      .later(-4)
      .client(wire().confirmSelect(1))
      .client(publish("m1"))
      .client(publish("m2")),
    lines: ["publish #1 m1 confirmed 4 s", "publish #2 m2 unconfirmed"],
  },
  {
    rule: "what is confirmed before confirm.select was sent is no message of its",
    conversation: opened().server(wire().ack(1, 1)).later(1).client(wire().confirmSelect(1)).client(publish("m1")),
    lines: ["publish #1 m1 unconfirmed"],
  },
  {
    rule: "an acknowledgment that was sent before its delivery is another one's",
    conversation: consuming().later(5).server(deliver(1, "m1")).later(-4).client(wire().ack(1, 1)),
    lines: ["deliver #1 m1 (jobs) unknown"],
  },
]);

describe("bounds", () => {
  it("forget the oldest, of which nothing is known then", () => {
    const sent = confirming().client(publish("m1")).client(publish("m2")).client(publish("m3"));
    expect(lifeLines(sent.server(wire().ack(1, 3, true)), undefined)).toHaveLength(3);
    const few = confirming().client(publish("m1")).client(publish("m2")).client(publish("m3"));
    expect(lifeLines(few, new MessageBudget(2))).toEqual([
      "publish #1 m1 unknown",
      "publish #2 m2 unconfirmed",
      "publish #3 m3 unconfirmed",
    ]);
  });
});
