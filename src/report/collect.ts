/** Turns what the inspection found into the report: the facts keep no text, the report is nothing but. */

import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FRAME_HEADER_SIZE, frameTypeName, REPLY_CODES } from "../amqp/spec/constants.ts";
import type { Prediction } from "../broker/verdict.ts";
import { grouped } from "../bytes/grouped.ts";
import type { AmqpConnection } from "../connection/amqp-connection.ts";
import { envelopeSentence } from "../connection/envelope-sentence.ts";
import { GUARD_MARK } from "../connection/guard-mark.ts";
import type { Incident, Secret } from "../connection/incident.ts";
import { RULES, type RuleId } from "../connection/rules.ts";
import { DirectionForensics } from "../forensics/direction-forensics.ts";
import { merged } from "../forensics/explanation.ts";
import { likelyMeanings } from "../forensics/octet-reading.ts";
import { remedyFor } from "../forensics/remedy.ts";
import type { Side } from "../net/connection-observer.ts";
import type { TcpConnection } from "../net/tcp-connection.ts";
import type { Connection, Diagnosis, Direction, Finding, OctetReading, PerDirection, Verdict } from "./report.ts";
import { isoTime } from "./time.ts";

/** Who carried a connection's octets: a capture's packets, or the proxy's sockets. */
export type Carrier = Pick<TcpConnection, "first" | "last" | "ended" | "address" | "port" | "octets">;

/** One connection of the report, with the id it is known by. */
export function collectConnection(id: string, amqp: AmqpConnection, tcp: Carrier, judge: Judge): Connection {
  const client = amqp.client;
  const server = (1 - client) as Side;
  const perDirection = (count: (side: Side) => number): PerDirection => ({
    clientToServer: count(client),
    serverToClient: count(server),
  });
  return {
    id,
    input: tcp.first.input,
    client: { address: tcp.address(client), port: tcp.port(client) },
    server: { address: tcp.address(server), port: tcp.port(server) },
    start: isoTime(tcp.first),
    end: isoTime(tcp.last),
    ended: tcp.ended,
    midStream: amqp.midStream,
    clientProperties: Object.fromEntries(amqp.clientProperties),
    negotiated: amqp.negotiated,
    frames: perDirection(side => amqp.directions[side].frames),
    octets: perDirection(side => tcp.octets(side)),
    gaps: perDirection(side => amqp.gaps[side].count),
    verdict: { predicted: predictedVerdict(amqp, tcp, judge), observed: observedVerdict(amqp) },
  };
}

/** The broker that judged a connection's client, and what came of it. */
export interface Judge {
  broker: string;
  prediction: Prediction | null;
}

function predictedVerdict(amqp: AmqpConnection, tcp: Carrier, { broker, prediction }: Judge): Verdict | null {
  if (prediction === null) return null;
  const end = (side: Side) => `${tcp.address(side)}:${tcp.port(side)}`;
  const name = amqp.clientProperties.get("connection_name");
  const peers = `${end(amqp.client)} -> ${end((1 - amqp.client) as Side)}${name === undefined ? "" : ` - ${name}`}`;
  const inVhost = amqp.virtualHost === null ? "" : `, vhost: '${amqp.virtualHost}', user: '…'`;
  // What the broker prints of a payload may hold part of a SASL response or of a new secret.
  const secret = amqp.directions[amqp.client].incidents.some(incident => incident.secret !== "none");
  const masked = (text: string): string => (secret ? text.replace(/<<[^>].*?>>/g, "<<…>>") : text);
  const log = prediction.log.map(line =>
    masked(line)
      .replace("(…):", () => `(${peers}):`)
      .replace("(…,", () => `(${peers}${inVhost},`),
  );
  if (prediction.outcome === "reset") return { ...prediction, reason: masked(prediction.reason), log, broker };
  return { ...prediction, text: masked(prediction.text), log, broker };
}

function observedVerdict(amqp: AmqpConnection): Verdict | null {
  const { close } = amqp;
  if (close !== null && close.sender !== amqp.client) {
    const name = REPLY_CODES[close.code]?.name ?? "";
    const { code, text, classId, methodId } = close;
    return { outcome: "close", code, name, text, classId, methodId };
  }
  return amqp.resetByServer ? { outcome: "reset", reason: "" } : null;
}

/** The findings of one connection, ids still to be given. */
export function collectFindings(connectionId: string, amqp: AmqpConnection): Draft[] {
  const drafts: Draft[] = [];
  for (const direction of amqp.directions) {
    for (const incident of direction.incidents) drafts.push(collectFinding(connectionId, amqp, incident, drafts));
  }
  for (const incident of amqp.incidents) drafts.push(collectFinding(connectionId, amqp, incident, drafts));
  return drafts;
}

