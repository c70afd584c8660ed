import { AWAITS_METHOD, afterBody, afterHeader, afterMethod, contentFault, IN_ORDER } from "../amqp/content-order.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import {
  CHANNEL_CLOSE,
  CHANNEL_CLOSE_OK,
  CHANNEL_OPEN,
  CHANNEL_OPEN_OK,
  CONNECTION_CLASS,
  CONNECTION_CLOSE,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { FRAME_BODY, FRAME_ENVELOPE, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD } from "../amqp/spec/constants.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import type { ObservedDirection } from "../connection/observers.ts";
import type { StreamEnd } from "../net/connection-observer.ts";
import type { ChannelLedger, OpenContent } from "./channel-ledger.ts";
import { ChannelTable } from "./channel-table.ts";
import type { ChannelUses } from "./channel-uses.ts";
import { ConnectionFate } from "./connection-fate.ts";
import { ConnectionPhases } from "./connection-phases.ts";
import { IncidentLosses } from "./incident-losses.ts";
import { LateFrames } from "./late-frames.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { isHeld, LostBoundaries } from "./lost-boundaries.ts";
import type { Message, MessageConnection, Outcome } from "./message.ts";
import { channelEnd, closeFinding, connectionEnd, isRead, isUnread } from "./message-end.ts";
import { decodableMethod, MessageBeginnings } from "./message-method.ts";
import { bodySizeOf, hashBody, propertiesDecode, readMessageProperties } from "./message-properties.ts";
import { WholeMessages } from "./whole-messages.ts";

/** The messages of one connection: both directions joined, from the frames of each in its own order. */
export class ConnectionLedger {
  readonly #connection: MessageConnection;
  readonly #context: LedgerContext;
  readonly #channels: ChannelTable;
  readonly #fate = new ConnectionFate();
  readonly phases = new ConnectionPhases();
  readonly #seen: WholeMessages;
  readonly #lost = new LostBoundaries();
  readonly #late = new LateFrames();
  readonly #beginnings: MessageBeginnings;
  #isOver = false;
  /** The client's frames broke. */
  #isBroken = false;
  /** The cost of that break. */
  readonly losses = new IncidentLosses();

