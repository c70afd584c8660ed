/** Octets that broke a connection without breaking a frame: read in the same way as a broken header's. */

import { METHODS, methodOf } from "../amqp/method-registry.ts";
import { walkArguments } from "../amqp/payload.ts";
import { FRAME_HEARTBEAT, frameTypeName } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { capital } from "../bytes/words.ts";
import type { Snippet } from "./error-report.ts";
import { frameFit } from "./frame-pattern.ts";
import { frameWords } from "./frame-readings.ts";
import { meaningsOf } from "./frame-window.ts";
import { ranked } from "./header-readings.ts";
import { hexOf } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";
import { signatureReadings } from "./signatures.ts";
import { asText, isText, kindOfText } from "./text-octets.ts";

/** The octets in the place of AMQP's protocol header, at the beginning of a connection. */
export function openingReadings(octets: readonly number[]): Reading[] {
  const readings = signatureReadings(octets)
    .filter(({ octets: signature }) => signature[0] !== "")
    .map(asOpening);
  const stream = streamCommand(octets);
  if (stream !== null) readings.push(stream);
  const fit = stream === null ? frameFit(octets, 0) : null;
  if (fit !== null && fit.bits >= 20 && fit.known >= 7) {
    const words = frameWords(fit, octets);
    readings.push({
      kind: "frame-in-payload",
      meaning: `${words}, where the connection must begin`,
      why: `${hexOf(octets)} are the header of ${words}: whoever wrote it took the connection for an open one.`,
      evidence: evidenceAt(octets, 0, octets.length),
      score: Math.min(97, 30 + 2 * fit.bits),
      boundary: 0,
      octets: labels(octets, [
        0,
        octets.length,
        fit.type === FRAME_HEARTBEAT ? "heartbeat frame" : `header of ${words}`,
      ]),
    });
  }
  if (readings.length === 0 && isText(octets))
    readings.push(textReading(octets, "text of another protocol, or of a person"));
  return ranked(readings);
}

/** Command and version of the stream protocol's peer-properties, with which each of its clients begins. */
const PEER_PROPERTIES = [0, 17, 0, 1];

/** A frame of RabbitMQ's stream protocol: a size of four octets, a command, a version (rabbitmq_stream: PROTOCOL.adoc). */
function streamCommand(octets: readonly number[]): Reading | null {
  if (octets.length < 8 || octets[0] !== 0 || octets[1] !== 0) return null;
  if (!PEER_PROPERTIES.every((octet, index) => octets[4 + index] === octet)) return null;
  return {
    kind: "foreign-protocol",
    meaning: "RabbitMQ's stream protocol: a size, command 17 (peer-properties), version 1",
    why: `${hexOf(octets.slice(0, 8))}: a size of ${octets[2]! * 256 + octets[3]!}, command 17 and version 1 are how every client of the stream protocol begins.`,
    evidence: evidenceAt(octets, 0, 8),
    score: 94,
    boundary: null,
    octets: labels(octets, [0, 4, "size"], [4, 6, "command 17, peer-properties"], [6, 8, "version 1"]),
  };
}

/** A protocol header in its right place here; its version is another. */
function asOpening(reading: Reading): Reading {
  if (reading.kind !== "second-handshake") return reading;
  const version = /AMQP 1\.0|AMQP 0-10 \(Qpid\)/.exec(reading.meaning)?.[0];
  const meaning = version === undefined ? "a protocol header" : `a protocol header of ${version}`;
  return {
    ...reading,
    meaning,
    why: `${capital(reading.evidence)}: “AMQP” and a version, as every connection begins. The broker does not take that version.`,
    octets: reading.octets.map(label => (label === "" ? "" : meaning.replace("a protocol", "protocol"))),
  };
}

/** What an unknown class-id and method-id may be. */
export function methodIdReadings(classId: number, methodId: number): Reading[] {
  const octets = [classId >> 8, classId & 255, methodId >> 8, methodId & 255];
  const readings: Reading[] = [];
  if (isText(octets)) readings.push(textReading(octets, "text of a message, where class-id and method-id must be"));
  if (classId === BASIC_CLASS && methodId === 0) {
    readings.push({
      kind: "content-octets",
      meaning: "a content header's payload in a method frame",
      why: "Class 60 and a weight of 0 are how a content header begins: the frame's type octet was overwritten, or its header belongs to another frame.",
      evidence: hexOf(octets),
      score: 82,
      boundary: null,
      octets: labels(octets, [0, 4, "start of a content header"]),
    });
  }
  if (classId === 0 && methodId > 0) {
    readings.push({
      kind: "unknown",
      meaning: `a size field: ${methodId}, of another frame's header or of a long string`,
      why: `${hexOf(octets)} is the number ${methodId} in four octets, as sizes are written; no class has the id 0.`,
      evidence: hexOf(octets),
      score: 58,
      boundary: null,
      octets: labels(octets, [0, 4, `size ${methodId}`]),
    });
  }
  const sameClass = METHODS.some(method => method.classId === classId);
  if (sameClass && methodId !== 0) {
    readings.push({
      kind: "unknown",
      meaning: `a method of class ${classId} that AMQP 0-9-1 does not have`,
      why: `Class ${classId} exists, method ${methodId} does not: an extension of another broker, another version of AMQP, or octets that were overwritten.`,
      evidence: hexOf(octets),
      score: 55,
      boundary: null,
      octets: labels(octets),
    });
  }
  if (readings.length === 0) {
    readings.push({
      kind: "unknown",
      meaning: "octets that are no method's ids",
      why: `The frame's size and its end octet were right, and ${hexOf(octets)} stands where class-id and method-id must be: overwritten, with the length kept.`,
      evidence: hexOf(octets),
      score: 40,
      boundary: null,
      octets: labels(octets),
    });
  }
  return ranked(readings);
}

