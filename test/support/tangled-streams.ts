/**
 * Client streams in which several writers share one socket and something goes wrong, each with the truth about what
 * did. A stream is made of its seed and shape alone, so both in a failure message are enough to have it again.
 *
 * A stream is planned as pieces in the order in which they reach the socket: at first one piece for each frame, writer
 * after writer; then the shape cuts pieces, moves them, repeats them or leaves them out. What every frame occupies is
 * read off the finished plan, never computed on the way.
 */
import {
  type Bodies,
  Chance,
  heartbeat,
  LIBRARIES,
  type Library,
  publish,
  type SentFrame,
  type SentMessage,
} from "../forensics/untangle/traffic.ts";
import { randomNumbers } from "./chunkings.ts";
import { clientHandshake, field, join, wire } from "./wire.ts";

export type Span = [streamOffset: number, octets: number];

/** Octets written in one go, all of one frame, or of none. */
export interface Piece {
  octets: Uint8Array;
  frame: SentFrame | null;
  /** The call that wrote them: pieces of one write follow each other in a segment. */
  write: number;
  /** What else there is to say of them. */
  as?: "again" | "foreign" | "overwritten";
}

export interface TornTruth {
  type: number;
  channel: number;
  size: number;
  spans: Span[];
  complete: boolean;
}

export interface Truth {
  /** Kinds that are right; none: nothing may be said. */
  kinds: readonly string[];
  torn: TornTruth[];
  /** Octets of one frame never written, where their number can be known. */
  missing: number[];
  replayed: Span[];
  overwritten: Span[];
  foreign: Span[];
}

export interface TangledStream {
  shape: string;
  seed: number;
  library: Library;
  bodies: Bodies;
  /** The client's octets from the protocol header on, segment by segment. */
  segments: Uint8Array[];
  /** Indices of segments that the capture lacks. */
  lost: ReadonlySet<number>;
  /** Octets before the first publish. */
  preface: number;
  pieces: readonly Piece[];
  frames: ReadonlyMap<SentFrame, Span[]>;
  truth: Truth;
}

/** What a shape is given to spoil. */
export interface Plan {
  chance: Chance;
  frameMax: number;
  /** Segments show where writes end. */
  aligned: boolean;
  pieces: Piece[];
  /** Kinds that are right. */
  kinds: string[];
  /** Octets never written, frame by frame, where they can be known from what was. */
  missing: number[];
  /** Pieces whose segments the capture lacks. */
  lost: Set<Piece>;
}

/** Spoils a plan; false where this plan does not lend itself to it. */
export type Shape = (plan: Plan) => boolean;

const SIZES = [0, 3, 40, 300, 300, 900, 2000, 9000, 9000, 40_000] as const;
const BODIES: readonly Bodies[] = ["json", "log", "random", "letters"];

/** The stream of this shape and seed. */
export function tangledStream(name: string, shape: Shape, seed: number): TangledStream {
  for (let attempt = 0; attempt < 200; attempt++) {
    const chance = new Chance(randomNumbers(seed * 1009 + attempt));
    const made = attemptAt(chance, shape);
    if (made !== null) return { shape: name, seed, ...made };
  }
  throw new Error(`no stream of shape ${name} from seed ${seed}`);
}

function attemptAt(chance: Chance, shape: Shape): Omit<TangledStream, "shape" | "seed"> | null {
  const library = chance.pick(LIBRARIES);
  const bodies = chance.pick(BODIES);
  const frameMax = chance.pick([4096, 16_384, 131_072, 131_072]);
  const wholeMessages = chance.one(0.6);
  const writers = chance.int(2, 4);
  const opening = clientHandshake({ frameMax, properties: { product: field.S(library) } });
  for (let channel = 1; channel <= writers; channel++) opening.channelOpen(channel);
  const preface = opening.octets;

  const queues = Array.from({ length: writers }, (_, i) => {
    const messages = Array.from({ length: chance.int(3, 6) }, (__, k) => {
      const message: SentMessage = {
        channel: i + 1,
        exchange: chance.pick(["", "orders", "events.topic"]),
        routingKey: `${chance.pick(["jobs", "order.created", "telemetry.readings.hourly"])}.${i + 1}`,
        messageId: `m${i + 1}-${k}-${chance.digits(8)}`,
        thread: `worker-${String.fromCharCode(65 + i)}`,
        traceparent: `00-${chance.digits(32)}-${chance.digits(16)}-01`,
      };
      return publish(chance, { library, bodies, frameMax }, message, chance.pick(SIZES));
    });
    return wholeMessages ? messages : messages.flatMap(frames => frames.map(frame => [frame]));
  });
  if (chance.one(0.3)) queues.push([[heartbeat()], [heartbeat()]]);
  const pieces: Piece[] = [];
  let write = 0;
  for (let left = queues.filter(queue => queue.length > 0); left.length > 0; left = left.filter(q => q.length > 0)) {
    for (const frame of chance.pick(left).shift()!) pieces.push({ octets: frame.octets, frame, write });
    write++;
  }
  const plan: Plan = {
    chance,
    frameMax,
    aligned: chance.one(0.6),
    pieces,
    kinds: [],
    missing: [],
    lost: new Set(),
  };
  if (!shape(plan)) return null;
  const laid = layOut(plan, preface);
  return { library, bodies, preface: preface.length, pieces: plan.pieces, ...laid };
}

