import type { Message } from "./message.ts";

/** Numbers in a row that may be missing between two messages: beyond them, the earlier ones are given up. */
const MAX_JUMP = 1 << 16;
/** Settled places in front that are kept before the list is moved. */
const MAX_SETTLED = 1024;

/**
 * Messages of a channel whose outcome is awaited, by number: publishes by the order in which they were sent, deliveries by
 * their delivery tag. Numbers only grow. A place that is settled is null.
 */
export class OutstandingMessages {
  /** How many there are. */
  size = 0;
  #places: (Message | null)[] = [];
  #head = 0;
  /** The number of the place at `#head`. */
  #first = 1;

  /** The number behind the last one. */
  get behind(): number {
    return this.#first + this.#places.length - this.#head;
  }

  /** False if the number cannot follow; then the message is not taken. */
  add(number: number, message: Message): boolean {
    if (this.size === 0) {
      this.#places = [];
      this.#head = 0;
      this.#first = number;
    }
    const missing = number - this.behind;
    if (missing < 0 || missing > MAX_JUMP) return false;
    for (let i = 0; i < missing; i++) this.#places.push(null);
    this.#places.push(message);
    this.size++;
    return true;
  }

  /** The first message that is left. */
  get first(): Message | null {
    return this.size === 0 ? null : this.#places[this.#head]!;
  }

  /** The message of this number, without taking it out; null if it is settled, or does not exist. */
  at(number: number): Message | null {
    const place = this.#head + number - this.#first;
    return place < this.#head ? null : (this.#places[place] ?? null);
  }

  /** Takes out the message of this number. */
  take(number: number): Message | null {
    const message = this.at(number);
    if (message === null) return null;
    this.#places[this.#head + number - this.#first] = null;
    this.size--;
    this.#trim();
    return message;
  }

  /** Takes out the first message that is left whose number is at most `number`; null if there is none. */
  takeFirst(number: number): Message | null {
    return this.size === 0 || this.#first > number ? null : this.take(this.#first);
  }

  /** The messages left, the first ones first. */
  *[Symbol.iterator](): Generator<Message> {
    for (let at = this.#head; at < this.#places.length; at++) {
      const message = this.#places[at]!;
      if (message !== null) yield message;
    }
  }

  /** Octets of one direction were missed. */
  miss(isClient: boolean): void {
    for (const message of this) {
      if (isClient) message.clientMissed = true;
      else message.serverMissed = true;
    }
  }

  /** Moves on to the first place that is not settled. */
  #trim(): void {
    const places = this.#places;
    while (this.#head < places.length && places[this.#head] === null) {
      this.#head++;
      this.#first++;
    }
    if (this.#head < MAX_SETTLED || this.#head * 2 < places.length) return;
    places.splice(0, this.#head);
    this.#head = 0;
  }
}