/** Why the arguments of `operation` (`basic.publish`, or "") do not decode. */
export function argumentReadings(operation: string, octets: Uint8Array): Reading[] {
  const method = METHODS.find(({ name }) => name === operation.replaceAll("'", "").replaceAll("_", "-"));
  const ids = method === undefined ? [] : [0, method.classId, 0, method.methodId];
  const payload = Uint8Array.from([...ids, ...octets]);
  const clause = method === undefined ? null : walkArguments(method, payload, 0, payload.length, null);
  const list = Array.from(octets);
  const readings: Reading[] = [];
  if (clause !== null) {
    readings.push({
      kind: "unknown",
      meaning: `arguments that do not add up: ${clause}`,
      why: "Read one by one as the method has them, the lengths in them do not fit the octets there are.",
      evidence: clause,
      score: 80,
      boundary: null,
      octets: argumentLabels(list),
    });
  }
  if (isText(list)) readings.push(textReading(list, "text of a message, where arguments must be"));
  if (readings.length === 0) {
    readings.push({
      kind: "unknown",
      meaning: "arguments that are too short, too long, or not this method's",
      why: "The lengths in them do not fit the octets there are.",
      evidence: `${list.length} octets of arguments`,
      score: 40,
      boundary: null,
      octets: argumentLabels(list),
    });
  }
  return ranked(readings);
}

/** Short strings look like entries of a table, and are none here. */
function argumentLabels(octets: readonly number[]): string[] {
  return meaningsOf(octets).map(label =>
    label.replace("length of the name ", "length of ").replace(/^headers table: “/, "“"),
  );
}

/** A frame with a right end octet, but with an unknown type, or a payload that its type cannot have. */
export function unknownFrameReadings(type: number | null, snippet: Snippet | null): Reading[] {
  const octets = Array.from(snippet?.octets ?? []);
  const window = [type, null, null, null, null, null, null, ...octets];
  const reading = (meaning: string, why: string, score: number): Reading => ({
    kind: "unknown",
    meaning,
    why,
    evidence: `type ${type ?? "unknown"}`,
    score,
    boundary: null,
    octets: labels(window),
  });
  switch (type) {
    case 4:
      return [
        reading(
          "a heartbeat as section 4.2.3 of the specification numbers it",
          "That section lists type 4 for heartbeats; the constants in section 1.2, and everybody, use 8.",
          octets.length === 0 ? 88 : 40,
        ),
      ];
    case FRAME_HEARTBEAT:
      return [reading("a heartbeat with a payload", "A heartbeat has none: size 0, and ce behind the header.", 75)];
    case 1:
      return octets.length >= 4 && methodOf(octets[0]! * 256 + octets[1]!, octets[2]! * 256 + octets[3]!) !== undefined
        ? []
        : [reading("a method frame too short for its ids", "Class-id and method-id take 4 octets.", 75)];
    case 2:
      return [reading("a content header too short", "Class-id, weight and body size take 12 octets.", 75)];
    case null:
      return [];
    default:
      return [
        reading(
          `a frame of type ${type}`,
          `AMQP 0-9-1 has types 1, 2, 3 and 8 (${[1, 2, 3, 8].map(frameTypeName).join(", ")}). Size and end octet fit, so it was meant as a frame.`,
          60,
        ),
      ];
  }
}

function textReading(octets: readonly number[], meaning: string): Reading {
  const shown = asText(octets);
  const kind = kindOfText(shown);
  return {
    kind: "payload-text",
    meaning: `${meaning}: “${shown.slice(0, 40)}”`,
    why: `${hexOf(octets.slice(0, 16))} is “${shown.slice(0, 40)}”${kind === "" ? "" : `; ${kind}`}.`,
    evidence: `“${shown.slice(0, 40)}”`,
    score: octets.length >= 6 ? 88 : 78,
    boundary: null,
    octets: labels(octets, [0, octets.length, `text “${shown.slice(0, 40)}”`]),
  };
}
