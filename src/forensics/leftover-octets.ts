/** Explains octets that belong to no frame. */
import { foreignProtocolAt } from "../amqp/foreign-protocols.ts";
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE } from "../amqp/spec/constants.ts";
import { equalOctets } from "../bytes/octets.ts";
import type { Diagnosis, Span } from "./diagnosis.ts";
import type { OctetWindow } from "./octet-window.ts";
import { bodiesAwaited, type ReadFrame, wholeFrameAt } from "./read-frames.ts";

/** A repetition shorter than this may be chance. */
const MIN_REPLAY = 24;

type Parts = Pick<Diagnosis, "replayed" | "foreign" | "unexplained">;

/**
 * What octets of no frame are: sent before, another protocol's, a frame's end, or unknown; and whether some that were sent
 * before are the same few octets again and again, which stand everywhere.
 */
export function sortLeftovers(
  window: OctetWindow,
  spans: readonly Span[],
  frames: readonly ReadFrame[],
  tails: Tail[],
): Parts & { areRepetitive: boolean } {
  const replayed: Parts["replayed"] = [];
  let areRepetitive = false;
  const foreign: Parts["foreign"] = [];
  const unexplained: Span[] = [];
  const octets = Buffer.from(window.bytes.buffer, window.bytes.byteOffset, window.length);
  for (const span of spans) {
    const stretch = octets.subarray(span[0] - window.base, span[0] - window.base + span[1]);
    const protocol = foreignProtocolAt(stretch, 0)?.label ?? null;
    const original = protocol === null && span[1] >= MIN_REPLAY ? originalOf(window, octets, span, frames) : -1;
    // If a frame's end is expected, it proves nothing that ordinary octets stood before.
    const isPlain = original >= 0 && isRepetitive(stretch);
    const tail = original >= 0 && !isPlain ? null : tailOf(window, span, frames);
    if (protocol !== null) foreign.push({ span, protocol });
    else if (tail !== null) tails.push(tail);
    else if (original >= 0) {
      replayed.push({ span, of: [original, span[1]] });
      areRepetitive ||= isPlain;
    } else unexplained.push(span);
  }
  return { replayed, foreign, unexplained, areRepetitive };
}

/**
 * The place of a frame into which another one was written before it was sent: the other frame stands in its first part,
 * the unexplained octets are the rest of it, up to its frame-end octet, and the other frame itself follows. Or null.
 */
export function overwrittenPlace(
  window: OctetWindow,
  [offset, octets]: Span,
  frames: readonly ReadFrame[],
): Span | null {
  const behind = offset + octets;
  if (window.bytes[behind - 1 - window.base] !== FRAME_END) return null;
  const whole = frames.filter(({ complete, spans }) => complete && spans.length === 1);
  const before = whole.find(({ spans }) => spans[0]![0] + spans[0]![1] === offset);
  if (before === undefined) return null;
  const [begin, length] = before.spans[0]!;
  const octetsAt = (place: number): Uint8Array => {
    return window.bytes.subarray(place - window.base, place - window.base + length);
  };
  return equalOctets(octetsAt(begin), octetsAt(behind)) ? [begin, behind - begin] : null;
}

/**
 * Whether a cut body frame is the beginning of the body frame right behind it, which comes again as a whole. Then the
 * whole one was written into a shared buffer whose other frame, as long as the cut part, was about to be sent. A client
 * that repeats a publish begins with its method.
 */
export function isBeginningOfNext(window: OctetWindow, cut: ReadFrame): boolean {
  const [offset, octets] = cut.spans[0]!;
  if (cut.type !== FRAME_BODY || cut.complete || cut.spans.length > 1 || octets < MIN_REPLAY) return false;
  if (wholeFrameAt(window, offset + octets) === null) return false;
  const at = offset - window.base;
  const begins = window.bytes.subarray(at, at + octets);
  return equalOctets(begins, window.bytes.subarray(at + octets, at + 2 * octets));
}

/**
 * Whether a message that was cut comes again right behind it, from its method on. Two histories leave the same octets:
 * its write was cut and it was sent again, or it was written over another message, as long as the cut part, in a shared
 * buffer.
 */
export function comesAgain(window: OctetWindow, cut: ReadFrame, around: readonly ReadFrame[]): boolean {
  if (cut.complete || cut.spans.length > 1) return false;
  const [offset, octets] = cut.spans[0]!;
  const opening = around.findLast(
    ({ opensContent, channel, spans }) => opensContent && channel === cut.channel && spans[0]![0] <= offset,
  );
  if (opening === undefined || opening.spans.length > 1) return false;
  const behind = offset + octets;
  const [begin] = opening.spans[0]!;
  const [from, length] = [begin - window.base, behind - begin];
  if (length < MIN_REPLAY || behind + length > window.end) return false;
  const first = window.bytes.subarray(from, from + length);
  return equalOctets(first, window.bytes.subarray(from + length, from + 2 * length));
}

/** The same few octets again and again. */
function isRepetitive(stretch: Buffer): boolean {
  const sample = stretch.subarray(0, Math.min(stretch.length >> 1, 2048));
  const again = stretch.subarray(1).indexOf(sample);
  return again >= 0 && again < sample.length;
}

/**
 * Where the same octets stand before, or −1. A buffer ends where a frame does, so the ends of frames are checked first:
 * in a body of one letter the same octets stand everywhere.
 */
function originalOf(window: OctetWindow, octets: Buffer, [offset, length]: Span, frames: readonly ReadFrame[]): number {
  const at = offset - window.base;
  const stretch = octets.subarray(at, at + length);
  for (const { spans } of frames.toReversed()) {
    const [last, count] = spans.at(-1)!;
    const from = last + count - length - window.base;
    if (last + count <= offset && from >= 0 && octets.subarray(from, from + length).equals(stretch)) {
      return from + window.base;
    }
  }
  const found = octets.subarray(0, at).lastIndexOf(stretch.subarray(0, 4096));
  if (found < 0 || found + length > at || !octets.subarray(found, found + length).equals(stretch)) return -1;
  return found + window.base;
}

/** Octets that are the end of a body frame whose beginning was never written. */
export interface Tail {
  span: Span;
  channel: number;
  /** Octets of the whole frame, and those that are missing at its beginning. */
  whole: number;
  missing: number;
}

/**
 * Whether unexplained octets are the end of the body frame that a channel expects: they end on the frame-end octet, the
 * content header before them announced a body that is a little longer, and that body does not come later.
 */
function tailOf(window: OctetWindow, span: Span, frames: readonly ReadFrame[]): Tail | null {
  const [offset, octets] = span;
  if (window.bytes[offset - window.base + octets - 1] !== FRAME_END) return null;
  const awaited = bodiesAwaited(frames.filter(({ spans }) => spans[0]![0] < offset));
  for (const [channel, left] of awaited) {
    const whole = left + FRAME_ENVELOPE;
    const next = frames.find(frame => frame.channel === channel && frame.spans[0]![0] > offset);
    if (next?.type === FRAME_BODY) continue;
    // Most of the frame must be there: anything may be the end of something.
    if (left > 0 && whole > octets && octets * 2 > whole) return { span, channel, whole, missing: whole - octets };
  }
  return null;
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [, octets]) => sum + octets, 0);
}
