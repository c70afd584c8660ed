import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { methodOf } from "../../src/amqp/method-registry.ts";
import { walkArguments, walkProperties } from "../../src/amqp/payload.ts";
import { mayBeWhole, WholeMessage } from "../../src/amqp/whole-message.ts";
import { SEED } from "../support/chunkings.ts";
import {
  field,
  frame,
  headerPayload,
  hex,
  join,
  long,
  longlong,
  methodPayload,
  short,
  shortstr,
  wire,
} from "../support/wire.ts";

const message = new WholeMessage();

function isWhole(octets: Uint8Array, { at = 0, end = octets.length, limit = 131064 } = {}): boolean {
  return mayBeWhole(octets, at, end) && message.read(octets, at, end, limit);
}

const publish = (...rest: readonly ArrayLike<number>[]) => methodPayload(60, 40, short(0), ...rest);
const ARGUMENTS = [shortstr(""), shortstr("tasks"), [0]];
const METHOD = frame(1, 7, publish(...ARGUMENTS));
const HEADER = frame(
  2,
  7,
  headerPayload(5, { contentType: "text/plain", headers: { thread: field.S("a") }, deliveryMode: 2 }),
);
const BODY = frame(3, 7, [1, 2, 3, 4, 5]);
const GOOD = join(METHOD, HEADER, BODY);

describe("a whole message", () => {
  it.each([
    ["basic.publish", publish(...ARGUMENTS)],
    ["basic.return", methodPayload(60, 50, short(312), shortstr("NO_ROUTE"), shortstr(""), shortstr("tasks"))],
    ["basic.deliver", methodPayload(60, 60, shortstr("tag"), longlong(1), [0], shortstr(""), shortstr("tasks"))],
    ["basic.get-ok", methodPayload(60, 71, longlong(1), [0], shortstr(""), shortstr("tasks"), long(0))],
  ])("begins with %s", (name, payload) => {
    expect(isWhole(join(frame(1, 7, payload), HEADER, BODY))).toBe(true);
    expect(message.method.name).toBe(name);
  });

  it("tells where its frames are, whatever stands around it", () => {
    const around = hex("01 0007 00000000 ce");
    const octets = new Uint8Array(new ArrayBuffer(300), 11, GOOD.length + 16);
    octets.set(join(around, GOOD, around));
    expect(isWhole(octets, { at: 8, end: 8 + GOOD.length })).toBe(true);
    const { channel, at, headerAt, bodyAt, behind, methodSize, headerSize, bodySize } = message;
    expect([channel, at, headerAt, bodyAt, behind]).toEqual([
      7,
      8,
      8 + METHOD.length,
      8 + METHOD.length + HEADER.length,
      8 + GOOD.length,
    ]);
    expect([methodSize, headerSize, bodySize]).toEqual([METHOD.length - 8, HEADER.length - 8, 5]);
    // Another array than the last one, and that one again.
    expect(isWhole(GOOD)).toBe(true);
    expect(isWhole(octets, { at: 8 })).toBe(true);
  });

  it("may be as short as a message can be, and as large as the limit", () => {
    expect(isWhole(join(frame(1, 1, publish([0], [0], [0])), frame(2, 1, headerPayload(1)), frame(3, 1, [0])))).toBe(
      true,
    );
    const large = wire().publish(1, new Uint8Array(70_000), { pieces: 70_000 }).octets;
    expect(isWhole(large, { limit: 70_000 })).toBe(true);
    expect(isWhole(large, { limit: 69_999 })).toBe(false);
    expect(isWhole(large, { end: large.length - 1 })).toBe(false);
  });
});

const header = (...[size, properties, lies]: Parameters<typeof headerPayload>) =>
  frame(2, 7, headerPayload(size, properties, lies));

