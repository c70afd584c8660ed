/**
 * What both ends sent about messages on one channel, from channel.open to its close, as far as it shows what goes wrong
 * later: acknowledgments that fit no delivery, confirms that the client did not wait for, deliveries without
 * acknowledgment.
 */
import {
  BASIC_ACK,
  BASIC_CONSUME,
  BASIC_GET,
  BASIC_NACK,
  BASIC_RECOVER,
  BASIC_RECOVER_ASYNC,
  BASIC_REJECT,
  CONFIRM_SELECT,
  TX_SELECT,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments } from "../amqp/payload.ts";
import { METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { longlong } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import { SettledTags } from "./settled-tags.ts";

/** An acknowledgment (basic.ack, nack or reject), as it was sent. */
export class Acknowledgment {
  readonly method: string;
  readonly channel: number;
  readonly tag: number;
  readonly streamOffset: number;
  readonly moment = new Moment();

  constructor(method: string, channel: number, tag: number, streamOffset: number, moment: Moment) {
    this.method = method;
    this.channel = channel;
    this.tag = tag;
    this.streamOffset = streamOffset;
    this.moment.set(moment);
  }
}

export class ChannelUse {
  readonly number: number;
  /** No transaction and no basic.recover, after which the state of deliveries is unknown. */
  isPlain = true;
  /** Consumers and gets whose deliveries await acknowledgment, and those whose do not. */
  acknowledging = 0;
  needless = 0;
  /** How many times the client acknowledged something. */
  acknowledgments = 0;
  /** Deliveries that the client has settled. */
  readonly settled = new SettledTags();
  /** The acknowledgment with the highest tag. */
  farthest: Acknowledgment | null = null;
  /** The client has sent confirm.select. */
  confirms = false;
  /** Whole publishes since then. */
  published = 0;
  /** Those that the broker has confirmed, or refused. */
  readonly confirmed = new SettledTags();
  /** Deliveries, whose tags count from 1; −1 if they do not. */
  delivered = 0;
  /** When the first of them came. */
  readonly firstDelivery = new Moment();
  /** Which end closed it; null while it is open. */
  closedBy: "client" | "server" | null = null;
  clientDone = false;
  serverDone = false;
  /** The server has answered channel.open. */
  serverBegan = false;

  constructor(number: number) {
    this.number = number;
  }

  /** All consumers and gets ask for deliveries without acknowledgment, and there are some. */
  get isNeedless(): boolean {
    return this.acknowledging === 0 && this.needless > 0;
  }

  /** A delivery or an answer to basic.get, with its delivery tag. */
  deliver(tag: number, moment: Moment): void {
    if (this.delivered === 0) this.firstDelivery.set(moment);
    if (this.delivered >= 0) this.delivered = tag === this.delivered + 1 ? tag : -1;
  }

  /** A confirm of the server's, basic.ack or basic.nack, whose arguments begin at bytes[at]. */
  confirm(bytes: Uint8Array, at: number): void {
    this.confirmed.settle(bytes, at, (bytes[at + 8]! & 1) === 1);
  }

  /**
   * A method of the client that decodes, its payload bytes[start, start + size), its frame at `streamOffset`. Returns
   * an acknowledgment of deliveries that were settled before on this channel, or need none (`isNeedless`); else null.
   */
  // oxlint-disable-next-line max-params -- hot path: acknowledgments
  take(
    method: Method,
    bytes: Uint8Array,
    start: number,
    size: number,
    streamOffset: number,
    moment: Moment,
  ): Acknowledgment | null {
    switch (method.key) {
      case BASIC_ACK:
      case BASIC_NACK:
      case BASIC_REJECT:
        return this.#acknowledge(method, bytes, start + METHOD_IDS_SIZE, streamOffset, moment);
      case BASIC_CONSUME:
      case BASIC_GET:
        if (decodeArguments(method, bytes, start, size).get("no-ack") === true) this.needless++;
        else this.acknowledging++;
        return null;
      case CONFIRM_SELECT:
        this.confirms = true;
        return null;
      case TX_SELECT:
      case BASIC_RECOVER:
      case BASIC_RECOVER_ASYNC:
        this.isPlain = false;
    }
    return null;
  }

  #acknowledge(
    { key, name }: Method,
    bytes: Uint8Array,
    at: number,
    streamOffset: number,
    moment: Moment,
  ): Acknowledgment | null {
    this.acknowledgments++;
    if (!this.isPlain) return null;
    if (this.isNeedless) return new Acknowledgment(name, this.number, longlong(bytes, at), streamOffset, moment);
    const isFirst = this.settled.settle(bytes, at, key !== BASIC_REJECT && (bytes[at + 8]! & 1) === 1);
    const tag = longlong(bytes, at);
    if (isFirst && (this.delivered < 0 || tag <= Math.max(this.delivered, this.farthest?.tag ?? 0))) return null;
    const sent = new Acknowledgment(name, this.number, tag, streamOffset, moment);
    if (isFirst) this.farthest = sent;
    return isFirst || tag === 0 ? null : sent;
  }
}
