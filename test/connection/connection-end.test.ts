import { describe, expect, it } from "vitest";
import { type Conversation, connectionOf, conversation, describePlays } from "../support/frame-log.ts";
import { headerPayload, wire } from "../support/wire.ts";

const opened = () => conversation().client(wire().channelOpen(1)).server(wire().channelOpenOk(1));

describePlays("ended-abruptly", [
  { rule: "what still goes on has not ended", conversation: opened(), findings: [] },
  {
    rule: "connection.close and its answer: it was closed",
    conversation: opened().client(wire().close(200, "bye")).server(wire().closeOk()).end(0, "fin").end(1, "fin"),
    findings: [],
  },
  {
    rule: "a close without an answer closes as well",
    conversation: opened().client(wire().close(200, "bye")).end(0, "rst").end(1, "rst"),
    findings: [],
  },
  {
    rule: "the client leaves",
    conversation: opened().end(0, "fin").end(1, "fin"),
    findings: ["note ended-abruptly: The client ended the connection without connection.close."],
  },
  {
    rule: "the broker resets it",
    conversation: opened().end(1, "rst").end(0, "rst"),
    findings: ["note ended-abruptly: The broker reset the connection without connection.close."],
  },
  {
    rule: "a publish is unfinished: its body",
    conversation: opened()
      .client(wire().publishMethod(1, { exchange: "x", routingKey: "k" }).frame(2, 1, headerPayload(9)).body(1, "abcd"))
      .end(0, "fin"),
    findings: [
      'note ended-abruptly: The client ended the connection without connection.close. Unfinished: a publish to exchange "x" with routing key "k" on channel 1, which lacks 5 octets of its body.',
    ],
  },
  {
    rule: "a publish is unfinished: its content header",
    conversation: opened().client(wire().publishMethod(1)).end(0, "rst"),
    findings: [
      'note ended-abruptly: The client reset the connection without connection.close. Unfinished: a publish to exchange "" with routing key "tasks" on channel 1, which lacks its content header.',
    ],
  },
  {
    rule: "what a gap may hide is not told",
    conversation: opened().gap(0, 20).client(wire().heartbeat().heartbeat()).end(0, "fin"),
    findings: [">1013+0 note capture-gap: 20 octets of this direction are missing from the capture, in 1 gap."],
  },
]);

describe("heartbeat-missed", () => {
  /** The client is silent for so many seconds at this heartbeat, then the broker resets the connection. */
  const silent = (seconds: number, heartbeat: number): Conversation => {
    const sent = conversation({ handshake: { heartbeat } }).client(wire().channelOpen(1));
    return sent.server(wire().channelOpenOk(1)).later(seconds).end(1, "rst");
  };
  const found = (conversation: Conversation): string[] =>
    connectionOf(conversation).incidents.map(({ rule, message }) => `${rule}: ${message}`);

  it("two intervals of silence, then an end", () => {
    expect(found(silent(4, 2))).toEqual([
      "heartbeat-missed: The broker reset the connection without connection.close, after 4.0 s without an octet from the client (heartbeat 2 s).",
    ]);
  });

  it.each([
    { what: "one interval", conversation: silent(3, 2) },
    { what: "no heartbeats", conversation: silent(4000, 0) },
  ])("$what: the end was only abrupt", ({ conversation }) => {
    expect(found(conversation)).toEqual(["ended-abruptly: The broker reset the connection without connection.close."]);
  });
});
