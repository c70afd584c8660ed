/** Which publish the broker refused, where its channel.close names no exchange: known only if no other can be meant. */
import { expect, it } from "vitest";
import { MessageBudget } from "../../src/messages/message-budget.ts";
import { type Conversation, conversation } from "../support/frame-log.ts";
import { type Wire, wire } from "../support/wire.ts";
import { lifeLinesAsSent, publish } from "./life-lines.ts";

const opened = () => conversation().client(wire().channelOpen(1)).server(wire().channelOpenOk(1));
const confirming = () => opened().client(wire().confirmSelect(1)).server(wire().confirmSelectOk(1));
const midStream = () =>
  conversation({ handshake: false, sawBeginning: false }).client(wire().heartbeat(3)).server(wire().heartbeat(3));
const TOO_LARGE = "PRECONDITION_FAILED - message size 134217729 is larger than configured max size 134217728";
const NO_ACCESS = "ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for user 'guest'";
const tooLarge = (methodId = 40) => wire().channelClose(1, 406, TOO_LARGE, 60, methodId);
const closeOk = wire().channelCloseOk(1);
const declare = wire().method(1, 50, 10, [0, 0], [1, 113], [0], [0, 0, 0, 0]);
const declareOk = wire().method(1, 50, 11, [1, 113], [0, 0, 0, 0], [0, 0, 0, 0]);

it.each<[what: string, conversation: Conversation, lines: string[]]>([
  ["the only one", opened().client(publish("m1")).server(tooLarge()).client(closeOk), ["publish m1 refused 406"]],
  [
    "the only one, though the client does not answer",
    opened().client(publish("m1")).server(tooLarge()),
    ["publish m1 refused 406"],
  ],
  [
    "the only one that is not confirmed",
    confirming()
      .client(publish("m1"))
      .client(publish("m2"))
      .server(wire().ack(1, 1))
      .server(tooLarge())
      .client(closeOk),
    ["publish #1 m1 confirmed", "publish #2 m2 refused 406"],
  ],
  [
    "the only one behind a method that was answered",
    opened()
      .client(publish("m1"))
      .client(declare)
      .server(declareOk)
      .client(publish("m2"))
      .server(tooLarge())
      .client(closeOk),
    ["publish m1 accepted", "publish m2 refused 406"],
  ],
  [
    "the only one that was sent before the close",
    opened().client(publish("m1")).later(1).server(tooLarge()).later(1).client(publish("m2")).client(closeOk),
    ["publish m1 refused 406", "publish m2 unread"],
  ],
  [
    "not known, of two",
    opened().client(publish("m1")).client(publish("m2")).server(tooLarge()).client(closeOk),
    ["publish m1 unknown", "publish m2 unknown"],
  ],
  [
    "not known, of two with confirms",
    confirming().client(publish("m1")).client(publish("m2")).server(tooLarge()).client(closeOk),
    ["publish #1 m1 unconfirmed", "publish #2 m2 unconfirmed"],
  ],
  [
    "not known, while the client is sending another",
    opened().client(publish("m1")).client(wire().publishMethod(1).header(1, 9)).server(tooLarge()),
    ["publish /tasks unknown", "publish m1 unknown"],
  ],
  [
    "not known, if octets of the client were missed behind it",
    opened().client(publish("m1")).gap(0, 100).client(wire().heartbeat(3)).server(tooLarge()).client(closeOk),
    ["publish m1 unknown"],
  ],
  [
    "not known, if octets of the broker were missed, which may have confirmed it",
    confirming().client(publish("m1")).gap(1, 100).server(wire().heartbeat(3)).server(tooLarge()).client(closeOk),
    ["publish #1 m1 unknown"],
  ],
  [
    "not known on a channel that was opened before the capture",
    midStream().client(publish("m1")).server(tooLarge()).client(closeOk),
    ["publish m1 unknown"],
  ],
  [
    "not known there with confirms, either",
    midStream()
      .client(wire().confirmSelect(1))
      .server(wire().confirmSelectOk(1))
      .client(publish("m1"))
      .server(tooLarge())
      .client(closeOk),
    ["publish #1 m1 unconfirmed"],
  ],
  [
    "none, if the close is for another method",
    opened().client(publish("m1")).server(tooLarge(80)).client(closeOk),
    ["publish m1 unknown"],
  ],
  [
    "the first to the default exchange, by RabbitMQ's name for it",
    opened()
      .client(publish("m1", { exchange: "x" }))
      .client(publish("m2"))
      .server(wire().channelClose(1, 403, NO_ACCESS, 60, 40))
      .client(closeOk),
    ["publish m1 accepted", "publish m2 refused 403"],
  ],
  [
    "one in a transaction whose commit was not answered: what stands before it is rolled back",
    opened()
      .client(wire().method(1, 90, 10))
      .server(wire().method(1, 90, 11))
      .client(publish("m1"))
      .client(publish("m2", { exchange: "gone" }))
      .client(wire().method(1, 90, 20))
      .server(wire().channelClose(1, 404, "NOT_FOUND - no exchange 'gone' in vhost '/'", 60, 40))
      .client(closeOk),
    ["publish m1 rolled-back", "publish m2 refused 404"],
  ],
])("refused is %s", (_, talk, lines) => {
  expect(lifeLinesAsSent(talk)).toEqual(lines);
});

it("is not known of a message if others of its channel were given up", () => {
  const talk = confirming().client(publish("m1")).client(publish("m2")).server(tooLarge()).client(closeOk);
  expect(lifeLinesAsSent(talk, new MessageBudget(1))).toEqual(["publish #1 m1 unknown", "publish #2 m2 unconfirmed"]);
});

it("is a publish on a channel that is not open; what others got behind it may have been read, but behind a reader's error is not", () => {
  const others = (offence: Wire) =>
    opened()
      .client(wire().channelOpen(2))
      .server(wire().channelOpenOk(2))
      .client(offence)
      .client(publish("m2", { channel: 2 }));
  expect(lifeLinesAsSent(others(publish("m1", { channel: 7 })))).toEqual(["publish m2 unknown", "publish m1 unknown"]);
  expect(lifeLinesAsSent(others(wire().frame(2, 0, [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])))).toEqual([
    "publish m2 unread",
  ]);
});
