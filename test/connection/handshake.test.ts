import { conversation, describePlays } from "../support/frame-log.ts";
import {
  clientHandshake,
  hex,
  longstr,
  methodPayload,
  serverHandshake,
  shortstr,
  table,
  text,
  wire,
} from "../support/wire.ts";

const bare = (options = {}) => conversation({ handshake: false, ...options });
const refusal = (...version: number[]) => wire().protocolHeader(...version);

const HTTP = text("GET / HTTP/1.1\r\nHost: broker\r\n\r\n");
const CLIENT_HELLO = hex("16 0301 00c8 01 0000c4 0303 0000000000000000");
const SERVER_HELLO = hex("16 0303 007a 02 000076 0303 0000000000000000");

describePlays("a client that opens with something else (§4.2.2)", [
  {
    rule: "an HTTP request, refused by an AMQP server",
    conversation: bare().client(HTTP).server(refusal()).end(1, "fin").end(0, "fin"),
    findings: [
      ">0+8 error handshake: The client opened with an HTTP request, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1.",
    ],
  },
  {
    rule: "an HTTP request where AMQP is expected, and no answer",
    conversation: bare({ expected: true }).client(HTTP).end(1, "rst").end(0, "rst"),
    findings: [">0+8 error handshake: The client opened with an HTTP request, not with AMQP 0-9-1's protocol header."],
  },
  {
    rule: "an HTTP request elsewhere, and no answer",
    conversation: bare().client(HTTP).end(1, "rst"),
    findings: ["left-alone"],
  },
  {
    rule: "an HTTP request that is answered as such",
    conversation: bare({ expected: true }).client(HTTP).server(text("HTTP/1.1 200 OK\r\n\r\n")),
    findings: ["left-alone"],
  },
  {
    rule: "a TLS handshake, refused by an AMQP server: TLS on the plain port",
    conversation: bare().client(CLIENT_HELLO).server(refusal()),
    findings: [
      ">0+8 error handshake: The client opened with a TLS handshake, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1: its port is one without TLS.",
    ],
  },
  {
    rule: "a TLS handshake that is answered as such",
    conversation: bare({ expected: true }).client(CLIENT_HELLO).server(SERVER_HELLO),
    findings: ["left-alone: TLS"],
  },
  {
    rule: "a TLS handshake that is not answered",
    conversation: bare({ expected: true }).client(CLIENT_HELLO).end(1, "rst"),
    findings: ["left-alone: TLS"],
  },
  ...[
    ["15 0303 0002 02 0a", "the TLS alert unexpected_message"],
    ["15 0301 0002 02 46", "the TLS alert protocol_version"],
    ["16 0303 007a 02 000076 0303 0000000000000000", "a TLS handshake"],
  ].map(([answer, what]) => ({
    rule: `AMQP's protocol header, answered by ${what}: plain AMQP on the port of TLS`,
    conversation: bare().client(refusal()).server(hex(answer!)).end(1, "fin").end(0, "rst"),
    findings: [
      `>0+8 error handshake: The client opened with AMQP's protocol header in the clear, and the server answered with ${what}: its port wants TLS (amqps).`,
    ],
  })),
  {
    rule: "AMQP's protocol header, answered by what begins as a TLS alert and is none",
    conversation: bare().client(refusal()).server(hex("15 0000 00000001 aa ce")).end(1, "fin"),
    findings: [
      ">0+8 error handshake: The client opened with the protocol header AMQP 0 0 9 1, and the server answered with octets of another protocol.",
    ],
  },
  {
    rule: "AMQP 1.0, refused by an AMQP 0-9-1 server",
    conversation: bare()
      .client(refusal(3, 1, 0, 0))
      .server(refusal()),
    findings: [
      ">0+8 error handshake: The client opened with an AMQP 1.0 protocol header, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1.",
    ],
  },
  {
    rule: "AMQP 1.0 at both ends",
    conversation: bare({ expected: true })
      .client(refusal(0, 1, 0, 0))
      .server(refusal(0, 1, 0, 0)),
    findings: ["left-alone: AMQP 1.0"],
  },
  {
    rule: "AMQP 0-9-1, refused by a server that speaks AMQP 1.0 only",
    conversation: bare()
      .client(refusal())
      .server(refusal(3, 1, 0, 0)),
    findings: [
      ">0+8 error handshake: The client opened with the protocol header AMQP 0 0 9 1; the server refused it and wants AMQP 1-0-0.",
    ],
  },
  {
    rule: "AMQP 0-8, refused by a server of today",
    conversation: bare()
      .client(refusal(1, 1, 8, 0))
      .server(refusal()),
    findings: [
      ">0+8 error handshake: The client opened with the protocol header AMQP 1 1 8 0; the server refused it and wants AMQP 0-9-1.",
    ],
  },
  {
    rule: "a version of AMQP that there is not",
    conversation: bare()
      .client(refusal(0, 0, 9, 2))
      .server(refusal())
      .end(1, "fin"),
    findings: [
      ">0+8 error handshake: The client opened with the protocol header AMQP 0 0 9 2, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1.",
    ],
  },
  {
    rule: "a version of AMQP that there is not, and no answer",
    conversation: bare()
      .client(refusal(0, 0, 9, 2))
      .end(0, "rst"),
    findings: [
      ">0+8 error handshake: The client opened with the protocol header AMQP 0 0 9 2, not with AMQP 0-9-1's protocol header.",
    ],
  },
  ...[
    ["POST /api HTTP/1.1", "an HTTP request"],
    ["HTTP/1.1 400 Bad Request", "an HTTP response"],
    ["PRI * HTTP/2.0\r\n\r\nSM", "an HTTP/2 preface"],
    ["SSH-2.0-OpenSSH_9.2", "an SSH banner"],
    ["CONNECT\naccept-version:1.2\n\n\0", "a STOMP frame"],
    ["PROXY TCP4 10.0.0.1 10.0.0.2 40000 5672\r\n", "a PROXY protocol header"],
    ["\r\n\r\n\0\r\nQUIT\n!", "a PROXY protocol v2 header"],
    ["\0\0\0\0\0\0\0\0", "octets of another protocol"],
    ["\x16\x03\x05\0\0\0\0\0", "octets of another protocol"],
  ].map(([opening, what]) => ({
    rule: `${what}, refused by an AMQP server`,
    conversation: bare().client(text(opening!)).server(refusal()),
    findings: [
      `>0+8 error handshake: The client opened with ${what}, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1.`,
    ],
  })),
]);

