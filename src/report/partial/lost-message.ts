import type { Discretion } from "../../connection/discretion.ts";
import type { Message } from "../../messages/message.ts";
import type { LostMessage } from "../report.ts";

/** A message that an incident cost, in the form of its finding. */
export function lostMessage(message: Message, discretion: Discretion): LostMessage {
  const { exchange, routingKey, streamOffset, size, messageId, traceId } = message;
  return {
    ...(messageId === null ? {} : { messageId: discretion.text(messageId) }),
    exchange: discretion.text(exchange),
    routingKey: discretion.text(routingKey),
    streamOffset,
    ...(size < 0 ? {} : { size }),
    fate: message.outcome as LostMessage["fate"],
    ...(traceId === null ? {} : { traceId: discretion.text(traceId) }),
  };
}
