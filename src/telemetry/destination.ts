/** Names of destinations, by the messaging conventions for RabbitMQ: exchange, routing key and queue, joined by colons. */
import { lastingName } from "../report/fingerprint.ts";

export interface Destination {
  /** `exchange:routing key` of a publish, `exchange:routing key:queue` of a delivery; empty parts are left out. */
  name: string;
  /** The broker made its name up. */
  isAnonymous: boolean;
  /** It ends with its connection, or with its request. */
  isTemporary: boolean;
  /**
   * The same without names that are made up for one run, so that there are few of them: for names of spans, and for
   * metrics. `(temporary)` if nothing is left.
   */
  template: string;
}

const ANONYMOUS = /^amq\.gen-/;
const TEMPORARY = /^(?:amq\.gen-|amq\.rabbitmq\.reply-to)/;
/** Templates that are kept: many messages have few destinations. */
const MAX_TEMPLATES = 4096;

const templates = new Map<string, string>();

/** `queue`: null for a publish, and if it is not known. The parts are already safe to show. */
export function destinationOf(exchange: string, routingKey: string, queue: string | null): Destination {
  const parts = queue === null || queue === routingKey ? [exchange, routingKey] : [exchange, routingKey, queue];
  const named = parts.filter(part => part !== "");
  const name = named.length === 0 ? "amq.default" : named.join(":");
  return {
    name,
    isAnonymous: named.some(part => ANONYMOUS.test(part)),
    isTemporary: named.some(part => TEMPORARY.test(part)),
    template: templateOf(name, named),
  };
}

function templateOf(name: string, named: readonly string[]): string {
  const known = templates.get(name);
  if (known !== undefined) return known;
  const lasting = named.filter(part => !TEMPORARY.test(part)).map(lastingName);
  const template = named.length === 0 ? name : lasting.length === 0 ? "(temporary)" : lasting.join(":");
  if (templates.size >= MAX_TEMPLATES) templates.clear();
  templates.set(name, template);
  return template;
}
