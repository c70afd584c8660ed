import { conversation, describePlays } from "../support/frame-log.ts";
import { field, frame, text, wire } from "../support/wire.ts";

const small = { handshake: { frameMax: 4096 } };
const octets = (count: number) => new Uint8Array(count).fill(0x61);

describePlays("frame-too-large (§4.2.3)", [
  {
    rule: "a spurious size: text where a header must be, and frames behind it",
    conversation: conversation().client(wire().raw("00 0000 5c0b7472").raw(text("aceparent")).raw("ce").heartbeat(2)),
    findings: [
      ">1000+17 error frame-too-large 0/0/1544254578: The frame header at offset 1000 claims 1,544,254,578 octets (type 0, channel 0; frame-max is 131,072), but frames go on 17 octets further: the size is spurious, the header corrupt.",
    ],
  },
  {
    rule: "a spurious size from the server",
    conversation: conversation().server(wire().raw("03 0001 08000000").heartbeat(2)),
    findings: [
      "<1000+7 error frame-too-large 3/1/134217728: The frame header at offset 1000 claims 134,217,728 octets (type 3, channel 1; frame-max is 131,072), but frames go on 7 octets further: the size is spurious, the header corrupt.",
    ],
  },
  {
    rule: "no frame follows, and it could not be one",
    conversation: conversation().client(wire().raw("41 4d51 50000009").raw("01")),
    findings: [
      ">1000+8 error frame-too-large 65/19793/1342177289: The frame header at offset 1000 claims 1,342,177,289 octets (type 65, channel 19793; frame-max is 131,072), and no frame boundary follows it: the header is corrupt.",
    ],
  },
  {
    rule: "no frame follows, and it could be one",
    conversation: conversation(small).client(wire().raw("02 0001 00024000").raw(octets(300))),
    findings: [
      ">1000+307 error frame-too-large 2/1/147456: The frame header at offset 1000 claims 147,456 octets (type 2, channel 1; frame-max is 4,096), and no frame boundary follows it: a corrupt header, or an oversize frame that was cut short.",
    ],
  },
  {
    rule: "a genuine oversize: a body one frame-max too long",
    conversation: conversation(small).client(
      wire().channelOpen(1).publishMethod(1).header(1, 5000).body(1, octets(5000)).publish(1, "next"),
    ),
    findings: [
      ">1057+5008 error frame-too-large 3/1/5000: The body frame at offset 1057 on channel 1 really carries 5,000 octets (frame-max is 4,096): an oversize frame, not a corrupt header.",
    ],
  },
  {
    rule: "a genuine oversize: a content header full of headers",
    conversation: conversation(small).client(
      wire()
        .channelOpen(1)
        .publish(1, "hello", { properties: { headers: { large: field.S("x".repeat(6000)) } } })
        .publish(1, "next"),
    ),
    findings: [
      ">1035+6037 error frame-too-large 2/1/6029: The header frame at offset 1035 on channel 1 really carries 6,029 octets (frame-max is 4,096): an oversize frame, not a corrupt header.",
    ],
  },
  {
    rule: "a genuine oversize whose frame-end was not captured is one all the same",
    conversation: conversation(small)
      .client(wire().channelOpen(1).publishMethod(1).header(1, 5000).raw("03 0001 00001388").raw(octets(4000)))
      .gap(0, 1001)
      .client(wire().publish(1, "next")),
    findings: [
      ">1057+5008 error frame-too-large 3/1/5000: The body frame at offset 1057 on channel 1 really carries 5,000 octets (frame-max is 4,096): an oversize frame, not a corrupt header.",
      ">5064+0 note capture-gap: 1,001 octets of this direction are missing from the capture, in 1 gap.",
    ],
  },
  {
    rule: "the envelope fits into frame-max: silence",
    conversation: conversation(small).client(wire().channelOpen(1).publish(1, octets(4088), { pieces: 4088 })),
    findings: [],
  },
  {
    rule: "RabbitMQ tolerates the envelope's 8 octets beyond frame-max: a note, said once",
    conversation: conversation(small).client(
      wire().channelOpen(1).publish(1, octets(4089), { pieces: 4089 }).publish(1, octets(4096), { pieces: 4096 }),
    ),
    findings: [
      ">1057+4097 note frame-too-large 3/1/4089: A body frame of 4,089 octets on channel 1 exceeds frame-max 4,096 by its envelope of 1 octets; RabbitMQ tolerates this, the specification does not.",
    ],
  },
  {
    rule: "and not one octet more",
    conversation: conversation(small).client(
      wire().channelOpen(1).publish(1, octets(4097), { pieces: 4097 }).publish(1, "next"),
    ),
    findings: [
      ">1057+4105 error frame-too-large 3/1/4097: The body frame at offset 1057 on channel 1 really carries 4,097 octets (frame-max is 4,096): an oversize frame, not a corrupt header.",
    ],
  },
  {
    rule: "frame-max 0: no limit, and no 8 octets of it",
    conversation: conversation({ handshake: { frameMax: 0 } })
      .client(wire().channelOpen(1).publish(1, octets(20_000), { pieces: 20_000 }))
      .server(wire().channelOpenOk(1)),
    findings: [],
  },
  {
    rule: "before tune-ok the limit is 4,096 octets for the client, and its header may be shown",
    conversation: conversation({ handshake: false }).client(
      wire()
        .protocolHeader()
        .startOk({ padding: field.S("p".repeat(5000)) })
        .tuneOk()
        .open(),
    ),
    findings: [
      ">8+5057 error frame-too-large 1/0/5049: The method frame at offset 8 on channel 0 really carries 5,049 octets (frame-max is 4,096): an oversize frame, not a corrupt header.",
    ],
  },
  {
    rule: "the server's start may be larger than that",
    conversation: conversation({ handshake: false })
      .client(wire().protocolHeader())
      .server(wire().start({ padding: field.S("p".repeat(5000)) })),
    findings: [],
  },
]);

