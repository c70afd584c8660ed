/**
 * What the octets of a frame are that did not end where its header puts the end: the first of its payload, as the
 * broker printed them, and the one in the frame-end octet's place.
 */
import { methodOf } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import type { Snippet } from "./error-report.ts";
import { type FrameFit, frameFit } from "./frame-pattern.ts";
import { frameWords } from "./frame-readings.ts";
import { endOctetWords, frameWindow } from "./frame-window.ts";
import { headerReadings, ranked } from "./header-readings.ts";
import { type HeaderWindow, hexOf, numberAt } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";
import { asText, isText, isTextOctet, kindOfText } from "./text-octets.ts";

const HEADER = 7;
/** Bits of evidence for a frame in octets of a payload: type, channel and size alone are 27 at most. */
const LEAST_BITS = 24;
/** With an end octet before it, fewer are enough. */
const LEAST_BITS_BEHIND_END = 9;

/** Readings of a frame whose end octet is `endOctet` instead of 0xCE. */
export function payloadReadings(
  type: number | null,
  channel: number | null,
  snippet: Snippet | null,
  endOctet: number,
): Reading[] {
  const window = frameWindow(type, channel, snippet, endOctet);
  const payload = Array.from(snippet?.octets ?? []);
  const typeFits = type === null || (type >= FRAME_METHOD && type <= FRAME_BODY) || type === FRAME_HEARTBEAT;
  if (!typeFits) return headerReadings(window, Number.POSITIVE_INFINITY);
  const inside = framesInside(window, payload);
  const others = [...goodPayload(window, type, payload, endOctet), ...endReadings(window, type, payload, endOctet)];
  // A frame recognised inside makes other readings of the same octets unlikely.
  if (inside.some(({ score }) => score >= 85)) for (const other of others) other.score = Math.min(other.score, 24);
  return ranked([...inside, ...others]);
}

/** Frames that begin inside the payload. */
function framesInside(window: HeaderWindow, payload: readonly number[]): Reading[] {
  const found: Reading[] = [];
  for (let at = HEADER; at < HEADER + payload.length; at++) {
    const ended = at > HEADER && window[at - 1] === FRAME_END;
    const fit = frameFit(window, at);
    if (window[at] === FRAME_END && at === HEADER) found.push(...payloadMissing(window));
    if (fit === null || fit.bits < (ended ? LEAST_BITS_BEHIND_END : LEAST_BITS)) continue;
    if (ended && at === HEADER + 1) continue;
    found.push(frameInside(window, fit, ended));
  }
  return found;
}

/** The end octet stands right behind the header. */
function payloadMissing(window: HeaderWindow): Reading[] {
  const fit = frameFit(window, HEADER + 1);
  const next = fit !== null && fit.bits >= LEAST_BITS_BEHIND_END ? ` Behind it ${frameWords(fit)} begins.` : "";
  const size = numberAt(window, 3, 7);
  return [
    {
      kind: "payload-missing",
      meaning: "a header and an end octet without the payload between them",
      why: `The first octet behind the header is ce, the frame-end octet: none of the ${size === null ? "" : `${size} `}octets that were announced are there.${next}`,
      evidence: "ce right behind the header",
      score: Math.min(95, 62 + (fit?.bits ?? 0)),
      boundary: HEADER + 1,
      octets: labels(
        window,
        [0, HEADER, "a header without its payload"],
        [HEADER, HEADER + 1, "frame-end octet"],
        [HEADER + 1, Math.min(window.length, HEADER + 8), next === "" ? "" : `header of ${frameWords(fit!)}`],
      ),
    },
  ];
}

function frameInside(window: HeaderWindow, fit: FrameFit, ended: boolean): Reading {
  const { at } = fit;
  const behindHeader = at === HEADER;
  const words = frameWords(fit, window);
  const shown = hexOf(window, at, Math.min(window.length, at + 11));
  const evidence = fit.method === null ? "" : `, then the ids of ${fit.method}`;
  const where = behindHeader
    ? "right behind the header"
    : ended
      ? `${at - HEADER} octets into the payload, behind an end octet`
      : `${at - HEADER} octets into the payload`;
  const meaning = behindHeader
    ? `another frame, ${words}, written behind a bare header`
    : ended
      ? `a frame that ended after ${at - 1 - HEADER} octets, and ${words} behind it`
      : `${words} inside the payload of another`;
  return {
    kind: "frame-in-payload",
    meaning,
    why: `${shown}, ${where}, are the header of ${words}${evidence}.`,
    evidence: evidenceAt(window, at, at + HEADER),
    score: Math.min(97, 10 + 2 * (fit.bits + (ended ? 8 : 0)) + (behindHeader ? 8 : 0)),
    boundary: at,
    octets: labels(
      window,
      [
        HEADER,
        ended ? at - 1 : at,
        ended ? "end of the frame's own payload" : behindHeader ? "" : "the frame's own payload",
      ],
      [ended ? at - 1 : at, at, "frame-end octet"],
      [at, Math.min(window.length, at + HEADER), `header of ${words}`],
      [at + HEADER, Math.min(window.length, at + 11), fit.method ?? ""],
    ),
  };
}

