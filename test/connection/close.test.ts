import { conversation, describePlays } from "../support/frame-log.ts";
import { wire } from "../support/wire.ts";

const opened = () => conversation().client(wire().channelOpen(1)).server(wire().channelOpenOk(1));
const broken = () => opened().client(wire().frame(4, 0, []).heartbeat(2));
const BROKEN =
  ">1013+8 error frame-type 4/0/0: The frame at offset 1013 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).";

describePlays("broker-close", [
  {
    rule: "200 is no error",
    conversation: opened().server(wire().close(200, "bye")).client(wire().closeOk()),
    findings: [],
  },
  {
    rule: "320 is an operator's wish: a note",
    conversation: opened().server(wire().close(320, "CONNECTION_FORCED - broker forced connection closure")),
    findings: [
      "<1016+0 note broker-close: The broker closed the connection: 320 CONNECTION_FORCED - broker forced connection closure",
    ],
  },
  {
    rule: "a hard error: an error, without a cause where there is none",
    conversation: opened().server(wire().close(541, "INTERNAL_ERROR")),
    findings: ["<1016+0 error broker-close: The broker closed the connection: 541 INTERNAL_ERROR"],
  },
  {
    rule: "a hard error, tied to what the client broke before",
    conversation: broken().server(wire().close(501, "FRAME_ERROR - type 4, all octets = <<>>: unknown_frame")),
    findings: [
      BROKEN,
      "<1016+0 error broker-close: The broker closed the connection: 501 FRAME_ERROR - type 4, all octets = <<>>: unknown_frame (f1)",
    ],
  },
  {
    rule: "not to what the broker itself broke",
    conversation: opened().server(wire().frame(4, 0, []).heartbeat(2).close(541, "INTERNAL_ERROR")),
    findings: [
      "<1016+8 error frame-type 4/0/0: The frame at offset 1016 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
      "<1040+0 error broker-close: The broker closed the connection: 541 INTERNAL_ERROR",
    ],
  },
  {
    rule: "not to what came later",
    conversation: opened()
      .server(wire().close(541, "INTERNAL_ERROR"))
      .client(wire().frame(4, 0, []).heartbeat(2)),
    findings: ["<1016+0 error broker-close: The broker closed the connection: 541 INTERNAL_ERROR", BROKEN],
  },
  {
    rule: "messages behind the client's own close: a warning, once",
    conversation: opened()
      .client(wire().close())
      .client(wire().publish(1, "body"))
      .server(wire().closeOk())
      .client(wire().publish(1, "body")),
    findings: [
      ">1039+22 warning channel-state 1/1/14: basic.publish came on channel 1 after the client had closed the connection: the broker discards it, and all messages behind it.",
    ],
  },
  {
    rule: "messages behind the answer to the broker's close: it was the broker that closed",
    conversation: opened()
      .server(wire().close(320, "CONNECTION_FORCED - broker forced connection closure"))
      .client(wire().closeOk().publish(1, "body")),
    findings: [
      "<1016+0 note broker-close: The broker closed the connection: 320 CONNECTION_FORCED - broker forced connection closure",
      ">1025+22 warning channel-state 1/1/14: basic.publish came on channel 1 after the broker had closed the connection, and the client had confirmed it: the broker discards it, and all messages behind it.",
    ],
  },
  {
    rule: "what is no message may come behind a close",
    conversation: opened().client(wire().close()).client(wire().ack(1, 1).heartbeat(1).channelClose(1)),
    findings: [],
  },
  {
    rule: "a soft error on a channel: a note",
    conversation: opened().server(wire().channelClose(1, 404, "NOT_FOUND - no queue 'tasks'", 50, 10)),
    findings: [
      "<1016+0 note broker-close: The broker closed channel 1: 404 NOT_FOUND - no queue 'tasks' (a passive declare asks whether it is there)",
    ],
  },
  {
    rule: "a hard code on a channel: an error",
    conversation: opened().server(wire().channelClose(1, 505, "UNEXPECTED_FRAME")),
    findings: ["<1016+0 error broker-close: The broker closed channel 1: 505 UNEXPECTED_FRAME"],
  },
  {
    rule: "a code that nobody knows: an error",
    conversation: opened().server(wire().close(999, "?")),
    findings: ["<1016+0 error broker-close: The broker closed the connection: 999 ?"],
  },
  {
    rule: "the code's name where there is no text",
    conversation: opened().server(wire().close(504, "")),
    findings: ["<1016+0 error broker-close: The broker closed the connection: 504 CHANNEL_ERROR"],
  },
  {
    rule: "the client closes with an error, too",
    conversation: opened().client(wire().close(501, "unexpected frame")),
    findings: [">1013+0 error broker-close: The client closed the connection: 501 unexpected frame"],
  },
  {
    rule: "soft errors are told once for each code and method",
    conversation: opened()
      .server(wire().channelClose(1, 404, "NOT_FOUND").channelOpenOk(1).channelClose(1, 406, "PRECONDITION_FAILED"))
      .client(wire().channelCloseOk(1).channelOpen(1).channelCloseOk(1))
      .server(wire().channelOpenOk(1).channelClose(1, 404, "NOT_FOUND - again")),
    findings: [
      "<1016+0 note broker-close: The broker closed channel 1: 404 NOT_FOUND; 2 such closes in all",
      "<1060+0 note broker-close: The broker closed channel 1: 406 PRECONDITION_FAILED",
    ],
  },
]);
