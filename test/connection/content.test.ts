import { conversation, describePlays } from "../support/frame-log.ts";
import { hex, join, methodPayload, short, shortstr, wire } from "../support/wire.ts";

/** A conversation whose channel 1 is open from offset 1013 on. */
const open = () => wire().channelOpen(1);

describePlays("content-order (§4.2.6)", [
  {
    rule: "a content body without anything before it",
    conversation: conversation().client(open().body(1, "hello")),
    findings: [
      ">1013+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "a content header without a method before it, and its bodies: one finding",
    conversation: conversation().client(open().content(1, "hello")),
    findings: [">1013+22 error content-order 2/1/14: A content header came on channel 1 without a method before it."],
  },
  {
    rule: "a content body behind a method without content",
    conversation: conversation().client(open().ack(1, 1).body(1, "hello")),
    findings: [
      ">1034+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "a content body where the content header must stand",
    conversation: conversation().client(open().publishMethod(1).body(1, "hello")),
    findings: [
      ">1035+13 error content-order 3/1/5: A content body came on channel 1 where the content header of basic.publish at offset 1013 must stand.",
    ],
  },
  {
    rule: "a method where the content header must stand: content aborted",
    conversation: conversation().client(open().publishMethod(1).publish(1, "hello")),
    findings: [
      ">1035+22 error content-order 1/1/14: basic.publish came on channel 1 while the content header of basic.publish at offset 1013 was due.",
    ],
  },
  {
    rule: "a method while a body is to come",
    conversation: conversation().client(open().publishMethod(1).header(1, 10).body(1, "hello").ack(1, 1)),
    findings: [
      ">1070+21 error content-order 1/1/13: basic.ack came on channel 1 while 5 octets of the body of basic.publish at offset 1013 were still to come.",
    ],
  },
  {
    rule: "a content header while a body is to come: two publishes on one channel",
    conversation: conversation().client(open().publishMethod(1).header(1, 5).header(1, 5).body(1, "hello")),
    findings: [
      ">1057+22 error content-order 2/1/14: A content header came on channel 1 while 5 octets of the body of basic.publish at offset 1013 were still to come.",
    ],
  },
  {
    rule: "two threads on one channel, method by method: one finding",
    conversation: conversation().client(
      open()
        .publishMethod(1)
        .publishMethod(1)
        .header(1, 5)
        .header(1, 5)
        .body(1, "hello")
        .body(1, "hello")
        .publish(1, "x"),
    ),
    findings: [
      ">1035+92 error content-order 1/1/14: basic.publish came on channel 1 while the content header of basic.publish at offset 1013 was due. 3 broken frames in all, up to offset 1127.",
    ],
  },
  {
    rule: "channel.close inside content is no exception",
    conversation: conversation().client(open().publishMethod(1).header(1, 5).channelClose(1)),
    findings: [
      ">1057+26 error content-order 1/1/18: channel.close came on channel 1 while 5 octets of the body of basic.publish at offset 1013 were still to come.",
    ],
  },
  {
    rule: "a content header of another class",
    conversation: conversation().client(open().publishMethod(1).header(1, 0, {}, { classId: 50 }).ack(1, 1)),
    findings: [
      ">1035+22 error content-order 2/1/14: The content header on channel 1 is of class 50, which has no content.",
    ],
  },
  {
    rule: "an empty body behind a body size of 0",
    conversation: conversation().client(open().publishMethod(1).header(1, 0).body(1, "")),
    findings: [
      ">1057+8 error content-order 3/1/0: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "from the server, too: a delivery inside a delivery",
    conversation: conversation().client(open()).server(wire().channelOpenOk(1).deliverMethod(1).deliver(1, "hello")),
    findings: [
      "<1049+33 error content-order 1/1/25: basic.deliver came on channel 1 while the content header of basic.deliver at offset 1016 was due.",
    ],
  },
  {
    rule: "of one channel only: the other one's content goes on",
    conversation: conversation().client(
      open()
        .channelOpen(2)
        .publishMethod(2)
        .header(2, 5)
        .publishMethod(1)
        .body(1, "hello")
        .body(2, "hello")
        .publish(2, "x"),
    ),
    findings: [
      ">1092+13 error content-order 3/1/5: A content body came on channel 1 where the content header of basic.publish at offset 1070 must stand.",
    ],
  },
]);

describePlays("content-overrun (§4.2.6)", [
  {
    rule: "a body longer than announced",
    conversation: conversation().client(open().publishMethod(1).header(1, 4).body(1, "hello").publish(1, "next")),
    findings: [
      ">1057+13 error content-overrun 3/1/5: A content body of 5 octets came on channel 1 where its content header left 4: RabbitMQ before 4.2.6 loses the message without a word.",
    ],
  },
  {
    rule: "in its second frame",
    conversation: conversation().client(open().publishMethod(1).header(1, 7).body(1, "hello").body(1, "hello")),
    findings: [
      ">1070+13 error content-overrun 3/1/5: A content body of 5 octets came on channel 1 where its content header left 2: RabbitMQ before 4.2.6 loses the message without a word.",
    ],
  },
  {
    rule: "a body size of 2^64 - 1 has room for all",
    conversation: conversation().client(
      open()
        .publishMethod(1)
        .header(1, 2n ** 64n - 1n)
        .body(1, "hello")
        .body(1, "hello"),
    ),
    findings: [],
  },
]);

describePlays("frame-malformed (§4.2.4, §4.2.5, §4.2.6.1)", [
  {
    rule: "a method frame too short for its ids",
    conversation: conversation().client(open().frame(1, 1, [0, 60, 0])),
    findings: [">1013+11 error frame-malformed 1/1/3: A method frame has 3 octets of payload, not 4."],
  },
  {
    rule: "a method that there is not",
    conversation: conversation().client(open().method(1, 60, 99)),
    findings: [">1013+12 error frame-malformed 1/1/4: There is no method of class 60, method 99."],
  },
  {
    rule: "arguments cut short",
    conversation: conversation().client(open().method(1, 60, 80, [0, 0, 0, 0])),
    findings: [
      ">1013+16 error frame-malformed 1/1/8: Argument delivery-tag of basic.ack wants 8 octets where 4 are left.",
    ],
  },
  {
    rule: "octets behind the arguments",
    conversation: conversation().client(open().method(1, 60, 80, new Uint8Array(9), [1, 2])),
    findings: [">1013+23 error frame-malformed 1/1/15: 2 octets stand behind the last argument of basic.ack."],
  },
  {
    rule: "a field table that does not decode",
    conversation: conversation().client(
      open().frame(1, 1, methodPayload(50, 10, short(0), shortstr("q"), [0], hex("00000003 01 61 3f"))),
    ),
    findings: [">1013+24 error frame-malformed 1/1/16: Argument arguments of queue.declare: unknown field type 0x3f."],
  },
  {
    rule: "a publish whose arguments do not decode still has content",
    conversation: conversation().client(open().method(1, 60, 40, short(0), [9]).content(1, "hello").publish(1, "next")),
    findings: [
      ">1013+15 error frame-malformed 1/1/7: Argument exchange of basic.publish wants 9 octets where 0 are left.",
    ],
  },
  {
    rule: "a content header of less than 14 octets",
    conversation: conversation().client(open().publishMethod(1).frame(2, 1, new Uint8Array(13))),
    findings: [
      ">1035+21 error frame-malformed 2/1/13: A content header has 13 octets of payload, fewer than the 14 it needs.",
    ],
  },
  {
    rule: "a content header with a weight",
    conversation: conversation().client(open().publishMethod(1).header(1, 0, {}, { weight: 1 })),
    findings: [">1035+22 error frame-malformed 2/1/14: The content header on channel 1 has weight 1, not 0."],
  },
  {
    rule: "a property cut short",
    conversation: conversation().client(open().publishMethod(1).header(1, 0, {}, { flags: 0x8000 })),
    findings: [">1035+22 error frame-malformed 2/1/14: Property content-type wants 1 octets where 0 are left."],
  },
  {
    rule: "octets behind the properties",
    conversation: conversation().client(
      open()
        .publishMethod(1)
        .frame(2, 1, join(hex("003c 0000 0000000000000000 0000"), [1])),
    ),
    findings: [">1035+23 error frame-malformed 2/1/15: 1 octets stand behind the last property."],
  },
  {
    rule: "a second word of property flags",
    conversation: conversation().client(open().publishMethod(1).header(1, 0, {}, { flags: 1 })),
    findings: [">1035+22 error frame-malformed 2/1/14: Property-flags: more flags are announced than class basic has."],
  },
  {
    rule: "what the server sends, too",
    conversation: conversation()
      .client(open())
      .server(wire().method(1, 20, 11, [0, 0, 0, 1])),
    findings: [
      "<1000+16 error frame-malformed 1/1/8: Argument reserved-1 of channel.open-ok wants 1 octets where 0 are left.",
    ],
  },
]);
