import { conversation, describePlays } from "../support/frame-log.ts";
import { shortstr, wire } from "../support/wire.ts";

describePlays("channel-state (§1.5.2)", [
  {
    rule: "a publish on a channel that was never opened: one finding",
    conversation: conversation().client(wire().publish(1, "hello").publish(1, "hello")),
    findings: [">1000+22 error channel-state 1/1/14: basic.publish came on channel 1, which is not open."],
  },
  {
    rule: "content without a method on a channel that is not open",
    conversation: conversation().client(wire().body(1, "hello")),
    findings: [
      ">1000+13 error channel-state 3/1/5: A content body came on channel 1, which is not open. 2 broken frames in all, up to offset 1013.",
    ],
  },
  {
    rule: "a delivery on a channel the server has not opened",
    conversation: conversation().server(wire().deliver(1, "hello")),
    findings: ["<1000+33 error channel-state 1/1/25: basic.deliver came on channel 1, which is not open."],
  },
  {
    rule: "a channel opened twice",
    conversation: conversation().client(wire().channelOpen(7).channelOpen(7).publish(7, "hello")),
    findings: [">1013+13 error channel-state 1/7/5: channel.open came on channel 7, which is open already."],
  },
  {
    rule: "a publish after channel.close",
    conversation: conversation().client(wire().channelOpen(1).channelClose(1).publish(1, "hello")),
    findings: [
      ">1039+22 error channel-state 1/1/14: basic.publish came on channel 1, after channel.close was sent on it.",
    ],
  },
  {
    rule: "a publish after close-ok",
    conversation: conversation()
      .client(wire().channelOpen(1))
      .server(wire().channelOpenOk(1).channelClose(1, 200))
      .client(wire().channelCloseOk(1).publish(1, "hello")),
    findings: [">1025+22 error channel-state 1/1/14: basic.publish came on channel 1, which is not open."],
  },
  {
    rule: "channel.close on a channel that is not open",
    conversation: conversation().client(wire().channelClose(1)),
    findings: [">1000+26 error channel-state 1/1/18: channel.close came on channel 1, which is not open."],
  },
  {
    rule: "channel.close twice",
    conversation: conversation().client(wire().channelOpen(1).channelClose(1).channelClose(1)),
    findings: [
      ">1039+26 error channel-state 1/1/18: channel.close came on channel 1, after channel.close was sent on it.",
    ],
  },
  {
    rule: "flow on a channel that is not open",
    conversation: conversation().client(wire().channelFlow(1, true)),
    findings: [">1000+13 error channel-state 1/1/5: channel.flow came on channel 1, which is not open."],
  },
]);

describePlays("channel-zero (§4.2.3)", [
  {
    rule: "a publish on channel 0, content and all: one finding",
    conversation: conversation().client(wire().publish(0, "hello")),
    findings: [
      ">1000+57 error channel-zero 1/0/14: basic.publish came on channel 0. 3 broken frames in all, up to offset 1057.",
    ],
  },
  {
    rule: "a content header on channel 0",
    conversation: conversation().client(wire().header(0, 5)),
    findings: [">1000+22 error channel-zero 2/0/14: A content header came on channel 0."],
  },
  {
    rule: "a content body on channel 0",
    conversation: conversation().client(wire().body(0, "hello")),
    findings: [">1000+13 error channel-zero 3/0/5: A content body came on channel 0."],
  },
  {
    rule: "channel.open on channel 0",
    conversation: conversation().client(wire().channelOpen(0)),
    findings: [">1000+13 error channel-zero 1/0/5: channel.open came on channel 0."],
  },
  {
    rule: "a method of class connection on another channel",
    conversation: conversation().client(wire().channelOpen(1).method(1, 10, 51)),
    findings: [">1013+12 error channel-zero 1/1/4: connection.close-ok came on channel 1, not on channel 0."],
  },
]);

describePlays("heartbeat (§4.2.7)", [
  {
    rule: "on a channel",
    conversation: conversation().client(wire().frame(8, 1, [])),
    findings: [">1000+8 error heartbeat 8/1/0: A heartbeat came on channel 1."],
  },
  {
    rule: "with a payload",
    conversation: conversation().server(wire().frame(8, 0, [0, 0])),
    findings: ["<1000+10 error heartbeat 8/0/2: A heartbeat came with a payload of 2 octets."],
  },
]);

