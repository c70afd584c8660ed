/**
 * Methods as rabbit_channel tells them apart: `class-id << 8 | method-id`, one small number, and what some have in common.
 */
export function methodKey(classId: number, methodId: number): number {
  return (classId << 8) | methodId;
}

export const CHANNEL_OPEN = methodKey(20, 10);
export const CHANNEL_FLOW = methodKey(20, 20);
export const CHANNEL_FLOW_OK = methodKey(20, 21);
export const CHANNEL_CLOSE = methodKey(20, 40);
export const CHANNEL_CLOSE_OK = methodKey(20, 41);
export const EXCHANGE_DECLARE = methodKey(40, 10);
export const EXCHANGE_DELETE = methodKey(40, 20);
export const EXCHANGE_BIND = methodKey(40, 30);
export const EXCHANGE_UNBIND = methodKey(40, 40);
export const QUEUE_DECLARE = methodKey(50, 10);
export const QUEUE_BIND = methodKey(50, 20);
export const QUEUE_PURGE = methodKey(50, 30);
export const QUEUE_DELETE = methodKey(50, 40);
export const QUEUE_UNBIND = methodKey(50, 50);
export const BASIC_QOS = methodKey(60, 10);
export const BASIC_CONSUME = methodKey(60, 20);
export const BASIC_CANCEL = methodKey(60, 30);
export const BASIC_CANCEL_OK = methodKey(60, 31);
export const BASIC_GET = methodKey(60, 70);
export const BASIC_ACK = methodKey(60, 80);
export const BASIC_REJECT = methodKey(60, 90);
export const BASIC_RECOVER_ASYNC = methodKey(60, 100);
export const BASIC_RECOVER = methodKey(60, 110);
export const BASIC_NACK = methodKey(60, 120);
export const BASIC_CREDIT = methodKey(60, 200);
export const CONFIRM_SELECT = methodKey(85, 10);
export const TX_SELECT = methodKey(90, 10);
export const TX_COMMIT = methodKey(90, 20);
export const TX_ROLLBACK = methodKey(90, 30);

/** Commands that others wait for: those that change queues and exchanges, and ask queues. */
export function takesTime(method: number, bytes: Uint8Array, start: number): boolean {
  switch (method) {
    case EXCHANGE_DECLARE: {
      // Bit 0 behind two names is passive: then it is only looked for.
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
