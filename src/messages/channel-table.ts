import type { ChannelLedger } from "./channel-ledger.ts";
import { ChannelUses } from "./channel-uses.ts";
import type { ConnectionSink } from "./ledger-sink.ts";
import type { MessageBudget } from "./message-budget.ts";

/** The channels of a connection, by number. */
export class ChannelTable {
  readonly #channels = new Map<number, ChannelUses>();
  readonly #budget: MessageBudget;
  readonly #sink: ConnectionSink;
  /** The one asked for last: frames of one channel often follow each other. */
  #last: ChannelUses | null = null;
  #lastNumber = -1;

  constructor(budget: MessageBudget, sink: ConnectionSink) {
    this.#budget = budget;
    this.#sink = sink;
  }

  /** The use of a channel that the client, or the server, is at. */
  use(number: number, isClient: boolean): ChannelLedger {
    const uses = this.uses(number);
    return isClient ? uses.client() : uses.server();
  }

  uses(number: number): ChannelUses {
    if (number === this.#lastNumber) return this.#last!;
    let uses = this.#channels.get(number);
    if (uses === undefined) {
      const sink = this.#sink;
      uses = new ChannelUses(this.#budget, {
        emit: message => sink.emit(message),
        emitCall: call => sink.emitCall(number, call),
      });
      this.#channels.set(number, uses);
    }
    this.#last = uses;
    this.#lastNumber = number;
    return uses;
  }

  /** All uses that are not over. */
  *[Symbol.iterator](): Generator<ChannelLedger> {
    for (const { all } of this.#channels.values()) yield* all;
  }

  clear(): void {
    this.#channels.clear();
    this.#last = null;
    this.#lastNumber = -1;
  }
}
