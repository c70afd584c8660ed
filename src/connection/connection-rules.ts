/** Faults of a frame by itself, or of its being on channel 0 or not on it. Each function returns a fault, or null. */
import { CONNECTION_CLASS } from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { LEAST_CONTENT_HEADER, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Fault } from "./fault.ts";

/** A method frame whose payload is too short for class-id and method-id. */
export function shortMethod(size: number): Fault {
  const clause = `A method frame has ${size} octets of payload, not ${METHOD_IDS_SIZE}`;
  return { rule: "frame-malformed", clause };
}

export function unknownMethod(classId: number, methodId: number): Fault {
  return { rule: "frame-malformed", clause: `There is no method of class ${classId}, method ${methodId}` };
}

/** A content header whose payload is too short for all that stands before its properties. */
export function shortHeader(size: number): Fault {
  const clause = `A content header has ${size} octets of payload, fewer than the ${LEAST_CONTENT_HEADER} it needs`;
  return { rule: "frame-malformed", clause };
}

/** Content on channel 0. */
export function contentOnZero(what: string): Fault {
  return { rule: "channel-zero", clause: `${what} came on channel 0` };
}

/** A method of class connection on another channel than 0, or one of another class on it. */
export function channelZeroFault(method: Method, channel: number): Fault | null {
  if (channel === 0 && method.classId === CONNECTION_CLASS) return null;
  const where = channel === 0 ? "on channel 0" : `on channel ${channel}, not on channel 0`;
  return { rule: "channel-zero", clause: `${method.name} came ${where}` };
}

/** A method that has no place in the handshake, or only there; `over`: the handshake is over. */
export function outOfTurn(method: Method, channel: number, over: boolean): Fault {
  const where = channel === 0 ? "" : ` on channel ${channel}`;
  const when = over ? "when the handshake was over" : "before the handshake was over";
  return { rule: "handshake", clause: `${method.name} came${where} out of turn, ${when}` };
}

export function heartbeatFault(channel: number, size: number): Fault | null {
  if (channel !== 0) return { rule: "heartbeat", clause: `A heartbeat came on channel ${channel}` };
  if (size === 0) return null;
  return { rule: "heartbeat", clause: `A heartbeat came with a payload of ${grouped(size)} octets` };
}
