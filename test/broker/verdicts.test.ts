/** RabbitMQ 3.10's verdict for each situation, in the order in which it checks a frame. Measured on 3.10.8. */
import { describe, expect, test } from "vitest";
import { bits, field, long, longlong, octet, short, shortstr, table, type Wire, wire } from "../support/wire.ts";
import { verdictOf } from "./judged.ts";

const starting = () => wire().protocolHeader();
const tuning = () => starting().startOk();
const opening = () => tuning().tuneOk();
const running = () => opening().open();
const onChannel = () => running().channelOpen(1);
const publishing = () => onChannel().publishMethod(1);

type Case = readonly [situation: string, octets: Wire, verdict: string];

function cases(title: string, list: readonly Case[]): void {
  describe(title, () => {
    test.each(list)("%s", (_situation, octets, verdict) => {
      expect(verdictOf(octets)).toBe(verdict);
    });
  });
}

const NO_METHOD_AWAITED = "505 (0, 0) UNEXPECTED_FRAME - expected method frame, got non method frame instead";
const NO_HEADER =
  "505 (60, 40) UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead";
const NO_BODY = "505 (60, 40) UNEXPECTED_FRAME - expected content body, got non content body frame instead";
const BAD_UTF8 = "FRAME_ERROR - Malformed UTF-8 in shortstr";
const INTERNAL_ERROR = "541 (0, 0) INTERNAL_ERROR";
const SECOND_OPEN = "504 (20, 10) CHANNEL_ERROR - second 'channel.open' seen";
const NAN = [0x7f, 0xc0, 0, 0];

cases("a frame: size, end octet, type", [
  ["all in order", onChannel().publish(1, "hello").channelClose(1).close(), "nothing"],
  ["frame-max itself", running().frame(8, 0, [], { size: 131072 }), "nothing"],
  [
    "larger than frame-max",
    running().frame(3, 7, [], { size: 131073 }),
    "fatal 501 (0, 0) FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,131073,131064}",
  ],
  [
    "an unknown type with a wrong end octet",
    running().frame(9, 0, [1, 2], { end: 0 }),
    "fatal 501 (0, 0) FRAME_ERROR - type 9, all octets = <<1,2>>: {invalid_frame_end_marker,0}",
  ],
  [
    "a wrong end octet behind more than 16 octets",
    running().frame(
      3,
      1,
      "0123456789abcdefg".split("").map(c => c.charCodeAt(0)),
      { end: 65 },
    ),
    'fatal 501 (0, 0) FRAME_ERROR - type 3, first 16 octets = <<"0123456789abcdef">>: {invalid_frame_end_marker,65}',
  ],
  [
    "an unknown type",
    running().frame(9, 1, [65]),
    '501 (0, 0) FRAME_ERROR - type 9, all octets = <<"A">>: unknown_frame',
  ],
  [
    "a method frame of 3 octets",
    running().frame(1, 0, [0, 60, 0]),
    "501 (0, 0) FRAME_ERROR - type 1, all octets = <<0,60,0>>: unknown_frame",
  ],
  [
    "a content header of 11 octets",
    running().frame(2, 1, new Uint8Array(11)),
    "501 (0, 0) FRAME_ERROR - type 2, all octets = <<0,0,0,0,0,0,0,0,0,0,0>>: unknown_frame",
  ],
  [
    "a heartbeat with a payload",
    running().frame(8, 0, [1]),
    "501 (0, 0) FRAME_ERROR - type 8, all octets = <<1>>: unknown_frame",
  ],
  ["a heartbeat on a channel", onChannel().frame(8, 1, []), "505 (0, 0) UNEXPECTED_FRAME - type 8, all octets = <<>>"],
  ["a heartbeat between content", publishing().heartbeat().header(1, 0), "nothing"],
  ["an unknown method", running().method(1, 60, 99), "RST unknown_method_id"],
  ["an unknown method while content is awaited", publishing().method(1, 99, 9), "RST unknown_method_id"],
  [
    "a content header on channel 0",
    running().frame(2, 0, new Uint8Array(12)),
    "505 (0, 0) UNEXPECTED_FRAME - type 2, all octets = <<0,0,0,0,0,0,0,0,0,0,0,0>>",
  ],
  ["a content body on channel 0", running().body(0, [1]), "505 (0, 0) UNEXPECTED_FRAME - type 3, all octets = <<1>>"],
  [
    "a channel's method on channel 0",
    running().channelOpen(0),
    "504 (20, 10) CHANNEL_ERROR - unexpected method in connection state running",
  ],
  ["a method on channel 0 that does not decode", running().method(0, 10, 40), INTERNAL_ERROR],
  [
    "an unasked close-ok",
    running().closeOk(),
    "504 (10, 51) CHANNEL_ERROR - unexpected method in connection state running",
  ],
]);

