/** What becomes of the messages that are left when their channel, their connection or the capture is over. */

import { textOf } from "../amqp/field-table.ts";
import { BASIC_PUBLISH, keyOf } from "../amqp/method-keys.ts";
import type { Values } from "../amqp/payload.ts";
import type { Prediction } from "../broker/verdict.ts";
import type { Moment } from "../net/connection-observer.ts";
import { isAfter } from "../net/moment-order.ts";
import type { ConnectionFate } from "./connection-fate.ts";
import { AWAITS_COMMIT, AWAITS_CONFIRM, type Message, type Outcome } from "./message.ts";
import type { EndOutcome } from "./publishes.ts";

export interface MessageEnd {
  published: EndOutcome;
  delivered: Outcome;
}

/** A channel that both ends are done with. */
interface EndedChannel {
  /** The arguments of the close with which the broker ended it, and when that was seen; null where the client did. */
  readonly closedWith: Values | null;
  readonly closedAt: Moment | null;
  readonly publishes: { readonly outstanding: Iterable<Message> };
}

/** What becomes of the messages of a channel that both ends are done with. */
export function channelEnd(use: EndedChannel): MessageEnd {
  const { closedWith, closedAt } = use;
  if (closedWith === null) return { published: afterClose, delivered: "requeued" };
  const code = Number(closedWith.get("reply-code"));
  const refused = refusedPublish(use);
  return {
    published: message => {
      if (closedAt !== null && isAfter(message, closedAt)) return "unread";
      if (refused === null) return message.awaits === AWAITS_CONFIRM ? "unconfirmed" : "unknown";
      if (message.number > refused.number) return "unread";
      if (message !== refused) return message.awaits === AWAITS_CONFIRM ? "unconfirmed" : "accepted";
      message.code = code;
      return "refused";
    },
    delivered: "requeued",
  };
}

/** What becomes of the messages of a connection of which nothing more comes; `prediction` is what the broker does about the client's octets. */
export function connectionEnd(prediction: Prediction | null, fate: ConnectionFate): MessageEnd {
  const { closedByServer, closedByClient, answered, ended } = fate;
  const stop = stopOf(prediction, fate);
  const isOver = closedByServer !== null || (closedByClient && answered) || ended !== "capture-ended";
  const left = closedByServer === null && closedByClient && answered ? afterClose : isOver ? afterBreak : afterCapture;
  return {
    published: message => {
      if (isUnread(message, prediction, fate)) return "unread";
      if (stop === null || message.endOffset < stop.streamOffset) return left(message);
      if (stop.outcome === "close") message.code = stop.code;
      return "refused";
    },
    delivered: isOver ? "requeued" : "unsettled",
  };
}

/** Whether a publish stands behind what the broker reads of a connection, as far as is known by now. */
export function isUnread(message: Message, prediction: Prediction | null, fate: ConnectionFate): boolean {
  if (fate.closedByServer !== null && isAfter(message, fate.closedByServer)) return true;
  const stop = stopOf(prediction, fate);
  return stop !== null && message.streamOffset >= stop.streamOffset;
}

/** What is predicted counts unless the broker is known to have read on. */
function stopOf(prediction: Prediction | null, { handled }: ConnectionFate): Prediction | null {
  return prediction !== null && prediction.streamOffset > handled ? prediction : null;
}

/** The broker answered the close: it had handled what was sent before. A transaction is rolled back. */
function afterClose({ awaits }: Message): Outcome {
  return awaits === AWAITS_CONFIRM ? "unconfirmed" : awaits === AWAITS_COMMIT ? "rolled-back" : "accepted";
}

/** Nobody knows how far the broker had come. */
function afterBreak({ awaits }: Message): Outcome {
  return awaits === AWAITS_CONFIRM ? "unconfirmed" : "unknown";
}

function afterCapture({ awaits }: Message): Outcome {
  return awaits === AWAITS_CONFIRM || awaits === AWAITS_COMMIT ? "unconfirmed" : "accepted";
}

/** The publish for which the broker closed a channel: it names the exchange. Null where several may be meant. */
function refusedPublish({ closedWith, publishes }: EndedChannel): Message | null {
  const methodId = Number(closedWith!.get("method-id"));
  if (keyOf(Number(closedWith!.get("class-id")), methodId) !== BASIC_PUBLISH) return null;
  const text = textOf(closedWith!.get("reply-text"));
  let found: Message | null = null;
  for (const message of publishes.outstanding) {
    if (!text.includes(`exchange '${message.exchange}'`)) continue;
    if (found !== null) return null;
    found = message;
  }
  return found;
}
