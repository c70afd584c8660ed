import { describe, expect, it } from "vitest";
import { connectionOf, conversation, describePlays, findings } from "../support/frame-log.ts";
import { clientHandshake, field, hex, serverHandshake, text, wire } from "../support/wire.ts";

const MID_STREAM =
  "note mid-stream: The capture begins in the middle of this connection: its limits and open channels are not known.";
const missed = (place: string, octets: string, gaps = "1 gap") =>
  `${place} note capture-gap: ${octets} of this direction are missing from the capture, in ${gaps}.`;

const begun = () => conversation({ handshake: false, sawBeginning: false }).gap(0, -1).gap(1, -1);

describePlays("mid-stream", [
  {
    rule: "inside a body, on channels never seen to open: a note",
    conversation: begun()
      .client(wire().raw("6c6c6f ce").publish(1, "hello").publish(2, "x"))
      .server(wire().raw("00 ce").deliver(2, "x")),
    findings: [MID_STREAM],
  },
  {
    rule: "between method and content header",
    conversation: begun().client(wire().content(1, "hello").content(2, "hello").ack(1, 1)),
    findings: [MID_STREAM],
  },
  {
    rule: "what breaks later is an error",
    conversation: begun().client(wire().publish(1, "hello").frame(4, 1, []).publish(1, "hello")),
    findings: [
      MID_STREAM,
      ">57+8 error frame-type 4/1/0: The frame at offset 57 has type 4, which AMQP 0-9-1 does not have (channel 1, 0 octets).",
    ],
  },
  {
    rule: "what is out of order later is, too",
    conversation: begun().client(wire().publish(1, "hello").publishMethod(1).body(1, "hello")),
    findings: [
      MID_STREAM,
      ">79+13 error content-order 3/1/5: A content body came on channel 1 where the content header of basic.publish at offset 57 must stand.",
    ],
  },
  {
    rule: "the client may turn out to be the other side: by what it publishes",
    conversation: begun()
      .from(1, wire().publish(1, "hello").frame(4, 1, []).heartbeat(2))
      .from(0, wire().deliver(1, "hello")),
    findings: [
      MID_STREAM,
      ">57+8 error frame-type 4/1/0: The frame at offset 57 has type 4, which AMQP 0-9-1 does not have (channel 1, 0 octets).",
    ],
  },
  {
    rule: "the client may turn out to be the other side: by what is delivered to it",
    conversation: begun()
      .from(0, wire().deliver(1, "hello").frame(4, 1, []).heartbeat(2))
      .from(1, wire().ack(1, 1).ack(1, 2)),
    findings: [
      MID_STREAM,
      "<68+8 error frame-type 4/1/0: The frame at offset 68 has type 4, which AMQP 0-9-1 does not have (channel 1, 0 octets).",
    ],
  },
  {
    rule: "a close on the side that turned out to be the server's",
    conversation: begun().from(1, wire().publish(1, "hello")).from(0, wire().heartbeat(2).close(541, "INTERNAL_ERROR")),
    findings: [MID_STREAM, "<16+0 error broker-close: The broker closed the connection: 541 INTERNAL_ERROR"],
  },
  {
    rule: "channels opened and closed are known from then on",
    conversation: begun().client(wire().ack(3, 1).channelClose(3).publish(3, "hello")),
    findings: [
      MID_STREAM,
      ">47+22 error channel-state 1/3/14: basic.publish came on channel 3, after channel.close was sent on it.",
    ],
  },
  {
    rule: "inside the handshake",
    conversation: begun()
      .client(wire().startOk().tuneOk().open().channelOpen(1).publish(1, "hello"))
      .server(wire().tune().openOk().channelOpenOk(1)),
    findings: [MID_STREAM],
  },
  {
    rule: "between tune-ok and open, heartbeats and all",
    conversation: begun()
      .client(wire().heartbeat(2).open().channelOpen(1).publish(1, "hello"))
      .server(wire().openOk().heartbeat()),
    findings: [MID_STREAM],
  },
  {
    rule: "a single frame with the stream's end behind it",
    conversation: begun().client(wire().raw("6c6c6f ce").ack(1, 1)).end(0, "fin"),
    findings: [MID_STREAM],
  },
  {
    rule: "without frames it is not known to be AMQP",
    conversation: begun().client(text("GET / HTTP/1.1\r\n\r\n")).server(text("HTTP/1.1 200 OK\r\n\r\n")),
    findings: ["undecided"],
  },
]);

