/** What may be shown of an incident: used for every finding and every live event. */
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../../amqp/spec/constants.ts";
import type { Discretion } from "../../connection/discretion.ts";
import { doubtfulWords } from "../../connection/doubtful-words.ts";
import type { Incident, Secret } from "../../connection/incident.ts";
import { PIECE } from "../../connection/piece-set.ts";
import type { Diagnosis, Message } from "../../forensics/diagnosis.ts";
import type { InspectedConnection } from "../../inspection/inspected-connection.ts";
import type { OctetReading } from "../report.ts";

const FRAME_TYPES: readonly number[] = [FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT];

/**
 * Which octets of an incident must not be shown: as it says itself, by what they repeat, and where a token may stand in
 * what ought to be a header. `diagnosis`: what explains them.
 */
export function secretOf(
  { envelope, secret, side }: Incident,
  { amqp }: InspectedConnection,
  diagnosis: Diagnosis | null,
): Secret {
  const { discretion, client } = amqp;
  if (envelope === null || secret === "all") return secret;
  const { header, payload, behind, type } = envelope;
  // Octets that are no header may be of any kind.
  if (secret === "payload" && !FRAME_TYPES.includes(type)) return "all";
  // A piece may begin in the header, and go on behind it.
  const octets = Uint8Array.of(...header, ...payload, ...(envelope.behindOffset === envelope.endOffset ? [] : behind));
  const few = octets.subarray(0, header.length + PIECE - 1);
  if (discretion.holds(few)) return "all";
  if (side === client && !explains(diagnosis) && doubtfulWords(octets).some(([from]) => from < header.length))
    return "all";
  return discretion.holds(octets) || discretion.holds(Uint8Array.from(behind)) ? "payload" : secret;
}

/** Whether all octets of an incident are known to belong to frames. */
function explains(diagnosis: Diagnosis | null): boolean {
  return diagnosis !== null && diagnosis.kind !== "unexplained" && diagnosis.unexplained.length === 0;
}

/**
 * The octets of an incident without a text that nobody can vouch for: where some belong to no frame, no text is shown, and no
 * octets are shown that may be a token.
 */
export function shownReadings(
  readings: OctetReading[],
  diagnosis: Diagnosis | null,
  discretion: Discretion,
): OctetReading[] {
  if (explains(diagnosis)) {
    return readings.map(each => (each.likely === "" ? each : { ...each, likely: discretion.text(each.likely) }));
  }
  const shown = withoutDoubtfulWords(readings);
  return shown.filter(({ likely }) => !likely.startsWith("text") || HARMLESS.test(likely));
}

/** Texts that are no secret: one character repeated, and the parts of a trace context (W3C, §3.2). */
const HARMLESS = /“(?:(.)\1*|[0-9a-f-]+)”$/;

function withoutDoubtfulWords(readings: OctetReading[]): OctetReading[] {
  const shown: OctetReading[] = [];
  for (let from = 0, to = 0; from < readings.length; from = to) {
    // Those that follow each other in the stream.
    do to++;
    while (to < readings.length && readings[to]!.streamOffset === readings[to - 1]!.streamOffset + 1);
    const run = readings.slice(from, to);
    const words = doubtfulWords(Uint8Array.from(run, ({ hex }) => Number.parseInt(hex, 16)));
    const hides = (i: number): boolean => words.some(word => i >= word[0] && i < word[1]);
    const hidden = new Set(run.flatMap(({ likely }, i) => (hides(i) ? [likely] : [])));
    for (const [i, each] of run.entries()) {
      // What is said of an octet may quote those that are hidden.
      if (!hides(i))
        shown.push(
          hidden.has(each.likely) || (words.length > 0 && each.likely.includes("“")) ? { ...each, likely: "" } : each,
        );
    }
  }
  return shown;
}

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
