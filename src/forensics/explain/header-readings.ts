/**
 * What the octets are that a broker took for a frame header: hypotheses, the best first. A size is refused for being
 * too large before anything else is looked at (BROKER.md's order is rabbit_reader's), so the other fields are no more to
 * be trusted than the size.
 */
import { FRAME_BODY, FRAME_ENVELOPE, FRAME_HEADER, FRAME_METHOD } from "../../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../../amqp/spec/properties.ts";
import { grouped } from "../../bytes/grouped.ts";
import { couldBeGenuine, frameReadings } from "./frame-readings.ts";
import { type HeaderWindow, hexOf, knownOctets, numberAt, octetsFrom } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";
import { capital, signatureReadings } from "./signatures.ts";
import { tableReadings } from "./table-octets.ts";
import { asText, isText, isTextOctet, kindOfText } from "./text-octets.ts";

/** Sizes below this, and no limit known: nothing is wrong with them by themselves. */
const SMALLEST_LIMIT = 4096 - FRAME_ENVELOPE;
/** frame_max before tune-ok, less the envelope: RabbitMQ up to 4.0, and from 4.1 on. */
const HANDSHAKE_LIMITS = [4088, 8184];
const MEBIOCTET = 2 ** 20;

/** Readings of a header whose size is beyond `limit` (octets of payload; null where it is not known). */
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
    // What another protocol begins with is text, too.
    if (reading.kind === "payload-text" && readings.some(isForeign)) reading.score = Math.min(reading.score, 30);
  }
  readings.push(unknownReading(window, best));
  return ranked(readings);
}

function isForeign({ kind, score }: Reading): boolean {
  return (kind === "foreign-protocol" || kind === "second-handshake") && score >= 58;
}

/** The best first, four at most, and of one kind the best only. */
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
    const score = known.length >= 7 ? 93 : known.length >= 5 ? 88 : known.length >= 4 ? 77 : 20;
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
  // Text and something else: the edge of a string in a header or an argument.
  const size = header.slice(3).filter(octet => octet !== null);
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

/** Payloads of common frames, as templates: read from any of their octets on. */
const PAYLOADS: readonly (readonly [what: string, label: string, octets: readonly number[]])[] = [
  ["the arguments of a basic.publish", "basic.publish", [0, BASIC_CLASS, 0, 40, 0, 0]],
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

function genuineReadings(window: HeaderWindow, limit: number | null): Reading[] {
  const type = window[0] ?? null;
  const channel = numberAt(window, 1, 3);
  const size = numberAt(window, 3, 7);
  if (size === null || (type !== null && (type < FRAME_METHOD || type > FRAME_BODY))) return [];
  if (size <= (limit ?? SMALLEST_LIMIT)) return [modestSize(window, size, limit)];
  const strange = channel !== null && channel > 2047;
  if (limit !== null && HANDSHAKE_LIMITS.includes(limit) && type === FRAME_METHOD && size < MEBIOCTET) {
    return [
      {
        kind: "handshake-oversize",
        meaning: "a large handshake frame: it really is that long",
        why: `${grouped(limit)} is the limit in force before tune-ok (frame_max ${grouped(limit + FRAME_ENVELOPE)} less 8), and the only long method then is connection.start-ok, with client properties and the SASL response.`,
        evidence: `a method frame of ${grouped(size)} octets, before tune-ok`,
        score: strange ? 25 : 90,
        boundary: null,
        octets: labels(window),
      },
    ];
  }
  const frame = type === FRAME_HEADER ? "content header" : type === FRAME_METHOD ? "method" : "body";
  // Headers of a mebioctet are rare; bodies of ten, written as one frame by a client that ignores frame_max, less so.
  const usual = type === FRAME_METHOD ? MEBIOCTET / 4 : 2 * MEBIOCTET;
  const rare = type === FRAME_HEADER ? 56 : type === FRAME_METHOD ? 45 : 74;
  let score = size <= usual ? 90 : size < 16 * MEBIOCTET ? rare : size <= 128 * MEBIOCTET ? 34 : 6;
  if (type === null) score = Math.min(60, score - 8);
  if (channel === null) score -= 3;
  if (strange) score = Math.min(score, 12);
  if (score < 5) return [];
  const over = limit === null ? "" : `, ${over_(size, limit)}`;
  const fields = [
    type === null ? "" : `Type ${type} is a ${frame} frame`,
    channel === null
      ? ""
      : strange
        ? `channel ${channel} is beyond any that is opened`
        : `channel ${channel} is one that may be open`,
  ].filter(part => part !== "");
  const said = fields.length === 0 ? "" : `${fields.join(", and ")}. `;
  const modest = size <= usual ? "small enough to be meant" : "long, but not out of the question";
  return [
    {
      kind: "genuine-oversize",
      meaning: `a ${type === null ? "" : `${frame} `}frame that really has ${grouped(size)} octets: oversize, not corrupt`,
      why: `${said}The size is ${modest}${over}.${rounded(size)}`,
      evidence: `a header that is good but for its size of ${grouped(size)}`,
      score,
      boundary: null,
      octets: labels(window),
    },
  ];
}

function over_(size: number, limit: number): string {
  const ratio = size / limit;
  if (ratio < 2) return `${grouped(size - limit)} octets more than the ${grouped(limit)} allowed`;
  return `${ratio < 10 ? ratio.toFixed(1) : grouped(Math.round(ratio))} times the ${grouped(limit)} allowed`;
}

/** What a size tells where it is a frame-max, or that less the envelope. */
function rounded(size: number): string {
  for (const frameMax of [8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576]) {
    if (size === frameMax - FRAME_ENVELOPE) {
      return ` It is ${grouped(frameMax)} less 8: the client cuts bodies for a frame_max of ${grouped(frameMax)}, and the broker expects another.`;
    }
    if (size === frameMax) {
      return ` It is ${grouped(frameMax)}: the client cuts bodies for a frame_max of that, and may forget the 8 octets around a payload.`;
    }
  }
  return size % MEBIOCTET === 0 ? ` It is ${grouped(size / MEBIOCTET)} MiB exactly.` : "";
}

function modestSize(window: HeaderWindow, size: number, limit: number | null): Reading {
  const bound = limit === null ? "any frame_max there is" : `the limit of ${grouped(limit)}`;
  return {
    kind: "modest-size",
    meaning: `a size that is not too large: ${grouped(size)} octets`,
    why: `${grouped(size)} is within ${bound}. By itself there is nothing wrong with it.`,
    evidence: `a size of ${grouped(size)}`,
    score: 60,
    boundary: null,
    octets: labels(window),
  };
}

/** The size with its octets in the other order is a modest one. */
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

/** There is always one more: that it only looks like what it looks like. */
function unknownReading(window: HeaderWindow, best: number): Reading {
  const known = knownOctets(window.slice(0, 7));
  const recognised = best >= 58;
  return {
    kind: "unknown",
    meaning: recognised ? "octets of some payload that only look like this" : "octets of some payload, not recognised",
    why:
      known < 5
        ? `Only ${known} of the 7 octets ${known === 1 ? "is" : "are"} known. The broker's log line has all: type, channel and size.`
        : recognised
          ? "Once the broker has lost its place, any octets of a message may come up as a header."
          : "They fit no frame, no text and no protocol that ghostframe knows: binary, compressed or encrypted data.",
    evidence: hexOf(window.slice(0, 7)),
    score: recognised ? 8 : 30,
    boundary: null,
    octets: labels(window),
  };
}