describePlays("a protocol header cut short", [
  {
    rule: "five octets and no more",
    conversation: bare().client(hex("414d515000")).end(0, "fin"),
    findings: [">0+5 error handshake: The client sent 5 of the 8 octets of the AMQP protocol header and no more."],
  },
  {
    rule: "three octets could be anything",
    conversation: bare().client(hex("414d51")).end(0, "fin"),
    findings: ["left-alone"],
  },
  {
    rule: "nothing at all",
    conversation: bare({ expected: true }).end(1, "fin").end(0, "fin"),
    findings: ["left-alone"],
  },
  {
    rule: "the capture ends behind five octets: nobody knows",
    conversation: bare().client(hex("414d515000")),
    findings: ["left-alone"],
  },
]);

const shake = () => wire().protocolHeader().startOk();

describePlays("methods out of turn (§2.2.4)", [
  {
    rule: "the client's handshake in order, all in one go: silence",
    conversation: bare().client(clientHandshake().channelOpen(1).publish(1, "hello")).server(serverHandshake()),
    findings: [],
  },
  {
    rule: "the server's octets captured before the client's: silence",
    conversation: bare().server(serverHandshake()).client(clientHandshake().channelOpen(1)),
    findings: [],
  },
  {
    rule: "a protocol header of AMQP 0-9 is as good",
    conversation: bare()
      .client(wire().protocolHeader(1, 1, 0, 9).startOk().tuneOk().open())
      .server(serverHandshake()),
    findings: [],
  },
  {
    rule: "secure and secure-ok, twice",
    conversation: bare()
      .client(shake().secureOk("one").secureOk("two").tuneOk().open())
      .server(wire().start().secure("?").secure("??").tune().openOk()),
    findings: [],
  },
  {
    rule: "tune-ok instead of start-ok: one finding",
    conversation: bare().client(wire().protocolHeader().tuneOk().open().channelOpen(1)),
    findings: [">8+20 error handshake 1/0/12: connection.tune-ok came out of turn, before the handshake was over."],
  },
  {
    rule: "open without tune-ok",
    conversation: bare().client(shake().open().channelOpen(1)),
    findings: [">52+16 error handshake 1/0/8: connection.open came out of turn, before the handshake was over."],
  },
  {
    rule: "start-ok twice",
    conversation: bare().client(shake().startOk().tuneOk().open()),
    findings: [">52+44 error handshake 1/0/36: connection.start-ok came out of turn, before the handshake was over."],
  },
  {
    rule: "a channel method before the connection is open",
    conversation: bare().client(shake().tuneOk().channelOpen(1).open()),
    findings: [
      ">72+13 error handshake 1/1/5: channel.open came on channel 1 out of turn, before the handshake was over.",
    ],
  },
  {
    rule: "tune-ok in a running connection",
    conversation: conversation().client(wire().channelOpen(1).tuneOk().publish(1, "hello")),
    findings: [">1013+20 error handshake 1/0/12: connection.tune-ok came out of turn, when the handshake was over."],
  },
  {
    rule: "the server tunes before it starts",
    conversation: bare().client(wire().protocolHeader()).server(wire().tune().openOk()),
    findings: ["<0+20 error handshake 1/0/12: connection.tune came out of turn, before the handshake was over."],
  },
  {
    rule: "the server opens what was never tuned",
    conversation: bare().client(wire().protocolHeader()).server(wire().start().openOk().channelOpenOk(1)),
    findings: ["<45+13 error handshake 1/0/5: connection.open-ok came out of turn, before the handshake was over."],
  },
  {
    rule: "connection.close in the middle of the handshake is in order",
    conversation: bare()
      .client(shake().tuneOk().open())
      .server(wire().start().tune().close(530, "NOT_ALLOWED - vhost")),
    findings: ["<65+0 error broker-close: The broker closed the connection: 530 NOT_ALLOWED - vhost"],
  },
]);

