import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import {
  CONNECTION_SECURE_OK,
  CONNECTION_START_OK,
  CONNECTION_UPDATE_SECRET,
  methodIdOf,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_METHOD } from "../amqp/spec/constants.ts";

const KEYS: readonly number[] = [CONNECTION_START_OK, CONNECTION_SECURE_OK, CONNECTION_UPDATE_SECRET];
/** The four octets of class-id and method-id of each. */
const IDS = KEYS.map(key => [0, key >> 8, 0, methodIdOf(key)]);

/** Whether a method carries what authenticates a client. */
export function carriesCredentials(method: Method): boolean {
  return KEYS.includes(method.key);
}

/**
 * Whether the octets at a broken envelope of a running connection may hold credentials: those of a method on channel 0,
 * and those behind the ids of a method that carries some.
 */
export function mayHoldCredentials(fault: EnvelopeFault): boolean {
  if (fault.type === FRAME_METHOD && fault.channel === 0) return true;
  const octets = [...fault.header, ...fault.payload, ...fault.behind];
  return IDS.some(ids => octets.some((_, at) => ids.every((octet, i) => octets[at + i] === octet)));
}

/**
 * A broker's own words without what it quotes of a start-ok, a secure-ok or an update-secret. Binaries are quoted as
 * Erlang prints them; these begin with the method's ids.
 */
export function withoutCredentials(text: string): string {
  return text.replace(QUOTED, "<<…>>");
}

const QUOTED = new RegExp(`<<(?:${IDS.join("|")})\\b.*?>>`, "gs");
