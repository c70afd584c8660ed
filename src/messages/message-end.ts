/** The outcome of the messages that are left when their channel, their connection or the capture is over. */

import { textOf } from "../amqp/field-table.ts";
import { BASIC_PUBLISH, keyOf } from "../amqp/method-keys.ts";
import type { Values } from "../amqp/payload.ts";
import type { Prediction } from "../broker/verdict.ts";
import { readClose } from "../connection/connection-close.ts";
import type { ObservedDirection } from "../connection/observers.ts";
import { identityAt } from "../inspection/identity.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Moment } from "../net/connection-observer.ts";
import { isAfter } from "../net/moment-order.ts";
import type { ConnectionFate } from "./connection-fate.ts";
import { AWAITS_COMMIT, AWAITS_CONFIRM, type Message, type Outcome } from "./message.ts";
import type { EndOutcome } from "./publishes.ts";

export interface MessageEnd {
  published: EndOutcome;
  delivered: Outcome;
}

/** A channel that both ends have ended. */
interface EndedChannel {
  /** The arguments of the close with which the broker ended it, and when that was seen; null if the client did. */
  readonly closedWith: Values | null;
  /** Identity of the finding that reports this close. */
  readonly closeFinding: string | null;
  readonly closedAt: Moment | null;
  readonly publishes: {
    readonly outstanding: Iterable<Message>;
    readonly hasForgotten: boolean;
    hasTaken(exchange: string): boolean;
  };
  /** When its opening was seen; null if it was not. */
  readonly clientOpened: Moment | null;
  readonly hasClientMissed: boolean;
  /** What the client is publishing. */
  readonly client: { readonly message: Message | null };
}

/** The outcomes of the messages of a channel that both ends have ended. */
export function channelEnd(use: EndedChannel): MessageEnd {
  const { closedWith, closedAt, closeFinding } = use;
  if (closedWith === null) return { published: afterClose, delivered: "requeued" };
  const code = Number(closedWith.get("reply-code"));
  const { first, last, isFirst } = refusedPublish(use);
  const published = (message: Message): Outcome => {
    // In what was missed, the client may have opened the channel again.
    if (closedAt !== null && isAfter(message, closedAt)) return use.hasClientMissed ? "unknown" : "unread";
    // The broker answers in order: a commit that it had handled would have been answered before the close.
    const isUncommitted = message.awaits === AWAITS_COMMIT;
    const isPlain = message.awaits !== AWAITS_CONFIRM;
    if (isUncommitted && (first === null || message.number < first.number)) return "rolled-back";
    if (first === null || last === null) return isPlain ? "unknown" : "unconfirmed";
    if (message.number < first.number) return isPlain ? "accepted" : "unconfirmed";
    if (isFirst && message === first) {
      message.code = code;
      return "refused";
    }
    if (isFirst || message.number >= last.number) return "unread";
    return isUncommitted ? "rolled-back" : isPlain ? "unknown" : "unconfirmed";
  };
  return {
    published: message => {
      // A publish without an answer may also have been lost to another close.
      message.incident = closeFinding;
      const outcome = published(message);
      if (outcome === "unknown" || outcome === "accepted" || outcome === "rolled-back") message.incident = null;
      return outcome;
    },
    delivered: "requeued",
  };
}

/** Identity of the finding that reports a channel.close of the broker. */
export function closeFinding(
  { amqp }: InspectedConnection,
  { side, scanner }: ObservedDirection,
  values: Values,
): string {
  const reportedAt = amqp.reportedCloses.reportedAt(readClose(side, values));
  return identityAt("broker-close", side, reportedAt < 0 ? scanner.frameOffset : reportedAt);
}

/** The outcomes of a connection's messages when it is over; `prediction`: what the broker does about its octets. */
export function connectionEnd(prediction: Prediction | null, fate: ConnectionFate): MessageEnd {
  const { closedByServer, closedByClient, answered, ended } = fate;
  const stop = stopOf(prediction, fate);
  const isOver = closedByServer !== null || (closedByClient && answered) || ended !== "capture-ended";
  const left = closedByServer === null && closedByClient && answered ? afterClose : isOver ? afterBreak : afterCapture;
  return {
    published: message => {
      if (isUnread(message, prediction, fate)) return "unread";
      if (stop === null || message.endOffset < stop.streamOffset) return left(message);
      if (isOfOtherChannel(message, stop)) return afterBreak(message);
      if (stop.outcome === "close") message.code = stop.code;
      return "refused";
    },
    delivered: isOver ? "requeued" : "unsettled",
  };
}

