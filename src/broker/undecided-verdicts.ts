/**
 * Verdicts that something later in the stream may still undo, and which of them stands in the end.
 *
 * - A channel's process has found an error: an error of the reader's in the same read beats it (read-timing.ts).
 * - The login cannot succeed. If the server answers it with connection.tune it did: credentials are removed from
 *   captures before these are given away.
 * - The client sends close-ok, of a channel or of the connection, and its own octets do not show why. The server's
 *   octets show it if they are there: if it did not send close, this is an error. The two directions of a capture are
 *   not in step, so the server's close is waited for until the end.
 */
import type { ChannelError } from "./broker-channel.ts";
import type { BrokerRules } from "./broker-rules.ts";
import type { ReadClock, ReadMark } from "./read-timing.ts";
import type { PredictedClose, Prediction } from "./verdict.ts";

/** Remembered consumers that the server has cancelled; beyond this, a second use of a tag is not recognised. */
const MAX_CANCELLED = 1024;

interface Undecided {
  prediction: PredictedClose;
  mark: ReadMark;
  channel: number;
  slow: boolean;
  forestalledBy: ChannelError["forestalledBy"];
}

export class UndecidedVerdicts {
  #pending: Undecided | null = null;
  #settled: Prediction | null = null;
  /** The same in the words of an older broker. */
  #settledByOldest: Prediction | null = null;
  /** What only newer brokers settle; older ones continue. */
  #settledByNewer: Prediction | null = null;
  #refusedLogin: Prediction | null = null;
  #connectionCloseOk: Prediction | null = null;
  /** A consumer tag was used twice; and those of consumers that the server has cancelled. */
  #reusedTag: { prediction: PredictedClose; consumer: string } | null = null;
  readonly #cancelled = new Set<string>();
  #serverClosed = false;
  #replyText: string | null = null;
  /** The server's octets are there from the beginning. */
  #seesServer = false;
  /** channel.close of the server's and channel.close-ok of the client's, by channel. */
  readonly #closes = new Map<
    number,
    { asked: number; answered: number; unasked: (Undecided & { count: number }) | null }
  >();
  readonly #clock: ReadClock;

  constructor(clock: ReadClock) {
    this.#clock = clock;
  }