describePlays("taken for AMQP by force (--decode-as)", [
  {
    rule: "an AMQP connection is one, however it is cut",
    conversation: bare({ forced: true }).client(clientHandshake().channelOpen(1)).server(serverHandshake()),
    findings: [],
  },
  {
    rule: "its protocol header in two pieces",
    conversation: bare({ forced: true })
      .client(hex("414d515000"))
      .client(clientHandshake().channelOpen(1).octets.subarray(5)),
    findings: [],
  },
  {
    rule: "a foreign protocol is refused without waiting for an answer",
    conversation: bare({ forced: true }).client(HTTP),
    findings: [">0+8 error handshake: The client opened with an HTTP request, not with AMQP 0-9-1's protocol header."],
  },
  {
    rule: "and with its answer",
    conversation: bare({ forced: true }).client(HTTP).server(refusal()),
    findings: [
      ">0+8 error handshake: The client opened with an HTTP request, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1.",
    ],
  },
  {
    rule: "TLS",
    conversation: bare({ forced: true }).client(CLIENT_HELLO).server(SERVER_HELLO),
    findings: [">0+8 error handshake: The client opened with a TLS handshake, not with AMQP 0-9-1's protocol header."],
  },
  {
    rule: "a protocol header cut short",
    conversation: bare({ forced: true }).client(hex("414d515000")).end(0, "fin"),
    findings: [">0+5 error handshake: The client sent 5 of the 8 octets of the AMQP protocol header and no more."],
  },
]);

const startOk = methodPayload(10, 11, table(), shortstr("PLAIN"), longstr("\0guest\0guest"), shortstr("en_US"));
const secureOk = methodPayload(10, 21, longstr("guest"));
const updateSecret = methodPayload(10, 70, longstr("guest"), shortstr(""));

describePlays("octets that may hold credentials are not told", [
  {
    rule: "of a start-ok with a wrong frame-end: its header only",
    conversation: bare().client(wire().protocolHeader().frame(1, 0, startOk, { end: 0x67 }).tuneOk().open()),
    findings: [
      ">8+44 error frame-end 1/0/36: The method frame at offset 8 (channel 0, 36 octets) must end with 0xce at offset 51, where another octet stands.",
    ],
  },
  {
    rule: "of a secure-ok: nothing",
    conversation: bare().client(shake().frame(1, 0, secureOk, { end: 0x67 }).tuneOk().open()),
    findings: [
      ">52+21 error frame-end: A frame header of the client is broken at offset 52; its octets may hold credentials and are not shown.",
    ],
  },
  {
    rule: "of an update-secret: its header only",
    conversation: conversation().client(wire().frame(1, 0, updateSecret, { end: 0x67 }).heartbeat(2)),
    findings: [
      ">1000+22 error frame-end 1/0/14: The method frame at offset 1000 (channel 0, 14 octets) must end with 0xce at offset 1021, where another octet stands.",
    ],
  },
  {
    rule: "numbers in a start-ok that does not decode",
    conversation: bare().client(wire().protocolHeader().frame(1, 0, startOk.subarray(0, 30)).tuneOk().open()),
    findings: [">8+38 error frame-malformed 1/0/30: The arguments of connection.start-ok do not decode."],
  },
  {
    rule: "numbers in an update-secret that does not decode",
    conversation: conversation().client(wire().frame(1, 0, updateSecret.subarray(0, 10))),
    findings: [">1000+18 error frame-malformed 1/0/10: The arguments of connection.update-secret do not decode."],
  },
  {
    rule: "what the client sends after its tune-ok is told",
    conversation: bare().client(
      shake()
        .tuneOk()
        .frame(1, 0, methodPayload(10, 40, [1, 0x2f])),
    ),
    findings: [
      ">72+14 error frame-malformed 1/0/6: Argument reserved-1 of connection.open wants 1 octets where 0 are left.",
    ],
  },
]);
