import type { Moment } from "../net/connection-observer.ts";
import type { Message } from "./message.ts";
import type { PublishMatches } from "./publish-matches.ts";

/** The messages of a connection that came whole: how many, and which publish and request a delivery came from. */
export class WholeMessages {
  /** Those that the client sent, and those that it received. */
  readonly counts = { published: 0, delivered: 0 };
  readonly #matches: PublishMatches | null;

  constructor(matches: PublishMatches | null) {
    this.#matches = matches;
  }

  /** `at`: when its last octet was captured; `isTaken`: for a publish, the broker accepts it when it comes. */
  add(message: Message, at: Moment, isTaken: boolean): void {
    if (message.operation === "publish") {
      this.counts.published++;
      if (isTaken) this.#matches?.published(message, at);
    } else if (message.operation !== "return") {
      this.counts.delivered++;
      this.#matches?.delivered(message);
    }
  }
}
