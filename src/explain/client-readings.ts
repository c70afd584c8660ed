/**
 * Octets that a client read where a frame must begin: the server sent them, so a protocol header among them is a
 * refusal, and TLS or HTTP is the answer of another server.
 */

import { ANSWER_STARTS, type AnswerStart } from "../amqp/foreign-protocols.ts";
import { capital } from "../bytes/words.ts";
import { ranked } from "./header-readings.ts";
import { type HeaderWindow, hexOf, knownOctets } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";
import { signatureReadings } from "./signatures.ts";
import { asText, isText } from "./text-octets.ts";

/** Readings of the octets that a client took as a frame header; unknown ones are null. */
export function clientReadings(window: HeaderWindow, endOctet: number | null): Reading[] {
  const octets = window.length === 0 && endOctet !== null ? [] : window;
  const readings = signatureReadings(octets)
    .filter(({ score }) => score > 30 || octets.length === 0)
    .map(asAnswer);
  const first = octets[0] ?? null;
  const known = ANSWER_STARTS.find(({ octet }) => octet === first);
  if (known !== undefined && knownOctets(octets) === 1) readings.push(firstOctet(octets, known));
  readings.push(...textAnswer(octets));
  if (octets.length > 0 && readings.length === 0) readings.push(lostPlace(octets));
  return ranked(readings);
}

/** In this direction a protocol header is the server's. */
function asAnswer(reading: Reading): Reading {
  if (reading.kind !== "second-handshake") return reading;
  const version = /AMQP 1\.0|AMQP 0-10/.exec(reading.meaning)?.[0];
  return {
    ...reading,
    kind: "protocol-refusal",
    meaning: `the server's own protocol header${version === undefined ? "" : ` (${version})`}: its way of refusing the client's`,
    why: `${capital(reading.evidence)}: “AMQP” and a version. A server sends that only to refuse the client's protocol header, and closes.`,
    octets: reading.octets.map(label => (label === "" ? "" : "protocol header: a refusal")),
  };
}

function firstOctet(window: HeaderWindow, { what, score, amqp }: AnswerStart): Reading {
  return {
    kind: amqp === true ? "protocol-refusal" : "foreign-protocol",
    meaning: what,
    why: `${hexOf(window, 0, 1)} is all that is known of the octets; no AMQP frame begins with it, and that does.`,
    evidence: evidenceAt(window, 0, 1),
    score,
    boundary: null,
    octets: labels(window, [0, 1, what]),
  };
}

function textAnswer(window: HeaderWindow): Reading[] {
  const from = window.findIndex(octet => octet !== null);
  const known = window.filter(octet => octet !== null);
  if (known.length < 4 || !isText(known)) return [];
  const shown = asText(window.slice(from, window.findLastIndex(octet => octet !== null) + 1));
  return [
    {
      kind: "payload-text",
      meaning: `text, “${shown}”: of a message, or of a server that does not speak AMQP`,
      why: `${hexOf(window)} is “${shown}”. A reader that lost its place reads messages as headers.`,
      evidence: `“${shown}”`,
      score: 66,
      boundary: null,
      octets: labels(window, [from, window.length, `text “${shown}”`]),
    },
  ];
}

function lostPlace(window: HeaderWindow): Reading {
  return {
    kind: "unknown",
    meaning: "octets from the middle of a frame, read as the start of one",
    why: `${hexOf(window)} is no header of AMQP and no protocol that is known: the reader lost its place.`,
    evidence: hexOf(window),
    score: 45,
    boundary: null,
    octets: labels(window),
  };
}