/** The payload begins as a payload of that type does: header and first octets are in order. */
function goodPayload(
  window: HeaderWindow,
  type: number | null,
  payload: readonly number[],
  endOctet: number,
): Reading[] {
  if (payload.length === 0 || type === null) return [];
  const what = payloadOf(type, payload);
  if (what === null) {
    const text = isText(payload);
    return [
      {
        kind: text ? "payload-text" : "unknown",
        meaning: text
          ? "text of a message behind a header that is not its own"
          : "octets that are no payload of this type",
        why: `A ${type === FRAME_METHOD ? "method frame begins with a class-id and a method-id" : "content header begins with class-id 60"}; ${hexOf(payload.slice(0, 8))} ${text ? `is text, “${asText(payload)}”` : "is neither"}.`,
        evidence: text ? `“${asText(payload)}” behind the header` : `${hexOf(payload.slice(0, 4))} behind the header`,
        score: 66,
        boundary: null,
        octets: labels(window, [HEADER, HEADER + payload.length, text ? `text “${asText(payload)}”` : ""]),
      },
    ];
  }
  const text = type === FRAME_BODY && isText(payload) ? `text “${asText(payload)}”` : "";
  return [
    {
      kind: "torn-later",
      meaning: `a good header and ${what}: the frame was torn further on`,
      why: `The first octets are as they must be, so header and payload began in order. Then octets of another writer came in between, or some of its own were lost: where the frame must end stands ${endOctetWords(endOctet)}.`,
      evidence: `a good start, and ${endOctetWords(endOctet)} in the end octet's place`,
      score: type === FRAME_BODY && text === "" ? 62 : 74,
      boundary: null,
      octets: labels(window, [HEADER, HEADER + payload.length, text]),
    },
  ];
}

/** What the payload is, as a clause, if it fits the type. */
function payloadOf(type: number, payload: readonly number[]): string | null {
  const [first, second, third, fourth] = payload;
  switch (type) {
    case FRAME_METHOD: {
      if (fourth === undefined) return null;
      const method = methodOf(first! * 256 + second!, third! * 256 + fourth);
      return method === undefined ? null : `the first octets of a ${method.name}`;
    }
    case FRAME_HEADER:
      return first === 0 && second === BASIC_CLASS && third === 0 && fourth === 0
        ? "the first octets of a content header"
        : null;
    case FRAME_BODY: {
      if (!isText(payload)) return "a body that begins with binary data";
      const text = asText(payload);
      const kind = kindOfText(text);
      return `a body that begins with “${text}”${kind.startsWith("looks like JSON") ? " (JSON)" : ""}`;
    }
    default:
      return null;
  }
}

/** What stands in the end octet's place. */
function endReadings(
  window: HeaderWindow,
  type: number | null,
  payload: readonly number[],
  endOctet: number,
): Reading[] {
  const at = window.length - 1;
  const octets = window[at] === endOctet && payload.length > 0 ? labels(window, [at, at + 1, ""]) : labels(window);
  const named = namedFrame(endOctet);
  const found = named === null ? noFrameType(endOctet, payload.length === 0) : nextFrame(type, endOctet, named);
  return [{ ...found, boundary: null, octets }];
}

type EndReading = Omit<Reading, "boundary" | "octets">;

function namedFrame(type: number): string | null {
  return ["", "a method frame", "a content header", "a body frame"][type] || null;
}

function nextFrame(type: number | null, next: number, named: string): EndReading {
  // A publish is followed by its content header, that by a body.
  const inOrder = type !== null && next === type + 1;
  return {
    kind: "end-missing",
    meaning: `the first octet of the next frame, ${named}, where the end octet should be`,
    why: `${next} is the type of ${named}${inOrder ? ", which follows this one" : ""}: the payload is one octet shorter than its header says, or its end octet was lost.`,
    evidence: `${next} in the end octet's place`,
    score: inOrder ? 70 : 45,
  };
}

/** `bare`: nothing of the payload is known. */
function noFrameType(endOctet: number, bare: boolean): EndReading {
  if (endOctet === 0) {
    return {
      kind: "zeros",
      meaning: "a zero where the end octet should be",
      why: "0 is what unwritten or cleared memory holds, and what channel numbers and lengths begin with: a buffer that was reused, or cleared, while it was being sent; or the middle of another frame.",
      evidence: "0 in the end octet's place",
      score: bare ? 55 : 46,
    };
  }
  const words = endOctetWords(endOctet);
  const evidence = `${words} in the end octet's place`;
  if (isTextOctet(endOctet)) {
    return {
      kind: "payload-text",
      meaning: `text where the end octet should be: ${words}`,
      why: `${words} is a letter of some message: octets were inserted into the frame, so that its own end comes later, or lost from it, so that the next frames moved up.`,
      evidence,
      score: bare ? 70 : 40,
    };
  }
  return {
    kind: "unknown",
    meaning: `${words} where the end octet should be`,
    why: "It is no frame type, no text and not zero: binary data, or the middle of another frame's numbers.",
    evidence,
    score: bare ? 50 : 30,
  };
}
