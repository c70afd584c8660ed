/** Methods that are answered (§1.4, "synchronous"): which method answers which. */

import { keyOf } from "../amqp/method-keys.ts";
import { METHODS, methodNamed } from "../amqp/method-registry.ts";

/** By key of the answer: the key of the method that it answers, or −1. */
const answered = new Int32Array(1 << 15).fill(-1);
/** By key: whether a method of the client is answered. */
const isCall = new Uint8Array(1 << 15);

for (const { name, classId, methodId, from } of METHODS) {
  const key = keyOf(classId, methodId);
  if (from === "server") continue;
  for (const suffix of ["-ok", "-empty"]) {
    const answer = methodNamed(name + suffix);
    if (answer === undefined) continue;
    answered[answer.key] = key;
    isCall[key] = 1;
  }
}

/** Whether the server answers this method of the client, unless its no-wait is set. */
export function isAnswered(key: number): boolean {
  return isCall[key] === 1;
}

/** The key of the method that this one answers; −1 if it answers none. */
export function answeredBy(key: number): number {
  return answered[key]!;
}
