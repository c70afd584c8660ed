/** The last octets of a payload, recognised as those of a method with few arguments. */
import { METHODS } from "../amqp/method-registry.ts";
import { walkArguments } from "../amqp/payload.ts";

export interface MethodTail {
  method: string;
  /** Octets of the payload that stand before the tail. */
  missing: number;
}

/** The method whose whole payload ends in these octets. At most its first two octets may be missing. */
export function methodTail(octets: readonly number[]): MethodTail | null {
  for (const missing of [0, 1, 2]) {
    if (octets.length < 4 - missing) continue;
    for (const method of METHODS) {
      const ids = [method.classId >> 8, method.classId & 255, method.methodId >> 8, method.methodId & 255];
      const payload = Uint8Array.from([...ids.slice(0, missing), ...octets]);
      if (!ids.every((octet, i) => payload[i] === octet)) continue;
      if (walkArguments(method, payload, 0, payload.length, null) !== null) continue;
      return { method: method.name, missing };
    }
  }
  return null;
}
