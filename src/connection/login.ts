import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments } from "../amqp/payload.ts";
import { keepProperties } from "./client-properties.ts";
import { userOf } from "./credentials.ts";

/** What connection.start-ok contains about the client (§1.4.2.3). */
export class Login {
  /** Those properties of the client that are text. */
  readonly properties = new Map<string, string>();
  /** The user who logs in, if the mechanism names one. */
  user: string | null = null;

  startOk(method: Method, bytes: Uint8Array, start: number, size: number): void {
    const values = decodeArguments(method, bytes, start, size);
    const properties = values.get("client-properties");
    if (properties instanceof Map) keepProperties(properties, this.properties);
    this.user ??= userOf(values);
  }
}
