import type { ObservedDirection } from "../connection/observers.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { ChannelLedger } from "./channel-ledger.ts";
import { ChannelUses } from "./channel-uses.ts";
import type { ConnectionSink } from "./ledger-sink.ts";
import type { MessageBudget } from "./message-budget.ts";

/** The channels of a connection, by number. */
export class ChannelTable {
  readonly #channels = new Map<number, ChannelUses>();
  readonly #budget: MessageBudget;
  readonly #sink: ConnectionSink;
  /** Octets of a direction were missed: of a channel that is used from then on, the beginning perhaps. */
  #hasClientMissed = false;
  #hasServerMissed = false;
  /** The last one used: frames of one channel often follow each other. */
  #last: ChannelUses | null = null;
  #lastNumber = -1;
  /** The client closed the connection. */
  #isClosed = false;

  constructor(budget: MessageBudget, sink: ConnectionSink) {
    this.#budget = budget;
    this.#sink = sink;
  }

  /** The present use of a channel by the client, or the server. */
  use(number: number, { isClient, scanner }: ObservedDirection): ChannelLedger {
    const uses = this.uses(number);
    return isClient ? uses.client(scanner.frameMoment()) : uses.server(scanner.frameMoment());
  }

  uses(number: number): ChannelUses {
    if (number === this.#lastNumber) return this.#last!;
    let uses = this.#channels.get(number);
    if (uses === undefined) {
      const sink = this.#sink;
      uses = new ChannelUses(this.#budget, {
        lost: sink.lost,
        emit: message => sink.emit(message),
        emitCall: call => sink.emitCall(number, call),
        isUnread: message => sink.isUnread(message),
        isRead: streamOffset => sink.isRead({ channel: number, streamOffset }),
        isHeld: isClient => sink.isHeld(isClient),
      });
      if (this.#hasClientMissed) uses.clientMissed();
      if (this.#hasServerMissed) uses.serverMissed();
      if (this.#isClosed) uses.closeForGood();
      this.#channels.set(number, uses);
    }
    this.#last = uses;
    this.#lastNumber = number;
    return uses;
  }

  /** The client has sent messages on a channel that it had closed. */
  get someBehindClose(): boolean {
    for (const { hasBehindClose } of this.#channels.values()) if (hasBehindClose) return true;
    return false;
  }

  /** All uses that are not over. */
  *[Symbol.iterator](): Generator<ChannelLedger> {
    for (const { all } of this.#channels.values()) yield* all;
  }

  /** The client has sent connection.close or close-ok, which closes all channels. */
  clientCloses(): void {
    this.#isClosed = true;
    for (const uses of this.#channels.values()) uses.closeForGood();
  }

  /** The server has sent connection.close: it does not read what the client sends after that. */
  serverCloses(at: Moment): void {
    for (const use of this) use.closes(at);
  }

  /** Octets of a direction were missed, on one channel or on all. */
  missed(isClient: boolean, number: number | null): void {
    if (number === null) {
      if (isClient) this.#hasClientMissed = true;
      else this.#hasServerMissed = true;
    }
    for (const uses of number === null ? this.#channels.values() : [this.uses(number)]) {
      if (isClient) uses.clientMissed();
      else uses.serverMissed();
    }
  }

  clear(): void {
    this.#channels.clear();
    this.#last = null;
    this.#lastNumber = -1;
  }
}