/** Whether a publish stands behind what the broker reads of a connection, as far as is known so far. */
export function isUnread(message: Message, prediction: Prediction | null, fate: ConnectionFate): boolean {
  if (fate.closedByServer !== null && isAfter(message, fate.closedByServer)) return true;
  const stop = stopOf(prediction, fate);
  return stop !== null && message.streamOffset >= stop.streamOffset && !isOfOtherChannel(message, stop);
}

/**
 * Whether the broker reads a method of a channel, as far as is known; null if nobody knows. `isBroken`: the client's frames
 * broke before it, at which the broker mostly stops.
 */
export function isRead(
  { channel, streamOffset }: Pick<Message, "channel" | "streamOffset">,
  prediction: Prediction | null,
  fate: ConnectionFate,
  isBroken: boolean,
): boolean | null {
  const stop = stopOf(prediction, fate);
  if (stop === null || streamOffset < stop.streamOffset) return isBroken ? null : true;
  return isOfOtherChannel({ channel }, stop) ? null : false;
}

/** A channel's process decides where the broker stops: the reader may give other channels what stands behind that. */
function isOfOtherChannel({ channel }: Pick<Message, "channel">, stop: Prediction): boolean {
  return stop.outcome === "close" && stop.byChannel !== undefined && stop.byChannel !== channel;
}

/** The prediction counts unless the broker is known to have read on. */
function stopOf(prediction: Prediction | null, { handled }: ConnectionFate): Prediction | null {
  return prediction !== null && prediction.streamOffset > handled ? prediction : null;
}

/** The broker answered the close: it had handled what was sent before. A transaction is rolled back. */
function afterClose({ awaits }: Message): Outcome {
  return awaits === AWAITS_CONFIRM ? "unconfirmed" : awaits === AWAITS_COMMIT ? "rolled-back" : "accepted";
}

/** It is not known how far the broker had read. */
function afterBreak({ awaits }: Message): Outcome {
  return awaits === AWAITS_CONFIRM ? "unconfirmed" : "unknown";
}

function afterCapture({ awaits }: Message): Outcome {
  return awaits === AWAITS_CONFIRM || awaits === AWAITS_COMMIT ? "unconfirmed" : "accepted";
}

/** Seconds within which no exchange is deleted between two publishes to it, and the broker's answer comes. */
const SOON = 1;

/** The publish for which the broker closed a channel: the broker names the exchange, or nothing of it. */
interface Refused {
  /** The first and the last publish that may be meant; null for none. */
  first: Message | null;
  last: Message | null;
  /** It is the first. Of several it may be another: the exchange may have existed when the first one was sent. */
  isFirst: boolean;
}

function refusedPublish(use: EndedChannel): Refused {
  const { closedWith, closedAt, publishes } = use;
  let first: Message | null = null;
  let last: Message | null = null;
  const methodId = Number(closedWith!.get("method-id"));
  if (keyOf(Number(closedWith!.get("class-id")), methodId) === BASIC_PUBLISH) {
    const text = textOf(closedWith!.get("reply-text"));
    if (!text.includes("exchange '")) first = last = onlyPublish(use);
    for (const message of publishes.outstanding) {
      // RabbitMQ's name for the default exchange, where it refuses access to it.
      if (!text.includes(`exchange '${message.exchange === "" ? "amq.default" : message.exchange}'`)) continue;
      first ??= message;
      last = message;
    }
  }
  const wasThere = first !== null && publishes.hasTaken(first.exchange);
  const isSoon = first !== null && closedAt !== null && closedAt.seconds - first.seconds <= SOON;
  return { first, last, isFirst: first === last || (isSoon && !wasThere) };
}

/**
 * The one publish that a close can mean which names none: no other was sent before it and is without an answer. Null if
 * there are several, or another may have been missed.
 */
function onlyPublish({ closedAt, publishes, clientOpened, hasClientMissed, client }: EndedChannel): Message | null {
  const isWhole = clientOpened !== null && !hasClientMissed && !publishes.hasForgotten && client.message === null;
  if (!isWhole || closedAt === null) return null;
  const before = [];
  for (const message of publishes.outstanding) if (!isAfter(message, closedAt) && before.push(message) > 1) return null;
  return before[0] ?? null;
}
