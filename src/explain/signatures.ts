/** How other protocols, and AMQP's own protocol header, begin: recognised at any place, and from some octets of them. */

import { capital } from "../bytes/words.ts";
import { type HeaderWindow, hexOf, knownOctets, octetsFrom } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";

interface Signature {
  /** The octets it begins with; −1 stands for any octet. */
  octets: readonly number[];
  /** What begins so, as a clause. */
  what: string;
  label: string;
  handshake?: true;
}

const ANY = -1;
const ascii = (text: string): number[] => Array.from(text, character => character.charCodeAt(0));
const amqp = (...version: number[]): number[] => [...ascii("AMQP"), ...version];

const HTTP_REQUEST = "an HTTP request";
const SIGNATURES: readonly Signature[] = [
  ...[amqp(0, 0, 9, 1), amqp(1, 1, 0, 9), amqp(1, 1, 8, 0), amqp(1, 1, 9, 1)].map(octets => ({
    octets,
    what: "a protocol header: the start of a second handshake",
    label: "protocol header: a second handshake",
    handshake: true as const,
  })),
  {
    octets: amqp(1, 1, 0, 10),
    what: "a protocol header of AMQP 0-10 (Qpid)",
    label: "protocol header of AMQP 0-10",
    handshake: true as const,
  },
  ...[amqp(0, 1, 0, 0), amqp(3, 1, 0, 0), amqp(2, 1, 0, 0)].map(octets => ({
    octets,
    what: "a protocol header of AMQP 1.0",
    label: "protocol header of AMQP 1.0",
    handshake: true as const,
  })),
  { octets: ascii("HTTP/1.1 "), what: "an HTTP response", label: "HTTP response" },
  { octets: ascii("HTTP/1.0 "), what: "an HTTP response", label: "HTTP response" },
  ...["GET /", "POST /", "PUT /", "HEAD /", "DELETE /", "PATCH /", "OPTIONS *", "CONNECT "].map(start => ({
    octets: ascii(start),
    what: HTTP_REQUEST,
    label: "HTTP request",
  })),
  { octets: ascii("PRI * HTTP/2.0"), what: "an HTTP/2 connection", label: "HTTP/2 preface" },
  { octets: ascii("SSH-2.0-"), what: "an SSH connection", label: "SSH banner" },
  { octets: ascii("PROXY TCP"), what: "a PROXY protocol header", label: "PROXY protocol header" },
  { octets: [13, 10, 13, 10, 0, 13, 10, 81], what: "a PROXY protocol header, version 2", label: "PROXY v2 header" },
  { octets: ascii("CONNECT\n"), what: "a STOMP frame", label: "STOMP frame" },
  { octets: [0x10, ANY, 0, 4, ...ascii("MQTT")], what: "an MQTT connection", label: "MQTT CONNECT" },
  ...[1, 2, 3].map(minor => ({
    octets: [0x16, 3, minor, ANY, ANY, 1, 0],
    what: "a TLS handshake",
    label: "TLS handshake",
  })),
  { octets: [0x15, 3, 3, 0, 2], what: "a TLS alert", label: "TLS alert" },
  { octets: [0x15, 3, 1, 0, 2], what: "a TLS alert", label: "TLS alert" },
  { octets: [0x17, 3, 3], what: "TLS: encrypted octets", label: "TLS record" },
];

/** The other protocols that the octets fit, at whatever place; the best fit of each. */
export function signatureReadings(window: HeaderWindow): Reading[] {
  const best = new Map<string, { reading: Reading; fitting: number }>();
  for (const signature of SIGNATURES) {
    for (let at = -4; at < Math.min(window.length, 7); at++) {
      const fitting = fittingOctets(window, signature, at);
      const before = best.get(signature.what);
      if (fitting === 0 || (before !== undefined && before.fitting >= fitting)) continue;
      best.set(signature.what, { reading: reading(window, signature, at, fitting), fitting });
    }
  }
  return Array.from(best.values(), ({ reading }) => reading);
}

/** Known octets that agree with the signature placed at `at`; 0 where one does not, or where they tell nothing. */
function fittingOctets(window: HeaderWindow, { octets }: Signature, at: number): number {
  let fitting = 0;
  let letters = 0;
  let zeros = 0;
  for (let i = Math.max(0, -at); i < octets.length && at + i < window.length; i++) {
    const found = window[at + i];
    const wanted = octets[i]!;
    if (wanted === ANY || found === null || found === undefined) continue;
    if (found !== wanted) return 0;
    fitting++;
    if (wanted > 0x20) letters++;
    if (wanted === 0) zeros++;
  }
  // The first letter alone, where nothing else is known.
  if (at === 0 && fitting === 1 && knownOctets(window.slice(0, 7)) === 1 && window[0] === octets[0]) return fitting;
  // The whole start of a short one counts for as much as four octets of a long one.
  const start = at >= 0 && octets.slice(0, 3).every((octet, i) => octet === ANY || window[at + i] === octet);
  const enough = fitting >= 4 || (fitting >= 3 && start);
  return enough && letters + (octets[0]! < 0x20 && start ? 1 : 0) > 0 && fitting > zeros ? fitting : 0;
}

function reading(window: HeaderWindow, signature: Signature, at: number, fitting: number): Reading {
  const from = Math.max(0, at);
  const to = Math.min(window.length, at + signature.octets.length);
  const shown = hexOf(window, from, to);
  const text = Array.from(window.slice(from, to), octet =>
    octet !== null && octet > 0x1f && octet < 0x7f ? String.fromCharCode(octet) : octet === null ? "?" : ".",
  ).join("");
  const handshake = signature.handshake === true;
  const version = handshake ? " and a version" : "";
  return {
    kind: handshake ? "second-handshake" : "foreign-protocol",
    meaning: signature.what,
    why: handshake
      ? `${capital(octetsFrom(from, to))} (${shown}) fit “AMQP”${version}, with which a client opens a connection: it was sent where a frame must begin.`
      : `${capital(octetsFrom(from, to))} (${shown}, “${text}”) are how ${signature.what} begins.`,
    evidence: evidenceAt(window, from, to),
    score: fitting >= 5 ? 97 : fitting === 4 ? (handshake ? 88 : 84) : fitting === 3 ? 72 : 30,
    boundary: null,
    octets: labels(window, [from, to, signature.label]),
  };
}
