/**
 * Which broker's rules a connection is judged by, and how they are known. A broker gives its name and version in
 * connection.start; the user may also give the version. Without both (the beginning is missing, or the broker gives
 * none) the rules are a guess: the newest row that contradicts nothing seen.
 */
import type { Method } from "../amqp/method-registry.ts";
import { type ArgumentsCheck, checkArguments } from "./strict-arguments.ts";
import { AUTO, BROKER_VERSIONS, type BrokerChoice, type BrokerId, type BrokerVersion } from "./versions.ts";

/** How the rules are known: the user asked for them, the broker gave its name, or neither. */
export type BrokerBasis = "asked" | "told" | "guessed";

/** LavinMQ's own few rules. */
export const LAVINMQ = "lavinmq";

/** Newest first. */
const NEWEST_FIRST = (Object.keys(BROKER_VERSIONS) as BrokerId[]).reverse();
const NEWEST = NEWEST_FIRST[0]!;
const OLDEST = NEWEST_FIRST.at(-1)!;
/** Characters that are kept of a broker's name, and of its version. */
const MAX_NAME = 64;
/** Before tune-ok, if the broker's own limit is not known. */
const UNKNOWN_FRAME_MAX = 131_072;

export class BrokerRules {
  /** Which broker's rules they are; null if the behaviour of this broker is not known. */
  id: BrokerId | typeof LAVINMQ | null;
  basis: BrokerBasis;
  /** The broker's name in connection.start; "" if it gives none, or that was not seen. */
  product = "";
  version = "";
  /** The row of a RabbitMQ. For another broker it has no meaning. */
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

  /** The product and version in connection.start, "" for what is not there. Returns `initialFrameMax`. */
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

  /** Something was seen that only some brokers do: a guess becomes the newest of these that did not contradict. */
  saw(does: (row: BrokerVersion) => boolean): void {
    if (!this.isGuess || !this.isRabbitMQ || does(this.row)) return;
    const rest = this.#possible.filter(each => does(BROKER_VERSIONS[each]));
    if (rest.length === 0) return;
    this.#possible = rest;
    this.#be(rest[0]!, "guessed");
  }

  /** What `make` returns with the oldest row, if the present row is a guess; else null. */
  byOldest<T>(make: () => T): T | null {
    if (!this.isGuess || !this.isRabbitMQ) return null;
    const { row } = this;
    this.row = BROKER_VERSIONS[OLDEST];
    const made = make();
    this.row = row;
    return made;
  }

  /** Judges arguments as checkArguments does. With a guess, what only some brokers refuse is taken as right. */
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
