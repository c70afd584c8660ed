/**
 * What was sent on a connection and never settled, or settled where it could not be: early warnings that need both
 * directions. Each channel use is judged when both ends are done with it, so that the directions of a capture may be
 * out of step. From missed octets on nothing is judged: their content is not known.
 */
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import {
  BASIC_ACK,
  BASIC_DELIVER,
  BASIC_GET_OK,
  BASIC_NACK,
  CHANNEL_CLOSE,
  CHANNEL_CLOSE_OK,
  CHANNEL_OPEN,
  CHANNEL_OPEN_OK,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { longlong } from "../bytes/big-endian.ts";
import { grouped } from "../bytes/grouped.ts";
import { plural } from "../bytes/words.ts";
import type { Moment, Side } from "../net/connection-observer.ts";
import { copyOf, secondsBetween } from "../net/moment-order.ts";
import type { Channel } from "./channel.ts";
import { type Acknowledgment, ChannelUse } from "./channel-use.ts";
import { readClose } from "./connection-close.ts";
import { Incident } from "./incident.ts";

/** Uses of one channel that only one end has ended; if there are more, nothing is judged. */
const MAX_UNEVEN = 64;
/** Channels that a finding names. */
const MAX_NAMED = 3;
/** This many deliveries, and seconds since the first of them, before it is reported that none was acknowledged. */
const MANY_DELIVERIES = 10;
const LONG_SECONDS = 60;

/** A direction, whose scanner stands at the present frame. */
interface Sender {
  readonly isClient: boolean;
  readonly scanner: FrameScanner;
}

/** How a connection ended. */
export interface Ending {
  /**
   * Which end ended it, how in words, and whether by connection.close; null if it goes on after the capture, or the
   * capture holds no answer to a close.
   */
  readonly by: { readonly side: Side; readonly words: string; readonly closed: boolean } | null;
  /** When its last octets came. */
  readonly last: Moment;
  readonly client: Side;
  /** The client's frames are at fault: that finding reports what became of its messages. */
  readonly isBroken: boolean;
}

/** The uses of one channel number that not both ends have ended, and the present one of each end. */
class ChannelUses {
  readonly uses: ChannelUse[] = [];
  client = -1;
  server = -1;
  clientChannel: Channel | null = null;

  at(number: number, index: number): ChannelUse {
    while (this.uses.length <= index) this.uses.push(new ChannelUse(number));
    return this.uses[index]!;
  }
}

/** Acknowledgments of one kind: the first of them, and how many there are. */
interface Gathered {
  readonly first: Acknowledgment;
  count: number;
}

export class Settlements {
  readonly #channels = new Map<number, ChannelUses>();
  /** The channels that have a use: the client's, and the server's. */
  readonly #clientChannels = new Set<Channel>();
  readonly #serverChannels = new Set<Channel>();
  #isGivenUp = false;
  #ending: Ending | null = null;
  #repeated: Gathered | null = null;
  #needless: Gathered | null = null;
  readonly #stray: { readonly acknowledgment: Acknowledgment; readonly delivered: number }[] = [];
  readonly #unconfirmed: { readonly use: ChannelUse; readonly count: number }[] = [];
  readonly #unacknowledged: { readonly use: ChannelUse; readonly seconds: number }[] = [];

  /** A method of one end on a channel, which decodes: its payload is bytes[start, start + size). */
  // oxlint-disable-next-line max-params -- hot path: once for every method frame of a channel
  take(
    { isClient, scanner }: Sender,
    channel: Channel,
    method: Method,
    bytes: Uint8Array,
    start: number,
    size: number,
  ): void {
    const { key } = method;
    const { use } = channel;
    if (key === CHANNEL_OPEN || key === CHANNEL_OPEN_OK) this.#opened(isClient, channel);
    else if (use === null) return;
    else if (key === CHANNEL_CLOSE || key === CHANNEL_CLOSE_OK) {
      if (key === CHANNEL_CLOSE) use.closedBy ??= isClient ? "client" : "server";
      const refusal = key === CHANNEL_CLOSE && !isClient ? decodeArguments(method, bytes, start, size) : null;
      this.#closed(isClient, channel, use, refusal, scanner.frameMoment());
    } else if (!isClient) {
      if (key === BASIC_ACK || key === BASIC_NACK) use.confirm(bytes, start + METHOD_IDS_SIZE);
    } else {
      const misplaced = use.take(method, bytes, start, size, scanner.frameOffset, scanner.frameMoment());
      if (misplaced !== null) this.#misplaced(misplaced, use.isNeedless);
    }
  }

  /** A content's method, whose payload begins at bytes[start], on a channel that has a use. */
  content({ isClient, scanner }: Sender, { use, method }: Channel, bytes: Uint8Array, start: number): void {
    if (isClient || use === null || method === null) return;
    const at = start + METHOD_IDS_SIZE;
    if (method.key === BASIC_DELIVER) use.deliver(longlong(bytes, at + 1 + bytes[at]!), scanner.frameMoment());
    else if (method.key === BASIC_GET_OK) use.deliver(longlong(bytes, at), scanner.frameMoment());
  }

  /** One end has sent channel.open or open-ok. */
  #opened(isClient: boolean, channel: Channel): void {
    if (this.#isGivenUp) return;
    const { number } = channel;
    const uses = this.#channels.get(number) ?? new ChannelUses();
    this.#channels.set(number, uses);
    // A channel that is open already: what is sent then may belong to either use.
    if (channel.use !== null || uses.uses.length >= MAX_UNEVEN) {
      this.giveUp();
      return;
    }
    const use = uses.at(number, isClient ? ++uses.client : ++uses.server);
    if (isClient) {
      uses.clientChannel = channel;
      channel.refused = null;
    } else use.serverBegan = true;
    channel.use = use;
    (isClient ? this.#clientChannels : this.#serverChannels).add(channel);
  }

  /** One end sends no more on a channel. `refusal`: the arguments of the server's channel.close. */
  #closed(isClient: boolean, channel: Channel, use: ChannelUse, refusal: Values | null, at: Moment): void {
    const uses = this.#channels.get(channel.number)!;
    const { clientChannel } = uses;
    channel.use = null;
    (isClient ? this.#clientChannels : this.#serverChannels).delete(channel);
    if (isClient) {
      use.clientDone = true;
      use.published = channel.wholePublishes;
      channel.refused = null;
    } else use.serverDone = true;
    if (refusal !== null && clientChannel?.use === use) {
      const { code, text } = readClose(1, refusal);
      clientChannel.refused = { at: copyOf(at), words: `${code} ${text}` };
    }
    if (!use.clientDone || !use.serverDone) return;
    uses.uses.shift();
    uses.client--;
    uses.server--;
    this.#judge(use, { confirms: use.closedBy === "client", isOver: true, at });
  }

  /** The client acknowledged what it had settled before, or what needs no acknowledgment. */
  #misplaced(acknowledgment: Acknowledgment, isNeedless: boolean): void {
    const known = isNeedless ? this.#needless : this.#repeated;
    if (known !== null) known.count++;
    else if (isNeedless) this.#needless = { first: acknowledgment, count: 1 };
    else this.#repeated = { first: acknowledgment, count: 1 };
  }

  /** Octets of a direction were missed, or are no frames: nothing is known of any channel from here on. */
  giveUp(): void {
    this.#isGivenUp = true;
    for (const channels of [this.#clientChannels, this.#serverChannels]) {
      for (const channel of channels) {
        channel.use = null;
        channel.refused = null;
      }
      channels.clear();
    }
    this.#channels.clear();
  }

  /** Nothing more comes: judges what is left. */
  finish(ending: Ending): void {
    const { by, last, isBroken } = ending;
    for (const channel of this.#clientChannels) channel.use!.published = channel.wholePublishes;
    const left = isBroken ? [] : [...this.#channels.values()].flatMap(({ uses }) => uses);
    for (const use of left) this.#judge(use, { confirms: use.closedBy !== "server", isOver: by !== null, at: last });
    this.giveUp();
    this.#ending = ending;
  }

  /** What was found by now. */
  incidents(client: Side): Incident[] {
    return [...this.#misplacedSoFar(client), ...(this.#ending === null ? [] : this.#unsettled(this.#ending))];
  }

  /** What the client acknowledged but could not. */
  #misplacedSoFar(client: Side): Incident[] {
    const incidents: Incident[] = [];
    if (this.#repeated !== null) {
      incidents.push(misplacedIncident(this.#repeated, client, "which was acknowledged before"));
    }
    if (this.#needless !== null) {
      const why = "where no delivery needs one: all consumers have no-ack";
      incidents.push(misplacedIncident(this.#needless, client, why));
    }
    const [stray] = this.#stray;
    if (stray === undefined) return incidents;
    const { delivered } = stray;
    const why = delivered === 0 ? "where nothing was delivered" : `where ${grouped(delivered)} messages were delivered`;
    const count = this.#stray.length;
    incidents.push(misplacedIncident({ first: stray.acknowledgment, count }, client, `${why}: tags count by channel`));
    return incidents;
  }

  /** `confirms`: the publishes of this use are judged; `isOver`: nothing of it can be seen later. */
  #judge(use: ChannelUse, { confirms, isOver, at }: { confirms: boolean; isOver: boolean; at: Moment }): void {
    const { isPlain, farthest, delivered, serverBegan } = use;
    if (!isPlain || !serverBegan) return;
    if (isOver && farthest !== null && delivered >= 0 && farthest.tag > delivered) {
      this.#stray.push({ acknowledgment: farthest, delivered });
    }
    const count = use.published - use.confirmed.count;
    if (isOver && confirms && use.confirms && use.confirmed.isExact && count > 0)
      this.#unconfirmed.push({ use, count });
    const seconds = secondsBetween(use.firstDelivery, at);
    const isIdle = delivered >= MANY_DELIVERIES && use.acknowledgments === 0 && seconds >= LONG_SECONDS;
    if (isIdle && use.acknowledging > 0 && use.needless === 0) this.#unacknowledged.push({ use, seconds });
  }

  /** What was never settled. */
  #unsettled({ client, by, last }: Ending): Incident[] {
    const incidents: Incident[] = [];
    const at = { side: null, streamOffset: -1, moment: last };
    const ofChannels = this.#unconfirmed.filter(({ use }) => use.closedBy === "client");
    const others = this.#unconfirmed.filter(({ use }) => use.closedBy !== "client");
    for (const [list, words, severity] of [
      [ofChannels, `The client closed ${ofChannels.length === 1 ? "a channel" : "channels"}`, "warning"],
      // A client that dies waits for nothing: that is no fault of how it publishes.
      [others, by?.words ?? "", by?.side === client && by.closed ? "warning" : "note"],
    ] as const) {
      if (list.length === 0) continue;
      const counts = list.map(({ use: { number, published }, count }) => {
        return `${grouped(count)} of ${grouped(published)} on channel ${number}`;
      });
      const message = `${words} while publishes awaited their confirm (${namedShortly(counts)}): the client does not know whether the broker took them.`;
      incidents.push(new Incident("unconfirmed", severity, at, message));
    }
    if (this.#unacknowledged.length > 0) {
      const named = namedShortly(
        this.#unacknowledged.map(
          ({ use, seconds }) => `${grouped(use.delivered)} on channel ${use.number}, in ${seconds.toFixed(0)} s`,
        ),
      );
      const message = `The client acknowledged none of the deliveries that await it (${named}): it is slow, acknowledges many at a time, or never.`;
      incidents.push(new Incident("unacknowledged", "note", at, message));
    }
    return incidents;
  }
}

function misplacedIncident({ first, count }: Gathered, side: Side, why: string): Incident {
  const { method, channel, tag, streamOffset, moment } = first;
  const more = count === 1 ? "" : `; ${grouped(count)} such acknowledgments in all`;
  const message = `${method} names delivery tag ${grouped(tag)} on channel ${channel}, ${why}${more}. A broker closes the channel for it (406, unknown delivery tag).`;
  return new Incident("delivery-tag", "warning", { side, streamOffset, moment }, message);
}

function namedShortly(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join("; ")}${more > 0 ? `; and on ${plural(more, "channel")} more` : ""}`;
}