describePlays("frame-end (§4.2.3)", [
  {
    rule: "another octet stands in its place",
    conversation: conversation().client(wire().frame(1, 1, [0, 20, 0, 10, 0], { end: 0xcf }).heartbeat(2)),
    findings: [
      ">1000+13 error frame-end 1/1/5: The method frame at offset 1000 (channel 1, 5 octets) must end with 0xce at offset 1012, where 0xcf stands.",
    ],
  },
  {
    rule: "a character stands there",
    conversation: conversation().server(
      wire()
        .raw(frame(8, 0, [], { end: 0x6e }))
        .heartbeat(2),
    ),
    findings: [
      "<1000+8 error frame-end 8/0/0: The heartbeat frame at offset 1000 (channel 0, 0 octets) must end with 0xce at offset 1007, where 0x6e (“n”) stands.",
    ],
  },
  {
    rule: "a whole publish of another channel behind a bare header (bunny#120)",
    conversation: conversation().client(
      wire().channelOpen(3).raw("03 0001 00000020").publish(3, "hello").publish(3, "hello").heartbeat(),
    ),
    findings: [
      ">1013+51 error frame-end 3/1/32: The body frame at offset 1013 (channel 1, 32 octets) must end with 0xce at offset 1052, where 0x00 stands.",
    ],
  },
  {
    rule: "an unknown type with a wrong frame-end: the broker looks there first",
    conversation: conversation().client(wire().frame(9, 1, [1, 2, 3], { end: 0 }).heartbeat(2)),
    findings: [
      ">1000+11 error frame-end 9/1/3: The type 9 frame at offset 1000 (channel 1, 3 octets) must end with 0xce at offset 1010, where 0x00 stands.",
    ],
  },
]);

