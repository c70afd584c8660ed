/** What may go wrong where writers share a socket: each shape spoils a plan, and says what is true of it. */
import type { Piece, Plan, Shape } from "../../support/tangled-streams.ts";
import { frame, hex, join, text } from "../../support/wire.ts";
import { type Chance, heartbeat, type SentFrame } from "./traffic.ts";

const HEADER = 7;

function channelOf({ frame: sent }: Piece): number {
  return sent?.channel ?? -1;
}

/** Indices of the pieces that are as wanted; not the first one, and with others behind. */
function places({ pieces }: Plan, wanted: (piece: Piece, index: number) => boolean): number[] {
  return pieces.flatMap((piece, i) => (i > 0 && i < pieces.length - 1 && wanted(piece, i) ? [i] : []));
}

function anyOf(chance: Chance, indices: readonly number[]): number {
  return indices.length === 0 ? -1 : chance.pick(indices);
}

function split(piece: Piece, at: number): [Piece, Piece] {
  return [
    { ...piece, octets: piece.octets.subarray(0, at) },
    { ...piece, octets: piece.octets.subarray(at) },
  ];
}

let writes = 1_000_000;

/**
 * Cuts piece `i` after `at` octets: its rest, with what else its write holds, comes behind the next `by` pieces of other
 * channels. Returns how many those are.
 */
function delayRest(plan: Plan, i: number, at: number, by: number): number {
  const { pieces } = plan;
  const target = pieces[i]!;
  const [first, rest] = split(target, at);
  let end = i + 1;
  while (end < pieces.length && pieces[end]!.write === target.write) end++;
  let behind = end;
  while (behind < pieces.length && behind - end < by && channelOf(pieces[behind]!) !== channelOf(target)) behind++;
  const between = pieces.slice(end, behind);
  writes++;
  const late = [rest, ...pieces.slice(i + 1, end)].map(piece => ({ ...piece, write: writes }));
  pieces.splice(i, behind - i, first, ...between, ...late);
  return between.length;
}

/** Frames of a type, torn once after `from` to `to` octets, counted from the end where negative. */
function torn(types: readonly number[], from: number, to: number): Shape {
  return plan => {
    const { chance } = plan;
    const i = anyOf(
      chance,
      places(plan, ({ frame: sent, octets }) => sent !== null && types.includes(sent.type) && octets.length > from + 1),
    );
    if (i < 0) return false;
    const { octets } = plan.pieces[i]!;
    const last = to < 0 ? octets.length + to : Math.min(to, octets.length - 1);
    plan.kinds.push("torn-frame");
    return delayRest(plan, i, chance.int(from, last), chance.int(1, 6)) > 0;
  };
}

const tornByHeartbeat: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ octets }) => octets.length > 12),
  );
  if (i < 0) return false;
  const beat = heartbeat();
  const [first, rest] = split(pieces[i]!, chance.int(1, pieces[i]!.octets.length - 1));
  writes += 2;
  pieces.splice(i, 1, first, { octets: beat.octets, frame: beat, write: writes - 1 }, { ...rest, write: writes });
  for (let j = i + 3; pieces[j]?.write === first.write; j++) pieces[j] = { ...pieces[j]!, write: writes };
  plan.kinds.push("torn-frame");
  return true;
};

const tornTwice: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ octets }) => octets.length > 100),
  );
  if (i < 0) return false;
  const { octets, frame: sent } = pieces[i]!;
  const cut = chance.int(8, octets.length - 20);
  const between = delayRest(plan, i, cut, chance.int(1, 2));
  const rest = i + 1 + between;
  plan.kinds.push("torn-frame");
  if (between === 0 || pieces[rest]?.frame !== sent) return false;
  return delayRest(plan, rest, chance.int(1, octets.length - cut - 1), chance.int(1, 3)) > 0;
};