  constructor(connection: MessageConnection, context: LedgerContext) {
    this.#connection = connection;
    this.#context = context;
    this.#seen = new WholeMessages(context.matches);
    this.#channels = new ChannelTable(context.budget, {
      lost: this.#lost,
      emit: message => this.#emit(message),
      emitCall: (channel, call) => {
        if (this.#emitsNow) context.emitCall({ ...call, connection, channel });
      },
      isUnread: message => isUnread(message, connection.inspected.prediction, this.#fate),
      isRead: method => isRead(method, connection.inspected.prediction, this.#fate, this.#isBroken),
      isHeld: isClient => isHeld(connection.inspected, isClient),
    });
    this.#beginnings = new MessageBeginnings(connection, context.texts);
  }

  /** A whole message of `bytes`, as FrameListener.message. */
  message(direction: ObservedDirection, whole: WholeMessage, bytes: Uint8Array, base: number): void {
    const { channel, at, headerAt, bodySize } = whole;
    this.#lost.find(direction.isClient, direction.moment);
    const message = this.#beginnings.begin(direction, whole.method, channel, bytes, at + FRAME_HEADER_SIZE);
    if (message === null) return;
    message.size = bodySize;
    readMessageProperties(bytes, headerAt + FRAME_HEADER_SIZE, this.#context.texts, message);
    message.endOffset = base + whole.behind;
    hashBody(message, bytes, whole.bodyAt + FRAME_HEADER_SIZE, bodySize);
    this.#complete(this.#channels.use(channel, direction), direction, message);
    this.#missLate(direction, channel);
  }

  // oxlint-disable-next-line max-params -- hot path: once for every frame, as FrameListener has it
  frame(
    direction: ObservedDirection,
    type: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
  ): void {
    this.#lost.find(direction.isClient, direction.moment);
    if (type === FRAME_BODY) this.#body(direction, channel, size, bytes, start);
    else if (type === FRAME_METHOD) {
      const method = decodableMethod(bytes, start, size);
      if (method !== null) this.#method(direction, method, channel, bytes, start, size);
    } else if (type === FRAME_HEADER && channel !== 0) this.#header(direction, channel, bytes, start, size);
    this.#missLate(direction, channel);
  }

  /** What answers a late frame was read before it, and nobody knows which answer it was: it counts as missed. */
  #missLate(direction: ObservedDirection, channel: number): void {
    if (!this.#late.take(direction)) return;
    const { isClient } = direction;
    this.#channels.missed(!isClient, channel);
    for (const use of this.#channels.uses(channel).all) {
      if (isClient) use.publishes.missed();
      this.#missedOn(use, !isClient);
    }
  }

  /** A frame part of which was not captured. */
  hidden(direction: ObservedDirection, type: number, channel: number, size: number): void {
    this.#late.missed(direction.isClient);
    if (type === FRAME_BODY) this.#body(direction, channel, size, null, 0);
    else if (channel !== 0) {
      this.#channels.missed(direction.isClient, channel);
      this.#missedOn(this.#channels.use(channel, direction), direction.isClient);
    }
  }

  /** Octets of a direction were missed, or are no frames. */
  missed(direction: ObservedDirection): void {
    this.#lost.lose(direction.isClient);
    this.#late.missed(direction.isClient);
    this.#channels.missed(direction.isClient, null);
    for (const use of this.#channels) this.#missedOn(use, direction.isClient);
  }

  /** A frame is broken: what was begun by then is not completed. */
  broken(direction: ObservedDirection, fault: EnvelopeFault): void {
    // For a frame that its stream's end cut off; only a reading that explains gets this.
    if (fault.isOfEnd) return;
    if (direction.isClient) {
      this.#break();
      for (const { client } of this.#channels) this.#cut(client);
    }
    this.missed(direction);
  }

  #break(): void {
    if (!this.#isBroken && this.#context.part === "until-break") this.#context.suspend(this.#connection);
    this.#isBroken = true;
  }

  /** Content frames of the client stand in the wrong order: the message of the following ones is not known. */
  #disorder(content: OpenContent, direction: ObservedDirection): void {
    if (direction.isClient && content.message?.operation === "publish") this.#break();
    this.#cut(content);
  }

  #cut(content: OpenContent): void {
    if (content.message?.operation === "publish") this.losses.cut.push(content.message);
    content.message = null;
  }

  #emit(message: Message): void {
    if (message.outcome === "confirmed") this.#fate.handled = Math.max(this.#fate.handled, message.endOffset);
    message.end(this.#connection.inspected.carrier.last);
    if (!this.#isBroken) this.losses.takeBehindClose(message, this.#fate.closeFinding);
    if (!this.#emitsNow) return;
    if (!this.#isBroken || this.losses.take(message)) this.#context.emit(message);
  }

  /** Of two readings, one reports what comes before the client's frames break, and the other what comes after. */
  get #emitsNow(): boolean {
    return this.#context.part === "all" || (this.#context.part === "from-break") === this.#isBroken;
  }

  #missedOn(use: ChannelLedger, isClient: boolean): void {
    if (isClient) {
      this.#breakOff(use.client, "unknown");
      use.clientMissed();
    } else {
      use.server.message = null;
      use.serverMissed();
    }
  }

  ended(reason: StreamEnd): void {
    this.#fate.end(reason);
    // What broke is explained when the connection is closed; unread messages have their finding then.
    if (this.#fate.isOver && !this.#isBroken && !this.#channels.someBehindClose) this.conclude();
  }

  /** Nothing more comes of the connection: settles all that is left. */
  conclude(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { prediction } = this.#connection.inspected;
    const end = connectionEnd(prediction, this.#fate);
    for (const message of this.losses.messages(this.#connection, prediction?.streamOffset ?? -1)) this.#emit(message);
    for (const use of this.#channels) {
      const ended = use.closedWith === null ? end : channelEnd(use);
      this.#breakOff(use.client, this.#fate.ended === "capture-ended" ? "unknown" : "torn");
      use.end(ended, null);
    }
    this.#channels.clear();
    if (this.#context.part === "from-break") return;
    const { number } = this.#connection;
    this.#context.emitConnection({ number, phases: this.phases, fate: this.#fate, ...this.#seen.counts });
  }

  // oxlint-disable-next-line max-params -- hot path: once for every method frame
  #method(
    direction: ObservedDirection,
    method: Method,
    number: number,
    bytes: Uint8Array,
    start: number,
    size: number,
  ): void {
    if (method.classId === CONNECTION_CLASS || number === 0) {
      this.#fate.method(direction, method.key);
      if (method.key === CONNECTION_CLOSE && !direction.isClient) {
        this.#channels.serverCloses(direction.scanner.frameMoment());
      } else if (this.#fate.clientClosedAt >= 0) this.#channels.clientCloses();
      this.phases.take(method.key, direction.scanner.frameMoment());
      return;
    }
    const uses = this.#channels.uses(number);
    if (method.key === CHANNEL_OPEN) {
      uses.clientOpens(direction.scanner.frameMoment());
      this.phases.take(CHANNEL_OPEN, direction.scanner.frameMoment());
    } else if (method.key === CHANNEL_OPEN_OK) uses.serverOpens(direction.scanner.frameMoment());
    else if (method.key === CHANNEL_CLOSE || method.key === CHANNEL_CLOSE_OK) {
      const closes = method.key === CHANNEL_CLOSE && !direction.isClient;
      this.#channelClose(uses, direction, closes ? decodeArguments(method, bytes, start, size) : null);
    } else {
      const use = this.#channels.use(number, direction);
      const content = direction.isClient ? use.client : use.server;
      const isDue = content.message === null;
      if (!isDue) this.#disorder(content, direction);
      if (method.content) {
        content.message = this.#beginnings.begin(direction, method, number, bytes, start);
        content.state = afterMethod(true);
        if (!isDue) this.#disorder(content, direction);
      } else if (direction.isClient) use.fromClient(method, bytes, start, size, direction.scanner);
      else use.fromServer(method, bytes, start, size, direction.scanner.frameMoment());
    }
  }

  /** channel.close or close-ok; `values`: the arguments of the server's close. */
  #channelClose(uses: ChannelUses, direction: ObservedDirection, values: Values | null): void {
    const finding = values && closeFinding(this.#connection.inspected, direction, values);
    if (direction.isClient) uses.clientCloses(direction.scanner.frameMoment());
    else uses.serverCloses(values, direction.scanner.frameMoment(), finding);
    for (let done = uses.takeDone(); done !== null; done = uses.takeDone()) {
      done.end(channelEnd(done), direction.scanner.frameMoment());
    }
  }

  #header(direction: ObservedDirection, channel: number, bytes: Uint8Array, start: number, size: number): void {
    const use = this.#channels.use(channel, direction);
    const content = direction.isClient ? use.client : use.server;
    const { message } = content;
    if (message === null) return;
    if (contentFault(content.state, FRAME_HEADER, size) !== IN_ORDER || !propertiesDecode(bytes, start, size)) {
      this.#disorder(content, direction);
      return;
    }
    message.size = bodySizeOf(bytes, start);
    readMessageProperties(bytes, start, this.#context.texts, message);
    content.state = afterHeader(message.size);
    if (content.state === AWAITS_METHOD) this.#whole(use, direction, content, size);
  }

  /** `bytes` is null if its payload was not captured; `start` is −1 if it came in pieces, which are not kept. */
  #body(direction: ObservedDirection, channel: number, size: number, bytes: Uint8Array | null, start: number): void {
    const use = this.#channels.use(channel, direction);
    const content = direction.isClient ? use.client : use.server;
    if (content.message === null) return;
    if (contentFault(content.state, FRAME_BODY, size) !== IN_ORDER) this.#disorder(content, direction);
    else {
      if (bytes !== null && start >= 0) hashBody(content.message, bytes, start, size);
      content.state = afterBody(content.state, size);
      if (content.state === AWAITS_METHOD) this.#whole(use, direction, content, size);
    }
  }

  /** The last frame of a content has come, of `size` octets of payload. */
  #whole(use: ChannelLedger, direction: ObservedDirection, content: OpenContent, size: number): void {
    const message = content.message!;
    content.message = null;
    message.endOffset = direction.scanner.frameOffset + size + FRAME_ENVELOPE;
    this.#complete(use, direction, message);
  }

  #complete(use: ChannelLedger, direction: ObservedDirection, message: Message): void {
    message.complete(direction.moment);
    this.#seen.add(message, direction.moment, use.publishes.isTaken);
    use.whole(message, direction);
  }

  /** What began is not completed. */
  #breakOff(content: OpenContent, outcome: Outcome = "torn"): void {
    const { message } = content;
    content.message = null;
    if (message === null || message.operation !== "publish") return;
    message.settle(outcome, null);
    this.#emit(message);
  }
}
