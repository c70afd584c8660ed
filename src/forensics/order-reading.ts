/**
 * Reads the frames of one channel as contents (§4.2.6) where their order is wrong, at the least cost.
 *
 * Theory. A frame out of order may have been sent twice, may belong to another content than the last one begun, or what
 * must stand before it may be missing. Only later frames show which: a header sent again fits the next publish, and
 * then that publish's own header is in the wrong place. So every reading is followed at once, each with its cost, and
 * the cheapest that explains all frames is taken.
 */
import {
  AWAITS_ANY,
  AWAITS_HEADER,
  AWAITS_METHOD,
  afterBody,
  afterHeader,
  type ContentState,
  contentFault,
  IN_ORDER,
} from "../amqp/content-order.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_METHOD } from "../amqp/spec/constants.ts";
import type { Span } from "./diagnosis.ts";
import type { ReadFrame } from "./read-frames.ts";

/** A publish (or delivery) under way. */
export interface Content {
  readonly method: ReadFrame | null;
  readonly header: ReadFrame | null;
  /** What is to come of it: its header, bodies, or an unknown number of bodies (its header never came). */
  readonly left: ContentState;
  readonly last: ReadFrame;
  /** Frames of the channel that had come when another content came into this one; −1: none did. */
  readonly interruptedAt: number;
}

export type Disorder =
  /** The same octets stood at `of`. */
  | { kind: "replayed"; frame: ReadFrame; of: Span }
  /** `inner` begins, or a method stands, while `outer` goes on. */
  | { kind: "mixed"; outer: Content; inner: ReadFrame }
  /** The content is never finished; the channel goes on with `next`. */
  | { kind: "lost"; content: Content; next: ReadFrame }
  /** What must stand before it is missing. */
  | { kind: "stray"; frame: ReadFrame };

const COSTS: Readonly<Record<Disorder["kind"], number>> = { replayed: 2, mixed: 4, lost: 5, stray: 6 };
/** For a body that is not assigned to the content whose frame stands right before it, and for a content left open. */
const CROSSED = 1;
const UNFINISHED = 1;
/** For a content that others came into, and that did not continue within this many frames of its channel. */
const NEVER_FINISHED = 4;
const FRAMES_WAITED = 3;
/** Readings followed at a time, and open contents of one reading. */
const MAX_READINGS = 48;
const MAX_OPEN = 6;

interface State {
  /** Null: octets before the first method are not known. */
  readonly open: readonly Content[] | null;
  readonly cost: number;
  readonly chain: DisorderChain | null;
}

interface DisorderChain {
  readonly disorder: Disorder;
  readonly before: DisorderChain | null;
}

export interface OrderReading {
  disorders: Disorder[];
  /** The frames end before it shows whether an interrupted content goes on. */
  open: boolean;
  /** A different reading explains the frames as well. */
  tied: boolean;
}

/** What is wrong with the order of a channel's frames; `repeats` finds where the same frame stood before. */
export function readOrder(frames: readonly ReadFrame[], repeats: (frame: ReadFrame) => Span | null): OrderReading {
  let states: State[] = [{ open: null, cost: 0, chain: null }];
  for (const [index, frame] of frames.entries()) {
    const next = new Map<string, State>();
    const of = states.every(state => isInOrder(state, frame, index)) && states.length === 1 ? null : repeats(frame);
    for (const state of states) {
      for (const then of successors(state, frame, index, of)) {
        const key = keyOf(then);
        const known = next.get(key);
        if (known === undefined || known.cost > then.cost) next.set(key, then);
      }
    }
    // More contents are open than any reading follows: it ends with the results so far.
    if (next.size === 0) break;
    states = [...next.values()].sort((a, b) => a.cost - b.cost).slice(0, MAX_READINGS);
  }
  const tired = ({ interruptedAt }: Content): boolean =>
    interruptedAt >= 0 && frames.length - interruptedAt >= FRAMES_WAITED;
  const ends = states.map(state => {
    const left = state.open ?? [];
    const cost = state.cost + UNFINISHED * left.length + NEVER_FINISHED * left.filter(tired).length;
    return { state, cost };
  });
  const best = ends.reduce((a, b) => (b.cost < a.cost ? b : a));
  const disorders = disordersOf(best.state);
  const story = kindsOf(disorders);
  const tied = ends.some(({ state, cost }) => cost === best.cost && kindsOf(disordersOf(state)) !== story);
  const open = best.state.open?.some(({ interruptedAt }) => interruptedAt >= 0) === true;
  return { disorders, open, tied };
}

