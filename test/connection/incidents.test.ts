import { describe, expect, it } from "vitest";
import { findingsOf } from "../support/findings-of.ts";
import { connectionOf, conversation, describePlays, findings } from "../support/frame-log.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";

const opened = () => conversation().client(wire().channelOpen(1));

describePlays("one finding per incident", [
  {
    rule: "further faults belong to it: envelope, order and channel alike",
    conversation: opened().client(
      wire()
        .frame(4, 0, []) // 1013
        .heartbeat(2)
        .body(0, "hello") // 1037
        .frame(8, 7, []) // 1050
        .heartbeat(),
    ),
    findings: [
      ">1013+45 error frame-type 4/0/0: The frame at offset 1013 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets). 3 broken frames in all, up to offset 1058.",
    ],
  },
  {
    rule: "a second broken envelope, too, up to where frames go on behind it",
    conversation: opened().client(wire().body(1, "hello").heartbeat().raw("00 00").heartbeat(3)),
    findings: [
      ">1013+23 error content-order 3/1/5: A content body came on channel 1 without method and content header before it. 2 broken frames in all, up to offset 1036.",
    ],
  },
  {
    rule: "191 good frames between two faults of order: one incident",
    conversation: opened().client(wire().body(1, "hello").heartbeat(191).body(1, "hello")),
    findings: [
      ">1013+1554 error content-order 3/1/5: A content body came on channel 1 without method and content header before it. 2 broken frames in all, up to offset 2567.",
    ],
  },
  {
    rule: "192 good frames between two faults of order: two incidents",
    conversation: opened().client(wire().body(1, "hello").heartbeat(192).body(1, "hello")),
    findings: [
      ">1013+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
      ">2562+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "191 good frames before a broken envelope: one incident",
    conversation: opened().client(wire().body(1, "hello").heartbeat(191).frame(4, 0, []).heartbeat(2)),
    findings: [
      ">1013+1549 error content-order 3/1/5: A content body came on channel 1 without method and content header before it. 2 broken frames in all, up to offset 2562.",
    ],
  },
  {
    rule: "192 good frames before a broken envelope: two incidents",
    conversation: opened().client(wire().body(1, "hello").heartbeat(192).frame(4, 0, []).heartbeat(2)),
    findings: [
      ">1013+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
      ">2562+8 error frame-type 4/0/0: The frame at offset 2562 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
    ],
  },
  {
    rule: "32 good frames behind a broken envelope",
    conversation: opened().client(wire().frame(4, 0, []).heartbeat(32).frame(4, 0, []).heartbeat(2)),
    findings: [
      ">1013+8 error frame-type 4/0/0: The frame at offset 1013 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
      ">1277+8 error frame-type 4/0/0: The frame at offset 1277 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
    ],
  },
  {
    rule: "each direction has its own",
    conversation: opened()
      .client(wire().body(1, "hello"))
      .server(wire().frame(8, 1, [])),
    findings: [
      ">1013+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
      "<1000+8 error heartbeat 8/1/0: A heartbeat came on channel 1.",
    ],
  },
  {
    rule: "what is forgotten of channels behind a broken envelope is not reported",
    conversation: opened().client(
      wire().publishMethod(1).header(1, 100).frame(4, 0, []).publish(7, "hello").body(1, "?"),
    ),
    findings: [
      ">1057+8 error frame-type 4/0/0: The frame at offset 1057 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
    ],
  },
]);

describe("a stream full of faults", () => {
  it("has 257 incidents at most; the last counts what comes then", () => {
    const made = wire();
    for (let i = 0; i < 400; i++) made.frame(8, 1, []).heartbeat(32);
    const { incidents } = connectionOf(conversation().client(made)).directions[0];
    expect(incidents).toHaveLength(257);
    expect(incidents.reduce((sum, { faults }) => sum + faults, 0)).toBe(400);
    expect(incidents.at(-1)?.endOffset).toBe(1000 + 399 * 33 * 8 + 8);
  });

  it("that end in gaps, too", () => {
    const sent = conversation();
    for (let i = 0; i < 400; i++) sent.client(wire().heartbeat(2).frame(8, 1, [])).gap(0, 5);
    const { incidents } = connectionOf(sent).directions[0];
    expect(incidents).toHaveLength(257);
    expect(incidents.reduce((sum, { faults }) => sum + faults, 0)).toBe(400);
  });
});

describe("where and when", () => {
  it("from the packet of the first broken octet to the one in which frames go on", () => {
    const sent = conversation()
      .client(wire().channelOpen(1).raw("04 00")) // packet 1
      .server(wire().channelOpenOk(1)) // 2
      .client(wire().raw("00 00000001 61")) // 3
      .client(wire().raw("00 00 00")) // 4
      .client(wire().raw("00 08 0000")) // 5
      .client(wire().raw("00000000 ce").heartbeat()); // 6
    const amqp = connectionOf(sent);
    const [finding] = findingsOf(amqp);
    expect(finding).toMatchObject({ rule: "frame-end", streamOffset: 1013, length: 12, packets: [1, 5] });
  });

  it("a fault in a frame begun in an earlier packet is in that packet", () => {
    const sent = conversation()
      .client(wire().raw("08 0001")) // packet 1
      .client(wire().raw("00000000 ce")); // 2
    const amqp = connectionOf(sent);
    expect(findingsOf(amqp)[0]).toMatchObject({ rule: "heartbeat", packets: [1, 2] });
  });
});

describe("chunking", () => {
  it("a handshake is the same however it is cut", () => {
    const sent = conversation({ handshake: false })
      .client(clientHandshake().octets.subarray(0, 300))
      .server(serverHandshake())
      .client(clientHandshake().channelOpen(1).body(1, "hello").octets.subarray(300))
      .server(wire().channelOpenOk(1).close(505, "UNEXPECTED_FRAME"));
    expect(findings(sent)).toEqual([
      ">1013+13 error content-order 3/1/5: A content body came on channel 1 without method and content header before it.",
      "<1016+0 error broker-close: The broker closed the connection: 505 UNEXPECTED_FRAME (f1)",
    ]);
  });
});
