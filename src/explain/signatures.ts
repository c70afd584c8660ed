/** How other protocols, and AMQP's own protocol header, begin: recognised at any place, and by some of their octets. */

import { ANY_OCTET, FOREIGN_PROTOCOLS, type ForeignProtocol } from "../amqp/foreign-protocols.ts";
import { capital } from "../bytes/words.ts";
import { type HeaderWindow, hexOf, knownOctets, octetsFrom } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";

/** The other protocols that the octets fit, at any place; the best fit of each. */
export function signatureReadings(window: HeaderWindow): Reading[] {
  const best = new Map<string, { reading: Reading; fitting: number }>();
  for (const signature of FOREIGN_PROTOCOLS) {
    for (let at = -4; at < Math.min(window.length, 7); at++) {
      const fitting = fittingOctets(window, signature, at);
      const before = best.get(signature.what);
      if (fitting === 0 || (before !== undefined && before.fitting >= fitting)) continue;
      best.set(signature.what, { reading: reading(window, signature, at, fitting), fitting });
    }
  }
  return Array.from(best.values(), ({ reading }) => reading);
}

/** Known octets that agree with the signature placed at `at`; 0 if one does not, or if they show nothing. */
function fittingOctets(window: HeaderWindow, { octets }: ForeignProtocol, at: number): number {
  let fitting = 0;
  let letters = 0;
  let zeros = 0;
  for (let i = Math.max(0, -at); i < octets.length && at + i < window.length; i++) {
    const found = window[at + i];
    const wanted = octets[i]!;
    if (wanted === ANY_OCTET || found === null || found === undefined) continue;
    if (found !== wanted) return 0;
    fitting++;
    if (wanted > 0x20) letters++;
    if (wanted === 0) zeros++;
  }
  // The first letter alone, if nothing else is known.
  if (at === 0 && fitting === 1 && knownOctets(window.slice(0, 7)) === 1 && window[0] === octets[0]) return fitting;
  // The whole start of a short signature counts as much as four octets of a long one.
  const start = at >= 0 && octets.slice(0, 3).every((octet, i) => octet === ANY_OCTET || window[at + i] === octet);
  const enough = fitting >= 4 || (fitting >= 3 && start);
  return enough && letters + (octets[0]! < 0x20 && start ? 1 : 0) > 0 && fitting > zeros ? fitting : 0;
}

function reading(window: HeaderWindow, signature: ForeignProtocol, at: number, fitting: number): Reading {
  const from = Math.max(0, at);
  const to = Math.min(window.length, at + signature.octets.length);
  const shown = hexOf(window, from, to);
  const text = Array.from(window.slice(from, to), octet =>
    octet !== null && octet > 0x1f && octet < 0x7f ? String.fromCharCode(octet) : octet === null ? "?" : ".",
  ).join("");
  const handshake = signature.amqp === true;
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