describePlays("frame-type (§4.2.3)", [
  {
    rule: "type 4, which §4.2.3 gives to the heartbeat and nobody uses",
    conversation: conversation().client(wire().frame(4, 0, []).heartbeat(2)),
    findings: [
      ">1000+8 error frame-type 4/0/0: The frame at offset 1000 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
    ],
  },
  {
    rule: "the stream does not come as far as its frame-end",
    conversation: conversation().client(wire().raw("00 0000 00000100 00")),
    findings: [
      ">1000+8 error frame-type 0/0/256: The frame at offset 1000 has type 0, which AMQP 0-9-1 does not have (channel 0, 256 octets).",
    ],
  },
  {
    rule: "frames within what its size spans are read; its frame-end's place settles it, later",
    conversation: conversation().client(wire().raw("05 0000 0000000f").heartbeat(2).channelOpen(1).publish(1, "hello")),
    findings: [
      ">1000+7 error frame-type 5/0/15: The frame at offset 1000 has type 5, which AMQP 0-9-1 does not have (channel 0, 15 octets).",
    ],
  },
]);

const begun = () =>
  conversation().client(wire().channelOpen(1).publishMethod(1).header(1, 500).raw("03 0001 000001f4 616161"));

describePlays("stalled-frame", [
  {
    rule: "the stream ends inside a frame",
    conversation: begun().end(0, "fin"),
    findings: [
      ">1057+10 error stalled-frame 3/1/500: The stream ends inside a body frame of 500 octets on channel 1: 10 octets of the 508 it needs were sent.",
    ],
  },
  {
    rule: "the connection is reset inside a frame",
    conversation: begun().end(0, "rst"),
    findings: [
      ">1057+10 error stalled-frame 3/1/500: The stream is reset inside a body frame of 500 octets on channel 1: 10 octets of the 508 it needs were sent.",
    ],
  },
  {
    rule: "inside a frame header",
    conversation: conversation().server(wire().heartbeat().raw("01 0000")).end(1, "rst"),
    findings: ["<1008+3 error stalled-frame: The stream is reset inside a frame: 3 octets were sent."],
  },
  {
    rule: "with frame-max 0, where a spurious size is taken at its word",
    conversation: conversation({ handshake: { frameMax: 0 } })
      .client(wire().raw("03 0001 08000000").heartbeat(2))
      .end(0, "fin"),
    findings: [
      ">1000+23 error stalled-frame 3/1/134217728: The stream ends inside a body frame of 134,217,728 octets on channel 1: 23 octets of the 134,217,736 it needs were sent.",
    ],
  },
  {
    rule: "at a boundary: no frame is stalled",
    conversation: conversation().client(wire().heartbeat()).end(0, "fin"),
    findings: ["note ended-abruptly: The client ended the connection without connection.close."],
  },
  { rule: "the capture ends, not the stream: silence", conversation: begun().end(0, "capture-ended"), findings: [] },
  {
    rule: "after the other end's connection.close: silence",
    conversation: begun().server(wire().close(200, "bye")).end(0, "rst"),
    findings: [],
  },
  {
    rule: "after connection.close of its own: silence",
    conversation: conversation().client(wire().close().raw("03 0001 000001f4 61")).end(0, "fin"),
    findings: [],
  },
  {
    rule: "after a broken frame nobody knows what is a frame: the break is told, and no more",
    conversation: conversation()
      .client(wire().frame(4, 0, []).heartbeat(2).raw("03 0001 000001f4 61"))
      .end(0, "fin"),
    findings: [
      ">1000+8 error frame-type 4/0/0: The frame at offset 1000 has type 4, which AMQP 0-9-1 does not have (channel 0, 0 octets).",
    ],
  },
  {
    rule: "after a mere warning it is told all the same",
    conversation: conversation(small)
      .client(wire().channelOpen(1).publish(1, octets(4090), { pieces: 4090 }).raw("01 00"))
      .end(0, "fin"),
    findings: [
      ">1057+4098 note frame-too-large 3/1/4090: A body frame of 4,090 octets on channel 1 exceeds frame-max 4,096 by its envelope of 2 octets; RabbitMQ tolerates this, the specification does not.",
      ">5155+2 error stalled-frame: The stream ends inside a frame: 2 octets were sent.",
    ],
  },
]);
