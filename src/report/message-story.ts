import type { MessageRecord } from "./message-record.ts";

/** Messages that are put in order at a time. */
const MAX_IN_ORDER = 100_000;

/** Messages of one story, on any connections: their outcomes become known in another order than that of time. */
export class MessageStory {
  readonly #messages: MessageRecord[] = [];

  /** Returns the story so far if it is too long to be kept, and begins another one; else nothing. */
  add(message: MessageRecord): MessageRecord[] {
    this.#messages.push(message);
    return this.#messages.length < MAX_IN_ORDER ? [] : this.inOrder().splice(0);
  }

  /** By the time of their first octets; if equal, by place. */
  inOrder(): MessageRecord[] {
    return this.#messages.sort(
      (a, b) => compare(instant(a), instant(b)) || a.input - b.input || a.packets[0] - b.packets[0],
    );
  }
}

/** Times of several inputs may have more digits or fewer: without the zone the order of characters is that of time. */
function instant({ time }: MessageRecord): string {
  return time.replace(/Z$/, "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