/** The interrupter is itself interrupted: `turns` says whether the outer frame goes on before it is whole. */
function nested(turns: boolean): Shape {
  return plan => {
    const { chance, pieces } = plan;
    if (turns) plan.aligned = true;
    const big = ({ frame: sent, octets }: Piece): boolean => sent?.type === 3 && octets.length > 60;
    const i = anyOf(
      chance,
      places(plan, piece => big(piece)),
    );
    if (i < 0) return false;
    const outer = pieces[i]!;
    const length = outer.octets.length;
    const between = delayRest(plan, i, chance.int(12, length - 12), turns ? 3 : 8);
    const inside = Array.from({ length: between }, (_, j) => i + 1 + j).filter(j => big(pieces[j]!));
    const j = anyOf(chance, inside);
    if (j < 0) return false;
    plan.kinds.push("torn-frame");
    const cut = chance.int(12, pieces[j]!.octets.length - 12);
    if (!turns) {
      const moved = delayRest(plan, j, cut, chance.int(1, 3));
      const rest = pieces.findIndex((piece, at) => at > j && piece.frame === outer.frame);
      return moved > 0 && j + moved + 1 < rest;
    }
    // The outer frame's rest comes between the inner one's halves: whatever stood between them comes before.
    const rest = pieces.findIndex((piece, at) => at > j && piece.frame === outer.frame);
    const [first, second] = split(pieces[j]!, cut);
    writes += 2;
    const after = pieces.slice(j + 1, rest);
    if (after.some(piece => channelOf(piece) === channelOf(first))) return false;
    const goesOn = pieces[rest]!;
    const [here, later] = split(goesOn, Math.floor(goesOn.octets.length / 2));
    const tail =
      chance.one(0.5) && here.octets.length > 0 ? [here, second, { ...later, write: writes }] : [goesOn, second];
    pieces.splice(j, rest + 1 - j, first, ...after, ...tail.map(p => (p === second ? { ...p, write: writes - 1 } : p)));
    return true;
  };
}

const unfinishedIn =
  (least: number, most: number): Shape =>
  plan => {
    const { chance } = plan;
    const i = anyOf(
      chance,
      places(plan, ({ octets }, at) => octets.length > 20 && at < plan.pieces.length - 6),
    );
    if (i < 0) return false;
    const target = plan.pieces[i]!;
    const [first] = split(target, chance.int(least, Math.min(most, target.octets.length - 1)));
    const dies = chance.one(0.5);
    const gone = ({ frame: sent }: Piece): boolean =>
      dies ? sent?.channel === channelOf(target) : sent !== null && sent.message === target.frame!.message;
    plan.pieces = [...plan.pieces.slice(0, i), first, ...plan.pieces.slice(i + 1).filter(piece => !gone(piece))];
    plan.kinds.push("torn-frame", "missing-octets");
    if (most > HEADER) plan.missing.push(target.octets.length - first.octets.length);
    return plan.pieces.length > i + 4;
  };

/** Octets of pieces i to `until`, the first `skip` left out, are written a second time. */
function again(plan: Plan, i: number, until: number, skip: number): void {
  const { chance, pieces } = plan;
  writes++;
  const copies = pieces.slice(i, until).map((piece): Piece => ({ ...piece, write: writes, as: "again" }));
  copies[0] = { ...copies[0]!, octets: copies[0]!.octets.subarray(skip) };
  pieces.splice(Math.min(until + (chance.one(0.5) ? 0 : chance.int(1, 3)), pieces.length), 0, ...copies);
  plan.kinds.push("replayed-octets");
}

const replayedFrame: Shape = plan => {
  const i = anyOf(
    plan.chance,
    places(plan, ({ frame: sent, octets }) => sent !== null && sent.type !== 1 && octets.length >= 32),
  );
  if (i < 0) return false;
  again(plan, i, i + 1, 0);
  return true;
};

const replayedTail: Shape = plan => {
  const i = anyOf(
    plan.chance,
    places(plan, ({ octets }) => octets.length > 60),
  );
  if (i < 0) return false;
  again(plan, i, i + 1, plan.chance.int(HEADER + 1, plan.pieces[i]!.octets.length - 32));
  return true;
};

const replayedFrames: Shape = plan => {
  const { pieces } = plan;
  const i = anyOf(
    plan.chance,
    places(plan, ({ frame: sent }, at) => sent?.type === 2 && pieces[at + 1]?.frame?.message === sent.message),
  );
  if (i < 0 || pieces[i + 1]!.octets.length < 32) return false;
  again(plan, i, i + 2, 0);
  return true;
};

const missingFrame: Shape = plan => {
  const { chance, pieces } = plan;
  const followed = (at: number): boolean =>
    pieces.slice(at + 1).some(piece => channelOf(piece) === channelOf(pieces[at]!) && piece.frame!.type === 1);
  const bodies = (sent: SentFrame) => pieces.filter(p => p.frame?.type === 3 && p.frame.message === sent.message);
  const i = anyOf(
    chance,
    places(plan, ({ frame: sent }, at) => sent?.message != null && followed(at) && bodies(sent).length === 1),
  );
  if (i < 0) return false;
  const [gone] = pieces.splice(i, 1);
  plan.kinds.push("missing-octets");
  // Of a method or a content header that never came, nobody can know how long it was.
  if (gone!.frame!.type === 3) plan.missing.push(gone!.octets.length);
  return true;
};