cases("before the connection is open", [
  [
    "a channel, when the opening is awaited",
    opening().channelOpen(1),
    "505 (0, 0) UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>>",
  ],
  [
    "an unknown method on a channel then",
    opening().method(1, 99, 9),
    "505 (0, 0) UNEXPECTED_FRAME - type 1, all octets = <<0,99,0,9>>",
  ],
  ["a channel before that", tuning().channelOpen(1), "silence handshake_error in tuning"],
  ["an unknown method before start-ok", starting().method(0, 99, 9), "RST unknown_method_id"],
  [
    "an unknown method on a channel before start-ok",
    starting().method(1, 99, 9),
    "silence handshake_error in starting",
  ],
  ["a broken frame before start-ok", starting().frame(8, 0, [], { end: 0 }), "silence handshake_error in starting"],
  [
    "connection.close before its time",
    opening().close(),
    "504 (10, 50) CHANNEL_ERROR - unexpected method in connection state opening",
  ],
  [
    "open with octets behind it",
    opening().method(0, 10, 40, shortstr("/"), shortstr(""), bits(false), [0]),
    "silence handshake_error in opening",
  ],
  [
    "open with bad UTF-8",
    opening().method(0, 10, 40, shortstr([255]), shortstr(""), bits(false)),
    `501 (10, 40) ${BAD_UTF8}`,
  ],
  ["secure-ok unasked", tuning().secureOk("x"), "silence handshake_error in tuning"],
  [
    "a mechanism that is not offered",
    starting().startOk({}, "EXTERNAL"),
    "silence unknown authentication mechanism 'EXTERNAL'",
  ],
  [
    "a PLAIN response of another form",
    starting().startOk({}, "PLAIN", "guest\0guest"),
    "silence PLAIN response invalid",
  ],
  [
    "an AMQPLAIN response",
    starting()
      .startOk({}, "AMQPLAIN", table({ LOGIN: field.S("guest"), PASSWORD: field.S("guest") }).slice(4))
      .tuneOk()
      .open(),
    "nothing",
  ],
  [
    "an AMQPLAIN response without a password",
    starting().startOk({}, "AMQPLAIN", table({ LOGIN: field.S("guest") }).slice(4)),
    "silence AMQPLAIN auth info invalid",
  ],
  ["channel-max 0 where there is a limit", tuning().tuneOk(0), "silence failed to negotiate connection parameters"],
  ["frame-max below the least", tuning().tuneOk(2047, 4095), "silence failed to negotiate connection parameters"],
  ["client properties that are no table", starting().startOk({ x: field.U(1) }), "silence handshake_error in starting"],
]);

cases("arguments", [
  ["too short", onChannel().method(1, 60, 10, [0]), "501 (60, 10) FRAME_ERROR - cannot decode <<0>>"],
  [
    "of a method that is the server's",
    onChannel().method(1, 60, 11, [0]),
    "501 (60, 11) FRAME_ERROR - cannot decode <<0>>",
  ],
  ["bad UTF-8", onChannel().method(1, 50, 30, short(0), shortstr([0x80]), bits(false)), `501 (0, 0) ${BAD_UTF8}`],
  [
    "a surrogate, which Erlang takes",
    onChannel()
      .queueDeclare(1, "q")
      .method(1, 50, 30, short(0), shortstr([0xed, 0xa0, 0x80]), bits(false)),
    "nothing",
  ],
  [
    "bad UTF-8 in basic.publish",
    onChannel().method(1, 60, 40, short(0), shortstr(""), shortstr([0x80]), bits(false)),
    "nothing",
  ],
  [
    "bad UTF-8 before a bad table",
    onChannel().method(1, 50, 10, short(0), shortstr([0x80]), bits(false), table({ x: field.U(1) })),
    `501 (0, 0) ${BAD_UTF8}`,
  ],
  [
    "a table with U",
    onChannel().method(1, 50, 10, short(0), shortstr(""), bits(false), table({ x: field.U(1) })),
    "RST function_clause",
  ],
  [
    "a table with L",
    onChannel().method(1, 50, 10, short(0), shortstr(""), bits(false), table({ x: field.L(1n) })),
    "nothing",
  ],
  [
    "a bad table on channel 0",
    running().method(0, 50, 10, short(0), shortstr(""), bits(false), table({ x: field.U(1) })),
    INTERNAL_ERROR,
  ],
  [
    "more text than fits",
    onChannel().method(1, 60, 10, new Uint8Array(200).fill(200)),
    `501 (60, 10) FRAME_ERROR - cannot decode <<${"200,".repeat(55)}20...`,
  ],
]);

