import { AWAITS_ANY, AWAITS_HEADER, AWAITS_METHOD, type ContentState, isInContent } from "../amqp/content-order.ts";
import type { Method } from "../amqp/method-registry.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { ChannelUse } from "./channel-use.ts";

/** Whether one direction may send on a channel, by what that direction itself has sent (§1.5). */
export const CLOSED = 0;
export const OPEN = 1;
/** It has sent channel.close: only close-ok may follow, until the channel is opened again. */
export const CLOSING = 2;
export const STATE_UNKNOWN = 3;

/** Ids, a number, two short strings and the bits of basic.publish. */
const MAX_ARGUMENTS = 4 + 2 + 256 + 256 + 1;

/**
 * One channel as one direction of a connection uses it: open or not, and how far the present content has come. Plain
 * fields, written on the hot path.
 */
export class Channel {
  readonly number: number;
  state: number;
  content: ContentState;
  /** The last method that carries content. */
  method: Method | null = null;
  /** Stream offset of that method's frame. */
  methodOffset = 0;
  /** The first octets of that method's arguments, `argumentsSize` of them, to describe what was left unfinished. */
  arguments: Uint8Array | null = null;
  argumentsSize = 0;
  /** Messages published since confirm.select, and the highest number the broker has confirmed. */
  confirms = false;
  published = 0;
  confirmed = 0;
  /** What both ends send on it, from channel.open to its close; null if that is not followed. */
  use: ChannelUse | null = null;
  /** When the other end closed it, and its words, until this end has answered. */
  refused: { readonly at: Moment; readonly words: string } | null = null;
  /** Another channel's frame has come into the present content. */
  split = false;
  /** The loss of the frame boundary after which this state began. */
  epoch: number;

  constructor(number: number, epoch: number) {
    this.number = number;
    this.epoch = epoch;
    this.state = epoch === 0 ? CLOSED : STATE_UNKNOWN;
    this.content = epoch === 0 ? AWAITS_METHOD : AWAITS_ANY;
  }

  /** Keeps the arguments of the method that content follows: those of a publish are at most MAX_ARGUMENTS octets. */
  keepArguments(bytes: Uint8Array, start: number, size: number): void {
    const kept = Math.min(size, MAX_ARGUMENTS);
    if (this.arguments === null || this.arguments.length < kept) this.arguments = new Uint8Array(kept);
    for (let i = 0; i < kept; i++) this.arguments[i] = bytes[start + i]!;
    this.argumentsSize = kept;
  }

  /** Octets were missed: the state of this channel is not known any more. */
  forget(epoch: number): void {
    this.epoch = epoch;
    this.state = STATE_UNKNOWN;
    this.content = AWAITS_ANY;
    this.method = null;
    this.confirms = false;
  }

  /** confirm.select: messages are numbered from here on. A second one changes nothing. */
  confirmsFromHere(): void {
    if (this.confirms) return;
    this.confirms = true;
    this.published = 0;
    this.confirmed = 0;
  }

  /** The publishes since confirm.select, without one that is unfinished. */
  get wholePublishes(): number {
    return this.published - (isInContent(this.content) ? 1 : 0);
  }

  /** Whether content may begin here without a fault. */
  get takesContent(): boolean {
    return this.content === AWAITS_METHOD && (this.state === OPEN || this.state === STATE_UNKNOWN);
  }

  /** The method of its content, and where that stands. */
  get contentMethod(): string {
    return this.method === null ? "the content" : `${this.method.name} at offset ${this.methodOffset}`;
  }

  /** What is still to come of its content, where the content header or a body is awaited. */
  get missing(): string {
    return this.content === AWAITS_HEADER
      ? `the content header of ${this.contentMethod} was due`
      : `${grouped(this.content)} octets of the body of ${this.contentMethod} were still to come`;
  }
}