type LaidOut = Pick<TangledStream, "segments" | "lost" | "frames" | "truth">;

/** Reads the truth off the plan, and cuts its octets into segments. */
function layOut({ chance, aligned, pieces, kinds, missing, lost }: Plan, preface: Uint8Array): LaidOut {
  const frames = new Map<SentFrame, Span[]>();
  const truth: Truth = { kinds, torn: [], missing, replayed: [], overwritten: [], foreign: [] };
  const runs: { octets: Uint8Array[]; lost: boolean }[] = [{ octets: [preface], lost: false }];
  let at = preface.length;
  let write = -1;
  for (const piece of pieces) {
    const span: Span = [at, piece.octets.length];
    if (piece.as === undefined && piece.frame !== null) touch(frames, piece.frame, span);
    else if (piece.as === "again") extend(truth.replayed, span);
    else if (piece.as === "foreign") truth.foreign.push(span);
    else if (piece.as === "overwritten") truth.overwritten.push(span);
    const isLost = lost.has(piece);
    if ((aligned && piece.write !== write) || isLost || runs.at(-1)!.lost) runs.push({ octets: [], lost: isLost });
    runs.at(-1)!.octets.push(piece.octets);
    write = piece.write;
    at += piece.octets.length;
  }
  for (const [{ type, channel, octets }, spans] of frames) {
    const complete = spans.reduce((sum, [, length]) => sum + length, 0) === octets.length;
    if (spans.length > 1 || !complete) truth.torn.push({ type, channel, size: octets.length - 8, spans, complete });
  }
  const mss = chance.pick([1448, 8948, 65_483]);
  const segments: Uint8Array[] = [];
  const lostSegments = new Set<number>();
  for (const run of runs) {
    const octets = join(...run.octets);
    for (let from = 0; from < octets.length; from += mss) {
      if (run.lost) lostSegments.add(segments.length);
      segments.push(octets.subarray(from, from + mss));
    }
  }
  return { segments, lost: lostSegments, frames, truth };
}

function touch(frames: Map<SentFrame, Span[]>, frame: SentFrame, span: Span): void {
  const spans = frames.get(frame) ?? [];
  frames.set(frame, spans);
  extend(spans, span);
}

/** Adds a span behind others; what touches is one. */
function extend(spans: Span[], [at, octets]: Span): void {
  const last = spans.at(-1);
  if (last !== undefined && last[0] + last[1] === at) last[1] += octets;
  else spans.push([at, octets]);
}

/** The same, for bodies by the megabyte: frames torn again and again. */
export function longTangle(megabytes: number): Uint8Array {
  const chunk = 60_000;
  const octets = clientHandshake().channelOpen(1).channelOpen(2);
  const filler = new Uint8Array(chunk).fill(0x61);
  const inner = wire().publish(2, filler, { pieces: 131_064 }).octets;
  const outer = wire().publish(1, filler, { pieces: 131_064 }).octets;
  const parts: Uint8Array[] = [octets.octets];
  const rounds = Math.ceil((megabytes * 1_000_000) / (inner.length + outer.length));
  for (let i = 0; i < rounds; i++)
    parts.push(outer.subarray(0, outer.length - 9), inner, outer.subarray(outer.length - 9));
  return join(...parts);
}