cases("the order of content on a channel", [
  ["a content header where none is due", onChannel().header(1, 0), NO_METHOD_AWAITED],
  ["a body on a channel that was never opened", running().body(9, "x"), NO_METHOD_AWAITED],
  [
    "a header of another class",
    publishing().header(1, 0, {}, { classId: 50 }),
    "505 (60, 40) UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead",
  ],
  ["a header with a weight", publishing().header(1, 0, {}, { classId: 50, weight: 1 }), NO_HEADER],
  ["a method for a header", publishing().publishMethod(1), NO_HEADER],
  ["arguments do not count where none are due", publishing().method(1, 60, 10, [0]), NO_HEADER],
  ["channel.close in the body", publishing().header(1, 3).channelClose(1), NO_BODY],
  ["a body behind a body of size 0", publishing().header(1, 0).body(1, []), NO_METHOD_AWAITED],
  ["empty bodies between", publishing().header(1, 1).body(1, []).body(1, "x"), "nothing"],
  ["a body too long", publishing().header(1, 1).body(1, "xyz").body(1, "xyz"), "nothing"],
  ["what follows a body too long", publishing().header(1, 1).body(1, "xyz").publishMethod(1), NO_BODY],
  [
    "frames of another channel between",
    publishing().channelOpen(2).publish(2, "y").header(1, 1).body(1, "x"),
    "nothing",
  ],
  [
    "content of a method that is the server's",
    onChannel().deliver(1, "x"),
    "503 (60, 60) COMMAND_INVALID - unimplemented method",
  ],
]);

cases("properties, judged when the content is complete", [
  ["an announced property that is not there", publishing().header(1, 0, {}, { flags: 0x8000 }), INTERNAL_ERROR],
  ["the same with the body still to come", publishing().header(1, 1, {}, { flags: 0x8000 }), "nothing"],
  ["flags that mean nothing", publishing().header(1, 0, {}, { flags: 3 }), "nothing"],
  [
    "a second word of flags",
    publishing().frame(2, 1, [...short(60), ...short(0), ...longlong(0), ...short(1), ...short(0)]),
    INTERNAL_ERROR,
  ],
  ["no flags at all", publishing().frame(2, 1, [...short(60), ...short(0), ...longlong(0)]), INTERNAL_ERROR],
  ["headers with U", publishing().header(1, 0, { headers: { x: field.U(1) } }), INTERNAL_ERROR],
  [
    "headers with a number that is none",
    publishing().header(1, 0, { headers: { x: Uint8Array.of(0x66, ...NAN) } }),
    INTERNAL_ERROR,
  ],
  ["headers with a number", publishing().header(1, 0, { headers: { x: field.f(1.5), y: field.d(-0.1) } }), "nothing"],
  [
    "immediate before properties",
    onChannel()
      .method(1, 60, 40, short(0), shortstr(""), shortstr(""), bits(false, true))
      .header(1, 0, {}, { flags: 0x8000 }),
    "540 (60, 40) NOT_IMPLEMENTED - immediate=true",
  ],
]);

