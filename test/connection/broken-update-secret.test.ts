/**
 * The new secret of an update-secret that is broken in any way, in the octets of a recording: no five octets of it in a row
 * may stay. The methods come in a running connection, beside whole ones.
 */
import { describe, expect, it } from "vitest";
import { CredentialsMask } from "../../src/connection/credentials-mask.ts";
import { clientHandshake, join, text, wire } from "../support/wire.ts";

const SECRET = "S3cr3tP4ssw0rdXYZ";
const PIECE = 5;
const OPENING = clientHandshake().channelOpen(1).octets;
const METHOD = wire().updateSecret(SECRET).octets;
const SECRET_AT = Buffer.from(METHOD).indexOf(SECRET);
const HEARTBEAT = wire().heartbeat().octets;
const PUBLISH = wire().publish(1, "p".repeat(60)).octets;

function withOctet(at: number, value: number): Uint8Array {
  return METHOD.with(at, value);
}

/** The method with another size in its header. */
function withSize(octets: Uint8Array, difference: number): Uint8Array {
  const changed = octets.slice();
  const view = new DataView(changed.buffer);
  view.setUint32(3, view.getUint32(3) + difference);
  return changed;
}

const SHAPES: readonly [name: string, octets: Uint8Array][] = [
  ["whole", METHOD],
  ["torn by a heartbeat", join(METHOD.subarray(0, SECRET_AT + 6), HEARTBEAT, METHOD.subarray(SECRET_AT + 6))],
  ["torn by a publish", join(METHOD.subarray(0, SECRET_AT + 6), PUBLISH, METHOD.subarray(SECRET_AT + 6))],
  ...[0, 2, 3, 4, 8, 0x3c, 0xff].map((type): [string, Uint8Array] => [`of type ${type}`, withOctet(0, type)]),
  ["on channel 1", withOctet(2, 1)],
  ["on channel 2560", withOctet(1, 10)],
  ...[-20, -14, -4, 4, 20].map((difference): [string, Uint8Array] => [
    `whose size is ${difference} wrong`,
    join(withSize(METHOD, difference), HEARTBEAT),
  ]),
  ["twice", join(METHOD, METHOD)],
  ["and its tail again", join(METHOD, METHOD.subarray(SECRET_AT - 2))],
  ["and its tail again, from within the secret", join(METHOD, METHOD.subarray(SECRET_AT + 2))],
  ["without its first five octets", METHOD.subarray(5)],
  ["behind a frame whose size is short", join(Uint8Array.of(8, 0, 0, 0, 0, 0, 4, 0xce), METHOD)],
  ...[20, 30].map((more): [string, Uint8Array] => [
    `inside a frame that claims ${more} octets more`,
    join(withSize(wire().channelOpen(2).octets, more), METHOD),
  ]),
  ["without its end octet", METHOD.with(-1, 0)],
  ["of class 11", withOctet(8, 11)],
  ["of method 71", withOctet(10, 71)],
  ["cut in half", METHOD.subarray(0, SECRET_AT + 8)],
];

function shown(octets: Uint8Array, size: number): string {
  const mask = new CredentialsMask();
  const whole = join(OPENING, PUBLISH, octets, HEARTBEAT, PUBLISH, PUBLISH);
  const masked: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += size) masked.push(mask.mask(whole.slice(at, at + size)));
  return Buffer.concat(masked).toString("latin1");
}

describe.each([1, 7, 100_000])("in chunks of %i octets", size => {
  it.each(SHAPES)("%s", (_, octets) => {
    const recorded = shown(octets, size);
    const pieces = Array.from({ length: SECRET.length - PIECE + 1 }, (__, at) => SECRET.slice(at, at + PIECE));
    expect(pieces.filter(piece => recorded.includes(piece))).toEqual([]);
  });
});

it("leaves other octets as they are", () => {
  const clean = join(OPENING, PUBLISH, HEARTBEAT, text(""));
  const mask = new CredentialsMask();
  const recorded = mask.mask(clean);
  expect(Buffer.from(recorded).subarray(OPENING.length)).toEqual(Buffer.from(clean).subarray(OPENING.length));
});
