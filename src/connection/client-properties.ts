/** What the two ends report about themselves in the handshake (§1.4.2.2 to §1.4.2.6). */
import { type FieldTable, textOf } from "../amqp/field-table.ts";
import type { Values } from "../amqp/payload.ts";

/** Client properties that are kept, and characters of each. */
const MAX_PROPERTIES = 64;
const MAX_PROPERTY_LENGTH = 1024;

/** Keeps those of a client's properties (connection.start-ok) that are text. */
export function keepProperties(properties: FieldTable, into: Map<string, string>): void {
  for (const [name, value] of properties) {
    if (into.size >= MAX_PROPERTIES) return;
    if (typeof value === "string") into.set(name, value.slice(0, MAX_PROPERTY_LENGTH));
  }
}

/** The product and version that the server gives in connection.start; "" for what it does not give. */
export function serverIdentity(values: Values): [product: string, version: string] {
  const properties = values.get("server-properties");
  const said = (name: string): string => (properties instanceof Map ? textOf(properties.get(name)) : "");
  return [said("product"), said("version")];
}

/** The limits in connection.tune or tune-ok. */
export function readLimits(values: Values): { frameMax: number; channelMax: number } {
  return { frameMax: Number(values.get("frame-max")), channelMax: Number(values.get("channel-max")) };
}
