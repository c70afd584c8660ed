import { isInContent } from "../amqp/content-order.ts";
import { grouped } from "../bytes/grouped.ts";
import { BoundReached } from "./bound-reached.ts";
import { Channel, CLOSED, CLOSING } from "./channel.ts";

/** Channels of one direction that are followed, some 3 KiB each. RabbitMQ allows 2,047 by default; numbers reach to 65,535. */
export const MAX_CHANNELS = 8_192;

/** The channels of one direction, by number. All of them are forgotten at once when octets were missed. */
export class ChannelStates {
  /** The channel of the frame before. */
  last = new Channel(0, 0);
  readonly #channels: (Channel | undefined)[] = [];
  #count = 0;
  /** How many times all were forgotten: older states are not known any more. */
  #epoch = 0;
  readonly #forgotten: () => void;

  /** `forgotten` is called whenever something is. */
  constructor(forgotten: () => void) {
    this.#forgotten = forgotten;
  }

  /** Whether a frame has come on this channel. */
  isUsed(number: number): boolean {
    return number in this.#channels;
  }

  /** Those on which a frame has come, the lowest first. */
  get used(): number[] {
    return Object.keys(this.#channels).map(Number);
  }

  /** Whether the known state of a channel is still valid. */
  isCurrent(channel: Channel): boolean {
    return channel.epoch === this.#epoch;
  }

  /** The channel of this number, if it is known. */
  known(number: number): Channel | undefined {
    const channel = this.#channels[number];
    return channel !== undefined && channel.epoch === this.#epoch ? channel : undefined;
  }

  /**
   * The channel of this number, which is the last one from now on.
   *
   * @throws BoundReached
   */
  take(number: number): Channel {
    let channel = this.#channels[number];
    if (channel === undefined) {
      if (++this.#count > MAX_CHANNELS) this.#dropUnknown();
      channel = new Channel(number, this.#epoch);
      this.#channels[number] = channel;
    } else if (channel.epoch !== this.#epoch) channel.forget(this.#epoch);
    this.last = channel;
    return channel;
  }

  /**
   * Of channels that are closed, that this direction closes, or that were forgotten, no more is known than of new ones. They
   * must be half of all: else this would soon be done again.
   */
  #dropUnknown(): void {
    this.#count = 1;
    for (const [number, channel] of this.#channels.entries()) {
      if (channel === undefined) continue;
      const isClosed = channel.use === null && (channel.state === CLOSED || channel.state === CLOSING);
      if (isClosed || !this.isCurrent(channel)) this.#channels[number] = undefined;
      else this.#count++;
    }
    if (2 * this.#count > MAX_CHANNELS) {
      throw new BoundReached(`more channels are in use than are followed (${grouped(MAX_CHANNELS)})`);
    }
  }

  /** Those whose content is unfinished. */
  unfinished(): Channel[] {
    const known = this.#channels.filter(channel => channel !== undefined && this.isCurrent(channel)) as Channel[];
    return known.filter(({ state, content }) => isInContent(content) && state !== CLOSED && state !== CLOSING);
  }

  forget(channel: Channel): void {
    channel.forget(this.#epoch);
    this.#forgotten();
  }

  forgetAll(): void {
    this.#epoch++;
    this.#forgotten();
  }
}
