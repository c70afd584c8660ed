/** exchange.declare and queue.declare, judged as rabbit_channel and rabbit_exchange judge them. */
import type { Values } from "../amqp/payload.ts";
import type { BrokerState } from "./broker-state.ts";
import { CRASH, type Outcome } from "./complaint.ts";

/** The queue that stands for a channel's own consumer of replies. */
export const FAST_REPLY = "amq.rabbitmq.reply-to";

const EXCHANGE_TYPES = ["direct", "fanout", "topic", "headers"];
const QUEUE_TYPES = ["classic", "quorum", "stream"];

/** rabbit_exchange:check_type/1 comes first, and is not called if the declare is passive. */
export function declareExchange(broker: BrokerState, values: Values): Outcome {
  const name = named(values, "exchange").replace(/[\r\n]/g, "");
  const type = named(values, "type");
  if (values.get("passive") === true) return name === "" ? "channel-error" : null;
  if (type === "") return { code: 503, text: "invalid exchange type ''" };
  if (!EXCHANGE_TYPES.includes(type)) {
    // An exchange type of a plugin, or one that only this broker knows.
    if (type.startsWith("x-")) return null;
    // If an Erlang atom of that name exists it is "invalid", not "unknown". These two are known to exist.
    const how = type === "true" || type === "queue" ? "invalid" : "unknown";
    return { code: 503, text: `${how} exchange type '${type}'` };
  }
  if (name === "" || (name.startsWith("amq.") && !broker.isPredeclared(name))) return "channel-error";
  const fits = broker.declareExchange(name, {
    type,
    durable: values.get("durable") === true,
    autoDelete: values.get("auto-delete") === true,
    internal: values.get("internal") === true,
  });
  return fits ? null : "channel-error";
}

/** What is wrong, or the queue that an empty name stands for from now on; null if that does not change. */
export function declareQueue(broker: BrokerState, values: Values): Outcome | { queue: string } {
  const name = named(values, "queue").replace(/[\r\n]/g, "");
  if (name === FAST_REPLY) return null;
  if (values.get("passive") === true) return name === "" ? "channel-error" : { queue: name };
  const table = values.get("arguments");
  const type = table instanceof Map ? table.get("x-queue-type") : undefined;
  if (type !== undefined && !(typeof type === "string" && QUEUE_TYPES.includes(type))) {
    return name === "" ? CRASH : "channel-error";
  }
  const exclusive = values.get("exclusive") === true;
  if (name.startsWith("amq.") && !name.startsWith("amq.gen-")) return "channel-error";
  if (!exclusive && broker.isExclusive(name)) return "channel-error";
  return { queue: broker.declareQueue(name, exclusive) };
}

/** An argument that is a short string. */
export function named(values: Values, argument: string): string {
  const value = values.get(argument);
  return typeof value === "string" ? value : "";
}
