/**
 * What is wrong with a frame on a channel other than 0: the channel is not open (§1.5), or the order of its content is
 * broken (§4.2.6). Each function moves the channel's state on and returns its faults.
 */
import {
  AWAITS_HEADER,
  AWAITS_METHOD,
  afterBody,
  afterMethod,
  contentFault,
  IN_ORDER,
  OVERRUN,
} from "../amqp/content-order.ts";
import { CHANNEL_CLASS, CHANNEL_CLOSE, CHANNEL_CLOSE_OK, CHANNEL_OPEN, CHANNEL_OPEN_OK } from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { short } from "../bytes/big-endian.ts";
import { grouped } from "../bytes/grouped.ts";
import { capital } from "../bytes/words.ts";
import { type Channel, CLOSED, CLOSING, OPEN, STATE_UNKNOWN } from "./channel.ts";
import { type Fault, NO_FAULTS } from "./fault.ts";

/** A method in a running connection. */
export function takeMethod(channel: Channel, method: Method, isClient: boolean): readonly Fault[] {
  let faults = NO_FAULTS;
  if (contentFault(channel.content, FRAME_METHOD, 0) !== IN_ORDER) {
    const clause = `${method.name} came on channel ${channel.number} while ${channel.missing}`;
    faults = [{ rule: "content-order", clause }];
  }
  channel.content = afterMethod(method.content);
  const state =
    method.classId === CHANNEL_CLASS ? channelMethod(channel, method, isClient) : notOpen(channel, method.name);
  return state === null ? faults : [...faults, state];
}

function channelMethod(channel: Channel, method: Method, isClient: boolean): Fault | null {
  switch (method.key) {
    case isClient ? CHANNEL_OPEN : CHANNEL_OPEN_OK: {
      const open = channel.state === OPEN;
      channel.state = OPEN;
      channel.confirms = false;
      const clause = `${method.name} came on channel ${channel.number}, which is open already`;
      return open ? { rule: "channel-state", clause } : null;
    }
    case CHANNEL_CLOSE: {
      const fault = notOpen(channel, method.name);
      channel.state = CLOSING;
      return fault;
    }
    case CHANNEL_CLOSE_OK:
      // Answers the other end's close, which may have crossed one of our own.
      channel.state = CLOSED;
      return null;
    default:
      return notOpen(channel, method.name);
  }
}

/** Checks the place of a content header. The caller takes over what the header announces (afterHeader). */
export function takeHeader(channel: Channel): readonly Fault[] {
  const state = notOpen(channel, "A content header");
  const faults = state === null ? NO_FAULTS : [state];
  if (contentFault(channel.content, FRAME_HEADER, 0) === IN_ORDER) return faults;
  const came = `A content header came on channel ${channel.number}`;
  const clause =
    channel.content === AWAITS_METHOD ? `${came} without a method before it` : `${came} while ${channel.missing}`;
  return [...faults, { rule: "content-order", clause }];
}

/**
 * What is wrong with a content header by itself, bytes[start, …) being its payload; `undecodable` names what does not
 * decode in its properties.
 */
export function headerFault(
  channel: Channel,
  bytes: Uint8Array,
  start: number,
  undecodable: string | null,
): Fault | null {
  const classId = short(bytes, start);
  const weight = short(bytes, start + 2);
  const header = `The content header on channel ${channel.number}`;
  if (classId !== BASIC_CLASS) {
    const rule = channel.content === AWAITS_HEADER ? "content-order" : "frame-malformed";
    return { rule, clause: `${header} is of class ${classId}, which has no content` };
  }
  if (weight !== 0) return { rule: "frame-malformed", clause: `${header} has weight ${weight}, not 0` };
  return undecodable === null ? null : { rule: "frame-malformed", clause: capital(undecodable) };
}

/** A content body of `size` octets. */
export function takeBody(channel: Channel, size: number): readonly Fault[] {
  const state = notOpen(channel, "A content body");
  const faults = state === null ? NO_FAULTS : [state];
  const { content } = channel;
  channel.content = afterBody(content, size);
  const fault = contentFault(content, FRAME_BODY, size);
  if (fault === IN_ORDER) return faults;
  const on = `came on channel ${channel.number}`;
  if (fault === OVERRUN) {
    const clause = `A content body of ${grouped(size)} octets ${on} where its content header left ${grouped(content)}: RabbitMQ before 4.2.6 loses the message without a word`;
    return [...faults, { rule: "content-overrun", clause }];
  }
  const place =
    content === AWAITS_HEADER
      ? `where the content header of ${channel.contentMethod} must stand`
      : "without method and content header before it";
  return [...faults, { rule: "content-order", clause: `A content body ${on} ${place}` }];
}

/** A frame on a channel that is not open. Reported once: more frames on this channel add nothing to it. */
function notOpen(channel: Channel, what: string): Fault | null {
  const { number, state } = channel;
  if (state === OPEN || state === STATE_UNKNOWN) return null;
  channel.state = STATE_UNKNOWN;
  const why = state === CLOSING ? "after channel.close was sent on it" : "which is not open";
  return { rule: "channel-state", clause: `${what} came on channel ${number}, ${why}` };
}
