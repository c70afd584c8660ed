/** The finding that an incident becomes. */
import { grouped } from "../../bytes/grouped.ts";
import { envelopeSentence } from "../../connection/envelope-sentence.ts";
import type { Incident } from "../../connection/incident.ts";
import { RULES, type RuleId } from "../../connection/rules.ts";
import type { Diagnosis } from "../../forensics/diagnosis.ts";
import type { FindingMade } from "../../inspection/event.ts";
import type { InspectedConnection } from "../../inspection/inspected-connection.ts";
import { type Place, placeAt } from "../../net/place.ts";
import type { Direction, Finding } from "../report.ts";
import { octetReadings } from "./octet-readings.ts";
import type { FindingPart } from "./partial-result.ts";
import { secretOf, shownDiagnosis, shownReadings } from "./shown.ts";

export function findingPart({ connection, incident, identity }: FindingMade): FindingPart {
  const { envelope, side, streamOffset, endOffset, severity } = incident;
  const rule = ruleOf(incident);
  const { discretion } = connection.amqp;
  const diagnosis = connection.diagnosis(incident);
  const secret = secretOf(incident, connection, diagnosis);
  const octets = envelope === null ? [] : octetReadings(envelope, secret);
  const shown = shownReadings(octets, diagnosis, discretion);
  if ((secret !== "none" && envelope !== null) || shown.length < octets.length) discretion.masked++;
  const inStream = streamOffset >= 0;
  const direction: Direction = side === connection.amqp.client ? "client-to-server" : "server-to-client";
  return {
    identity,
    cause: connection.cause(incident),
    group: "",
    at: {
      from: placeAt(incident.from, inStream ? streamOffset : null),
      to: placeAt(incident.to, inStream ? endOffset : null),
    },
    finding: {
      rule,
      spec: RULES[rule].spec,
      severity,
      direction: side === null ? null : direction,
      streamOffset: inStream ? streamOffset : null,
      length: inStream ? endOffset - streamOffset : null,
      frame: secret === "all" ? null : incident.frame,
      message: sentenceOf(incident, connection, diagnosis) + moreFaults(incident),
      faults: incident.faults,
      octets: shown,
      ...(diagnosis === null ? {} : { diagnosis: shownDiagnosis(diagnosis, discretion) }),
    },
  };
}

/** A finding on a file, which is in no stream; at packet `packet`, if that is not null. */
export function fileFinding(rule: RuleId, message: string, packet: number | null): FindingPart {
  return plainFinding(rule, message, { input: 0, packet, time: null, streamOffset: null });
}

/** A finding that none of a stream's octets shows. */
export function plainFinding(rule: RuleId, message: string, place: Place): FindingPart {
  const { spec, severity } = RULES[rule];
  return {
    identity: rule,
    cause: null,
    group: "",
    at: { from: place, to: place },
    finding: {
      rule,
      spec,
      severity,
      direction: null,
      streamOffset: null,
      length: null,
      frame: null,
      message,
      faults: 1,
      octets: [],
    },
  };
}

/** The finding with all its fields in a report. */
export function findingOf(
  { at, finding, group, brief }: FindingPart,
  ids: { id: string; connection: string | null; cause: string | undefined; sameAs?: string | undefined },
): Finding {
  const { rule, spec, severity, direction, streamOffset, length, ...rest } = finding;
  const { id, connection, cause, sameAs } = ids;
  return {
    id,
    rule,
    spec,
    severity,
    input: at.from.input,
    connection,
    direction,
    streamOffset,
    length,
    packets: packetsOf(at.from, at.to),
    time: at.from.time,
    at,
    ...rest,
    ...(cause === undefined ? {} : { cause }),
    ...(brief === true ? { group } : {}),
    ...(sameAs === undefined ? {} : { sameAs }),
  };
}

/** First and last packet; the last one only if it is in the same file. */
function packetsOf(from: Place, to: Place): number[] {
  if (from.packet === null) return [];
  const last = to.packet;
  return [from.packet, last !== null && to.input === from.input && last > from.packet ? last : from.packet];
}

/** What is wrong, in one sentence; `diagnosis`: what explains its octets, if that is known by now. */
export function sentenceOf(incident: Incident, connection: InspectedConnection, diagnosis: Diagnosis | null): string {
  const { envelope, message, foundAt, endOffset, rule } = incident;
  const { discretion } = connection.amqp;
  if (envelope !== null) {
    return envelopeSentence(envelope, foundAt, endOffset, secretOf(incident, connection, diagnosis));
  }
  // Only these quote what a peer wrote.
  return rule === "broker-close" || rule === "verdict-mismatch" ? discretion.text(message) : message;
}

function moreFaults({ faults, severity, endOffset, rule }: Incident): string {
  // TLS has no frames, and counts in its own sentence.
  if (faults <= 1 || rule === "tls-record" || rule === "tls-shared-session" || severity !== "error") return "";
  return ` ${grouped(faults)} broken frames in all, up to offset ${endOffset}.`;
}

function ruleOf({ envelope, rule }: Incident): RuleId {
  return envelope === null ? rule : envelope.brokenRule;
}
