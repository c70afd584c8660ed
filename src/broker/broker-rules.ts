/**
 * By which broker's rules a connection is judged, and how that is known. A broker says who it is in connection.start; its
 * version may also be given by the user. Where neither is so (the beginning is missing, or the broker is silent about
 * itself) it is a guess: the newest row that contradicts nothing seen.
 */
import type { Method } from "../amqp/method-registry.ts";
import { type ArgumentsCheck, checkArguments } from "./strict-arguments.ts";
import { AUTO, BROKER_VERSIONS, type BrokerChoice, type BrokerId, type BrokerVersion } from "./versions.ts";

/** How it is known whose rules they are: the user asked for them, the broker told who it is, or nobody did. */
export type BrokerBasis = "asked" | "told" | "guessed";

/** LavinMQ's own few rules. */
export const LAVINMQ = "lavinmq";

/** Newest first. */
const NEWEST_FIRST = (Object.keys(BROKER_VERSIONS) as BrokerId[]).reverse();
const NEWEST = NEWEST_FIRST[0]!;
const OLDEST = NEWEST_FIRST.at(-1)!;
/** Characters that are kept of what a broker calls itself, and of its version. */
const MAX_NAME = 64;
/** Before tune-ok, where nothing is known of the broker's own limit. */
const UNKNOWN_FRAME_MAX = 131_072;

export class BrokerRules {
  /** Whose rules they are; null where nothing is known of what such a broker does. */
  id: BrokerId | typeof LAVINMQ | null;
  basis: BrokerBasis;
  /** What the broker calls itself in connection.start; "" where it does not say, or that was not seen. */
  product = "";
  version = "";
  /** The row of a RabbitMQ. Of another broker it says nothing. */
  row: BrokerVersion;
  /** Rows that contradict nothing seen, the newest first. */
  #possible: readonly BrokerId[] = NEWEST_FIRST;

  constructor(choice: BrokerChoice) {
    this.basis = choice === AUTO ? "guessed" : "asked";
    this.id = choice === AUTO ? NEWEST : choice;
    this.row = BROKER_VERSIONS[this.id];
  }

  /** Whether they are rules of RabbitMQ's. */
  get isRabbitMQ(): boolean {
    return this.id !== null && this.id !== LAVINMQ;
  }

  get isGuess(): boolean {
    return this.basis === "guessed";
  }

  /** The frame-max in force before tune-ok, in octets of payload. */
  get initialFrameMax(): number {
    return this.isRabbitMQ ? this.row.initialFrameMax : UNKNOWN_FRAME_MAX;
  }

  /** What the broker says of itself in connection.start, "" for what it does not say. Returns `initialFrameMax`. */
  identify(product: string, version: string): number {
    this.product = product.slice(0, MAX_NAME);
    this.version = version.slice(0, MAX_NAME);
    if (this.basis !== "asked" && product !== "") this.#follow(product, version);
    return this.initialFrameMax;
  }

  #follow(product: string, version: string): void {
    if (product === "RabbitMQ") {
      const { id, isKnown } = rowOf(version);
      this.#be(id, isKnown ? "told" : "guessed");
      return;
    }
    this.id = product === "LavinMQ" ? LAVINMQ : null;
    this.basis = "told";
  }

  /** Something was seen that only some brokers do: a guess becomes the newest of these that did not contradict before. */
  saw(does: (row: BrokerVersion) => boolean): void {
    if (!this.isGuess || !this.isRabbitMQ || does(this.row)) return;
    const rest = this.#possible.filter(each => does(BROKER_VERSIONS[each]));
    if (rest.length === 0) return;
    this.#possible = rest;
    this.#be(rest[0]!, "guessed");
  }

  /** What `make` gives by the oldest row, where the present one is a guess; else null. */
  byOldest<T>(make: () => T): T | null {
    if (!this.isGuess || !this.isRabbitMQ) return null;
    const { row } = this;
    this.row = BROKER_VERSIONS[OLDEST];
    const made = make();
    this.row = row;
    return made;
  }

  /** Judges arguments as checkArguments. Of a guess, what only some brokers refuse is taken for good. */
  checkArguments(method: Method, bytes: Uint8Array, start: number, size: number): ArgumentsCheck {
    const check = checkArguments(method, bytes, start, size, this.row.unicodeUtf8);
    if (check === "good" || !this.isGuess) return check;
    const other = checkArguments(method, bytes, start, size, !this.row.unicodeUtf8);
    return other === check ? check : "good";
  }

  #be(id: BrokerId, basis: BrokerBasis): void {
    this.id = id;
    this.basis = basis;
    this.row = BROKER_VERSIONS[id];
  }
}

/** The row of a RabbitMQ of this version (3.10.8); `isKnown`: it is one whose source was read. */
function rowOf(version: string): { id: BrokerId; isKnown: boolean } {
  const parts = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?/.exec(version)?.slice(1);
  if (parts === undefined) return { id: NEWEST, isKnown: false };
  const numbers = parts.map(part => Number(part ?? 0));
  const id = NEWEST_FIRST.find(each => !isBefore(numbers, BROKER_VERSIONS[each].since)) ?? OLDEST;
  const [major, minor] = numbers as [number, number];
  const isOlder = isBefore(numbers, BROKER_VERSIONS[OLDEST].since);
  const isNewer = major > 4 || (major === 4 && minor > BROKER_VERSIONS[NEWEST].since[1]);
  return { id, isKnown: !isOlder && !isNewer };
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  const differs = other.findIndex((part, index) => version[index] !== part);
  return differs >= 0 && version[differs]! < other[differs]!;
}
