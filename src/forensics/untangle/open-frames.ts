/** The frames of a reading and where they lie, to find which of them are open at the same time. */
import { FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import { short } from "../../bytes/big-endian.ts";
import type { Owned } from "./alternative.ts";
import type { Stretch } from "./stretch.ts";

/** A frame whose header lies in one piece; named by the index of its first octet. */
export interface OpenFrame {
  readonly id: number;
  readonly pieces: Owned[];
  readonly channel: number;
}

/** Torn frames that are examined. */
const MAX_TORN = 256;

export class OpenFrames {
  /** In the order in which they begin. */
  readonly all: readonly OpenFrame[];
  readonly torn: readonly OpenFrame[];
  readonly #byId: ReadonlyMap<number, OpenFrame>;
  readonly #ofChannel = new Map<number, number[]>();

  constructor(octets: Uint8Array, owned: readonly Owned[]) {
    const byId = new Map<number, OpenFrame>();
    for (const each of owned) {
      if (each.frame < 0) continue;
      const known = byId.get(each.frame);
      if (known !== undefined) known.pieces.push(each);
      else if (each.to - each.from >= FRAME_HEADER_SIZE) {
        byId.set(each.frame, { id: each.frame, pieces: [each], channel: short(octets, each.frame + 1) });
      }
    }
    this.#byId = byId;
    this.all = [...byId.values()];
    this.torn = this.all.filter(({ pieces }) => pieces.length > 1).slice(0, MAX_TORN);
    for (const { id, channel } of this.all) {
      const known = this.#ofChannel.get(channel);
      if (known === undefined) this.#ofChannel.set(channel, [id]);
      else known.push(id);
    }
  }

  get(id: number): OpenFrame | undefined {
    return this.#byId.get(id);
  }

  /** Those that are open while a torn frame is, without torn ones that begin before it. */
  *openWith({ id, pieces }: OpenFrame): Generator<OpenFrame> {
    const end = pieces.at(-1)!.to;
    let i = lowerBound(this.all.length, at => this.all[at]!.id > id);
    for (; i < this.all.length && this.all[i]!.id < end; i++) yield this.all[i]!;
  }

  /** Whether a frame of a pair may end at `end`: its channel carries nothing else from where it ended on. */
  mayEnd(frame: OpenFrame, other: OpenFrame, end: number): boolean {
    const ids = this.#ofChannel.get(frame.channel)!;
    const from = endOf(frame);
    for (let i = lowerBound(ids.length, at => ids[at]! >= from); i < ids.length && ids[i]! < end; i++) {
      if (ids[i] !== other.id) return false;
    }
    return true;
  }
}

/** Index behind a frame's last octet. */
export function endOf({ pieces }: OpenFrame): number {
  return pieces.at(-1)!.to;
}

/** Whether the octets of one of these frames follow from one another, so that they show where it goes on. */
export function areOrderly({ continuity }: Stretch, frames: readonly OpenFrame[]): boolean {
  return frames.some(({ pieces }) => {
    const longest = pieces.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a));
    return continuity.isOrderly(longest.from, longest.to);
  });
}

/** The first of `count` positions for which the condition holds, as it does for all behind it. */
export function lowerBound(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
