import { beginsWith, FOREIGN_PROTOCOLS, VERSIONS_0_9, VERSIONS_1_0 } from "../amqp/foreign-protocols.ts";
import { PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";

/*
 *    0   1   2   3     4        5       6        7
 *   'A' 'M' 'Q' 'P' | id | major | minor | revision      protocol header (§4.2.2)
 *
 * 0-9-1 writes 0 0 9 1. RabbitMQ (rabbit_reader.erl) takes the headers of 0-8 and 0-9 as well, up to 3.13.
 */

/** What the first octets of a stream are. */
export type Opening =
  | { kind: "amqp-0-9" }
  | { kind: "amqp-1-0" }
  | { kind: "tls" }
  /** A protocol header of a version that no client or broker speaks (`amqp`), or another protocol; `what` names it. */
  | { kind: "foreign"; what: string; amqp: boolean };

/** Reads the first octets of a stream, 8 at most; null while they are too few to decide. */
export function readOpening(octets: Uint8Array, count: number): Opening | null {
  const text = String.fromCharCode(...octets.subarray(0, count));
  if (text.startsWith("AMQP")) {
    if (count < PROTOCOL_HEADER_SIZE) return null;
    const version = octets.subarray(4, PROTOCOL_HEADER_SIZE);
    if (isOf(VERSIONS_0_9, version)) return { kind: "amqp-0-9" };
    if (isOf(VERSIONS_1_0, version)) return { kind: "amqp-1-0" };
    return { kind: "foreign", what: `the protocol header AMQP ${octets.subarray(4, 8).join(" ")}`, amqp: true };
  }
  if (count < 4 && "AMQP".startsWith(text)) return null;
  if (octets[0] === 0x16) {
    if (count < 3) return null;
    if (octets[1] === 3 && octets[2]! <= 4) return { kind: "tls" };
  }
  if (count < PROTOCOL_HEADER_SIZE) return null;
  const known = FOREIGN_PROTOCOLS.find(protocol => beginsWith(protocol, protocol.atBeginning, octets, 0));
  return { kind: "foreign", what: known?.what ?? "octets of another protocol", amqp: false };
}

function isOf(versions: readonly (readonly number[])[], version: Uint8Array): boolean {
  return versions.some(each => each.every((octet, i) => version[i] === octet));
}

/** A TLS record in mid-stream: content type 20 to 23, version 3.0 to 3.4, a length TLS allows (RFC 8446 §5.1). */
export function looksLikeTlsRecord(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 5) return false;
  const type = bytes[start]!;
  const length = (bytes[start + 3]! << 8) | bytes[start + 4]!;
  return type >= 20 && type <= 23 && bytes[start + 1] === 3 && bytes[start + 2]! <= 4 && length > 0 && length <= 16640;
}
