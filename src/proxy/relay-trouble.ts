/** The messages about a connection that one of its two sides has lost, or does not answer. */
import { printable } from "../bytes/printable.ts";
import { codeOf, tlsReason } from "../capture/system-error.ts";
import type { Side } from "../net/connection-observer.ts";
import { endpointText } from "./address.ts";
import type { RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import { reasonOf } from "./proxy-error.ts";

/** How a side was lost, while the connection was relayed or waited for its broker. */
export function lossOf(side: Side, connection: RelayedConnection, error: Error): RelayTrouble {
  const who = nameOf(side, connection);
  const code = codeOf(error);
  if (code.startsWith("ERR_SSL") || code === "EPROTO") {
    const message = `the TLS connection with ${who} failed: ${tlsReason(error)}`;
    return { kind: side === 0 ? "client-tls" : "upstream-tls", message };
  }
  const how = code === "ETIMEDOUT" ? "does not answer any more" : "reset the connection";
  return { kind: side === 0 ? "client-reset" : "upstream-reset", message: `${who} ${how} (${reasonOf(error)})` };
}

/** The broker was reached, and sends nothing. `inHandshake`: the TLS handshake is not finished. */
export function silenceOf(connection: RelayedConnection, inHandshake: boolean, seconds: number): RelayTrouble {
  const lacks = inHandshake ? "has not finished the TLS handshake" : "has not sent an octet";
  const message = `${nameOf(1, connection)} accepted the connection, and ${lacks} for ${seconds} s`;
  return { kind: "upstream-silent", message };
}

export function idleFor(seconds: number): RelayTrouble {
  return { kind: "idle", message: `no octet came from either side for ${seconds} s` };
}

function nameOf(side: Side, { client, upstream }: RelayedConnection): string {
  const { address, port } = side === 0 ? client : upstream;
  return `the ${side === 0 ? "client" : "broker"} at ${printable(endpointText(address, port), 300)}`;
}
