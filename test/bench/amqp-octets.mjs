/** Octets of AMQP 0-9-1 for the proxy's benchmarks: both sides of a handshake, and messages rendered beforehand. */

export const FRAME_METHOD = 1;
export const FRAME_BODY = 3;
export const FRAME_END = 0xce;
/** Type, channel and size. */
export const FRAME_HEADER_OCTETS = 7;
const FRAME_MAX = 131072;

const short = value => [value >>> 8, value & 0xff];
const long = value => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const longlong = value => [...long(Math.floor(value / 0x1_0000_0000)), ...long(value >>> 0)];
const shortstr = text => [text.length, ...Buffer.from(text, "latin1")];
const longstr = text => [...long(text.length), ...Buffer.from(text, "latin1")];

function table(fields) {
  const octets = Object.entries(fields).flatMap(([name, value]) => [...shortstr(name), 0x53, ...longstr(value)]);
  return [...long(octets.length), ...octets];
}

function frame(type, channel, payload) {
  return Buffer.concat([
    Buffer.from([type, ...short(channel), ...long(payload.length)]),
    payload,
    Buffer.from([FRAME_END]),
  ]);
}

/** @param {number} id class-id and method-id, as one number */
function method(channel, id, ...argumentOctets) {
  return frame(FRAME_METHOD, channel, Buffer.from([...long(id), ...argumentOctets.flat()]));
}

/** Class-id and method-id, as one number: the first four octets of a method's payload. */
export const METHOD = {
  start: 0x000a000a,
  startOk: 0x000a000b,
  tune: 0x000a001e,
  tuneOk: 0x000a001f,
  open: 0x000a0028,
  openOk: 0x000a0029,
  close: 0x000a0032,
  closeOk: 0x000a0033,
  channelOpen: 0x0014000a,
  channelOpenOk: 0x0014000b,
  publish: 0x003c0028,
  ack: 0x003c0050,
  select: 0x0055000a,
  selectOk: 0x0055000b,
};

export const PROTOCOL_HEADER = Buffer.from("AMQP\0\0\x09\x01", "latin1");
/** No heartbeats: nothing is on the wire that is not measured. */
const limits = [...short(2047), ...long(FRAME_MAX), ...short(0)];

/** What each side says; the client publishes on channel 1. */
export const CLIENT = {
  startOk: method(
    0,
    METHOD.startOk,
    table({ product: "bench", version: "1.0", connection_name: "bench" }),
    shortstr("PLAIN"),
    longstr("\0guest\0guest"),
    shortstr("en_US"),
  ),
  tuneOk: method(0, METHOD.tuneOk, limits),
  open: method(0, METHOD.open, shortstr("/"), shortstr(""), [0]),
  channelOpen: method(1, METHOD.channelOpen, shortstr("")),
  select: method(1, METHOD.select, [0]),
  close: method(0, METHOD.close, short(200), shortstr("bye"), short(0), short(0)),
};
export const BROKER = {
  start: method(
    0,
    METHOD.start,
    [0, 9],
    table({ product: "bench", version: "1.0" }),
    longstr("PLAIN AMQPLAIN"),
    longstr("en_US"),
  ),
  tune: method(0, METHOD.tune, limits),
  openOk: method(0, METHOD.openOk, shortstr("")),
  channelOpenOk: method(1, METHOD.channelOpenOk, longstr("")),
  selectOk: method(1, METHOD.selectOk),
  closeOk: method(0, METHOD.closeOk),
};

export function ack(deliveryTag) {
  return method(1, METHOD.ack, longlong(deliveryTag), [0]);
}

const TRACEPARENT = `00-${"0".repeat(32)}-${"0".repeat(16)}-01`;

/**
 * The same with a trace context: a function that gives the message a trace of its own, the next one each time. It writes
 * over the same octets.
 */
export function tracedMessage(bodyOctets) {
  const octets = message(bodyOctets, { traceparent: TRACEPARENT });
  const at = octets.indexOf(TRACEPARENT);
  let number = 0;
  return () => {
    const id = (++number).toString(16);
    octets.write(id.padStart(32, "a"), at + 3, "latin1");
    octets.write(id.padStart(16, "b"), at + 36, "latin1");
    return Buffer.from(octets);
  };
}

/** basic.publish, content header, and one body frame of so many octets. */
export function message(bodyOctets, headers = { thread: "bench" }) {
  if (bodyOctets + FRAME_HEADER_OCTETS + 1 > FRAME_MAX) throw new Error("a body of more than one frame");
  const properties = [...shortstr("application/json"), ...table(headers), 2, ...shortstr("m1")];
  return Buffer.concat([
    method(1, METHOD.publish, short(0), shortstr(""), shortstr("jobs"), [0]),
    frame(2, 1, Buffer.from([...short(60), ...short(0), ...longlong(bodyOctets), ...short(0xb080), ...properties])),
    frame(FRAME_BODY, 1, Buffer.alloc(bodyOctets, '{"number":1,"text":"lorem ipsum dolor sit amet"}')),
  ]);
}