const missingBeginning: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ frame: sent, octets }) => sent?.type === 3 && octets.length > 60),
  );
  if (i < 0) return false;
  const { octets } = pieces[i]!;
  // More than one body frame is to come: then nobody can know which of them this is the end of.
  if (pieces.some((p, at) => at !== i && p.frame?.type === 3 && p.frame.message === pieces[i]!.frame!.message))
    return false;
  const lost = chance.int(HEADER + 1, Math.floor(octets.length / 2) - 1);
  writes++;
  pieces[i] = { octets: octets.subarray(lost), frame: null, write: writes };
  plan.kinds.push("missing-octets");
  plan.missing.push(lost);
  return true;
};

const overwritten: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ octets }) => octets.length > 40),
  );
  const other = anyOf(
    chance,
    places(plan, ({ octets, frame: sent }, at) => at !== i && sent?.type === 3 && octets.length > 60),
  );
  if (i < 0 || other < 0) return false;
  const octets = pieces[i]!.octets.slice();
  const content = pieces[other]!.octets;
  const from = chance.int(HEADER + 6, octets.length - 4);
  for (let at = from; at < octets.length; at++) octets[at] = content[HEADER + ((at - from) % (content.length - 8))]!;
  if (octets.at(-1) === 0xce) return false;
  pieces[i] = { ...pieces[i]!, octets, as: "overwritten" };
  plan.kinds.push("overwritten-octets");
  return true;
};

const STRANGERS = [
  text("GET /metrics HTTP/1.1\r\nHost: broker:5672\r\nUser-Agent: probe/2.1\r\nAccept: */*\r\n\r\n"),
  hex(`16 0301 0083 01 00007f 0303 ${"5a71c30e".repeat(8)} 20 ${"9be04417".repeat(8)} 003a ${"1302".repeat(29)}`),
  join(text("AMQP"), [0, 0, 9, 1]),
];

const foreign: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, (piece, at) => piece.write !== plan.pieces[at - 1]!.write),
  );
  if (i < 0) return false;
  writes++;
  pieces.splice(i, 0, { octets: chance.pick(STRANGERS), frame: null, write: writes, as: "foreign" });
  plan.kinds.push("foreign-protocol");
  return true;
};

const misordered: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ frame: sent }) => sent?.type === 1),
  );
  if (i < 0) return false;
  const first = pieces[i]!.frame!.message;
  const next = pieces.find((piece, at) => at > i && channelOf(piece) === first!.channel && piece.frame?.type === 1)
    ?.frame?.message;
  const outer = pieces.filter(piece => piece.frame?.message === first);
  const inner = pieces.filter(piece => next != null && piece.frame?.message === next);
  if (outer.length < 3 || inner.length < 3) return false;
  const [m1, h1, ...b1] = outer;
  const [m2, h2, ...b2] = inner;
  const mixed = chance
    .pick([
      [m1, m2, h1, h2, ...b1, ...b2],
      [m1, m2, h2, ...b2, h1, ...b1],
      [m1, h1, m2, h2, ...b2, ...b1],
      [m1, h1, m2, ...b1, h2, ...b2],
    ])
    .map((piece): Piece => ({ ...piece!, write: ++writes }));
  plan.pieces = pieces.flatMap((piece, at) => {
    if (at === i) return mixed;
    return outer.includes(piece) || inner.includes(piece) ? [] : [piece];
  });
  plan.kinds.push("misordered-frames");
  return true;
};

/** A stranger's octets inside a body. */
const foreignInside: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ frame: sent, octets }) => sent?.type === 3 && octets.length > 60),
  );
  if (i < 0) return false;
  const [first, rest] = split(pieces[i]!, chance.int(HEADER + 1, pieces[i]!.octets.length - 2));
  writes += 2;
  const stranger: Piece = { octets: chance.pick(STRANGERS), frame: null, write: writes - 1, as: "foreign" };
  pieces.splice(i, 1, first, stranger, { ...rest, write: writes });
  for (let j = i + 3; pieces[j]?.write === first.write; j++) pieces[j] = { ...pieces[j]!, write: writes };
  plan.kinds.push("foreign-protocol", "torn-frame");
  return true;
};

