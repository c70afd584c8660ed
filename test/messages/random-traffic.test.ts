/**
 * Traffic by chance between a client and a broker whose truth is known: a whole capture tells it all, and one that
 * lacks packets tells nothing else.
 */
import { expect, it } from "vitest";
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import { Inspection } from "../../src/inspect.ts";
import { Ledger } from "../../src/messages/ledger.ts";
import { randomNumbers } from "../support/chunkings.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { randomTraffic } from "../support/random-traffic.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const TRAFFICS = 2;
const DAMAGES = 20;
/** Segments of the handshake, and of the end: without these the end is that of the capture. */
const [OPENING, CLOSING] = [2, 3];

function outcomes(segments: readonly Segment[], midStream = false): [key: string, outcome: string][] {
  const told: [string, string][] = [];
  const ledger = new Ledger(message => {
    // Of one that was not captured whole, the id is not known.
    if (message.messageId !== null) told.push([`${message.operation} ${message.messageId}`, message.outcome]);
  });
  const inspection = new Inspection({ explain: false }, { ledger });
  inspection.beginInput();
  const capture = conversationCapture([{ port: 40_000, segments, midStream }]);
  new CaptureFeed(record => inspection.packet(record)).push(capture, 0, capture.length);
  const none = { notes: [], truncated: null, error: null, stopped: false };
  inspection.endInput("traffic", { format: "pcap", packets: segments.length, octets: capture.length, ...none });
  inspection.finish();
  return told;
}

/** Whether the packet of a number is missing: some in a row, some of one direction, all up to one, any at all. */
function damage(segments: readonly Segment[], random: () => number): { midStream: boolean; lost: Set<number> } {
  const below = (limit: number): number => Math.floor(random() * limit);
  const kind = below(4);
  const from = OPENING + below(segments.length - OPENING - CLOSING);
  const to = from + 1 + below(10);
  const share = random() * 0.15;
  const side = below(2);
  const isLost = (i: number): boolean => {
    if (kind === 0) return i >= from && i < to;
    if (kind === 1) return i >= from && i < to && segments[i]!.side === side;
    if (kind === 2) return i < from;
    return random() < share;
  };
  const all = segments.slice(0, -CLOSING).keys();
  return { midStream: kind === 2, lost: new Set([...all].filter(isLost)) };
}

it(`tells of parts of a capture nothing that did not happen (seed ${SEED})`, () => {
  const wrong: string[] = [];
  let known = 0;
  for (let seed = SEED; seed < SEED + TRAFFICS; seed++) {
    const { segments, truth, rolledBack } = randomTraffic(seed);
    const whole = outcomes(segments);
    expect(whole).toHaveLength(truth.size);
    expect(new Map(whole)).toEqual(truth);
    const random = randomNumbers(seed);
    for (let i = 0; i < DAMAGES; i++) {
      const { midStream, lost } = damage(segments, random);
      const part = segments.map((segment, at) => ({ ...segment, lost: lost.has(at) }));
      for (const [key, outcome] of outcomes(part, midStream)) {
        if (outcome === "unknown") continue;
        known++;
        if (outcome === truth.get(key) || rolledBack.get(key)?.has(outcome)) continue;
        wrong.push(`seed ${seed}, damage ${i}: ${key} was ${truth.get(key)}, not ${outcome}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  // Not by saying nothing.
  expect(known).toBeGreaterThan(DAMAGES * TRAFFICS * 5);
}, 60_000);
