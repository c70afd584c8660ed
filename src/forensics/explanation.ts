/** From untangled octets to a diagnosis: who tore whom, what is missing, and the numbers that prove it. */
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Diagnosis, DiagnosisKind, Span, TornFrame, Writer } from "./diagnosis.ts";
import { protocolNameAt } from "./octet-reading.ts";
import type { OctetWindow } from "./octet-window.ts";
import { bodiesAwaited, type ReadFrame, readFrame, wholeFrameAt } from "./read-frames.ts";
import type { Untangling } from "./untangle.ts";
import { joined, tellWriters, writerName } from "./writers.ts";

/** A torn frame's summary names so many frames; the others are counted. */
const FRAMES_TOLD = 3;
/** A repetition shorter than this may be chance. */
const MIN_REPLAY = 24;

/** A diagnosis but for its remedy, which depends on the client library. */
export type Finding = Omit<Diagnosis, "remedy">;

/**
 * Makes the diagnosis of one untangling while the window still holds its octets. `before` are the stream offsets of the
 * frames before the broken one, which tell what message it belongs to; `fault` is where the broker found fault.
 */
export function explain(
  window: OctetWindow,
  untangling: Untangling,
  before: readonly number[],
  fault: { streamOffset: number; sizeLimit: number },
): Finding {
  const faultOffset = fault.streamOffset;
  const context: ReadFrame[] = [];
  const begins = Math.min(faultOffset, untangling.frames[0]?.spans[0]?.[0] ?? faultOffset);
  for (const offset of before) {
    if (offset >= begins) break;
    const frame = wholeFrameAt(window, offset);
    if (frame !== null) context.push(readFrame(window, frame));
  }
  const frames = untangling.frames.map(frame => readFrame(window, frame));
  const { writers, of } = tellWriters([...context, ...frames], begins, faultOffset);
  const oversize = frames.find(({ size, spans }) => size > fault.sizeLimit && spans.length === 1);
  if (oversize !== undefined) return genuineOversize(oversize, fault.sizeLimit, writers);

  const cutOff = (frame: ReadFrame): boolean => {
    const [offset, octets] = frame.spans.at(-1)!;
    return untangling.open && offset + octets >= window.end;
  };
  const isOverwritten = (frame: ReadFrame): boolean =>
    !frame.complete && frame.spans.length === 1 && frame.spans[0]![1] === frame.size + FRAME_ENVELOPE;
  const broken = frames.filter(
    frame => !isOverwritten(frame) && (frame.spans.length > 1 || (!frame.complete && !cutOff(frame))),
  );
  const torn = broken.map(
    (frame): TornFrame => ({
      type: frame.type,
      channel: frame.channel,
      size: frame.size,
      spans: frame.spans,
      packets: frame.packets,
      complete: frame.complete,
      writer: of.get(frame) ?? "",
    }),
  );
  const missing = broken
    // Of a frame whose header is not whole nobody knows how long it was to be.
    .filter(frame => !frame.complete && !cutOff(frame) && lengthOf(frame.spans) >= FRAME_HEADER_SIZE)
    .map(frame => {
      const [offset, octets] = frame.spans.at(-1)!;
      return {
        streamOffset: offset + octets,
        octets: Math.max(frame.size + FRAME_ENVELOPE - lengthOf(frame.spans), 0),
      };
    });
  const around = [...context, ...frames];
  const tails: Tail[] = [];
  const overwritten = frames.filter(isOverwritten).map(frame => ({ span: frame.spans[0]! }));
  const rests = untangling.unexplained.filter(span => {
    const place = overwrittenPlace(window, span, around);
    if (place !== null) overwritten.push({ span: place });
    return place === null;
  });
  const { replayed, foreign, unexplained } = sort(window, rests, around, tails);
  for (const tail of tails) missing.push({ streamOffset: tail.span[0], octets: tail.missing });
  const parts = { torn, missing, overwritten, replayed, foreign, unexplained, writers };
  const kind = kindOf(parts);
  return { kind, confidence: confidenceOf(parts), summary: summarise(parts, tails, untangling, window), ...parts };
}

/** Several findings of one incident as one; writers of the same channels are the same. */
export function merged(findings: readonly Finding[]): Finding {
  const [first, ...rest] = findings;
  if (first === undefined) throw new RangeError("nothing to merge");
  if (rest.length === 0) return first;
  const writers: Writer[] = [];
  const renamed = findings.map(finding => {
    const names = new Map<string, string>();
    const taken = new Set<Writer>();
    for (const writer of finding.writers) {
      let known = writers.find(each => !taken.has(each) && each.channels[0] === writer.channels[0]);
      if (known === undefined) {
        known = { name: writerName(writers.length), channels: writer.channels, spans: [], messages: [] };
        writers.push(known);
      }
      taken.add(known);
      names.set(writer.name, known.name);
      known.spans = joined([...known.spans, ...writer.spans]);
      known.messages.push(...writer.messages);
    }
    return finding.torn.map(frame => ({ ...frame, writer: names.get(frame.writer) ?? frame.writer }));
  });
  const parts: Parts = {
    torn: renamed.flat(),
    missing: findings.flatMap(({ missing }) => missing),
    overwritten: findings.flatMap(({ overwritten }) => overwritten),
    replayed: findings.flatMap(({ replayed }) => replayed),
    foreign: findings.flatMap(({ foreign }) => foreign),
    unexplained: findings.flatMap(({ unexplained }) => unexplained),
    writers,
  };
  const summary = findings
    .slice(0, FRAMES_TOLD)
    .map(finding => finding.summary)
    .join(" ");
  return { kind: kindOf(parts), confidence: Math.min(...findings.map(each => each.confidence)), summary, ...parts };
}