cases("what a channel's process refuses", [
  [
    "a channel that is not open",
    running().method(3, 60, 10, long(0), short(1), bits(false)),
    "504 (60, 10) CHANNEL_ERROR - expected 'channel.open'",
  ],
  ["a channel opened twice", onChannel().channelOpen(1), SECOND_OPEN],
  ["a server's method", onChannel().channelOpenOk(1), "503 (20, 11) COMMAND_INVALID - unimplemented method"],
  ["a connection's method", onChannel().method(1, 10, 51), "503 (10, 51) COMMAND_INVALID - unimplemented method"],
  [
    "close-ok that nobody asked for",
    onChannel().channelCloseOk(1),
    "503 (20, 41) COMMAND_INVALID - unimplemented method",
  ],
  ["flow stopped", onChannel().channelFlow(1, false), "540 (20, 20) NOT_IMPLEMENTED - active=false"],
  [
    "a prefetch size",
    onChannel().method(1, 60, 10, long(7), short(0), bits(false)),
    "540 (60, 10) NOT_IMPLEMENTED - prefetch_size!=0 (7)",
  ],
  [
    "recover without requeue",
    onChannel().method(1, 60, 110, bits(false)),
    "540 (60, 110) NOT_IMPLEMENTED - requeue=false",
  ],
  ["an unknown exchange type", declaring("DIRECT"), "503 (40, 10) COMMAND_INVALID - unknown exchange type 'DIRECT'"],
  ["no exchange type", declaring(""), "503 (40, 10) COMMAND_INVALID - invalid exchange type ''"],
  ["the exchange type of a plugin", declaring("x-delayed-message"), "nothing"],
  [
    "a consumer tag used again",
    consuming(consuming(onChannel().queueDeclare(1, ""), "a"), "a"),
    "530 (60, 20) NOT_ALLOWED - attempt to reuse consumer tag 'a'",
  ],
  ["credit-ok", onChannel().method(1, 60, 201, long(1)), "503 (60, 201) COMMAND_INVALID - unimplemented method"],
  [
    "more channels than agreed on",
    tuning().tuneOk(1).open().channelOpen(1).channelOpen(2),
    "530 (0, 0) NOT_ALLOWED - number of channels opened (1) has reached the negotiated channel_max (1)",
  ],
  [
    "an unknown method comes before that",
    tuning().tuneOk(1).open().channelOpen(1).method(2, 99, 9),
    "RST unknown_method_id",
  ],
]);

const qosOfSize = (octets: Wire) => octets.method(1, 60, 10, long(7), short(0), bits(false));
const commit = (octets: Wire) => octets.method(1, 90, 20);

const REFUSED = "540 (60, 10) NOT_IMPLEMENTED - prefetch_size!=0 (7)";
const withConsumer = () => consuming(onChannel().queueDeclare(1, ""), "a");
const rejected = (octets: Wire) => octets.method(1, 60, 90, longlong(1), bits(true));
const nacked = (octets: Wire) => octets.method(1, 60, 120, longlong(1), bits(false, true));

// A channel that is closed drops what follows; one that goes on refuses it.
cases("a delivery that is settled twice closes the channel", [
  ["once", qosOfSize(withConsumer().ack(1, 1)), REFUSED],
  ["twice", qosOfSize(withConsumer().ack(1, 1).ack(1, 1)), "nothing"],
  ["one after the other", qosOfSize(withConsumer().ack(1, 1).ack(1, 2).ack(1, 3)), REFUSED],
  ["out of turn", qosOfSize(withConsumer().ack(1, 3).ack(1, 1).ack(1, 2)), REFUSED],
  ["out of turn, and again", qosOfSize(withConsumer().ack(1, 3).ack(1, 1).ack(1, 3)), "nothing"],
  ["all up to it before", qosOfSize(withConsumer().ack(1, 3, true).ack(1, 2)), "nothing"],
  ["some of all up to it before", qosOfSize(withConsumer().ack(1, 2).ack(1, 3, true).ack(1, 4)), REFUSED],
  ["all there are", qosOfSize(withConsumer().ack(1, 0, true)), REFUSED],
  ["the delivery of tag 0", qosOfSize(withConsumer().ack(1, 0)), "nothing"],
  ["rejected, then acknowledged", qosOfSize(rejected(withConsumer()).ack(1, 1)), "nothing"],
  ["acknowledged, then rejected", qosOfSize(rejected(withConsumer().ack(1, 1))), "nothing"],
  ["refused, then acknowledged", qosOfSize(nacked(withConsumer()).ack(1, 1)), "nothing"],
  [
    "in a transaction, which may be rolled back",
    qosOfSize(withConsumer().method(1, 90, 10).ack(1, 1).ack(1, 1)),
    REFUSED,
  ],
]);