/** One send buffer for two frames: the shorter one's octets stand in the first part of the longer one's place too. */
const sharedBuffer: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(
      plan,
      ({ octets }, at) =>
        octets.length > (pieces[at + 1]?.octets.length ?? 0) + 12 &&
        channelOf(pieces[at + 1]!) !== channelOf(pieces[at]!),
    ),
  );
  if (i < 0) return false;
  const octets = pieces[i]!.octets.slice();
  const { octets: shorter } = pieces[i + 1]!;
  if (shorter.length < 20) return false;
  octets.set(shorter);
  pieces[i] = { ...pieces[i]!, octets, as: "overwritten" };
  plan.kinds.push("overwritten-octets");
  return true;
};

/** Two writers share a channel and a socket: one's message stands inside the other's body. */
const tornOnOneChannel: Shape = plan => {
  const { chance, pieces } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ frame: sent, octets }) => sent?.type === 3 && octets.length > 60),
  );
  if (i < 0) return false;
  const { message } = pieces[i]!.frame!;
  const from = pieces.findIndex(
    ({ frame: sent }, at) =>
      at > i && sent?.type === 1 && sent.channel === message!.channel && sent.message !== message,
  );
  if (from < 0) return false;
  const inner = pieces.filter(piece => piece.frame?.message === pieces[from]!.frame!.message);
  const [first, rest] = split(pieces[i]!, chance.int(HEADER + 1, pieces[i]!.octets.length - 1));
  writes += 2;
  const moved = inner.map(piece => ({ ...piece, write: writes - 1 }));
  plan.pieces = pieces.flatMap((piece, at) => {
    if (at === i) return [first, ...moved, { ...rest, write: writes }];
    if (inner.includes(piece)) return [];
    return [at > i && piece.write === first.write ? { ...piece, write: writes } : piece];
  });
  plan.kinds.push("torn-frame");
  return true;
};

/** A body in one frame although frame-max wants several. */
const oversize: Shape = plan => {
  const { chance, pieces, frameMax } = plan;
  const i = anyOf(
    chance,
    places(plan, ({ frame: sent, octets }) => sent?.type === 3 && octets.length === frameMax),
  );
  if (i < 0) return false;
  const sent = pieces[i]!.frame!;
  const bodies = pieces.filter(piece => piece.frame?.type === 3 && piece.frame.message === sent.message);
  if (bodies.length < 2) return false;
  const octets = frame(3, sent.channel, join(...bodies.map(piece => piece.octets.subarray(HEADER, -1))));
  const whole: SentFrame = { ...sent, octets };
  plan.pieces = pieces.flatMap(piece => {
    if (piece === bodies[0]) return [{ octets, frame: whole, write: piece.write }];
    return bodies.includes(piece) ? [] : [piece];
  });
  plan.kinds.push("genuine-oversize");
  return true;
};

/** Torn, and some frames later a segment was not captured. */
const tornThenLost: Shape = plan => {
  if (!torn([3], HEADER, -1)(plan)) return false;
  const { pieces, lost, chance } = plan;
  const whole = pieces.findLastIndex(({ frame: sent, octets }) => sent !== null && octets.length < sent.octets.length);
  const late = places(plan, ({ octets }, at) => at > whole + 5 && octets.length > 20);
  if (late.length === 0) return false;
  lost.add(pieces[chance.pick(late)]!);
  return true;
};

export const SHAPES: Readonly<Record<string, Shape>> = {
  "torn body": torn([3], HEADER, -1),
  "torn content header": torn([2], HEADER, -1),
  "torn method": torn([1], HEADER, -1),
  "torn in the seven octets": torn([1, 2, 3], 1, 6),
  "torn by a heartbeat": tornByHeartbeat,
  "torn twice": tornTwice,
  "torn, nested": nested(false),
  "torn, taking turns": nested(true),
  "never completed": unfinishedIn(HEADER + 4, Number.POSITIVE_INFINITY),
  "replayed frame": replayedFrame,
  "replayed frames": replayedFrames,
  "replayed tail": replayedTail,
  "frame dropped": missingFrame,
  "beginning lost": missingBeginning,
  overwritten,
  "shared send buffer": sharedBuffer,
  foreign,
  "foreign inside a body": foreignInside,
  "torn on one channel": tornOnOneChannel,
  "never completed, in its header": unfinishedIn(1, 6),
  misordered,
  "genuine oversize": oversize,
  "torn, then packet loss": tornThenLost,
  clean: () => true,
};
