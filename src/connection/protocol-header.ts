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
  /** A protocol header of a version nobody speaks (`amqp`), or another protocol; `what` says which. */
  | { kind: "foreign"; what: string; amqp: boolean };

const ACCEPTED = ["0,0,9,1", "1,1,0,9", "1,1,8,0", "1,1,9,1"];

/** Reads the first octets of a stream, 8 at most; null while they are too few to tell. */
export function readOpening(octets: Uint8Array, count: number): Opening | null {
  const text = String.fromCharCode(...octets.subarray(0, count));
  if (text.startsWith("AMQP")) {
    if (count < 8) return null;
    const version = octets.subarray(4, 8).join(",");
    if (ACCEPTED.includes(version)) return { kind: "amqp-0-9" };
    // AMQP 1.0: plain 0, TLS 2, SASL 3 (AMQP 1.0, part 2.2 and 5).
    if (["0,1,0,0", "2,1,0,0", "3,1,0,0"].includes(version)) return { kind: "amqp-1-0" };
    return { kind: "foreign", what: `the protocol header AMQP ${octets.subarray(4, 8).join(" ")}`, amqp: true };
  }
  if (count < 4 && "AMQP".startsWith(text)) return null;
  if (octets[0] === 0x16) {
    if (count < 3) return null;
    if (octets[1] === 3 && octets[2]! <= 4) return { kind: "tls" };
  }
  if (count < 8) return null;
  const known = KNOWN.find(([start]) => text.startsWith(start));
  return { kind: "foreign", what: known?.[1] ?? "octets of another protocol", amqp: false };
}

const KNOWN: readonly (readonly [start: string, what: string])[] = [
  ["GET ", "an HTTP request"],
  ["POST ", "an HTTP request"],
  ["PUT ", "an HTTP request"],
  ["HEAD ", "an HTTP request"],
  ["OPTIONS ", "an HTTP request"],
  ["PRI * HT", "an HTTP/2 preface"],
  ["HTTP/1.", "an HTTP response"],
  ["SSH-", "an SSH banner"],
  ["CONNECT\n", "a STOMP frame"],
  ["PROXY ", "a PROXY protocol header"],
  ["\r\n\r\n\0\r\nQ", "a PROXY protocol v2 header"],
];

/** A TLS record in mid-stream: content type 20 to 23, version 3.0 to 3.4, a length TLS allows (RFC 8446 §5.1). */
export function looksLikeTlsRecord(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 5) return false;
  const type = bytes[start]!;
  const length = (bytes[start + 3]! << 8) | bytes[start + 4]!;
  return type >= 20 && type <= 23 && bytes[start + 1] === 3 && bytes[start + 2]! <= 4 && length > 0 && length <= 16640;
}
