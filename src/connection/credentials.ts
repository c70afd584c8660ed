import type { EnvelopeFault } from "../amqp/frame-scanner.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_METHOD } from "../amqp/spec/constants.ts";

/** start-ok, secure-ok and update-secret: class-id and method-id. */
const IDS = [
  [10, 11],
  [10, 21],
  [10, 70],
] as const;

/** Whether a method carries what authenticates a client. */
export function carriesCredentials(method: Method): boolean {
  return IDS.some(([classId, methodId]) => method.classId === classId && method.methodId === methodId);
}

/**
 * Whether the octets at a broken envelope of a running connection may hold credentials: those of a method on channel 0,
 * and those behind the ids of a method that carries some.
 */
export function mayHoldCredentials(fault: EnvelopeFault): boolean {
  if (fault.type === FRAME_METHOD && fault.channel === 0) return true;
  const octets = [...fault.header, ...fault.payload, ...fault.behind];
  return IDS.some(([classId, methodId]) =>
    octets.some(
      (octet, i) => octet === 0 && octets[i + 1] === classId && octets[i + 2] === 0 && octets[i + 3] === methodId,
    ),
  );
}

/**
 * A broker's own words without what it quotes of a start-ok, a secure-ok or an update-secret. Binaries are quoted as
 * Erlang prints them; these begin with the method's ids.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/<<0,10,0,(?:11|21|70)\b.*?>>/gs, "<<…>>");
}
