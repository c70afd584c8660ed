import type { ConnectionFacts } from "../messages/ledger-context.ts";
import type { Message } from "../messages/message.ts";
import { fingerprint } from "../report/fingerprint.ts";
import { findingsByIncident } from "../report/message-output.ts";
import type { Connection, Endpoint, Finding, Report } from "../report/report.ts";
import { type ConnectionSource, connectionSource } from "./connection-source.ts";
import { connectionSpans } from "./connection-span.ts";
import { FindingTrouble, traceOf } from "./finding-trouble.ts";
import { isTraced, messageContext, messageSpans, traceIdOf } from "./message-span.ts";
import type { SpanContext, TelemetrySink, UnixTime } from "./records.ts";
import { findingLog, type ToldFinding } from "./told-finding.ts";
import type { ConnectionTrace, TraceIds } from "./trace-ids.ts";
import { timeOf } from "./unix-time.ts";

/**
 * Which messages get spans: those whose trace is recorded, all, or only those that an incident cost. Of these there is a span
 * in any case.
 */
export const MESSAGE_CHOICES = ["traced", "all", "incidents"] as const;
export type MessageChoice = (typeof MESSAGE_CHOICES)[number];

/** Messages of incidents that wait for the report; of more, the span is sent without links. */
const MAX_WAITING = 10_000;

/** Telemetry of captures: takes messages as they are told, and the rest from the report. */
export class CaptureTelemetry {
  readonly #ids: TraceIds;
  readonly #choice: MessageChoice;
  readonly #sink: TelemetrySink;
  readonly #server: Endpoint | null;
  /** By what the report calls it: c1. */
  readonly #sources = new Map<string, ConnectionSource>();
  readonly #facts = new Map<string, ConnectionFacts>();
  /** Messages that incidents cost. */
  #lost: Message[] = [];

  /** `server`: the broker, where the captured connections lead to a proxy. */
  constructor(ids: TraceIds, choice: MessageChoice, sink: TelemetrySink, server: Endpoint | null = null) {
    this.#server = server;
    this.#ids = ids;
    this.#choice = choice;
    this.#sink = sink;
  }

  message(message: Message): void {
    const isLost = message.incident !== null;
    if (isLost && this.#lost.length < MAX_WAITING) {
      this.#lost.push(message);
      return;
    }
    const isWanted = isLost || (this.#choice === "traced" ? isTraced(message) : this.#choice === "all");
    if (!isWanted) return;
    for (const span of messageSpans(this.#ids, this.#sourceOf(message), message, null)) this.#sink.span(span);
  }

  connection(facts: ConnectionFacts): void {
    this.#facts.set(`c${facts.number}`, facts);
  }

  /** All messages were told: sends what the report says. */
  report(report: Report): void {
    const told = toldFindings(report);
    const lost = this.#lostSpans(told, findingsByIncident(report.findings));
    const end = report.connections.reduce<UnixTime>((latest, { end }) => timeOf(end) ?? latest, [0, 0]);
    const traces = new Map<string | null, ConnectionTrace>();
    const findingsOf = new Map<string | null, ToldFinding[]>();
    for (const each of told) {
      const { connection } = each.finding;
      findingsOf.set(connection, findingsOf.get(connection) ?? []);
      findingsOf.get(connection)!.push(each);
    }
    for (const connection of report.connections) {
      const { id } = connection;
      const trace = this.#sources.get(id)?.trace ?? this.#ids.connection(endsOf(connection));
      traces.set(id, trace);
      const findings = findingsOf.get(id) ?? [];
      const facts = this.#facts.get(id) ?? null;
      const upstream = this.#server ?? connection.server;
      const told = { connection, trace, upstream, facts, findings, lost: lost.get(id) ?? [] };
      const spans = connectionSpans(this.#ids, told);
      for (const span of spans) this.#sink.span(span);
    }
    for (const each of told) this.#sink.log(findingLog(each, traces.get(each.finding.connection) ?? null, end));
  }

  /** Sends the spans of the messages that incidents cost; returns them by connection. */
  #lostSpans(
    told: readonly ToldFinding[],
    findingOf: (message: Message) => string | undefined,
  ): Map<string, SpanContext[]> {
    const byId = new Map(told.map(each => [each.finding.id, each]));
    const troubles = new Map<string, FindingTrouble>();
    const lost = new Map<string, SpanContext[]>();
    for (const message of this.#lost) {
      const finding = findingOf(message);
      const source = this.#sourceOf(message);
      const cost = finding === undefined ? undefined : byId.get(finding);
      let trouble = cost && troubles.get(cost.finding.id);
      if (trouble === undefined && cost !== undefined) {
        trouble = new FindingTrouble(this.#ids, source, cost);
        troubles.set(cost.finding.id, trouble);
      }
      const why = trouble?.of(message) ?? null;
      for (const span of messageSpans(this.#ids, source, message, why)) this.#sink.span(span);
      const id = `c${message.connection.number}`;
      const contexts = lost.get(id) ?? [];
      lost.set(id, contexts);
      contexts.push(messageContext(this.#ids, source, message));
    }
    this.#lost = [];
    return lost;
  }

  #sourceOf({ connection: { number, inspected } }: Message): ConnectionSource {
    const id = `c${number}`;
    let source = this.#sources.get(id);
    if (source === undefined) {
      source = connectionSource(this.#ids, id, inspected, this.#server);
      this.#sources.set(id, source);
    }
    return source;
  }
}

function endsOf({ start, client, server, tunnels = [] }: Connection): Parameters<TraceIds["connection"]>[0] {
  return { start, ends: [`${client.address} ${client.port}`, `${server.address} ${server.port}`], tunnels };
}

/** Findings with what telemetry says of them. One that leaves its diagnosis to another of its kind has that one's. */
function toldFindings({ findings, inputs }: Report): ToldFinding[] {
  const byId = new Map(findings.map(finding => [finding.id, finding]));
  return findings.map(finding => {
    const cause = finding.cause === undefined ? undefined : byId.get(finding.cause);
    return {
      finding,
      fingerprint: finding.group ?? fingerprint(finding, cause),
      traceIds: traceIdsOf(finding),
      isFinal: true,
      capture: inputs[finding.input]?.path ?? null,
    };
  });
}

/** Traces of the messages of a finding: what it cost, and what its diagnosis names. */
export function traceIdsOf({ lost = [], diagnosis }: Finding): string[] {
  const explained = diagnosis?.writers.flatMap(({ messages }) => messages.map(each => traceOf(each).traceId)) ?? [];
  const ids = [...lost.map(({ traceId }) => traceId ?? null), ...explained].map(traceIdOf);
  return [...new Set(ids.filter(id => id !== null))];
}