const opened = () =>
  conversation().client(wire().channelOpen(1).channelOpen(2)).server(wire().channelOpenOk(1).channelOpenOk(2));

describePlays("good order: silence", [
  {
    rule: "two channels take turns inside their contents (§4.2.6)",
    conversation: opened().client(
      wire()
        .publishMethod(1)
        .publishMethod(2)
        .header(2, 10)
        .header(1, 10)
        .body(1, "hello")
        .body(2, "hello")
        .body(2, "world")
        .ack(2, 1)
        .body(1, "world"),
    ),
    findings: [],
  },
  {
    rule: "heartbeats inside a content",
    conversation: opened().client(
      wire().publishMethod(1).heartbeat().header(1, 5).heartbeat().body(1, "hello").heartbeat(),
    ),
    findings: [],
  },
  {
    rule: "body size 0: no body follows",
    conversation: opened().client(wire().publishMethod(1).header(1, 0).publishMethod(1).header(1, 0).ack(1, 1)),
    findings: [],
  },
  {
    rule: "empty body frames among others",
    conversation: opened().client(
      wire().publishMethod(1).header(1, 5).body(1, "").body(1, "he").body(1, "").body(1, "llo"),
    ),
    findings: [],
  },
  {
    rule: "deliveries, returns and get-ok from the server, in pieces",
    conversation: opened().server(
      wire()
        .deliver(1, "hello", { pieces: 2 })
        .method(2, 60, 50, [1, 56], shortstr("NO_ROUTE"), shortstr(""), shortstr("tasks"))
        .content(2, "returned")
        .method(2, 60, 71, new Uint8Array(8), [0], shortstr(""), shortstr("tasks"), [0, 0, 0, 0])
        .content(2, "got"),
    ),
    findings: [],
  },
  {
    rule: "publisher confirms: the server acknowledges",
    conversation: opened()
      .client(wire().confirmSelect(1).publish(1, "hello"))
      .server(wire().confirmSelectOk(1).ack(1, 1).method(1, 60, 120, new Uint8Array(8), [0])),
    findings: [],
  },
  {
    rule: "flow and flow-ok, both ways",
    conversation: opened()
      .client(wire().channelFlow(1, true))
      .server(wire().method(1, 20, 21, [1]).channelFlow(1, false))
      .client(wire().method(1, 20, 21, [0])),
    findings: [],
  },
  {
    rule: "update-secret and its answer",
    conversation: opened().client(wire().updateSecret("token").publish(1, "hello")).server(wire().updateSecretOk()),
    findings: [],
  },
  {
    rule: "a channel closed and opened again by the client",
    conversation: opened()
      .client(wire().channelClose(1))
      .server(wire().channelCloseOk(1))
      .client(wire().channelOpen(1).publish(1, "hello"))
      .server(wire().channelOpenOk(1).deliver(1, "hello")),
    findings: [],
  },
  {
    rule: "deliveries under way while the client closes the channel",
    conversation: opened()
      .client(wire().channelClose(1))
      .server(wire().deliver(1, "hello").deliver(1, "hello").channelCloseOk(1)),
    findings: [],
  },
  {
    rule: "a channel closed by the server while the client publishes on, and opened again",
    conversation: opened()
      .server(wire().channelClose(1, 200))
      .client(wire().publish(1, "too late").publish(1, "too late").channelCloseOk(1).channelOpen(1).publish(1, "hello"))
      .server(wire().channelOpenOk(1).deliver(1, "hello")),
    findings: [],
  },
  {
    rule: "both ends close the channel at once",
    conversation: opened()
      .client(wire().channelClose(1))
      .server(wire().channelClose(1, 200).channelCloseOk(1))
      .client(wire().channelCloseOk(1).channelOpen(1).publish(1, "hello"))
      .server(wire().channelOpenOk(1)),
    findings: [],
  },
  {
    rule: "what the server sends after connection.close, and the client but for messages, is nobody's concern",
    conversation: opened()
      .client(wire().close().consume(9, "q").ack(9, 1).body(1, "?").frame(8, 7, [1]))
      .server(wire().heartbeat(3).closeOk()),
    findings: [],
  },
  {
    rule: "what the client sends before it has seen the server's close",
    conversation: opened().server(wire().close(200)).client(wire().publish(1, "hello").closeOk()),
    findings: [],
  },
]);
