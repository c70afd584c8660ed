import { AWAITS_HEADER, type ContentState } from "../amqp/content-order.ts";
import { textOf } from "../amqp/field-table.ts";
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import {
  BASIC_ACK,
  BASIC_CONSUME,
  BASIC_CONSUME_OK,
  BASIC_GET_OK,
  BASIC_NACK,
  BASIC_RECOVER,
  BASIC_RECOVER_ASYNC,
  BASIC_RECOVER_OK,
  BASIC_REJECT,
  CONFIRM_SELECT,
  QUEUE_DECLARE,
  QUEUE_DECLARE_OK,
  TX_COMMIT,
  TX_COMMIT_OK,
  TX_ROLLBACK,
  TX_ROLLBACK_OK,
  TX_SELECT,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { longlong } from "../bytes/big-endian.ts";
import type { ObservedDirection } from "../connection/observers.ts";
import type { Moment } from "../net/connection-observer.ts";
import { copyOf, isAfter } from "../net/moment-order.ts";
import { answeredBy, isAnswered } from "./calls.ts";
import { type Consumer, Deliveries } from "./deliveries.ts";
import type { LedgerSink } from "./ledger-sink.ts";
import type { Message } from "./message.ts";
import type { MessageBudget } from "./message-budget.ts";
import type { MessageEnd } from "./message-end.ts";
import { Publishes } from "./publishes.ts";

/** Methods of a channel whose answer is awaited. */
const MAX_CALLS = 64;

/** Methods by which the client settles deliveries, and that nothing answers. */
const SETTLEMENTS: ReadonlySet<number> = new Set([BASIC_ACK, BASIC_NACK, BASIC_REJECT, BASIC_RECOVER_ASYNC]);

/** A method of the client whose answer is awaited. */
interface Call {
  key: number;
  name: string;
  /** How many messages had been published before it. */
  sent: number;
  arguments: Values;
  /** When its frame began. */
  seconds: number;
  nanoseconds: number;
}

/** What the server answered, before or after the method of the client was seen. */
interface Answer {
  key: number;
  /** The consumer or queue that it names. */
  name: string;
  at: Moment;
  /** What basic.get brought. */
  message: Message | null;
  /** It was seen before its method. */
  isEarly: boolean;
}

/** A content that has begun in one direction: its message, and what follows of it. */
export class OpenContent {
  message: Message | null = null;
  state: ContentState = AWAITS_HEADER;
}

/**
 * What happens between one channel.open and the end of that channel, both directions joined. A channel number that is
 * used again begins another use: the two directions of a capture may be out of step, and then each is at its own.
 */
export class ChannelLedger {
  readonly publishes: Publishes;
  readonly deliveries: Deliveries;
  readonly client = new OpenContent();
  readonly server = new OpenContent();
  /** The direction sends no more on this channel. */
  clientDone = false;
  serverDone = false;
  /** The direction has sent something on this channel. */
  clientBegan = false;
  serverBegan = false;
  /** Octets of the direction were missed since it began. */
  hasClientMissed = false;
  hasServerMissed = false;
  /** When the client opened it, and when the server answered that; null if it was not seen. */
  clientOpened: Moment | null = null;
  serverOpened: Moment | null = null;
  /** When the client opened the channel again: what the server sends then does not belong to this use. */
  clientOver: Moment | null = null;
  /** When the server answered its close, or the next channel.open: later client frames do not belong to this use. */
  serverOver: Moment | null = null;
  /** Reply code, text and methods of the server's close; null if the client ended it, or no close was seen. */
  closedWith: Values | null = null;
  /** Identity of the finding that reports that close. */
  closeFinding: string | null = null;
  /** When the server closed it, or the connection. */
  closedAt: Moment | null = null;
  readonly #calls: Call[] = [];
  /** Answers to calls that were not seen yet: directions may be out of step. */
  readonly #early: Answer[] = [];
  /** The queue declared last: an empty name stands for it (§1.7.2.1). */
  #lastQueue = "";

  readonly #sink: LedgerSink;

  constructor(budget: MessageBudget, sink: LedgerSink) {
    this.#sink = sink;
    this.publishes = new Publishes(budget, sink);
    this.deliveries = new Deliveries(budget, sink);
  }

  /** The server closes it, or the connection, and reads no more of what the client sends on it. */
  closes(at: Moment): void {
    if (this.closedAt !== null) return;
    this.closedAt = copyOf(at);
  }

  /** A method of the client without content, which decodes. */
  fromClient(
    method: Method,
    bytes: Uint8Array,
    start: number,
    size: number,
    scanner: Pick<FrameScanner, "frameOffset" | "frameMoment">,
  ): void {
    const at = scanner.frameMoment();
    if (this.closedAt !== null && isAfter(at, this.closedAt)) return;
    if (SETTLEMENTS.has(method.key)) {
      const isRead = this.#sink.isRead(scanner.frameOffset);
      if (isRead === null) this.deliveries.doubt();
      if (isRead !== true) return;
    }
    const tagAt = start + METHOD_IDS_SIZE;
    const flags = tagAt + 8;
    const { deliveries } = this;
    switch (method.key) {
      case BASIC_ACK:
        deliveries.settle(longlong(bytes, tagAt), (bytes[flags]! & 1) === 1, "acked", at);
        return;
      case BASIC_NACK: {
        const outcome = (bytes[flags]! & 2) === 2 ? "requeued" : "nacked";
        deliveries.settle(longlong(bytes, tagAt), (bytes[flags]! & 1) === 1, outcome, at);
        return;
      }
      case BASIC_REJECT:
        deliveries.settle(longlong(bytes, tagAt), false, (bytes[flags]! & 1) === 1 ? "requeued" : "rejected", at);
        return;
      case BASIC_RECOVER_ASYNC:
        deliveries.recover(at);
        return;
      default:
        if (isAnswered(method.key)) this.#call(method, bytes, start, size, at);
    }
  }

  /** A method of the server without content, which decodes. */
  fromServer(method: Method, bytes: Uint8Array, start: number, size: number, at: Moment): void {
    const tagAt = start + METHOD_IDS_SIZE;
    if (method.key === BASIC_ACK || method.key === BASIC_NACK) {
      const outcome = method.key === BASIC_ACK ? "confirmed" : "nacked";
      this.publishes.confirm(longlong(bytes, tagAt), (bytes[tagAt + 8]! & 1) === 1, outcome, at);
    } else this.#answer(method, bytes, start, size, at);
  }

  /** A method of the client that is answered. */
  #call(method: Method, bytes: Uint8Array, start: number, size: number, at: Moment): void {
    const { key, name } = method;
    const values = decodeArguments(method, bytes, start, size);
    const waits = values.get("no-wait") !== true;
    if (key === CONFIRM_SELECT) this.publishes.confirmsFromHere(at);
    else if (key === TX_SELECT || key === TX_COMMIT || key === TX_ROLLBACK) {
      this.publishes.transactsFromHere();
      this.deliveries.transactsFromHere();
    } else if (key === BASIC_CONSUME && textOf(values.get("consumer-tag")) !== "") {
      this.deliveries.consume(textOf(values.get("consumer-tag")), this.#consumer(values, at));
    } else if (key === QUEUE_DECLARE && textOf(values.get("queue")) !== "") {
      this.#lastQueue = textOf(values.get("queue"));
    }
    if (this.#sink.lost.server && key === BASIC_RECOVER) this.deliveries.doubt();
    if (!waits || this.#sink.lost.server) return;
    const { seconds, nanoseconds } = at;
    const call = { key, name, sent: this.publishes.sent, arguments: values, seconds, nanoseconds };
    const early = this.#early.findIndex(answer => answeredBy(answer.key) === key && !isAfter(at, answer.at));
    if (early >= 0) this.#conclude(call, this.#early.splice(0, early + 1).at(-1)!);
    else if (this.#calls.push(call) > MAX_CALLS) this.#calls.shift();
  }

  /** A method of the server that may be an answer. */
  #answer(method: Method, bytes: Uint8Array, start: number, size: number, at: Moment): void {
    const { key } = method;
    if (answeredBy(key) < 0) return;
    const field = key === BASIC_CONSUME_OK ? "consumer-tag" : key === QUEUE_DECLARE_OK ? "queue" : "";
    const name = field === "" ? "" : textOf(decodeArguments(method, bytes, start, size).get(field));
    this.#answered({ key, name, at, message: null, isEarly: false });
  }

  /** Finds the call of an answer: those before it were answered unseen. False if there is none. */
  #answered(answer: Answer): boolean {
    const called = answeredBy(answer.key);
    const at = this.#calls.findIndex(call => isAnswer(answer, call, called) && !isAfter(call, answer.at));
    if (at >= 0) this.#conclude(this.#calls.splice(0, at + 1).at(-1)!, answer);
    else {
      // Without its call it is not known what was settled before.
      const isSure = !this.hasClientMissed && !this.hasServerMissed;
      if (answer.key === BASIC_RECOVER_OK && !isSure) this.deliveries.doubt();
      this.#early.push({ ...answer, at: copyOf(answer.at), isEarly: true });
      if (this.#early.length > MAX_CALLS) this.#early.shift();
    }
    return at >= 0;
  }

  #conclude(call: Call, { key, name, at, message, isEarly }: Answer): void {
    const { name: method, seconds, nanoseconds } = call;
    const latency = at.seconds - seconds + (at.nanoseconds - nanoseconds) / 1e9;
    this.#sink.emitCall({ method, seconds, nanoseconds, latency: Math.max(0, latency) });
    this.publishes.handled(call.sent);
    if (key === BASIC_CONSUME_OK) this.deliveries.consume(name, this.#consumer(call.arguments, at));
    else if (key === QUEUE_DECLARE_OK) this.#lastQueue = name;
    else if (key === BASIC_RECOVER_OK) this.deliveries.recover(at);
    else if (key === TX_COMMIT_OK || key === TX_ROLLBACK_OK) {
      const commits = key === TX_COMMIT_OK;
      this.publishes.transacted(call.sent, commits ? "committed" : "rolled-back", at);
      this.deliveries.transacted(commits);
    } else if (message === null) return;
    else if (isEarly) this.deliveries.gotEarly(message, this.#consumer(call.arguments, at));
    else this.deliveries.add(message, this.#consumer(call.arguments, at));
  }

  /** A message has come whole. */
  whole(message: Message, { isClient, scanner }: ObservedDirection): void {
    if (this.#sink.lost.mayHide(message, !isClient)) {
      message.isHidden = true;
      if (isClient) message.serverMissed = true;
      else message.clientMissed = true;
    }
    if (isClient) {
      if (message.operation === "publish") this.publishes.add(message);
    } else if (message.operation === "return") this.publishes.returned(message, scanner.frameMoment());
    else if (message.operation === "get") {
      const answer = { key: BASIC_GET_OK, name: "", at: scanner.frameMoment(), message, isEarly: false };
      if (!this.#answered(answer)) this.deliveries.add(message, null);
    } else this.deliveries.add(message);
  }

  /** Octets of the client were missed. */
  clientMissed(): void {
    this.hasClientMissed = true;
    this.publishes.missed();
    this.#forgetCalls();
    this.deliveries.hide();
    // They may answer what was missed.
    this.#early.length = 0;
    this.#lastQueue = "";
  }

  /** Octets of the server were missed. */
  serverMissed(): void {
    this.hasServerMissed = true;
    this.#forgetCalls();
    this.deliveries.missed();
    this.publishes.hide();
    this.#early.length = 0;
  }

  #forgetCalls(): void {
    if (this.#calls.some(({ key }) => key === BASIC_RECOVER)) this.deliveries.doubt();
    this.#calls.length = 0;
  }

  /** Nothing more comes on it. What was sent after its end belongs to a use whose beginning was missed. */
  end({ published, delivered }: MessageEnd, at: Moment | null): void {
    const { serverOver, clientOver, hasClientMissed, hasServerMissed } = this;
    const isOver = hasClientMissed ? serverOver : null;
    this.publishes.end(message => (isOver !== null && isAfter(message, isOver) ? "unknown" : published(message)));
    this.deliveries.end(delivered, at, hasServerMissed ? clientOver : null);
  }

  #consumer(values: Values, at: Moment): Consumer {
    const queue = textOf(values.get("queue"));
    const noAck = values.get("no-ack") === true;
    return { queue: queue === "" ? this.#lastQueue : queue, noAck, since: copyOf(at) };
  }
}

/** Whether it can be the answer to a call: it names the consumer that the client named. */
function isAnswer({ key, name }: Answer, call: Call, called: number): boolean {
  if (call.key !== called) return false;
  const named = key === BASIC_CONSUME_OK ? textOf(call.arguments.get("consumer-tag")) : "";
  return named === "" || named === name;
}
