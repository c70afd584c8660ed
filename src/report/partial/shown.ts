/** What may be shown of an incident: used for every finding and every live event. */
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../../amqp/spec/constants.ts";
import { type Discretion, PIECE } from "../../connection/discretion.ts";
import type { Incident, Secret } from "../../connection/incident.ts";
import type { Diagnosis, Message } from "../../forensics/diagnosis.ts";
import type { OctetReading } from "../report.ts";

const FRAME_TYPES: readonly number[] = [FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT];

/** Which octets of an incident must not be shown: by its own field, and by what they repeat. */
export function secretOf({ envelope, secret }: Incident, discretion: Discretion): Secret {
  if (envelope === null || secret === "all") return secret;
  const { header, payload, behind, type } = envelope;
  // Octets that are no header may be of any kind.
  if (secret === "payload" && !FRAME_TYPES.includes(type)) return "all";
  // A piece may begin in the header, and go on behind it.
  const octets = Uint8Array.of(...header, ...payload);
  if (discretion.holds(octets.subarray(0, header.length + PIECE - 1))) return "all";
  return discretion.holds(octets) || discretion.holds(Uint8Array.from(behind)) ? "payload" : secret;
}

/** The octets of an incident without text that may be secret: text that belongs to no frame. */
export function shownReadings(readings: OctetReading[], diagnosis: Diagnosis | null): OctetReading[] {
  const explained = diagnosis !== null && diagnosis.unexplained.length === 0;
  return explained ? readings : readings.filter(({ likely }) => !likely.startsWith("text") || HARMLESS.test(likely));
}

/** Texts that are no secret: one character repeated, and the parts of a trace context (W3C, §3.2). */
const HARMLESS = /“(?:(.)\1*|[0-9a-f-]+)”$/;

/** A diagnosis whose messages hold nothing that must not be shown. */
export function shownDiagnosis(diagnosis: Diagnosis, discretion: Discretion): Diagnosis {
  const writers = diagnosis.writers.map(writer => ({
    ...writer,
    messages: writer.messages.map(message => shownMessage(message, discretion)),
  }));
  return { ...diagnosis, writers };
}

function shownMessage(message: Message, discretion: Discretion): Message {
  const shown = { ...message, headers: {} };
  for (const name of ["exchange", "routingKey", "messageId", "correlationId", "appId", "traceparent"] as const) {
    const value = message[name];
    if (value !== undefined) shown[name] = discretion.text(value);
  }
  for (const [name, text] of Object.entries(message.headers)) {
    const value = discretion.value(name, text);
    // A header may be called __proto__.
    Object.defineProperty(shown.headers, discretion.text(name), {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return shown;
}
