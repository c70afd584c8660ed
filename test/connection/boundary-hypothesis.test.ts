/** What is told behind a frame boundary that had to be guessed: nothing, until it is proven. */
import { describe, expect, it } from "vitest";
import { findingsOf } from "../support/findings-of.ts";
import { connectionOf, conversation } from "../support/frame-log.ts";
import { join, type Octets, text, type Wire, wire } from "../support/wire.ts";

const UNTRUSTED = { closedForFrames: false };

/** What bodies may hold: whole publishes, and what breaks off. */
const INNER: [what: string, octets: Octets][] = [
  ["whole publishes", repeated(40, made => made.publish(3, "inner"))],
  ["a run of heartbeats", repeated(60, made => made.heartbeat())],
  [
    "publishes, then JSON",
    join(
      repeated(9, made => made.publish(3, "inner")),
      text('{"dead": "letter"}'),
    ),
  ],
  [
    "publishes, then end octets",
    join(
      repeated(9, made => made.publish(3, "inner")),
      new Uint8Array(30).fill(0xce),
    ),
  ],
  ["publishes, the last one cut", repeated(9, made => made.publish(3, "inner")).subarray(0, -7)],
  ["frames out of order", repeated(9, made => made.body(3, "stray").publishMethod(3).ack(3, 1))],
  ["a close", repeated(3, made => made.publish(3, "inner").close(504, "CHANNEL_ERROR"))],
  ["frames of no type", repeated(5, made => made.publish(3, "inner").frame(4, 0, []))],
];

function repeated(times: number, add: (made: Wire) => void): Uint8Array {
  const made = wire();
  for (let i = 0; i < times; i++) add(made);
  return made.octets;
}

/** Errors found in a client's stream that is cut into segments of so many octets, of which one is lost. */
function errorsBehindLoss(stream: Uint8Array, segment: number, lost: number): string[] {
  const sent = conversation();
  for (let at = 0, i = 0; at < stream.length; at += segment, i++) {
    const octets = stream.subarray(at, at + segment);
    if (i === lost) sent.gap(0, octets.length);
    else sent.client(octets);
  }
  return errors(sent);
}

function errors(sent: ReturnType<typeof conversation>): string[] {
  return findingsOf(connectionOf(sent, UNTRUSTED)).flatMap(({ severity, rule, streamOffset }) =>
    severity === "error" ? [`${rule} at ${streamOffset}`] : [],
  );
}

describe.each(INNER)("bodies that hold %s", (_, inner) => {
  const outer = wire().channelOpen(1);
  for (let i = 0; i < 6; i++) outer.publish(1, inner).publish(1, join(inner, inner), { pieces: 1000 });
  const stream = outer.octets;

  it.each([100, 536, 1448])("one segment of %i octets lost, each in turn: no error", segment => {
    for (let lost = 0; lost * segment < stream.length; lost++) {
      expect(errorsBehindLoss(stream, segment, lost), `segment ${lost}`).toEqual([]);
    }
  });

  it("a capture that begins at any octet: no error", () => {
    for (let from = 0; from < stream.length; from += 7) {
      const sent = conversation({ handshake: false, sawBeginning: false }).gap(0, -1).gap(1, -1);
      for (let at = from; at < stream.length; at += 536) sent.client(stream.subarray(at, at + 536));
      expect(errors(sent), `from ${from}`).toEqual([]);
    }
  });
});

describe("a guess is proven", () => {
  const broken = wire().frame(4, 1, []).publish(1, "hello").octets;
  const begun = () =>
    conversation({ handshake: { frameMax: 4096 } })
      .client(wire().channelOpen(1))
      .gap(0, 50);

  it("by frames that begin where writes do", () => {
    for (const [writes, expected] of [
      [3, []],
      [12, [`frame-type at ${1013 + 50 + 12 * 57}`]],
    ] as const) {
      const sent = begun();
      for (let i = 0; i < writes; i++) sent.client(wire().publish(1, "hello"));
      expect(errors(sent.client(broken))).toEqual(expected);
    }
  });

  it("by more octets than a body can have, however they are cut", () => {
    const sent = begun();
    const many = repeated(100, made => made.publish(1, "hello"));
    for (let at = 0; at < many.length; at += 100) sent.client(many.subarray(at, at + 100));
    expect(errors(sent.client(broken))).toEqual([`frame-type at ${1013 + 50 + many.length}`]);
  });

  it("not by heartbeats in step with the segments", () => {
    const sent = begun();
    for (let i = 0; i < 12; i++) sent.client(wire().heartbeat(8));
    expect(errors(sent.client(broken))).toEqual([]);
  });
});

it("frames that were found inside a body are not counted", () => {
  const inner = repeated(30, made => made.publish(3, "inner"));
  const sent = conversation()
    .client(wire().channelOpen(1))
    .gap(0, 80)
    .client(join(inner, wire().raw("ce").publish(1, "hello").heartbeat().octets));
  // open's handshake: start-ok, tune-ok, open; channel.open; three frames of the publish, and a heartbeat.
  expect(connectionOf(sent, UNTRUSTED).directions[0].frames).toBe(3 + 1 + 3 + 1);
});
