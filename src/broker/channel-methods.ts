/** Properties of some methods in rabbit_channel. `method` is a key of method-keys.ts. */
import {
  BASIC_CONSUME,
  BASIC_GET,
  EXCHANGE_BIND,
  EXCHANGE_DECLARE,
  EXCHANGE_DELETE,
  EXCHANGE_UNBIND,
  QUEUE_BIND,
  QUEUE_DECLARE,
  QUEUE_DELETE,
  QUEUE_PURGE,
  QUEUE_UNBIND,
  TX_COMMIT,
} from "../amqp/method-keys.ts";

/** Commands that others wait for: those that change queues and exchanges, and those that query queues. */
export function takesTime(method: number, bytes: Uint8Array, start: number): boolean {
  switch (method) {
    case EXCHANGE_DECLARE: {
      // Bit 0 behind two names is passive: then the broker only checks whether it exists.
      const type = start + 7 + bytes[start + 6]!;
      return (bytes[type + 1 + bytes[type]!]! & 1) === 0;
    }
    case EXCHANGE_DELETE:
    case EXCHANGE_BIND:
    case EXCHANGE_UNBIND:
    case QUEUE_DECLARE:
    case QUEUE_BIND:
    case QUEUE_PURGE:
    case QUEUE_DELETE:
    case QUEUE_UNBIND:
    case BASIC_CONSUME:
    case BASIC_GET:
    case TX_COMMIT:
      return true;
    default:
      return false;
  }
}

/** Methods that begin with reserved-1 and a queue, whose empty name stands for the queue declared last. */
export function namesLastQueue(method: number): boolean {
  switch (method) {
    case QUEUE_BIND:
    case QUEUE_PURGE:
    case QUEUE_DELETE:
    case QUEUE_UNBIND:
    case BASIC_GET:
    case BASIC_CONSUME:
      return true;
    default:
      return false;
  }
}