  /** The prediction if nothing more comes. */
  get prediction(): Prediction | null {
    if (this.#refusedLogin !== null) return this.#refusedLogin;
    return (
      this.#reusedTag?.prediction ??
      this.#firstUnasked()?.prediction ??
      this.#settled ??
      this.#connectionCloseOk ??
      this.#pending?.prediction ??
      null
    );
  }

  /** Nothing later in the client's stream changes it. */
  get settled(): boolean {
    return this.#settled !== null;
  }

  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** What stands by these rules. If they are a guess, it does not contradict the text of the broker's close. */
  under(rules: BrokerRules): Prediction | null {
    const { prediction } = this;
    if (!rules.isGuess) return prediction;
    const inOldWords = prediction === this.#settled ? this.#settledByOldest : null;
    const ofNewer = this.#settledByNewer;
    if (this.#replyText !== null) {
      if (ofNewer !== null) {
        const refuses = this.#isSaid(ofNewer);
        rules.saw(row => row.refusesOverrun === refuses);
      }
      if (this.#isSaid(inOldWords) && !this.#isSaid(prediction)) rules.saw(row => !row.unicodeTerms);
    }
    if (ofNewer !== null && rules.row.refusesOverrun) return ofNewer;
    return (rules.row.unicodeTerms ? null : inOldWords) ?? prediction;
  }

  #isSaid(prediction: Prediction | null): boolean {
    // Erlang wraps long terms.
    return prediction?.outcome === "close" && prediction.text === this.#replyText?.replace(/\n +/g, "");
  }

  /** The reader's verdict, if the broker is one of the newer ones. */
  settleByNewer(prediction: Prediction): void {
    this.#settledByNewer ??= prediction;
  }

  /** The reader's own verdict; `inOldWords`: the oldest broker's form of it. */
  settle(prediction: Prediction, inOldWords: Prediction | null = null): void {
    if (this.#settled !== null) return;
    this.expire();
    if (this.#settled !== null) return;
    this.#settled = prediction;
    this.#settledByOldest = inOldWords;
    for (const each of this.#closes.values()) {
      if (each.unasked !== null && this.#clock.sameRead(each.unasked.mark)) each.unasked = null;
    }
  }

  /**
   * The verdict of a channel's process, `error`. A process that dies, or has other work of this read to do, is slow:
   * another process's error comes first.
   */
  pend(prediction: PredictedClose, channel: number, error: ChannelError): void {
    const { slow, forestalledBy, unlessCancelled } = error;
    if (this.#settled !== null) return;
    if (unlessCancelled !== undefined) {
      this.#reuseTag(prediction, `${channel} ${unlessCancelled}`);
      return;
    }
    for (const each of this.#closes.values()) if (!slow && this.#isSlow(each.unasked)) each.unasked = null;
    const before = this.#pending;
    const first = before === null || before.forestalledBy === "channel.close" || (!slow && this.#isSlow(before));
    if (first) this.#pending = { prediction, mark: this.#clock.mark(), channel, slow, forestalledBy };
  }

  /** The verdict of a channel's process on a consumer tag used twice, if the consumer still exists. */
  #reuseTag(prediction: PredictedClose, consumer: string): void {
    const isFirst = this.#reusedTag === null && this.#pending === null;
    if (this.#seesServer && isFirst && !this.#cancelled.has(consumer)) this.#reusedTag = { prediction, consumer };
  }

  /** The server's basic.cancel. It may be captured after the second use of the tag. */
  serverCancelled(channel: number, tag: string): void {
    const consumer = `${channel} ${tag}`;
    if (this.#cancelled.size < MAX_CANCELLED) this.#cancelled.add(consumer);
    if (this.#reusedTag?.consumer === consumer || this.#cancelled.size === MAX_CANCELLED) this.#reusedTag = null;
  }

  #isSlow(verdict: Undecided | null): boolean {
    return verdict?.slow === true && this.#clock.sameRead(verdict.mark);
  }

  /** The client closes a channel. */
  closesChannel(channel: number): void {
    const pending = this.#pending;
    if (pending?.channel === channel && pending.forestalledBy === "channel.close") this.#forestall(pending);
  }

  /** The client closes the connection, which has this many channels. */
  closesConnection(channels: number): void {
    const pending = this.#pending;
    const by = pending?.forestalledBy;
    if (by === "channel.close" || (by === "connection.close" && channels <= 1)) this.#forestall(pending!);
  }

  #forestall(pending: Undecided): void {
    if (this.#clock.sameRead(pending.mark)) this.#pending = null;
  }

  /** A pending verdict that is not from the present read stands. */
  expire(): void {
    const pending = this.#pending;
    if (pending !== null && !this.#clock.sameRead(pending.mark)) this.#settled ??= pending.prediction;
  }

  /** Octets were missed: a pending verdict is the best that is known. */
  missed(): void {
    this.#settled ??= this.#pending?.prediction ?? null;
    this.serverMissed();
  }

  /** The login cannot succeed, by its octets. */
  refuseLogin(prediction: Prediction): void {
    if (this.#seesServer && this.#settled === null) this.#refusedLogin = prediction;
  }

  /** The server continues after the login. */
  acceptLogin(): void {
    this.#refusedLogin = null;
  }

  /** The client's connection.close-ok. `prediction` applies if the server sent no close. */
  connectionCloseOk(prediction: Prediction): void {
    this.expire();
    if (this.#seesServer && !this.#serverClosed) this.#connectionCloseOk ??= prediction;
  }

  /** The server's connection.close, with this reply text. */
  serverClosedConnection(replyText: string): void {
    this.#replyText ??= replyText;
    this.#serverClosed = true;
    this.#connectionCloseOk = null;
  }

  serverSeen(): void {
    this.#seesServer = true;
  }

  serverMissed(): void {
    this.#seesServer = false;
    this.#refusedLogin = null;
    this.#connectionCloseOk = null;
    this.#reusedTag = null;
    this.#closes.clear();
  }

  serverClosedChannel(channel: number): void {
    if (!this.#seesServer) return;
    const count = this.#count(channel);
    count.asked++;
    if (count.unasked !== null && count.unasked.count <= count.asked) count.unasked = null;
  }

  /** The client's channel.close-ok. `prediction` applies if the server sent no close. */
  closeOk(channel: number, prediction: PredictedClose | null, slow: boolean): void {
    if (!this.#seesServer) return;
    const count = this.#count(channel);
    count.answered++;
    if (prediction === null || count.answered <= count.asked) return;
    if (count.unasked !== null && (slow || !this.#isSlow(count.unasked))) return;
    if (this.#pending !== null || this.#settled !== null) return;
    const mark = this.#clock.mark();
    count.unasked = { prediction, mark, channel, slow, forestalledBy: undefined, count: count.answered };
  }

  #count(channel: number): { asked: number; answered: number; unasked: (Undecided & { count: number }) | null } {
    let count = this.#closes.get(channel);
    if (count === undefined) {
      count = { asked: 0, answered: 0, unasked: null };
      this.#closes.set(channel, count);
    }
    return count;
  }

  #firstUnasked(): Undecided | null {
    let first: Undecided | null = null;
    for (const { unasked } of this.#closes.values()) {
      if (unasked !== null && (first === null || unasked.mark.offset < first.mark.offset)) first = unasked;
    }
    return first;
  }
}
