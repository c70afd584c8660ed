/** A client's first eight octets, judged as rabbit_reader:handle_input(handshake, …) and version_negotiation do. */
import { binary } from "./erlang-term.ts";
import type { BrokerVersion } from "./versions.ts";

export type Opening =
  | { kind: "amqp-0-9-1" }
  | { kind: "amqp-0-8" }
  /** Spoken by the broker, but not judged here. */
  | { kind: "amqp-1-0" }
  /** `reason` is the broker's name for what is wrong, `answer` the protocol header it sends before it resets. */
  | { kind: "refused"; reason: string; answer: string };

export function checkOpening(octets: Uint8Array, version: BrokerVersion): Opening {
  const refused = (reason: string, answer = version.refusesWith): Opening => ({ kind: "refused", reason, answer });
  const start = String.fromCharCode(...octets.subarray(0, 4));
  if (start !== "AMQP") {
    if (version.namesForeignProtocols && start === "GET ") return refused("{bad_header,detected_http_get}");
    const hello = octets[0] === 0x16 && octets[1] === 3 && octets[5] === 1;
    if (version.namesForeignProtocols && hello) return refused("{bad_header,detected_tls}");
    return refused(`{bad_header,${binary(octets.slice(0, 8), version.unicodeTerms)}}`);
  }
  const [id, major, minor, revision] = octets.subarray(4, 8) as unknown as [number, number, number, number];
  const header = `${id} ${major} ${minor} ${revision}`;
  if (version.accepts.includes(header)) return { kind: "amqp-0-9-1" };
  if (version.accepts08.includes(header)) return { kind: "amqp-0-8" };
  if (major === 1 && minor === 0 && revision === 0) {
    if (!version.speaksAmqp1) return refused("amqp1_0_plugin_not_enabled");
    return id === 3 ? { kind: "amqp-1-0" } : refused(`{sasl_required,${id}}`);
  }
  const answer = id === 0 && major === 0 && minor >= 9 ? "0 0 9 1" : version.refusesWith;
  return refused(`{bad_version,{${id},${major},${minor},${revision}}}`, answer);
}