function disordersOf({ chain }: State): Disorder[] {
  const disorders: Disorder[] = [];
  for (let each = chain; each !== null; each = each.before) disorders.push(each.disorder);
  return disorders.reverse();
}

function kindsOf(disorders: readonly Disorder[]): string {
  return disorders.map(({ kind }) => kind).join(" ");
}

function isInOrder(state: State, frame: ReadFrame, index: number): boolean {
  const [then, ...others] = successors(state, frame, index, null);
  return (
    then !== undefined && others.length === 0 && then.cost === state.cost && then.open?.length !== state.open?.length
  );
}

/** Every reading of the next frame. A frame in order may have been sent again all the same. */
function successors(state: State, frame: ReadFrame, index: number, of: Span | null): State[] {
  const { open } = state;
  const after: State[] = [];
  const to = (contents: readonly Content[] | null, disorder?: Disorder, extra = 0): void => {
    const cost = state.cost + extra + (disorder === undefined ? 0 : COSTS[disorder.kind]);
    const chain = disorder === undefined ? state.chain : { disorder, before: state.chain };
    if ((contents?.length ?? 0) <= MAX_OPEN) after.push({ open: contents, cost, chain });
  };
  if (of !== null) to(open, { kind: "replayed", frame, of });
  switch (frame.type) {
    case FRAME_METHOD:
      method(open ?? [], frame, index, to);
      break;
    case FRAME_HEADER:
      header(open, frame, to);
      break;
    case FRAME_BODY:
      body(open, frame, to);
      break;
    default:
      to(open);
  }
  return after;
}

type To = (contents: readonly Content[] | null, disorder?: Disorder, extra?: number) => void;

function method(open: readonly Content[], frame: ReadFrame, index: number, to: To): void {
  const begun: Content[] = frame.opensContent
    ? [{ method: frame, header: null, left: AWAITS_HEADER, last: frame, interruptedAt: -1 }]
    : [];
  const waiting = open.filter(({ left }) => left !== AWAITS_ANY);
  const outer = waiting.at(-1);
  if (outer === undefined) {
    to(begun);
    return;
  }
  if (outer.interruptedAt >= 0 && !frame.opensContent) {
    // The interruption goes on; it is reported once.
    to(waiting);
    return;
  }
  const interrupted = { ...outer, interruptedAt: index };
  to([...waiting.slice(0, -1), interrupted, ...begun], { kind: "mixed", outer, inner: frame });
  for (const content of waiting) {
    const others = waiting.filter(each => each !== content);
    if (others.length === 0) to(begun, { kind: "lost", content, next: frame });
  }
}

function header(open: readonly Content[] | null, frame: ReadFrame, to: To): void {
  const left = afterHeader(frame.bodySize ?? 0);
  const filled = (content: Content | null): Content[] =>
    left === AWAITS_METHOD
      ? []
      : [
          {
            method: content?.method ?? null,
            header: frame,
            left,
            last: frame,
            interruptedAt: content?.interruptedAt ?? -1,
          },
        ];
  if (open === null) {
    to(filled(null));
    return;
  }
  for (const content of open) {
    if (content.left === AWAITS_HEADER) to(open.flatMap(each => (each === content ? filled(content) : [each])));
  }
  to([...open, ...filled(null)], { kind: "stray", frame });
}

function body(open: readonly Content[] | null, frame: ReadFrame, to: To): void {
  if (open === null) {
    to(null);
    return;
  }
  const latest = open.reduce<Content | null>((a, b) => (a === null || placeOf(b.last) > placeOf(a.last) ? b : a), null);
  for (const content of open) {
    const { left } = content;
    const crossed = content !== latest && latest!.left >= frame.size ? CROSSED : 0;
    if (left === AWAITS_ANY) to(open);
    else if (left === AWAITS_HEADER) {
      to(
        open.map(each => (each === content ? { ...content, left: AWAITS_ANY, last: frame } : each)),
        { kind: "stray", frame },
      );
    } else if (contentFault(left, FRAME_BODY, frame.size) === IN_ORDER) {
      const then = afterBody(left, frame.size);
      const rest: Content[] =
        then === AWAITS_METHOD ? [] : [{ ...content, left: then, last: frame, interruptedAt: -1 }];
      to(
        open.flatMap(each => (each === content ? rest : [each])),
        undefined,
        crossed,
      );
    }
  }
  to(open, { kind: "stray", frame });
}

function keyOf({ open }: State): string {
  if (open === null) return "?";
  return open.map(({ left, method: begun, header: head }) => `${left}@${placeOf((head ?? begun)!)}`).join(" ");
}

function placeOf({ spans }: ReadFrame): number {
  return spans[0]![0];
}
