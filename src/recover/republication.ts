/** Which recovered messages are published again, where to, and with which headers added. */

import { isSure, type LostPublish } from "./lost-publish.ts";
import { publishProperties } from "./publish-properties.ts";
import type { Publication } from "./publisher.ts";
import type { RecoveredMessage } from "./recover.ts";

/** Headers that a message gets: its identity, its origin, its fate. */
export const RECOVERED_HEADER = "x-ghostframe-recovered";
const ORIGIN_HEADER = "x-ghostframe-origin";
const FATE_HEADER = "x-ghostframe-fate";

export interface Redirect {
  /** Instead of its own exchange. */
  toExchange?: string;
  /** To this queue, by the default exchange. */
  toQueue?: string;
  /** Also those that may be mixtures of two messages. */
  includeUnsure: boolean;
}

/** Why a message is not published again. */
export type Withheld = "only in part" | "not sure to be one message" | "not to be sent exactly";

export type Republication = { publication: Publication } | { withheld: Withheld; reason: string };

/** A message's identity in every run over the same captures, without spaces. */
export function keyOf({ client, record: { time, channel, streamOffset } }: LostPublish): string {
  return `${client}/${time}/${channel}/${streamOffset}`.replaceAll(/\s/g, "_");
}

export function republication({ lost, content }: RecoveredMessage, redirect: Redirect): Republication {
  if (content?.isWhole !== true || content.header === null) return { withheld: "only in part", reason: "" };
  if (!redirect.includeUnsure && !isSure(lost)) return { withheld: "not sure to be one message", reason: "" };
  const key = keyOf(lost);
  const { client, fate, record } = lost;
  const properties = publishProperties(content.header, {
    [RECOVERED_HEADER]: key,
    [ORIGIN_HEADER]: `${client} channel ${record.channel}, ${record.time}, packet ${record.packets[0]}`,
    [FATE_HEADER]: fate,
  });
  if (typeof properties === "string") return { withheld: "not to be sent exactly", reason: properties };
  const { toExchange, toQueue } = redirect;
  const exchange = toQueue === undefined ? (toExchange ?? content.exchange) : "";
  const routingKey = toQueue ?? content.routingKey;
  // Octets that are no UTF-8 were replaced when they were read.
  if (exchange.includes(REPLACEMENT) || routingKey.includes(REPLACEMENT)) {
    return { withheld: "not to be sent exactly", reason: "its exchange or routing key is no UTF-8" };
  }
  return { publication: { key, exchange, routingKey, properties, body: content.body } };
}

const REPLACEMENT = "\uFFFD";