type Parts = Pick<Diagnosis, "torn" | "missing" | "overwritten" | "replayed" | "foreign" | "unexplained" | "writers">;

/** A frame that is whole and nobody's fault but its writer's: it is larger than was agreed. */
function genuineOversize(frame: ReadFrame, sizeLimit: number, writers: Writer[]): Finding {
  const { type, channel, size, spans, complete } = frame;
  const [offset] = spans[0]!;
  const name = `The ${frameTypeName(type)} frame at ${offset} on channel ${channel}`;
  const proof = complete
    ? `is whole: its frame-end octet stands at ${offset + FRAME_HEADER_SIZE + size}, where its size of ${grouped(size)} octets says, and the stream goes on in order`
    : `is what its content header announced, and the stream ends inside it`;
  return {
    kind: "genuine-oversize",
    confidence: complete ? 0.95 : 0.8,
    summary: `${name} ${proof}. Nothing tore it: it is ${grouped(size - sizeLimit)} octets larger than the negotiated frame-max of ${grouped(sizeLimit)} lets it be.`,
    torn: [],
    replayed: [],
    missing: [],
    overwritten: [],
    foreign: [],
    unexplained: [],
    writers,
  };
}

/** What the octets are that belong to no frame: sent before, another protocol's, a frame's end, or nobody knows. */
function sort(
  window: OctetWindow,
  spans: readonly Span[],
  frames: readonly ReadFrame[],
  tails: Tail[],
): Pick<Parts, "replayed" | "foreign" | "unexplained"> {
  const replayed: Parts["replayed"] = [];
  const foreign: Parts["foreign"] = [];
  const unexplained: Span[] = [];
  const octets = Buffer.from(window.bytes.buffer, window.bytes.byteOffset, window.length);
  for (const span of spans) {
    const stretch = octets.subarray(span[0] - window.base, span[0] - window.base + span[1]);
    const protocol = protocolNameAt(stretch, 0);
    const original = protocol === null && span[1] >= MIN_REPLAY ? originalOf(window, octets, span, frames) : -1;
    // That octets like any others stood before proves nothing where a frame's end is awaited.
    const tail = original >= 0 && !isRepetitive(stretch) ? null : tailOf(window, span, frames);
    if (protocol !== null) foreign.push({ span, protocol });
    else if (tail !== null) tails.push(tail);
    else if (original >= 0) replayed.push({ span, of: [original, span[1]] });
    else unexplained.push(span);
  }
  return { replayed, foreign, unexplained };
}

/**
 * The place of a frame into which another one was written before it was sent: the other frame stands in its first part,
 * what nobody explains is the rest of it, up to its frame-end octet, and the other frame itself follows. Or null.
 */
function overwrittenPlace(window: OctetWindow, [offset, octets]: Span, frames: readonly ReadFrame[]): Span | null {
  const behind = offset + octets;
  if (window.bytes[behind - 1 - window.base] !== FRAME_END) return null;
  const whole = frames.filter(({ complete, spans }) => complete && spans.length === 1);
  const before = whole.find(({ spans }) => spans[0]![0] + spans[0]![1] === offset);
  if (before === undefined) return null;
  const [begin, length] = before.spans[0]!;
  const octetsAt = (place: number): Uint8Array => {
    return window.bytes.subarray(place - window.base, place - window.base + length);
  };
  return Buffer.compare(octetsAt(begin), octetsAt(behind)) === 0 ? [begin, behind - begin] : null;
}

/** The same few octets again and again. */
function isRepetitive(stretch: Buffer): boolean {
  const sample = stretch.subarray(0, Math.min(stretch.length >> 1, 2048));
  const again = stretch.subarray(1).indexOf(sample);
  return again >= 0 && again < sample.length;
}

/**
 * Where the same octets stand before, or −1. A buffer ends where a frame does, so the ends of frames are looked at first:
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
interface Tail {
  span: Span;
  channel: number;
  /** Octets of the whole frame, and those that are missing at its beginning. */
  whole: number;
  missing: number;
}