/** Codes by which RabbitMQ answers octets, and not permissions, resources or an operator's wish. */
const PREDICTABLE = new Set([501, 503, 504, 505, 540, 541]);

/**
 * A note where the broker did otherwise than predicted, or null. Only where the whole conversation was seen: else the
 * prediction may lack what decided.
 */
export function collectMismatch({ id, input, midStream, gaps, ended, verdict, end }: Connection): Draft | null {
  const { predicted, observed } = verdict;
  if (midStream || gaps.clientToServer + gaps.serverToClient > 0 || ended === "open" || observed === null) return null;
  const observedCode = observed.outcome === "close" && PREDICTABLE.has(observed.code);
  if (predicted === null ? !observedCode : sameVerdict(predicted, observed)) return null;
  if (observed.outcome === "close" && (!observedCode || observed.text.includes(GUARD_MARK))) return null;
  const expected = predicted === null ? "nothing to end the connection for" : inWords(predicted);
  const message = `Predicted: ${expected}. Observed: ${inWords(observed)}. Another version of RabbitMQ (see --broker), another broker, or something between may be the reason.`;
  return remark("verdict-mismatch", message, { input, connection: id, time: end });
}

/** A finding about a file or a whole connection, which stands at no place of a stream. */
export function remark(
  rule: RuleId,
  message: string,
  about: Pick<Finding, "input"> & Partial<Pick<Finding, "connection" | "packets" | "time">>,
): Draft {
  const { spec, severity } = RULES[rule];
  const { input, connection = null, packets = [], time = null } = about;
  return {
    cause: null,
    finding: {
      rule,
      spec,
      severity,
      input,
      connection,
      direction: null,
      streamOffset: null,
      length: null,
      packets,
      time,
      frame: null,
      message,
      faults: 1,
      octets: [],
    },
  };
}

function sameVerdict(predicted: Verdict, observed: Verdict): boolean {
  if (predicted.outcome === "reset") return observed.outcome === "reset";
  if (observed.outcome !== "close") return false;
  return predicted.code === observed.code && predicted.text === observed.text.replace(/\n +/g, "");
}

function inWords(verdict: Verdict): string {
  if (verdict.outcome === "reset") return verdict.reason === "" ? "a reset" : `a reset (${verdict.reason})`;
  return `connection.close ${verdict.code} ${verdict.text}`;
}

/** A finding before all findings of the report are put in order. */
export interface Draft {
  finding: Omit<Finding, "id">;
  cause: Draft | null;
}

/** An error in the other direction, begun before the close was sent. */
function causes(draft: Draft, close: Draft): boolean {
  const { finding } = draft;
  return (
    finding.severity === "error" &&
    finding.rule !== "broker-close" &&
    finding.direction !== close.finding.direction &&
    isEarlier(finding, close.finding)
  );
}

function isEarlier(a: Omit<Finding, "id">, b: Omit<Finding, "id">): boolean {
  return a.input < b.input || (a.input === b.input && (a.packets[0] ?? 0) <= (b.packets[0] ?? 0));
}

/** Where a finding stands in its file. What comments on a whole connection comes behind what it comments on. */
function place({ rule, packets }: Omit<Finding, "id">): number {
  return rule === "verdict-mismatch" ? Number.POSITIVE_INFINITY : (packets[0] ?? 0);
}

/** Puts findings in the order of the capture and numbers them. */
export function numbered(drafts: Draft[]): Finding[] {
  const order = drafts.toSorted(({ finding: a }, { finding: b }) => a.input - b.input || place(a) - place(b) || 0);
  const ids = new Map(order.map((made, i) => [made, `f${i + 1}`]));
  return order.map(made => {
    const cause = made.cause === null ? undefined : ids.get(made.cause);
    return { id: ids.get(made)!, ...made.finding, ...(cause === undefined ? {} : { cause }) };
  });
}

