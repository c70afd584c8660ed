import type { Values } from "../amqp/payload.ts";
import type { Moment } from "../net/connection-observer.ts";
import { copyOf, isAfter } from "../net/moment-order.ts";
import { ChannelLedger } from "./channel-ledger.ts";
import type { LedgerSink } from "./ledger-sink.ts";
import type { MessageBudget } from "./message-budget.ts";

/**
 * The uses of one channel number, each from channel.open to its close, in order; those that both directions have ended
 * are taken out. The two directions of a capture may be out of step: then each is at a use of its own.
 */
export class ChannelUses {
  readonly #uses: ChannelLedger[] = [];
  /** The client has closed the channel, and not opened it again. */
  #isClosed = false;
  /** It has closed the connection: no channel is opened any more. */
  #isClosedForGood = false;
  /** Octets of a direction were missed since it was last seen to open or close the channel. */
  #hasClientMissed = false;
  #hasServerMissed = false;
  /** What it sends on a channel that it has closed: the broker does not read that. */
  #behindClose: ChannelLedger | null = null;
  readonly #budget: MessageBudget;
  readonly #sink: LedgerSink;

  constructor(budget: MessageBudget, sink: LedgerSink) {
    this.#budget = budget;
    this.#sink = sink;
  }

  /** Those that are not over. */
  get all(): readonly ChannelLedger[] {
    return this.#behindClose === null ? this.#uses : [...this.#uses, this.#behindClose];
  }

  /** The client has sent something on the channel after closing it. */
  get hasBehindClose(): boolean {
    return this.#behindClose !== null;
  }

  /** The client's use at this moment. */
  client(at: Moment): ChannelLedger {
    if (this.#isClosed) return this.#closed();
    this.#clientPasses(at);
    const use = this.#uses.find(each => !each.clientDone) ?? this.#begin();
    use.clientBegan = true;
    return use;
  }

  /** The client sends channel.open. */
  clientOpens(at: Moment): void {
    if (this.#isClosedForGood) return;
    this.#isClosed = false;
    for (const use of this.#uses) {
      // Its end was missed, or all of it: the server opened it before.
      if (use.clientBegan || (use.hasClientMissed && use.serverOpened !== null && isAfter(at, use.serverOpened))) {
        use.clientDone = true;
      }
    }
    this.#hasClientMissed = false;
    const opened = this.client(at);
    opened.hasClientMissed = false;
    opened.clientOpened = copyOf(at);
    opened.publishes.opened();
    for (const use of this.#uses) if (use.clientDone) use.clientOver ??= copyOf(at);
  }

  /** The server's use at this moment. */
  server(at: Moment): ChannelLedger {
    this.#serverPasses(at);
    const use = this.#uses.find(each => !each.serverDone) ?? this.#begin();
    use.serverBegan = true;
    return use;
  }

  /** Leaves uses whose end by the client was missed: the server has answered it. */
  #clientPasses(at: Moment): void {
    for (const use of this.#uses) {
      if (use.clientDone) continue;
      if (!use.hasClientMissed || use.serverOver === null || !isAfter(at, use.serverOver)) return;
      use.clientDone = true;
    }
  }

  /** Leaves uses whose end by the server was missed: only then the client opens the channel again. */
  #serverPasses(at: Moment): void {
    for (const use of this.#uses) {
      if (use.serverDone) continue;
      if (!use.hasServerMissed || use.clientOver === null || !isAfter(at, use.clientOver)) return;
      use.serverDone = true;
    }
  }

  /** The server sends channel.open-ok. */
  serverOpens(at: Moment): void {
    const isLater = ({ clientOpened }: ChannelLedger): boolean => clientOpened !== null && !isAfter(clientOpened, at);
    const answered = this.#uses.findLast(isLater);
    for (const use of this.#uses) {
      if (use === answered && !use.serverBegan) break;
      // Its end was missed, or all of it: the client has opened the channel again.
      if (use.serverBegan || (use.hasServerMissed && answered !== undefined)) use.serverDone = true;
    }
    this.#hasServerMissed = false;
    const opened = this.server(at);
    opened.hasServerMissed = false;
    opened.serverOpened = copyOf(at);
    for (const use of this.#uses) if (use.serverDone) use.serverOver ??= copyOf(at);
  }

  /** The client sends channel.close or close-ok: the first may cross the server's, the second follows it. */
  clientCloses(at: Moment): void {
    this.#clientPasses(at);
    const begun = this.#uses.find(each => !each.clientDone && each.clientBegan);
    if (begun !== undefined) begun.clientDone = true;
    // All that it sent before was missed.
    else if (this.#hasClientMissed && !this.#isClosed) this.client(at).clientDone = true;
    this.#isClosed = true;
    this.#hasClientMissed = false;
  }

  /** The client has closed the connection. */
  closeForGood(): void {
    this.#isClosed = true;
    this.#isClosedForGood = true;
  }

  /** Octets of the client were missed, and perhaps a channel.open with them. */
  clientMissed(): void {
    this.#isClosed = this.#isClosedForGood;
    this.#hasClientMissed = true;
  }

  /** Octets of the server were missed. */
  serverMissed(): void {
    this.#hasServerMissed = true;
  }

  /**
   * The server sends channel.close with these arguments, which a finding reports; or close-ok: then it has handled what
   * the client sent.
   */
  serverCloses(values: Values | null, at: Moment, finding: string | null): void {
    this.#serverPasses(at);
    const use = this.#uses.find(each => !each.serverDone) ?? (this.#hasServerMissed ? this.#begin() : undefined);
    // Its close-ok may answer a close that crossed its own; but the beginning may have been missed, too.
    if (use === undefined || !(use.serverBegan || use.hasServerMissed)) return;
    if (use.clientOpened !== null && isAfter(use.clientOpened, at)) return;
    this.#hasServerMissed = false;
    use.serverDone = true;
    if (values === null) {
      use.serverOver = copyOf(at);
      // If something was missed, the server may have closed it before, or the client opened it again.
      if (!use.hasServerMissed && !use.hasClientMissed) use.publishes.handled(use.publishes.sent);
    } else {
      use.closedWith = values;
      use.closeFinding = finding;
      use.closes(at);
    }
  }

  /** Takes out the first use if both directions have ended it. */
  takeDone(): ChannelLedger | null {
    const first = this.#uses[0];
    return first?.clientDone === true && first.serverDone ? this.#uses.shift()! : null;
  }

  #closed(): ChannelLedger {
    if (this.#behindClose === null) {
      this.#behindClose = new ChannelLedger(this.#budget, this.#sink);
      this.#behindClose.publishes.closed();
    }
    return this.#behindClose;
  }

  #begin(): ChannelLedger {
    const use = new ChannelLedger(this.#budget, this.#sink);
    use.hasClientMissed = this.#hasClientMissed;
    use.hasServerMissed = this.#hasServerMissed;
    this.#uses.push(use);
    return use;
  }
}
