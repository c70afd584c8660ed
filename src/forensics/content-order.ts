/**
 * Explains frames that are whole and in the wrong order: sent again, mixed with those of another publish on the same
 * channel, or without the frames that must come before them.
 */
import { FRAME_BODY, FRAME_ENVELOPE, FRAME_HEADER, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import { equalOctets } from "../bytes/octets.ts";
import type { DiagnosisKind, Span } from "./diagnosis.ts";
import type { Finding } from "./explanation.ts";
import type { OctetWindow } from "./octet-window.ts";
import { type Content, type Disorder, type OrderReading, readOrder } from "./order-reading.ts";
import type { ReadFrame } from "./read-frames.ts";
import { separateWriters } from "./writers.ts";

const SHOWN = 3;
/** A frame of fewer octets may equal another by chance. */
const MIN_REPEATED = 16;

/**
 * `frames` are whole frames in stream order, with those before and behind the incident; the first fault is at
 * `faultOffset`. Null if the order of content explains nothing.
 */
export function explainOrder(window: OctetWindow, frames: readonly ReadFrame[], faultOffset: number): Finding | null {
  const channels = new Map<number, ReadFrame[]>();
  for (const frame of frames) {
    if (frame.channel === 0) continue;
    const known = channels.get(frame.channel);
    if (known === undefined) channels.set(frame.channel, [frame]);
    else known.push(frame);
  }
  const repeats = repeatsIn(window, frames);
  const readings = [...channels.values()].map(each => readOrder(each, repeats));
  const all = readings.flatMap(each => each.disorders).sort((a, b) => placeOf(a) - placeOf(b));
  if (all.length === 0) return null;
  const overwritten = overwrittenMethods(all, frames);
  // A method in another's place means that nothing was lost.
  const disorders = all.filter(each => each.kind !== "lost" || !overwritten.has(each.content.last));
  const again = new Set(disorders.map(each => (each.kind === "replayed" ? each.frame : null)));
  const firstPlace = Math.min(faultOffset, placeOf(disorders[0]!));
  const { writers } = separateWriters(
    frames.filter(frame => !again.has(frame)),
    firstPlace,
    faultOffset,
  );
  return {
    kind: overwritten.size > 0 ? "overwritten-octets" : kindOf(disorders),
    confidence: overwritten.size > 0 ? 0.8 : confidenceOf(disorders, readings),
    summary: [...Array.from(overwritten, inAnothersPlace).slice(0, SHOWN), summarise(disorders)].join(" ").trim(),
    torn: [],
    replayed: disorders.flatMap(each =>
      each.kind === "replayed" ? [{ span: each.frame.spans[0]!, of: each.of }] : [],
    ),
    missing: disorders.flatMap(each => {
      const octets = each.kind === "lost" ? octetsLost(each.content, frames) : null;
      return each.kind !== "lost" || octets === null ? [] : [{ streamOffset: behind(each.content.last), octets }];
    }),
    overwritten: Array.from(overwritten.keys(), frame => ({ span: frame.spans[0]! })),
    foreign: [],
    unexplained: [],
    writers,
  };
}

/**
 * Methods in another channel's place: right before a content header without a method, and without their own content
 * header. They were written into the other's buffer before it was sent. Returned with the channel whose place it is.
 */
function overwrittenMethods(disorders: readonly Disorder[], frames: readonly ReadFrame[]): Map<ReadFrame, number> {
  const found = new Map<ReadFrame, number>();
  for (const disorder of disorders) {
    if (disorder.kind !== "stray" || disorder.frame.type !== FRAME_HEADER) continue;
    const at = frames.indexOf(disorder.frame);
    const before = frames[at - 1];
    if (before?.opensContent !== true || behind(before) !== disorder.frame.spans[0]![0]) continue;
    const next = frames.find((frame, i) => i > at && frame.channel === before.channel);
    if (before.channel !== disorder.frame.channel && next?.type !== FRAME_HEADER) {
      found.set(before, disorder.frame.channel);
    }
  }
  return found;
}

function inAnothersPlace([{ spans, channel, method }, place]: [ReadFrame, number]): string {
  return `${method ?? "The method"} of channel ${channel} at ${spans[0]![0]} stands where that of channel ${place} must: the send buffer was overwritten before it was sent.`;
}

function placeOf(disorder: Disorder): number {
  switch (disorder.kind) {
    case "mixed":
      return disorder.inner.spans[0]![0];
    case "lost":
      return disorder.next.spans[0]![0];
    default:
      return disorder.frame.spans[0]![0];
  }
}

function behind({ spans }: ReadFrame): number {
  const [offset, octets] = spans.at(-1)!;
  return offset + octets;
}

function count(disorders: readonly Disorder[], kind: Disorder["kind"]): number {
  return disorders.filter(each => each.kind === kind).length;
}

function kindOf(disorders: readonly Disorder[]): DiagnosisKind {
  if (count(disorders, "replayed") > 0) return "replayed-octets";
  return count(disorders, "mixed") > 0 ? "misordered-frames" : "missing-octets";
}

function confidenceOf(disorders: readonly Disorder[], readings: readonly OrderReading[]): number {
  if (readings.some(({ tied }) => tied)) return 0.6;
  if (readings.some(({ open }) => open)) return 0.7;
  const kinds = new Set(disorders.map(({ kind }) => kind)).size;
  // Replayed methods are hard to distinguish from methods of other messages: all are alike.
  const weak = disorders.some(each => each.kind === "replayed" && each.frame.type === FRAME_METHOD);
  if (kinds > 1) return 0.7;
  return weak ? 0.8 : 0.95;
}

/** Octets of the body frames that a content lacks, or null if that cannot be known. */
function octetsLost({ header, left }: Content, frames: readonly ReadFrame[]): number | null {
  if (header === null || left <= 0) return null;
  return left + FRAME_ENVELOPE * Math.ceil(left / (pieceOf(frames) ?? left));
}

/** The size at which the sender splits bodies, or null if no body has several frames. */
function pieceOf(frames: readonly ReadFrame[]): number | null {
  const latest = new Map<number, ReadFrame>();
  let piece: number | null = null;
  for (const frame of frames) {
    const before = latest.get(frame.channel);
    if (frame.type === FRAME_BODY && before?.type === FRAME_BODY) piece = Math.max(piece ?? 0, before.size);
    latest.set(frame.channel, frame);
  }
  return piece;
}

/**
 * Finds where the same octets, a whole frame, stood before. Methods are often alike (every publish to one queue is): a
 * method counts only if the frame behind it repeats the one behind the other.
 */
function repeatsIn(window: OctetWindow, frames: readonly ReadFrame[]): (frame: ReadFrame) => Span | null {
  const octetsOf = ({ spans }: ReadFrame): Uint8Array => {
    const [offset, length] = spans[0]!;
    return window.bytes.subarray(offset - window.base, offset - window.base + length);
  };
  const bySize = new Map<string, ReadFrame[]>();
  const keyOf = ({ type, channel, size }: ReadFrame): string => `${type}/${channel}/${size}`;
  for (const frame of frames) {
    const alike = bySize.get(keyOf(frame));
    if (alike === undefined) bySize.set(keyOf(frame), [frame]);
    else alike.push(frame);
  }
  return frame => {
    if (frame.spans[0]![1] < MIN_REPEATED) return null;
    const octets = octetsOf(frame);
    const earlier = bySize.get(keyOf(frame))!;
    const before = earlier.slice(0, earlier.indexOf(frame));
    const goesOn = (original: ReadFrame): boolean => {
      const [next, then] = [frames[frames.indexOf(frame) + 1], frames[frames.indexOf(original) + 1]];
      return next !== undefined && then !== undefined && then !== frame && equalOctets(octetsOf(next), octetsOf(then));
    };
    const isRepeated = (each: ReadFrame): boolean =>
      equalOctets(octetsOf(each), octets) && (frame.type !== FRAME_METHOD || goesOn(each));
    const original = before.findLast(isRepeated);
    return original === undefined ? null : [...original.spans[0]!];
  };
}

function summarise(disorders: readonly Disorder[]): string {
  const sentences = disorders.slice(0, SHOWN).map(sentence);
  const more = disorders.length - sentences.length;
  if (more > 0)
    sentences.push(`${grouped(more)} more such place${more === 1 ? "" : "s"} follow${more === 1 ? "s" : ""}.`);
  return sentences.join(" ");
}

function sentence(disorder: Disorder): string {
  switch (disorder.kind) {
    case "replayed": {
      const [at, octets] = disorder.frame.spans[0]!;
      return `The ${grouped(octets)} octets at ${at} are the frame at ${disorder.of[0]} sent again: a buffer was written twice.`;
    }
    case "mixed": {
      const { outer, inner } = disorder;
      const what = inner.opensContent
        ? `the publish at ${inner.spans[0]![0]} begins`
        : `${inner.method ?? "a method"} at ${inner.spans[0]![0]} stands`;
      return `On channel ${inner.channel} ${what} inside ${contentAt(outer)}: two producers share the channel.`;
    }
    case "lost": {
      const { content, next } = disorder;
      const lacks = content.header === null ? "its content header" : `${grouped(content.left)} octets of its body`;
      return `On channel ${next.channel} ${contentAt(content)} lacks ${lacks}: ${next.method ?? "a method"} follows at ${next.spans[0]![0]} instead, and they never come. A write was lost, or the writer gave the content up, which §4.2.6 allows.`;
    }
    case "stray": {
      const { type, channel, spans } = disorder.frame;
      const before = type === FRAME_BODY ? "content header" : "method";
      return `The ${frameTypeName(type)} frame at ${spans[0]![0]} on channel ${channel} has no ${before} before it that it belongs to.`;
    }
  }
}

function contentAt({ method, header, last }: Content): string {
  const id = header?.values.get("message-id");
  const named = typeof id === "string" && id !== "" ? ` (message-id ${id})` : "";
  return `the content that begins at ${(method ?? header ?? last).spans[0]![0]}${named}`;
}