/** The finding that an incident which is over becomes. `before`: the connection's other findings, of which one may be its cause. */
export function collectFinding(
  connectionId: string,
  amqp: AmqpConnection,
  incident: Incident,
  before: readonly Draft[],
): Draft {
  const { envelope, secret } = incident;
  const rule = envelope === null ? incident.rule : envelopeRule(envelope);
  const first =
    envelope === null ? incident.message : envelopeSentence(envelope, incident.foundAt, incident.endOffset, secret);
  const more =
    incident.faults > 1 && incident.severity === "error"
      ? ` ${grouped(incident.faults)} broken frames in all, up to offset ${incident.endOffset}.`
      : "";
  const diagnosis = diagnose(amqp, incident);
  const inStream = incident.streamOffset >= 0;
  const direction: Direction = incident.side === amqp.client ? "client-to-server" : "server-to-client";
  const { from, to } = incident;
  const made: Draft = {
    cause: null,
    finding: {
      rule,
      spec: RULES[rule].spec,
      severity: incident.severity,
      input: from.input,
      connection: connectionId,
      direction: incident.side === null ? null : direction,
      streamOffset: inStream ? incident.streamOffset : null,
      length: inStream ? incident.endOffset - incident.streamOffset : null,
      packets: packetRange(from, to),
      time: isoTime(from),
      frame: secret === "all" ? null : incident.frame,
      message: first + more,
      faults: incident.faults,
      octets: envelope === null ? [] : octetReadings(envelope, secret),
      ...(diagnosis === null ? {} : { diagnosis }),
    },
  };
  if (incident.rule === "broker-close" && incident.severity === "error") {
    made.cause = before.find(other => causes(other, made)) ?? null;
  }
  return made;
}

/** What the incident's octets are. Several tears that follow closely are one incident, and one diagnosis. */
function diagnose(amqp: AmqpConnection, incident: Incident): Diagnosis | null {
  if (incident.side === null) return null;
  const { forensics } = amqp.directions[incident.side];
  if (!(forensics instanceof DirectionForensics)) return null;
  const findings = forensics.explanations
    .filter(({ faultOffset }) => faultOffset >= incident.streamOffset && faultOffset <= incident.endOffset)
    .toSorted((a, b) => a.faultOffset - b.faultOffset)
    .map(({ finding }) => finding);
  if (findings.length === 0) return null;
  const finding = merged(findings);
  return { ...finding, remedy: remedyFor(amqp.clientProperties, finding.kind) };
}

function envelopeRule(fault: EnvelopeFault): RuleId {
  // Where the stream ended before its end octet's place, the type is what is certainly wrong.
  return fault.rule === "undecided" || fault.rule === "stalled" ? "frame-type" : fault.rule;
}

/** First and last packet; the last one only where it is in the same file. */
function packetRange(from: { input: number; packet: number }, to: { input: number; packet: number }): number[] {
  if (from.packet === 0) return [];
  return to.input === from.input && to.packet > from.packet ? [from.packet, to.packet] : [from.packet, from.packet];
}

/** The octets at a broken envelope, each with what a decoder takes it for and what it more likely is. */
function octetReadings(fault: EnvelopeFault, secret: Secret): OctetReading[] {
  if (secret === "all") return [];
  const shown = secret === "none";
  const behind = shown ? Uint8Array.from(fault.behind) : NOTHING;
  if (fault.behindOffset !== fault.endOffset) {
    const read = readings(fault.streamOffset, Uint8Array.of(...fault.header, ...behind), i => takenForHeader(fault, i));
    // A header that reads as one is what it was taken for.
    if (read[0]!.likely.startsWith("header of")) for (let i = 0; i < FRAME_HEADER_SIZE; i++) read[i]!.likely = "";
    return read;
  }
  // The size was believed: header, payload and the place where the frame must end are three places, each read alone.
  const payload = readings(fault.streamOffset + FRAME_HEADER_SIZE, shown ? fault.payload : NOTHING, () => "payload");
  for (const reading of payload) if (reading.likely.startsWith("text")) reading.likely = "";
  return [
    ...readings(fault.streamOffset, fault.header, i => takenForHeader(fault, i)),
    ...payload,
    ...readings(fault.endOffset, behind, i => (i === 0 ? "frame-end octet" : "next frame")),
  ];
}

const NOTHING = new Uint8Array(0);

function readings(streamOffset: number, octets: Uint8Array, takenFor: (index: number) => string): OctetReading[] {
  const likely = likelyMeanings(octets);
  return Array.from(octets, (octet, i) => ({
    streamOffset: streamOffset + i,
    hex: octet.toString(16).padStart(2, "0"),
    takenFor: takenFor(i),
    likely: likely[i] === takenFor(i) ? "" : likely[i]!,
  }));
}

function takenForHeader(fault: EnvelopeFault, index: number): string {
  const { type, channel, size } = fault;
  if (index === 0)
    return frameTypeName(type) === `type ${type}` ? `type ${type}` : `type ${type} (${frameTypeName(type)})`;
  if (index <= 2) return `channel ${channel}`;
  if (index <= 6) return `size ${grouped(size)}`;
  if (index === FRAME_HEADER_SIZE + size) return "frame-end octet";
  return index < FRAME_HEADER_SIZE + size ? "payload" : "next frame";
}