/**
 * Whether octets that nobody explains are the end of the body frame that a channel awaits: they end on the frame-end
 * octet, the content header before them announced a body that is a little longer, and that body does not come later.
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

function kindOf({ torn, missing, overwritten, replayed, foreign }: Parts): DiagnosisKind {
  if (foreign.length > 0) return "foreign-protocol";
  if (replayed.length > 0) return "replayed-octets";
  if (torn.some(frame => frame.complete)) return "torn-frame";
  if (overwritten.length > 0) return "overwritten-octets";
  if (missing.length > torn.length || (missing.length > 0 && torn.length === missing.length)) return "missing-octets";
  if (torn.length > 0) return "torn-frame";
  return "unexplained";
}

function confidenceOf({ torn, unexplained, missing, overwritten, replayed, foreign }: Parts): number {
  if (unexplained.length > 0) return 0.5;
  if (overwritten.length > 0) return 0.8;
  if (missing.length > 0 || replayed.length > 0) return 0.9;
  if (foreign.length > 0) return 0.95;
  return torn.length > 0 ? 0.99 : 0.5;
}

function summarise(
  parts: Parts,
  tails: readonly Tail[],
  { frames, boundary }: Untangling,
  window: OctetWindow,
): string {
  const sentences: string[] = [];
  for (const frame of parts.torn.slice(0, FRAMES_TOLD)) {
    const name = `The ${frameTypeName(frame.type)} frame of writer ${frame.writer} on channel ${frame.channel}`;
    const size = `${grouped(frame.size)} octets, offset ${frame.spans[0]![0]}`;
    const [first] = frame.spans;
    const cutAt = first![0] + first![1];
    if (!frame.complete) {
      const there = lengthOf(frame.spans);
      const whole = frame.size + FRAME_ENVELOPE;
      if (there < FRAME_HEADER_SIZE) {
        const known = there < 3 ? "" : ` on channel ${frame.channel}`;
        sentences.push(
          `Of a ${frameTypeName(frame.type)} frame of writer ${frame.writer}${known} only ${plural(there, "octet")} of its header stand in the stream (offset ${frame.spans[0]![0]}): nobody can tell how long it was to be.`,
        );
        continue;
      }
      sentences.push(
        `${name} (${size}) was cut after ${grouped(there)} of ${grouped(whole)} octets and never completed: ${grouped(whole - there)} octets of it were never written.`,
      );
      continue;
    }
    const end = frame.spans.at(-1)!;
    const between = end[0] - cutAt - (lengthOf(frame.spans) - first![1] - end[1]);
    const inside = frames.filter(({ spans }) => spans[0]![0] >= cutAt && spans[0]![0] < end[0]);
    const channels = [...new Set(inside.map(({ channel }) => channel))].sort((a, b) => a - b);
    const who =
      inside.length === 0 ? "octets of others" : `${plural(inside.length, "frame")} on ${list("channel", channels)}`;
    const times = frame.spans.length > 2 ? ` (and ${frame.spans.length - 2} more times)` : "";
    const endsAt = end[0] + end[1];
    const next = endsAt < window.end ? " and the stream goes on in order" : "";
    sentences.push(
      `${name} (${size}) was interrupted after ${grouped(first![1])} octets${times}: taking out ${grouped(between)} octets at ${cutAt}, ${who}, its end octet lands on 0xce at ${endsAt - 1}${next}.`,
    );
  }
  const more = parts.torn.length - FRAMES_TOLD;
  if (more > 0) sentences.push(`${plural(more, "more frame")} ${more === 1 ? "was" : "were"} torn.`);
  for (const { span } of parts.overwritten.slice(0, FRAMES_TOLD)) {
    sentences.push(
      `The frame at offset ${span[0]} has the right length, ${grouped(span[1])} octets, and other octets in it than it must: its buffer was overwritten before it was sent.`,
    );
  }
  for (const { span, of } of parts.replayed.slice(0, FRAMES_TOLD)) {
    sentences.push(`${grouped(span[1])} octets at ${span[0]} repeat those at ${of[0]}: a buffer was sent twice.`);
  }
  for (const tail of tails) {
    sentences.push(
      `The ${grouped(tail.span[1])} octets at ${tail.span[0]} are the end of the body frame of ${grouped(tail.whole)} octets that channel ${tail.channel} awaits: its first ${grouped(tail.missing)} octets were never written.`,
    );
  }
  for (const { span, protocol } of parts.foreign.slice(0, FRAMES_TOLD)) {
    sentences.push(`${grouped(span[1])} octets at ${span[0]} are another protocol's: ${protocol}.`);
  }
  if (parts.unexplained.length > 0) {
    const octets = lengthOf(parts.unexplained);
    sentences.push(`${grouped(octets)} octets between ${parts.unexplained[0]![0]} and ${boundary} stay unexplained.`);
  }
  return sentences.join(" ");
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [, octets]) => sum + octets, 0);
}

function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function list(noun: string, numbers: readonly number[]): string {
  if (numbers.length === 1) return `${noun} ${numbers[0]}`;
  return `${noun}s ${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
