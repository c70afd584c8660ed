/** Octets read as frames: a frame that begins inside a supposed header, behind an end octet or without. */
import { FRAME_END, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import { capital } from "../bytes/words.ts";
import { type FrameFit, frameFit, headBits } from "./frame-pattern.ts";
import { type HeaderWindow, hexOf, numberAt, octetsFrom } from "./header-window.ts";
import { methodTail } from "./method-tail.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";
import { asText, isText } from "./text-octets.ts";

const HEADER = 7;
/** A frame is recognised only with this many bits of evidence. */
const LEAST_BITS = 12;
/** More, if its type is not known. */
const LEAST_BITS_HIDDEN = 18;
/** The highest score beside readings of a header that could be right as it is. */
const CAP_BESIDE_GENUINE = 56;
/** The same for a heartbeat in a header of no body: methods and headers of 512 KiB (00 08 00 00) are not sent. */
const CAP_HEARTBEAT = 75;

/** Frames that begin at one of the octets 1 to 7 of a header window. */
export function frameReadings(window: HeaderWindow): Reading[] {
  const found: Reading[] = [];
  for (let at = 1; at <= HEADER; at++) {
    const before = window[at - 1];
    const fit = frameFit(window, at);
    if (before === FRAME_END) {
      const late = lateFrame(window, at, fit);
      if (late !== null) found.push(late);
    } else if (fit !== null && fit.known >= 2 && fit.bits >= (window[at] === null ? LEAST_BITS_HIDDEN : LEAST_BITS)) {
      const torn = tornHeader(window, fit, before !== null);
      if (torn !== null) found.push(torn);
      if (before === null) found.push(inferredLate(window, fit));
    }
  }
  return found;
}

/** 0xCE at octet at − 1: the frame before ends there. */
function lateFrame(window: HeaderWindow, at: number, fit: FrameFit | null): Reading | null {
  const known = fit?.known ?? 0;
  if (fit === null && at < window.length) return null;
  const tail = describeTail(window, at - 1);
  const bits = (fit?.bits ?? 0) + 8 + tail.bits;
  const what = known === 0 ? "whatever comes next" : frameWords(fit!);
  const next =
    known === 0
      ? "The next frame begins right behind it."
      : `Behind it ${hexOf(window, at, Math.min(window.length, at + 8))} begins ${frameWords(fit!)}.`;
  const score = Math.min(97, known < 2 ? 30 + bits : 22 + 3 * bits);
  return {
    kind: "late-frame",
    meaning: `the last ${at === 1 ? "octet" : `${at} octets`} of one frame, then ${what}`,
    why: `Octet ${at - 1} is ce, the frame-end octet. ${next}${tail.why} The header was looked for ${at === 1 ? "one octet" : `${at} octets`} too early.`,
    evidence: evidenceAt(window, at - 1, at + 3),
    score: couldBeGenuine(window) ? Math.min(score, 80) : score,
    boundary: at,
    octets: labels(
      window,
      [0, at - 1, tail.label],
      [at - 1, at, "frame-end octet"],
      [at, Math.min(window.length, at + frameOctets(fit)), known === 0 ? "" : frameLabel(fit!)],
    ),
  };
}

/** The beginning of one frame's header, and another frame where the rest of it should be. */
function tornHeader(window: HeaderWindow, fit: FrameFit, beforeKnown: boolean): Reading | null {
  const { at } = fit;
  const head = headBits(window, at);
  const heartbeat = fit.type === FRAME_HEARTBEAT;
  // A whole header fits before the frame: payload-readings.ts reads that.
  if (at >= HEADER) return null;
  // Behind octets that begin no header, only a heartbeat's own octets show enough.
  if (head === null && !(heartbeat && fit.known >= 4)) return null;
  // A method on channel 0 in the middle of a connection is rare.
  const plain = 20 + (beforeKnown ? 3 : 2) * fit.bits + (head ?? 0);
  const most = head === null ? 72 : !beforeKnown ? 80 : heartbeat ? 96 : 94;
  const score = Math.min(most, fit.channel === 0 && !heartbeat ? 40 : plain);
  const inside = `${capital(octetsFrom(at, Math.min(window.length, at + 8)))} are ${hexOf(window, at, Math.min(window.length, at + 8))}`;
  const first = at === 1 ? "The octet before them is" : `The ${at} octets before them are`;
  const headWords = !beforeKnown
    ? " What stands before them is not known."
    : head === null
      ? ` ${first} no header's (${hexOf(window, 0, at)}): it was written into some payload.`
      : ` ${first} the start of another header (${hexOf(window, 0, at)}), cut off there.`;
  const whole = "08 00 00 00 00 00 00 ce";
  return {
    kind: heartbeat ? "heartbeat-in-header" : "frame-in-header",
    meaning: `${heartbeat ? "a heartbeat frame" : frameWords(fit)} inside ${head === null ? "the octets of another frame" : "a torn frame header"}`,
    why: heartbeat
      ? `${inside}: the start of a heartbeat frame (${whole}).${headWords}`
      : `${inside}: the start of ${frameWords(fit)}.${headWords}`,
    evidence: evidenceAt(window, at, at + 8),
    score: couldBeGenuine(window)
      ? Math.min(score, heartbeat && isNoBody(window) ? CAP_HEARTBEAT : CAP_BESIDE_GENUINE)
      : score,
    boundary: at,
    octets: labels(
      window,
      [0, at, head === null ? "" : "start of a frame header, cut off"],
      [at, Math.min(window.length, at + frameOctets(fit)), heartbeat ? "heartbeat frame" : frameLabel(fit)],
    ),
  };
}

/** The octet before the frame is not known: it may be the end octet. */
function inferredLate(window: HeaderWindow, fit: FrameFit): Reading {
  const { at } = fit;
  const low = at - 1 === 2 ? " So it is where the log's channel divided by 256 leaves 206 (0xce)." : "";
  const high =
    at - 1 === 1 ? " So it is where the log's channel lies between 52,736 and 52,991 (0xce00 to 0xceff)." : "";
  const what = frameWords(fit);
  return {
    kind: "late-frame",
    meaning: `the last ${at === 1 ? "octet" : `${at} octets`} of one frame, then ${what}`,
    why: `Then octet ${at - 1}, which is not known, is the frame-end octet ce, and ${hexOf(window, at)} begins ${what}.${low}${high}`,
    evidence: evidenceAt(window, at, at + 8),
    score: Math.max(10, Math.min(55, 8 + 2 * fit.bits) - (fit.type === FRAME_HEARTBEAT ? 15 : 0)),
    boundary: at,
    octets: labels(
      window,
      [0, at - 1, "end of a payload"],
      [at - 1, at, "frame-end octet"],
      [at, Math.min(window.length, at + frameOctets(fit)), frameLabel(fit)],
    ),
  };
}

/** What the octets before an end octet are. */
function describeTail(window: HeaderWindow, size: number): { label: string; why: string; bits: number } {
  const tail = window.slice(0, size);
  const octets = tail.filter(octet => octet !== null);
  if (size === 0) return { label: "", why: "", bits: 0 };
  if (octets.length === size) {
    const method = methodTail(octets);
    if (method !== null) {
      const late = method.missing === 1 ? "the first octet" : `the first ${method.missing} octets`;
      return {
        label: `end of a ${method.method}`,
        why: ` ${capital(octetsFrom(0, size))} (${hexOf(tail)}) end a ${method.method}${method.missing === 0 ? "" : `, ${late} of its payload passed already`}: the broker is ${7 + method.missing} octets late in its frame.`,
        bits: 6,
      };
    }
    if (size >= 2 && isText(octets)) {
      return {
        label: `end of a text payload “${asText(tail)}”`,
        why: ` Before it stands text, “${asText(tail)}”.`,
        bits: 4,
      };
    }
  }
  return { label: "end of a payload", why: "", bits: 0 };
}

/** The header is that of a method or a content header. */
export function isNoBody([type]: HeaderWindow): boolean {
  return type === FRAME_METHOD || type === FRAME_HEADER;
}

/** Type, channel and size are those of a frame that may exist. */
export function couldBeGenuine(window: HeaderWindow): boolean {
  const [type, high] = window;
  const typeFits = type === null || (type !== undefined && type >= 1 && type <= 3);
  return typeFits && (high === null || high! <= 7) && window[3] === 0;
}

function frameOctets(fit: FrameFit | null): number {
  return fit?.type === FRAME_HEARTBEAT ? 8 : HEADER;
}

/** `a body frame on channel 1`. */
export function frameWords({ type, channel, method, size, at }: FrameFit, window?: HeaderWindow): string {
  const name = method ?? (type === null ? "" : type === FRAME_HEARTBEAT ? "heartbeat" : kindName(type));
  const onChannel = channel === null || type === FRAME_HEARTBEAT ? "" : ` on channel ${channel}`;
  const octets =
    size === null || size === 0 || window === undefined || numberAt(window, at + 3, at + 7) === null
      ? ""
      : ` of ${grouped(size)} octets`;
  const article = /^[aeiou]/.test(name) ? "an" : "a";
  return `${name === "" ? "a" : `${article} ${name}`} frame${onChannel}${octets}`;
}

function kindName(type: number): string {
  return type === 2 ? "content header" : frameTypeName(type);
}

function frameLabel(fit: FrameFit): string {
  if (fit.type === FRAME_HEARTBEAT) return "heartbeat frame";
  return `header of ${frameWords(fit)}`;
}