cases("after an error that closes the channel", [
  ["commands are dropped", qosOfSize(commit(onChannel())), "nothing"],
  ["the channel is not to be opened again", commit(onChannel()).channelOpen(1), SECOND_OPEN],
  ["until close-ok has come", commit(onChannel()).channelCloseOk(1).channelOpen(1).confirmSelect(1), "nothing"],
  ["its frames are assembled all the same", commit(onChannel()).publishMethod(1).channelClose(1), NO_HEADER],
  ["no queue was declared", qosOfSize(onChannel().method(1, 60, 70, short(0), shortstr(""), bits(false))), "nothing"],
  [
    "even on a channel that is not open",
    running().method(1, 60, 70, short(0), shortstr(""), bits(false)).channelOpen(1),
    SECOND_OPEN,
  ],
  ["an unknown delivery tag", qosOfSize(onChannel().ack(1, 5)), "nothing"],
  [
    "all deliveries, though there are none",
    qosOfSize(onChannel().ack(1, 0, true)),
    "540 (60, 10) NOT_IMPLEMENTED - prefetch_size!=0 (7)",
  ],
  ["a name that is reserved", qosOfSize(onChannel().queueDeclare(1, "amq.mine")), "nothing"],
  [
    "an expiration that is no number",
    qosOfSize(onChannel().publish(1, "", { properties: { expiration: "soon" } })),
    "nothing",
  ],
  ["a delivery mode of 3", qosOfSize(onChannel().publish(1, "", { properties: { deliveryMode: 3 } })), "nothing"],
  ["another user's id", qosOfSize(onChannel().publish(1, "", { properties: { userId: "other" } })), "nothing"],
  [
    "one's own id",
    qosOfSize(onChannel().publish(1, "", { properties: { userId: "guest" } })),
    "540 (60, 10) NOT_IMPLEMENTED - prefetch_size!=0 (7)",
  ],
  [
    "CC that is no array",
    qosOfSize(onChannel().publish(1, "", { properties: { headers: { CC: field.S("k") } } })),
    "nothing",
  ],
  ["an internal exchange", qosOfSize(onChannel().publish(1, "", { exchange: "amq.rabbitmq.trace" })), "nothing"],
  [
    "an exchange that may be there or not",
    qosOfSize(onChannel().publish(1, "", { exchange: "mine" })),
    "540 (60, 10) NOT_IMPLEMENTED - prefetch_size!=0 (7)",
  ],
]);

cases("after connection.close", [
  [
    "a broken frame on an open connection's way out",
    onChannel().close().frame(3, 1, [1], { end: 0 }),
    "fatal 501 (0, 0) FRAME_ERROR - type 3, all octets = <<1>>: {invalid_frame_end_marker,0}",
  ],
  ["where no channel was open it is only logged", running().close().frame(3, 1, [1], { end: 0 }), "nothing"],
  ["a method that does not decode", onChannel().close().method(0, 10, 40), INTERNAL_ERROR],
  ["frames of channels", onChannel().close().header(1, 0).body(1, "x"), "nothing"],
  ["a second close", onChannel().close().close(), "nothing"],
  ["an unknown method", onChannel().close().method(0, 99, 9), "RST unknown_method_id"],
]);

cases("AMQP 0-8", [
  [
    "basic.consume has no table",
    starting08().method(1, 60, 20, short(0), shortstr("q"), shortstr(""), bits(false), table()),
    "501 (60, 20) FRAME_ERROR - cannot decode <<0,0,1,113,0,0,0,0,0,0>>",
  ],
  ["there is no confirm.select", starting08().confirmSelect(1), "RST unknown_method_id"],
  ["close has another number", starting08().method(0, 10, 60, short(200), shortstr(""), short(0), short(0)), "nothing"],
  ["0-9-1's close is a redirect", starting08().close(), INTERNAL_ERROR],
]);

function declaring(type: string): Wire {
  return onChannel().method(1, 40, 10, short(0), shortstr("mine"), shortstr(type), bits(false), table());
}

function consuming(octets: Wire, tag: string): Wire {
  return octets.method(1, 60, 20, short(0), shortstr(""), shortstr(tag), octet(0), table());
}

function starting08(): Wire {
  return wire().protocolHeader(1, 1, 8, 0).startOk().tuneOk().open().channelOpen(1);
}
