/**
 * Methods and classes by name, as numbers: code that handles a certain method names it here, and the numbers come from
 * the specification's table. A method's key is `class-id << 8 | method-id`.
 */
import { CLASSES, type ClassSpec } from "./spec/methods.ts";

type Classes = typeof CLASSES;
type ClassName = Classes[keyof Classes]["name"];
type NamesOf<Class> = Class extends { name: infer Name extends string; methods: infer Methods }
  ? {
      [Id in keyof Methods]: Methods[Id] extends { name: infer Method extends string } ? `${Name}.${Method}` : never;
    }[keyof Methods]
  : never;
/** As the specification writes it: `basic.publish`. */
export type MethodName = NamesOf<Classes[keyof Classes]>;

export function keyOf(classId: number, methodId: number): number {
  return (classId << 8) | methodId;
}

/** Stands for the key of a method that AMQP 0-9-1 does not have. */
export const NO_KEY = -1;

/** The method-id in a key. */
export function methodIdOf(key: number): number {
  return key & 0xff;
}

/** The four octets of a method's class-id and method-id, with which its payload begins. */
export function idOctets(key: number): readonly number[] {
  return [0, key >> 8, 0, methodIdOf(key)];
}

const classIds = new Map<string, number>();
const keys = new Map<string, number>();
for (const [classId, { name, methods }] of Object.entries<ClassSpec>(CLASSES)) {
  classIds.set(name, Number(classId));
  for (const [methodId, method] of Object.entries(methods)) {
    keys.set(`${name}.${method.name}`, keyOf(Number(classId), Number(methodId)));
  }
}

function classId(name: ClassName): number {
  return classIds.get(name)!;
}

function key(name: MethodName): number {
  return keys.get(name)!;
}

export const CONNECTION_CLASS = classId("connection");
export const CHANNEL_CLASS = classId("channel");

export const CONNECTION_START = key("connection.start");
export const CONNECTION_START_OK = key("connection.start-ok");
export const CONNECTION_SECURE = key("connection.secure");
export const CONNECTION_SECURE_OK = key("connection.secure-ok");
export const CONNECTION_TUNE = key("connection.tune");
export const CONNECTION_TUNE_OK = key("connection.tune-ok");
export const CONNECTION_OPEN = key("connection.open");
export const CONNECTION_OPEN_OK = key("connection.open-ok");
export const CONNECTION_CLOSE = key("connection.close");
export const CONNECTION_CLOSE_OK = key("connection.close-ok");
export const CONNECTION_BLOCKED = key("connection.blocked");
export const CONNECTION_UNBLOCKED = key("connection.unblocked");
export const CONNECTION_UPDATE_SECRET = key("connection.update-secret");
export const CONNECTION_UPDATE_SECRET_OK = key("connection.update-secret-ok");
export const CHANNEL_OPEN = key("channel.open");
export const CHANNEL_OPEN_OK = key("channel.open-ok");
export const CHANNEL_FLOW = key("channel.flow");
export const CHANNEL_FLOW_OK = key("channel.flow-ok");
export const CHANNEL_CLOSE = key("channel.close");
export const CHANNEL_CLOSE_OK = key("channel.close-ok");
export const EXCHANGE_DECLARE = key("exchange.declare");
export const EXCHANGE_DELETE = key("exchange.delete");
export const EXCHANGE_BIND = key("exchange.bind");
export const EXCHANGE_UNBIND = key("exchange.unbind");
export const QUEUE_DECLARE = key("queue.declare");
export const QUEUE_DECLARE_OK = key("queue.declare-ok");
export const QUEUE_BIND = key("queue.bind");
export const QUEUE_PURGE = key("queue.purge");
export const QUEUE_DELETE = key("queue.delete");
export const QUEUE_UNBIND = key("queue.unbind");
export const BASIC_QOS = key("basic.qos");
export const BASIC_CONSUME = key("basic.consume");
export const BASIC_CONSUME_OK = key("basic.consume-ok");
export const BASIC_CANCEL = key("basic.cancel");
export const BASIC_CANCEL_OK = key("basic.cancel-ok");
export const BASIC_PUBLISH = key("basic.publish");
export const BASIC_RETURN = key("basic.return");
export const BASIC_DELIVER = key("basic.deliver");
export const BASIC_GET = key("basic.get");
export const BASIC_GET_OK = key("basic.get-ok");
export const BASIC_GET_EMPTY = key("basic.get-empty");
export const BASIC_ACK = key("basic.ack");
export const BASIC_REJECT = key("basic.reject");
export const BASIC_RECOVER_ASYNC = key("basic.recover-async");
export const BASIC_RECOVER = key("basic.recover");
export const BASIC_RECOVER_OK = key("basic.recover-ok");
export const BASIC_NACK = key("basic.nack");
export const BASIC_CREDIT = key("basic.credit");
export const CONFIRM_SELECT = key("confirm.select");
export const TX_SELECT = key("tx.select");
export const TX_COMMIT = key("tx.commit");
export const TX_COMMIT_OK = key("tx.commit-ok");
export const TX_ROLLBACK = key("tx.rollback");
export const TX_ROLLBACK_OK = key("tx.rollback-ok");
