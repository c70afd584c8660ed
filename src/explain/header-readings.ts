/**
 * What the octets are that a broker read as a frame header: hypotheses, the best first. The size is checked before
 * anything else (BROKER.md's order is rabbit_reader's), so the other fields are no more credible than the size.
 */
import { BASIC_PUBLISH, idOctets } from "../amqp/method-keys.ts";
import { FRAME_BODY, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { grouped } from "../bytes/grouped.ts";
import { capital } from "../bytes/words.ts";
import { couldBeGenuine, frameReadings } from "./frame-readings.ts";
import { type HeaderWindow, hexOf, knownOctets, numberAt, octetsFrom } from "./header-window.ts";
import { genuineReadings } from "./oversize-readings.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";
import { signatureReadings } from "./signatures.ts";
import { tableReadings } from "./table-octets.ts";
import { asText, isText, isTextOctet, kindOfText } from "./text-octets.ts";

/** Readings of a header whose size is beyond `limit` (octets of payload; null if it is not known). */
export function headerReadings(window: HeaderWindow, limit: number | null): Reading[] {
  const readings = [
    ...signatureReadings(window),
    ...frameReadings(window),
    ...tableReadings(window),
    ...contentReadings(window),
    ...textReadings(window),
    ...genuineReadings(window, limit),
    ...byteOrderReadings(window, limit),
  ];
  const best = Math.max(0, ...readings.map(({ score }) => score));
  for (const reading of readings) {
    // The beginning of another protocol is text, too.
    if (reading.kind === "payload-text" && readings.some(isForeign)) reading.score = Math.min(reading.score, 30);
    const heartbeat = readings.some(({ kind, score }) => kind === "heartbeat-in-header" && score >= 75);
    if (reading.kind === "genuine-oversize" && heartbeat) reading.score = Math.min(reading.score, 50);
  }
  readings.push(unknownReading(window, best));
  return ranked(readings);
}

function isForeign({ kind, score }: Reading): boolean {
  return (kind === "foreign-protocol" || kind === "second-handshake") && score >= 58;
}

/** The best first, four at most, and only the best of each kind. */
export function ranked(readings: readonly Reading[]): Reading[] {
  const order = readings.toSorted((a, b) => b.score - a.score);
  const seen = new Set<string>();
  return order
    .filter(({ kind, boundary, score }) => {
      const key = `${kind} ${kind === "late-frame" || kind === "frame-in-header" ? boundary : ""}`;
      if (seen.has(key) || score < 5) return false;
      seen.add(key);
      return true;
    })
    .slice(0, 4);
}

function textReadings(window: HeaderWindow): Reading[] {
  const header = window.slice(0, 7);
  const known = header.filter(octet => octet !== null);
  if (known.length === 0) return [];
  const from = header.findIndex(octet => octet !== null);
  const to = header.findLastIndex(octet => octet !== null) + 1;
  const shown = asText(header.slice(from, to));
  if (isText(known)) {
    const kind = kindOfText(shown);
    const lines = known.some(octet => octet < 0x20) ? 8 : 0;
    const score = (known.length >= 7 ? 93 : known.length >= 5 ? 88 : known.length >= 4 ? 77 : 20) - lines;
    const all =
      known.length === 7
        ? "All seven octets are"
        : known.length === 1
          ? "The one octet that is known is"
          : `The ${known.length} octets that are known are`;
    return [
      {
        kind: "payload-text",
        meaning: `text of a message, “${shown}”, where a frame header should be`,
        why: `${all} text: ${hexOf(header, from, to)} is “${shown}”${kind === "" ? "" : `; ${kind}`}.`,
        evidence: `“${shown}” in the header`,
        score,
        boundary: null,
        octets: labels(window, [from, to, `text “${shown}”`]),
      },
    ];
  }
  const size = header.slice(3).filter(octet => octet !== null);
  if (size.length === 4 && isText(size) && startsHeader(header)) {
    const text = asText(header.slice(3));
    return [
      {
        kind: "payload-text",
        meaning: `the first 3 octets of a frame header, then text of a message, “${text}”`,
        why: `Type and channel are good; ${hexOf(header, 3)}, where the size must be, is “${text}”: the header was cut off, or lost its size.`,
        evidence: evidenceAt(window, 3, 7),
        score: 80,
        boundary: null,
        octets: labels(window, [0, 3, "start of a frame header"], [3, 7, `text “${text}”`]),
      },
    ];
  }
  // Text and something else: the edge of a string in a header or an argument.
  const letters = size.filter(isTextOctet).length;
  if (size.length < 4 || letters < 3) return [];
  return [
    {
      kind: "payload-text",
      meaning: "octets of a message, text among them",
      why: `${capital(octetsFrom(3, 7))} are ${hexOf(header, 3)} (“${asText(header.slice(3))}”), mostly text.`,
      evidence: evidenceAt(window, 3, 7),
      score: couldBeGenuine(window) ? 20 : 42,
      boundary: null,
      octets: labels(window, [3, 7, `“${asText(header.slice(3))}”`]),
    },
  ];
}

function startsHeader([type, high]: HeaderWindow): boolean {
  return type !== null && type !== undefined && type >= FRAME_METHOD && type <= FRAME_BODY && (high ?? 0) <= 7;
}

/** Payloads of common frames, as templates: readable from any of their octets on. */
const PAYLOADS: readonly (readonly [what: string, label: string, octets: readonly number[]])[] = [
  ["the arguments of a basic.publish", "basic.publish", [...idOctets(BASIC_PUBLISH), 0, 0]],
  ["a content header's payload", "content header", [0, BASIC_CLASS, 0, 0, 0, 0, 0, 0]],
];

function contentReadings(window: HeaderWindow): Reading[] {
  const found: Reading[] = [];
  for (const [what, label, octets] of PAYLOADS) {
    for (const passed of [0, 1]) {
      const expected = octets.slice(passed);
      const header = window.slice(0, expected.length);
      const known = header.filter(octet => octet !== null).length;
      if (known < 4 || header[1 - passed] !== BASIC_CLASS) continue;
      if (!header.every((octet, i) => octet === null || octet === expected[i])) continue;
      found.push({
        kind: "content-octets",
        meaning: `${what}, where a frame header should be`,
        why: `${capital(octetsFrom(0, expected.length))} (${hexOf(header)}) are ${what}${passed === 0 ? " from its first octet on" : ", its first octet passed"}: the header that belongs before it is missing, or was read already.`,
        evidence: evidenceAt(window, 0, expected.length),
        score: Math.min(92, 50 + 7 * known),
        boundary: null,
        octets: labels(window, [0, expected.length, `payload of a ${label}`]),
      });
    }
  }
  return found;
}

/** With its octets in the other order, the size is small. */
function byteOrderReadings(window: HeaderWindow, limit: number | null): Reading[] {
  const size = window.slice(3, 7);
  if (size.includes(null) || size[3] !== 0 || size[2] !== 0 || size[0] === 0x08) return [];
  const type = window[0] ?? null;
  if (type !== null && (type < FRAME_METHOD || type > FRAME_BODY)) return [];
  const swapped = numberAt(size.toReversed(), 0, 4)!;
  if (swapped === 0 || swapped > (limit ?? 131_064) || couldBeGenuine(window)) return [];
  return [
    {
      kind: "byte-order",
      meaning: `a size of ${grouped(swapped)} with its octets in the wrong order`,
      why: `${hexOf(size)} is ${grouped(swapped)} in little-endian order.`,
      evidence: evidenceAt(window, 3, 7),
      score: type === null ? 20 : 34,
      boundary: null,
      octets: labels(window, [3, 7, `${grouped(swapped)}, little-endian`]),
    },
  ];
}

/** There is always one more reading: that the resemblance is chance. */
export function doubt(window: HeaderWindow): Reading {
  return {
    kind: "unknown",
    meaning: "octets of some payload that only look like this",
    why: "Once octets are out of place, any of a message may come up anywhere.",
    evidence: hexOf(window.slice(0, 7)),
    score: 8,
    boundary: null,
    octets: labels(window),
  };
}

function unknownReading(window: HeaderWindow, best: number): Reading {
  const known = knownOctets(window.slice(0, 7));
  const few = `Only ${known} of the 7 octets ${known === 1 ? "is" : "are"} known. The broker's log line has all: type, channel and size.`;
  if (best >= 58) return known < 5 ? { ...doubt(window), why: few } : doubt(window);
  return {
    ...doubt(window),
    meaning: "octets of some payload, not recognised",
    why:
      known < 5
        ? few
        : "They fit no frame, no text and no protocol that ghostframe knows: binary, compressed or encrypted data.",
    score: 30,
  };
}
