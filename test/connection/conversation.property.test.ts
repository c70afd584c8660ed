import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Side } from "../../src/net/connection-observer.ts";
import { SEED } from "../support/chunkings.ts";
import { findingsOf } from "../support/findings-of.ts";
import { type Conversation, connectionOf, conversation, findings } from "../support/frame-log.ts";
import { join } from "../support/wire.ts";
import { converse, plans, type Range, ranges, type Saying } from "./conversations.ts";

const PROPERTY = { seed: SEED };

function conversationOf(sayings: readonly Saying[]): Conversation {
  const all = conversation({ handshake: false });
  for (const { side, octets } of sayings) if (octets.length > 0) all.from(side, octets);
  return all.end(0, "fin").end(1, "fin");
}

/** The conversation as a capture has it that lacks some octets; `known`: how many, it can tell. */
function lacking(sayings: readonly Saying[], lost: readonly Range[], known: boolean): Conversation {
  const all = conversation({ handshake: false });
  const at = [0, 0];
  const missing = [0, 0];
  const gap = (side: Side): void => {
    if (missing[side]! > 0) all.gap(side, known ? missing[side]! : -1);
    missing[side] = 0;
  };
  for (const { side, octets } of sayings) {
    let piece: number[] = [];
    for (const octet of octets) {
      const offset = at[side]!++;
      if (lost.some(range => range.side === side && offset >= range.at && offset < range.at + range.count)) {
        if (piece.length > 0) all.from(side, Uint8Array.from(piece));
        piece = [];
        missing[side]!++;
      } else {
        gap(side);
        piece.push(octet);
      }
    }
    if (piece.length > 0) all.from(side, Uint8Array.from(piece));
  }
  for (const side of [0, 1] as const) gap(side);
  return all.end(0, "fin").end(1, "fin");
}

describe(`any conversation in good order (seed ${SEED})`, () => {
  it("is silent, however it is cut", () => {
    fc.assert(
      fc.property(plans, plan => {
        const sayings = converse(plan);
        // Contents that take turns are legal; that a client makes them so again and again is worth a warning. What the broker
        // does unasked is worth a note. What is acknowledged here was not delivered.
        const known = / (?:warning split-content|warning delivery-tag|note consumer-cancelled|note connection-blocked)/;
        expect(findings(conversationOf(sayings), 6).filter(line => !known.test(line))).toEqual([]);
      }),
      { ...PROPERTY, numRuns: 25 },
    );
  });

  it("all its frames are counted", () => {
    fc.assert(
      fc.property(plans, plan => {
        const sayings = converse(plan);
        const amqp = connectionOf(conversationOf(sayings));
        for (const side of [0, 1] as const) {
          const octets = join(...sayings.filter(saying => saying.side === side).map(saying => saying.octets));
          let frames = 0;
          for (let at = side === 0 ? 8 : 0; at < octets.length; frames++) {
            at += 8 + new DataView(octets.buffer, at + 3).getUint32(0);
          }
          expect(amqp.directions[side].frames).toBe(frames);
        }
      }),
      { ...PROPERTY, numRuns: 25 },
    );
  });

  it.each([
    ["as many octets missing as the capture can tell", true],
    ["octets missing, nobody knows how many", false],
  ])("%s: notes, and no errors", (_, known) => {
    fc.assert(
      fc.property(plans, ranges(6), (plan, lost) => {
        const sayings = converse(plan);
        const found = findings(lacking(sayings, lost, known), 2);
        expect(found.filter(line => /^(?:\S+ )?error /.test(line))).toEqual([]);
      }),
      { ...PROPERTY, numRuns: 250 },
    );
  });
});

type Mutation = { kind: "change" | "drop" | "repeat" | "insert"; at: number; count: number; octet: number };

const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom("change" as const, "drop" as const, "repeat" as const, "insert" as const),
    at: fc.oneof(fc.nat({ max: 60 }), fc.integer({ min: 980, max: 1200 }), fc.nat({ max: 6000 })),
    count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })),
    octet: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 2, 3, 8, 0xce)),
  }),
  { minLength: 1, maxLength: 5 },
);

function mutated(octets: Uint8Array, list: readonly Mutation[]): Uint8Array {
  let all = octets;
  for (const { kind, at: wanted, count, octet } of list) {
    const at = wanted % all.length;
    const piece = all.subarray(at, at + count);
    const rest = all.subarray(at + count);
    const before = all.subarray(0, at);
    switch (kind) {
      case "change":
        all = join(
          before,
          piece.map(each => each ^ octet || octet),
          rest,
        );
        break;
      case "drop":
        all = join(before, rest);
        break;
      case "repeat":
        all = join(before, piece, piece, rest);
        break;
      case "insert":
        all = join(before, new Uint8Array(count).fill(octet), piece, rest);
    }
    if (all.length === 0) return all;
  }
  return all;
}

describe(`any conversation, its octets changed, dropped, repeated, inserted (seed ${SEED})`, () => {
  it("is read to its end: the same findings however it is cut, each within its stream", () => {
    fc.assert(
      fc.property(plans, mutations, mutations, (plan, inClient, inServer) => {
        const sayings = converse(plan);
        const stream = (side: Side, list: readonly Mutation[]) =>
          mutated(join(...sayings.filter(saying => saying.side === side).map(saying => saying.octets)), list);
        const octets = [stream(0, inClient), stream(1, inServer)] as const;
        const all = conversationOf(([0, 1] as const).map(side => ({ side, octets: octets[side] })));
        findings(all, 3);
        const amqp = connectionOf(all);
        if (amqp.state !== "amqp") return;
        for (const side of [0, 1] as const) {
          const { frames, hidden, scanner } = amqp.directions[side];
          expect(frames).toBeLessThanOrEqual(octets[side].length / 8);
          expect(hidden).toBe(0);
          expect(scanner.offset).toBe(octets[side].length);
        }
        for (const finding of findingsOf(amqp)) {
          const { direction, streamOffset, length, message } = finding;
          expect(message).not.toMatch(/undefined|NaN|null|0x-/);
          const whole = octets[direction === "client-to-server" ? 0 : 1].length;
          expect(streamOffset).toBeGreaterThanOrEqual(0);
          expect(length).toBeGreaterThanOrEqual(0);
          expect(streamOffset! + length!, message).toBeLessThanOrEqual(whole);
        }
      }),
      { ...PROPERTY, numRuns: 150 },
    );
  });
});