describe("mid-stream, and not AMQP", () => {
  it("TLS records are known by their first", () => {
    const sent = conversation({ handshake: false, sawBeginning: false }).server(
      wire().raw("17 0303 0040").raw(new Uint8Array(64)),
    );
    const whole = connectionOf(sent);
    expect([whole.state, whole.protocol]).toEqual(["left-alone", "TLS"]);
  });

  it("a mebibyte without frames is given up", () => {
    const sent = conversation({ handshake: false, sawBeginning: false })
      .client(new Uint8Array(1 << 19).fill(1))
      .server(new Uint8Array((1 << 19) + 1).fill(2))
      .client(wire().publish(1, "hello"));
    const whole = connectionOf(sent);
    expect(whole.state).toBe("left-alone");
  });
});

const opened = () => conversation().client(wire().channelOpen(1)).server(wire().channelOpenOk(1));

describePlays("capture-gap: what it hides is never reported", [
  {
    rule: "inside a body",
    conversation: opened()
      .client(wire().publishMethod(1).header(1, 500).raw("03 0001 000001f4 616161"))
      .gap(0, 490)
      .client(wire().raw("61616161616161 ce").publish(1, "hello")),
    findings: [missed(">1067+0", "490 octets")],
  },
  {
    rule: "inside a publish: its content may be any",
    conversation: opened()
      .client(wire().raw("01 0001 0000000e 003c 0028"))
      .gap(0, 11)
      .client(wire().content(1, "hello").publish(1, "hello")),
    findings: [missed(">1024+0", "11 octets")],
  },
  {
    rule: "a whole publish, exactly",
    conversation: opened().gap(0, 57).client(wire().publish(1, "hello").publish(1, "hello")),
    findings: [missed(">1013+0", "57 octets")],
  },
  {
    rule: "a content header, exactly",
    conversation: opened()
      .client(wire().publishMethod(1))
      .gap(0, 22)
      .client(wire().body(1, "hello").publish(1, "hello")),
    findings: [missed(">1035+0", "22 octets")],
  },
  {
    rule: "channel.open",
    conversation: conversation().gap(0, 13).client(wire().publish(1, "hello").publish(1, "hello")),
    findings: [missed(">1000+0", "13 octets")],
  },
  {
    rule: "channel.close-ok and channel.open",
    conversation: opened()
      .server(wire().channelClose(1))
      .gap(0, 25)
      .client(wire().publish(1, "hello").publish(1, "hello")),
    findings: [missed(">1013+0", "25 octets")],
  },
  {
    rule: "an unknown number of octets",
    conversation: opened().client(wire().publishMethod(1)).gap(0, -1).client(wire().publish(1, "hello").body(1, "?")),
    findings: [
      ">1035+0 note capture-gap: Octets, nobody knows how many, of this direction are missing from the capture, in 1 gap.",
      ">1092+9 error content-order 3/1/1: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "many gaps are one note",
    conversation: opened()
      .client(wire().publishMethod(1).header(1, 10).raw("03 0001 0000000a 61"))
      .gap(0, 1)
      .client(wire().raw("61"))
      .gap(0, 2)
      .client(wire().raw("61616161 61 ce").publish(1, "hello")),
    findings: [missed(">1065+0", "3 octets", "2 gaps")],
  },
  {
    rule: "one octet is one octet",
    conversation: opened().client(wire().raw("08 0000 00000000")).gap(0, 1).client(wire().publish(1, "hello")),
    findings: [">1020+0 note capture-gap: 1 octet of this direction is missing from the capture, in 1 gap."],
  },
  {
    rule: "octets cut off by the snap length are told apart",
    conversation: opened()
      .client(wire().publishMethod(1).header(1, 500).raw("03 0001 000001f4 616161"))
      .gap(0, 498, true)
      .server(wire().deliverMethod(1).header(1, 500).raw("03 0001 000001f4"))
      .gap(1, 501, true)
      .client(wire().publish(1, "hello")),
    findings: [
      ">1067+0 note snap-length: 498 octets of 1 segment of this direction are cut off: a snap length left them out, or the headers claim more than there was.",
      "<1078+0 note snap-length: 501 octets of 1 segment of this direction are cut off: a snap length left them out, or the headers claim more than there was.",
    ],
  },
  {
    rule: "an incident ends where octets are missing",
    conversation: opened()
      .client(wire().frame(4, 1, []).publish(1, "hello"))
      .gap(0, 100)
      .client(wire().publish(1, "hello").body(1, "?")),
    findings: [
      ">1013+8 error frame-type 4/1/0: The frame at offset 1013 has type 4, which AMQP 0-9-1 does not have (channel 1, 0 octets).",
      missed(">1078+0", "100 octets"),
      ">1235+9 error content-order 3/1/1: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "an incident that looks for the boundary goes on behind the gap",
    conversation: opened()
      .client(wire().raw("04 0001 ffffffff 6161"))
      .gap(0, 100)
      .client(wire().raw("ce").publish(1, "hello")),
    findings: [
      ">1013+110 error frame-too-large 4/1/4294967295: The frame header at offset 1013 claims 4,294,967,295 octets (type 4, channel 1; frame-max is 131,072), but frames go on 110 octets further: the size is spurious, the header corrupt.",
      missed(">1022+0", "100 octets"),
    ],
  },
]);

const bare = () => conversation({ handshake: false });

describePlays("gaps in the handshake", [
  {
    rule: "the client's protocol header is missing",
    conversation: bare().gap(0, 8).client(clientHandshake().octets.subarray(8)).server(serverHandshake()),
    findings: [MID_STREAM, missed(">0+0", "8 octets")],
  },
  {
    rule: "half of it is",
    conversation: bare().client(hex("414d5150")).gap(0, 4).client(clientHandshake().octets.subarray(8)),
    findings: [MID_STREAM, missed(">4+0", "4 octets")],
  },
  {
    rule: "start-ok is, exactly",
    conversation: bare().client(wire().protocolHeader()).gap(0, 44).client(wire().tuneOk().open().channelOpen(1)),
    findings: [missed(">8+0", "44 octets")],
  },
  {
    rule: "part of start-ok is",
    conversation: bare()
      .client(wire().protocolHeader().raw("01 0000 00000024 000a 000b"))
      .gap(0, 32)
      .client(wire().raw("ce").tuneOk().open().channelOpen(1)),
    findings: [missed(">19+0", "32 octets")],
  },
  {
    rule: "tune-ok is: frame-max is not known",
    conversation: bare()
      .client(wire().protocolHeader().startOk())
      .gap(0, 20)
      .client(wire().open().channelOpen(1).publish(1, new Uint8Array(9000), { pieces: 9000 })),
    findings: [missed(">52+0", "20 octets")],
  },
  {
    rule: "and a header that claims more than anybody believes is broken even so",
    conversation: bare()
      .client(wire().protocolHeader().startOk())
      .gap(0, 20)
      .client(wire().open().channelOpen(1).raw("03 0001 08000000").heartbeat(2)),
    findings: [
      missed(">52+0", "20 octets"),
      ">101+7 error frame-too-large 3/1/134217728: The frame header at offset 101 claims 134,217,728 octets (type 3, channel 1; frame-max is not known; 16 MiB would be believed), but frames go on 7 octets further: the size is spurious, the header corrupt.",
    ],
  },
  {
    rule: "open is",
    conversation: bare()
      .client(wire().protocolHeader().startOk().tuneOk())
      .gap(0, 16)
      .client(wire().channelOpen(1).publish(1, "hello")),
    findings: [missed(">72+0", "16 octets")],
  },
  {
    rule: "the server's start is: its client's beginning was seen all the same",
    conversation: bare()
      .client(wire().protocolHeader())
      .gap(1, 300)
      .client(
        wire()
          .startOk({ product: field.S("Bunny") })
          .tuneOk()
          .open(),
      )
      .server(wire().tune().openOk().channelOpenOk(1))
      .client(wire().channelOpen(1).publish(1, "hello").body(1, "?")),
    findings: [
      missed("<0+0", "300 octets"),
      ">176+9 error content-order 3/1/1: A content body came on channel 1 without method and content header before it.",
    ],
  },
  {
    rule: "the server's tune is",
    conversation: bare()
      .client(clientHandshake())
      .server(wire().start())
      .gap(1, 20)
      .server(wire().openOk().channelOpenOk(1))
      .client(wire().channelOpen(1)),
    findings: [missed("<45+0", "20 octets")],
  },
]);

describe("what is known of a connection seen from the middle", () => {
  it("client properties and limits, where the handshake is in the capture", () => {
    const sent = bare()
      .gap(0, 8)
      .client(clientHandshake({ frameMax: 4096, properties: { product: field.S("Bunny") } }).octets.subarray(8));
    const amqp = connectionOf(sent);
    expect(amqp.midStream).toBe(true);
    expect(amqp.login.properties.get("product")).toBe("Bunny");
    expect(amqp.negotiated).toEqual({ frameMax: 4096, channelMax: 2047, heartbeat: 60 });
    expect(amqp.client).toBe(0);
  });

  it("the client's side", () => {
    const sent = begun().from(1, wire().ack(1, 1).publish(1, "hello"));
    expect(findings(sent)).toEqual([MID_STREAM]);
    expect(connectionOf(sent).client).toBe(1);
  });
});
