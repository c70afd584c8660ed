import type { ConnectionObserver, Side } from "../net/connection-observer.ts";
import type { LostPublish } from "./lost-publish.ts";
import { type MessageContent, readContent } from "./message-content.ts";
import { octetsOf, SpanOctets } from "./span-octets.ts";

/** Octets beyond which a message is not recovered: RabbitMQ accepts 128 MiB by default, and 512 MiB at most. */
export const MAX_MESSAGE_OCTETS = 512 << 20;

/** What is gathered of a message, and read at the end. */
interface Gathered {
  readonly lost: LostPublish;
  /** null before its first octet comes, and if it is too long. */
  octets: SpanOctets | null;
  isDone: boolean;
  content: MessageContent | null;
}

/**
 * Gathers the octets of the lost messages of one connection while it is read again, and hands each one out when it is
 * complete, in the order in which they begin.
 */
export class LostOctets implements ConnectionObserver {
  readonly #side: Side;
  readonly #gathered: Gathered[];
  readonly #take: (lost: LostPublish, content: MessageContent | null) => void;
  /** Stream offset of the next octet. */
  #offset = 0;
  /** Those before the first one are handed out; those behind the second one have not begun. */
  #first = 0;
  #next = 0;

  /** `lost`: of one connection. */
  constructor(lost: readonly LostPublish[], take: (lost: LostPublish, content: MessageContent | null) => void) {
    this.#side = lost[0]?.side ?? 0;
    this.#gathered = lost
      .toSorted((a, b) => beginOf(a) - beginOf(b))
      .map(each => ({ lost: each, octets: null, isDone: false, content: null }));
    this.#take = take;
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (side !== this.#side) return;
    const offset = this.#offset;
    this.#offset += end - start;
    this.#begin();
    for (let i = this.#first; i < this.#next; i++) {
      const { octets, isDone } = this.#gathered[i]!;
      if (!isDone) octets?.take(bytes, start, end, offset);
    }
    this.#complete();
  }

  gap(side: Side, missing: number): void {
    if (side !== this.#side) return;
    this.#offset += Math.max(0, missing);
    this.#begin();
    this.#complete();
  }

  prelude(side: Side, octets: number): void {
    if (side === this.#side) this.#offset += octets;
  }

  end(): void {}

  /** Nothing more comes: what is left is handed out as it is. */
  finish(): void {
    this.#offset = Number.POSITIVE_INFINITY;
    this.#begin();
    this.#complete();
  }

  #begin(): void {
    for (; this.#next < this.#gathered.length; this.#next++) {
      const each = this.#gathered[this.#next]!;
      if (beginOf(each.lost) >= this.#offset) return;
      if (octetsOf(each.lost.spans) <= MAX_MESSAGE_OCTETS) each.octets = new SpanOctets(each.lost.spans);
    }
  }

  #complete(): void {
    for (let i = this.#first; i < this.#next; i++) {
      const each = this.#gathered[i]!;
      if (each.isDone || (each.octets !== null && each.octets.end > this.#offset)) continue;
      each.isDone = true;
      if (each.octets !== null) each.content = readContent(each.octets.octets, each.lost.isExplained);
      each.octets = null;
    }
    for (; this.#first < this.#next && this.#gathered[this.#first]!.isDone; this.#first++) {
      const { lost, content } = this.#gathered[this.#first]!;
      this.#gathered[this.#first]!.content = null;
      this.#take(lost, content);
    }
  }
}

function beginOf({ spans }: LostPublish): number {
  return spans[0]?.[0] ?? 0;
}
