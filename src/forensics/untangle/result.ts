/** What a reading found, frame by frame. */
import { FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import { long, short } from "../../bytes/big-endian.ts";
import { doubtsOf, ownedBy } from "./doubts.ts";
import { BEGUN_BEFORE } from "./reading.ts";
import type { Found, Stretch, Torn } from "./stretch.ts";

/** A frame as it was put together again. Spans are [stream offset, octets]. */
export interface UntangledFrame {
  type: number;
  channel: number;
  size: number;
  spans: [number, number][];
  complete: boolean;
}

/** Octets assigned to one frame that may belong to another: frames by stream offset of the first octet, −1: none. */
export interface FrameDoubt {
  span: [streamOffset: number, octets: number];
  frame: number;
  other: number;
}

export interface Untangling {
  /** Frames in the order in which they begin; those that are whole and in one piece included. */
  frames: UntangledFrame[];
  /** Octets that belong to no frame: [stream offset, octets]. */
  unexplained: [number, number][];
  /** Stream offset of the boundary at which everything before is explained, and frames go on in order. */
  boundary: number;
  /** The octets ended before that was visible. */
  open: boolean;
  /** Stretches that another reading, which fits as well or nearly so, assigns differently. */
  doubts: FrameDoubt[];
  /** How likely all other readings are beside this one: 1 if they are as likely together. */
  doubtOdds: number;
  /** All steps were used up with several readings left: open frames may go on behind; others were not searched for. */
  spent: boolean;
  /** A gap follows the octets: what is open may be in it. */
  beforeGap?: boolean;
}

/**
 * The result of a reading for the octets up to index `boundary`; `learnedFrom`: the one from which its prices were
 * learned. Frames before the first torn one and `fault` are left out.
 */
export function resultOf(
  stretch: Stretch,
  torn: Torn,
  { reading, boundary, open, spent }: Found,
  learnedFrom: Found | null = null,
): Untangling {
  const { octets, end } = stretch;
  const { base, fault } = torn;
  const spans = new Map<number, [number, number][]>();
  const unexplained: [number, number][] = [];
  const give = (frame: number, from: number, to: number): void => {
    if (from >= boundary || to <= from || frame === BEGUN_BEFORE) return;
    let list = unexplained;
    if (frame >= 0) {
      list = spans.get(frame) ?? [];
      spans.set(frame, list);
    }
    const last = list.at(-1);
    if (last !== undefined && last[0] + last[1] === base + from && frame >= 0) last[1] += to - from;
    else list.push([base + from, to - from]);
  };
  const owned = ownedBy(reading, open ? Math.max(end, boundary) : boundary);
  for (const { frame, from, to } of owned) give(frame, from, Math.min(to, boundary));
  const frames = Array.from(spans.values(), list => frameOf(octets, base, list));
  frames.sort((a, b) => a.spans[0]![0] - b.spans[0]![0]);
  const first = frames.findIndex(({ spans: [one], complete }) => !complete || one![0] >= fault);
  const pieced = frames.findIndex(frame => frame.spans.length > 1);
  const begin = Math.min(first < 0 ? frames.length : first, pieced < 0 ? frames.length : pieced);
  const { odds, stretches } = doubtsOf(stretch, { reading, boundary, open, spent }, owned, learnedFrom);
  const placeOf = (frame: number): number => (frame < 0 ? -1 : base + frame);
  const doubts = stretches.map(({ from, to, frame, other }): FrameDoubt => {
    return { span: [base + from, Math.min(to, boundary) - from], frame: placeOf(frame), other: placeOf(other) };
  });
  return { frames: frames.slice(begin), unexplained, boundary: base + boundary, open, spent, doubts, doubtOdds: odds };
}

function frameOf(octets: Uint8Array, base: number, spans: [number, number][]): UntangledFrame {
  const header: number[] = [];
  let count = 0;
  for (const [offset, length] of spans) {
    count += length;
    const from = offset - base;
    for (let i = from; i < from + length && header.length < FRAME_HEADER_SIZE; i++) header.push(octets[i]!);
  }
  const bytes = Uint8Array.from(header);
  const whole = header.length === FRAME_HEADER_SIZE;
  const size = whole ? long(bytes, 3) : 0;
  const [offset, length] = spans.at(-1)!;
  const ends = octets[offset - base + length - 1] === FRAME_END;
  return {
    type: header[0]!,
    channel: header.length >= 3 ? short(bytes, 1) : 0,
    size,
    spans,
    complete: whole && count === size + FRAME_ENVELOPE && ends,
  };
}
