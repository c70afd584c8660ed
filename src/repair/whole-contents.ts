/**
 * Lets frames of one client's stream pass in an order that can stand (§4.2.6): a method with content, its header and its bodies go on
 * together, once all of them came. What cannot stand is left out: a header or a body whose method went elsewhere, a content that
 * was never finished.
 *
 * Where a method comes while another's content is due, nobody knows whose the next header is: no content of that channel goes on
 * until as many headers came as methods, or SETTLED contents in a row were in order.
 */
import {
  AWAITS_HEADER,
  AWAITS_METHOD,
  afterBody,
  afterHeader,
  afterMethod,
  type ContentState,
  contentFault,
  IN_ORDER,
} from "../amqp/content-order.ts";
import { methodOf } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { long, short } from "../bytes/big-endian.ts";

/** Octets of unfinished contents that wait; beyond that a content goes on as it comes. */
const MAX_WAITING = 64 << 20;
/** Contents in order behind which a late header is not expected any more. */
const SETTLED = 8;
/** Of a content header: the body size, behind class-id and weight. */
const BODY_SIZE_AT = FRAME_HEADER_SIZE + 4;

interface Frame {
  octets: Uint8Array;
  comment: string | null;
}

interface Channel {
  state: ContentState;
  /** The content that has begun. */
  waiting: Frame[];
  /** It goes on as it comes: it is too long to wait for. */
  passes: boolean;
  /** Methods whose header is due, where it is not known whose the next one is; null where it is known. */
  owed: number | null;
  /** Contents in a row that were in order since then. */
  settled: number;
}

export class WholeContents {
  /** Octets that were left out. */
  leftOut = 0;
  readonly #write: (octets: Uint8Array, comment: string | null) => void;
  readonly #channels = new Map<number, Channel>();
  #waiting = 0;

  /** `write` gets frames that can stand, one by one. */
  constructor(write: (octets: Uint8Array, comment: string | null) => void) {
    this.#write = write;
  }

  /** The next whole frame, or a protocol header. The octets may be used again afterwards. */
  frame(octets: Uint8Array, comment: string | null): void {
    const type = octets[0]!;
    const number = short(octets, 1);
    if (number === 0 || (type !== FRAME_METHOD && type !== FRAME_HEADER && type !== FRAME_BODY)) {
      this.#write(octets, comment);
      return;
    }
    const channel = this.#channelOf(number);
    if (!this.#follow(channel, type, octets)) {
      this.leftOut += octets.length;
      return;
    }
    const isDone = channel.state === AWAITS_METHOD;
    if (isDone && type === FRAME_METHOD) {
      this.#write(octets, comment);
      return;
    }
    if (channel.owed !== null) {
      this.leftOut += octets.length;
      return;
    }
    channel.waiting.push({ octets: isDone ? octets : octets.slice(), comment });
    this.#waiting += octets.length;
    channel.passes ||= !isDone && this.#waiting > MAX_WAITING;
    if (channel.passes || isDone) this.#goOn(channel);
    if (isDone) this.#drop(channel);
  }

  /** No more frames: unfinished contents are left out. */
  end(): void {
    for (const channel of this.#channels.values()) this.#drop(channel);
  }

  /** Whether the frame can stand where it is. */
  #follow(channel: Channel, type: number, octets: Uint8Array): boolean {
    const size = octets.length - FRAME_HEADER_SIZE - 1;
    const isInOrder = contentFault(channel.state, type, size) === IN_ORDER;
    if (type === FRAME_METHOD) {
      const hasContent =
        size >= METHOD_IDS_SIZE &&
        methodOf(short(octets, FRAME_HEADER_SIZE), short(octets, FRAME_HEADER_SIZE + 2))?.content === true;
      if (isInOrder) {
        if (channel.owed !== null && (channel.owed <= 0 || channel.settled >= SETTLED)) channel.owed = null;
      } else {
        this.#drop(channel);
        channel.owed ??= channel.state === AWAITS_HEADER ? 1 : 0;
        channel.settled = 0;
      }
      if (hasContent && channel.owed !== null) channel.owed++;
      channel.state = afterMethod(hasContent);
      return true;
    }
    if (type === FRAME_HEADER && channel.owed !== null) channel.owed--;
    if (!isInOrder) {
      this.#drop(channel);
      channel.state = AWAITS_METHOD;
      channel.settled = 0;
      return false;
    }
    channel.state =
      type === FRAME_HEADER
        ? afterHeader(long(octets, BODY_SIZE_AT) * 2 ** 32 + long(octets, BODY_SIZE_AT + 4))
        : afterBody(channel.state, size);
    if (channel.state === AWAITS_METHOD) channel.settled++;
    return true;
  }

  #goOn({ waiting }: Channel): void {
    for (const { octets, comment } of waiting) {
      this.#waiting -= octets.length;
      this.#write(octets, comment);
    }
    waiting.length = 0;
  }

  #drop(channel: Channel): void {
    const { waiting } = channel;
    channel.passes = false;
    for (const { octets } of waiting) {
      this.#waiting -= octets.length;
      this.leftOut += octets.length;
    }
    waiting.length = 0;
  }

  #channelOf(number: number): Channel {
    let channel = this.#channels.get(number);
    if (channel === undefined) {
      channel = { state: AWAITS_METHOD, waiting: [], passes: false, owed: null, settled: 0 };
      this.#channels.set(number, channel);
    }
    return channel;
  }
}
