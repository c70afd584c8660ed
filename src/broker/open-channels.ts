import { BrokerChannel } from "./broker-channel.ts";
import type { BrokerRules } from "./broker-rules.ts";
import type { BrokerState } from "./broker-state.ts";
import type { ReadClock } from "./read-timing.ts";

/**
 * The channels that a reader counts as open (rabbit_reader:create_channel/2, channel_cleanup/2): from the first frame
 * of any kind on a number until close-ok, or until a channel.close is done, which is not before the next read.
 */
export class OpenChannels {
  /** The negotiated channel-max; 0 if there is none. */
  limit = 0;
  /** Whether every frame since the beginning was seen. */
  certain = true;
  readonly #channels = new Map<number, BrokerChannel>();
  #last: BrokerChannel | null = null;
  readonly #broker: BrokerState;
  readonly #clock: ReadClock;
  readonly #rules: BrokerRules;

  constructor(broker: BrokerState, clock: ReadClock, rules: BrokerRules) {
    this.#broker = broker;
    this.#clock = clock;
    this.#rules = rules;
  }

  /** The channel of this number, a new one if this is its first frame; null if that is one too many. */
  take(number: number): BrokerChannel | null {
    const channel = this.inUse(number) ?? this.find(number) ?? this.#create(number);
    this.#last = channel;
    return channel;
  }

  /** The channel of this number, if there is one and the client has not closed it. */
  inUse(number: number): BrokerChannel | null {
    let channel = this.#last;
    if (channel === null || channel.number !== number) {
      channel = this.#channels.get(number) ?? null;
      if (channel === null) return null;
      this.#last = channel;
    }
    return channel.channelProcess.left === null ? channel : null;
  }

  find(number: number): BrokerChannel | undefined {
    const channel = this.#channels.get(number);
    const left = channel?.channelProcess.left ?? null;
    if (left === null || this.#clock.sameRead(left)) return channel;
    this.forget(number);
    return undefined;
  }

  /** A channel that is not counted. */
  uncounted(number: number): BrokerChannel {
    return new BrokerChannel(number, this.#broker, this.#clock, this.#rules, this.certain);
  }

  forget(number: number): void {
    this.#channels.delete(number);
    this.#last = null;
  }

  forgetAll(): void {
    this.#channels.clear();
    this.#last = null;
  }

  count(): number {
    for (const number of this.#channels.keys()) this.find(number);
    return this.#channels.size;
  }

  #create(number: number): BrokerChannel | null {
    const { limit } = this;
    if (this.certain && limit !== 0 && this.#channels.size >= limit && this.count() >= limit) return null;
    const channel = this.uncounted(number);
    this.#channels.set(number, channel);
    return channel;
  }
}