describe("no whole message", () => {
  it.each<[string, Uint8Array]>([
    ["a method frame without a right end", join(frame(1, 7, publish(...ARGUMENTS), { end: 0xcf }), HEADER, BODY)],
    ["a content header frame without", join(METHOD, HEADER.slice(0, -1), [0xcf], BODY)],
    ["a body frame without", join(METHOD, HEADER, frame(3, 7, [1, 2, 3, 4, 5], { end: 0xcf }))],
    ["no method frame first", join(HEADER, BODY, METHOD)],
    ["a method without content", join(frame(1, 7, methodPayload(60, 80, longlong(1), [0])), HEADER, BODY)],
    ["a method of another class", join(frame(1, 7, methodPayload(50, 40, short(0), ...ARGUMENTS)), HEADER, BODY)],
    ["a method that there is not", join(frame(1, 7, methodPayload(316, 40, short(0), ...ARGUMENTS)), HEADER, BODY)],
    ["method-id 296", join(frame(1, 7, methodPayload(60, 296, short(0), ...ARGUMENTS)), HEADER, BODY)],
    ["arguments too long", join(frame(1, 7, publish(...ARGUMENTS, [0])), HEADER, BODY)],
    ["arguments too short", join(frame(1, 7, publish(shortstr(""), shortstr("tasks"))), HEADER, BODY)],
    ["a lying length in them", join(frame(1, 7, publish(shortstr(""), [200], [1, 2, 3], [0])), HEADER, BODY)],
    ["channel 0", join(...[METHOD, HEADER, BODY].map(each => frame(each[0]!, 0, each.slice(7, -1))))],
    ["a content header on another channel", join(METHOD, frame(2, 8, HEADER.slice(7, -1)), BODY)],
    ["the same in the channel's high octet", join(METHOD, frame(2, 263, HEADER.slice(7, -1)), BODY)],
    ["a body on another channel", join(METHOD, HEADER, frame(3, 8, [1, 2, 3, 4, 5]))],
    ["another frame in the content header's place", join(METHOD, frame(8, 7, HEADER.slice(7, -1)), BODY)],
    ["another frame in the body's place", join(METHOD, HEADER, frame(2, 7, [1, 2, 3, 4, 5]))],
    ["a content header of less than 14 octets", join(METHOD, frame(2, 7, headerPayload(5).slice(0, 13)), BODY)],
    ["of another class", join(METHOD, header(5, {}, { classId: 50 }), BODY)],
    ["of another weight", join(METHOD, header(5, {}, { weight: 1 }), BODY)],
    ["with a flag that more flags follow", join(METHOD, header(5, {}, { flags: 1 }), BODY)],
    ["with properties that do not decode", join(METHOD, header(5, {}, { flags: 0x8000 }), BODY)],
    ["with octets behind them", join(METHOD, header(5, { priority: 1 }, { flags: 0 }), BODY)],
    [
      "with a field of a type that there is not",
      join(METHOD, header(5, { headers: { thread: hex("00 00000000") } }), BODY),
    ],
    ["with a name that means something", join(METHOD, header(5, { headers: { CC: field.S("a") } }), BODY)],
    ["a body smaller than announced", join(METHOD, header(6), BODY)],
    ["a body larger than announced", join(METHOD, header(4), BODY)],
    ["2^32 octets more announced", join(METHOD, header(2n ** 32n + 5n), BODY)],
    ["no body announced", join(METHOD, header(0), frame(3, 7, []))],
    ["a body in two frames", join(METHOD, HEADER, frame(3, 7, [1, 2]), frame(3, 7, [3, 4, 5]))],
    ["a size of 2^32 - 1", join(frame(1, 7, publish(...ARGUMENTS), { size: 0xffffffff }), HEADER, BODY)],
  ])("%s", (_, octets) => {
    expect(isWhole(octets)).toBe(false);
  });

  it("when its last octets are not there", () => {
    for (let end = 0; end < GOOD.length; end++) {
      expect(isWhole(GOOD, { end }), `${end} octets`).toBe(false);
      expect(isWhole(GOOD.slice(0, end)), `${end} octets, and nothing behind`).toBe(false);
    }
  });

  it.each([
    ["method", METHOD.length - 8],
    ["content header", HEADER.length - 8],
    ["body", 5],
  ])("when the %s is larger than the limit", (_, size) => {
    const limits = [METHOD, HEADER, BODY].map(each => each.length - 8);
    expect(isWhole(GOOD, { limit: Math.max(...limits) })).toBe(true);
    expect(isWhole(GOOD, { limit: size - 1 })).toBe(false);
  });
});

const changes = fc.array(fc.record({ at: fc.nat({ max: GOOD.length - 1 }), octet: fc.nat({ max: 255 }) }), {
  maxLength: 3,
});

it(`what it takes for one is three frames without fault (seed ${SEED})`, () => {
  fc.assert(
    fc.property(changes, list => {
      const octets = GOOD.slice();
      for (const { at, octet } of list) octets[at] = octet;
      if (!isWhole(octets)) return;
      const { method, at, methodSize, headerAt, headerSize, bodyAt, behind } = message;
      const view = new DataView(octets.buffer);
      const frames = [at, headerAt, bodyAt].map(from => [
        octets[from],
        view.getUint16(from + 1),
        view.getUint32(from + 3),
      ]);
      expect(frames.map(([type]) => type)).toEqual([1, 2, 3]);
      expect(new Set(frames.map(([, channel]) => channel)).size).toBe(1);
      expect([headerAt, bodyAt, behind].map(next => octets[next - 1])).toEqual([0xce, 0xce, 0xce]);
      expect(method).toBe(methodOf(view.getUint16(at + 7), view.getUint16(at + 9)));
      expect(walkArguments(method, octets, at + 7, methodSize, new Map())).toBeNull();
      expect(walkProperties(octets, headerAt + 7, headerSize, new Map())).toBeNull();
      expect(view.getBigUint64(headerAt + 11)).toBe(BigInt(frames[2]![2]!));
    }),
    { seed: SEED, numRuns: 20_000 },
  );
});
