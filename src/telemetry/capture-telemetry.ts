import type { ConnectionFacts } from "../messages/ledger-context.ts";
import type { Message } from "../messages/message.ts";
import { fingerprint } from "../report/fingerprint.ts";
import { findingsByIncident } from "../report/message-output.ts";
import type { Connection, Report } from "../report/report.ts";
import { type Broker, brokerAt, type ConnectionSource, connectionSource } from "./connection-source.ts";
import { connectionSpans } from "./connection-span.ts";
import { traceIdsOf } from "./finding-trouble.ts";
import { measureEnd, measureFinding, measureTraffic } from "./measure.ts";
import { emitLost, emitMessage, NO_FINDINGS, type TelemetryParts } from "./message-telemetry.ts";
import type { SpanContext, UnixTime } from "./records.ts";
import { findingLog, type TelemetryFinding } from "./telemetry-finding.ts";
import type { ConnectionTrace, TraceIds } from "./trace-ids.ts";
import { compareTimes, timeOf } from "./unix-time.ts";

/** Messages of incidents that wait for the report; beyond this, the span is sent without links. */
const MAX_WAITING = 10_000;

/** Messages that wait to become records; beyond this, records without room are dropped, and counted. */
const MAX_TO_RECORD = 262_144;
/** Messages that become records between two checks for more room. */
const PACE = 256;

/**
 * Telemetry of captures: takes messages as they are reported, and the rest from the report. Very many messages may come
 * at once, at the end of a channel or of the capture: they become records as fast as those can be sent.
 */
export class CaptureTelemetry {
  readonly #parts: TelemetryParts;
  /** Resolves when there is room for more. */
  readonly #ready: () => Promise<void>;
  /** Messages that have no records yet. */
  #unrecorded: Message[] = [];
  readonly #server: Broker | null;
  /** By its name in the report: c1. */
  readonly #sources = new Map<string, ConnectionSource>();
  readonly #facts = new Map<string, ConnectionFacts>();
  /** Messages that incidents cost, by connection. */
  readonly #lost = new Map<string, Message[]>();
  #waiting = 0;

  /**
   * `ready` resolves when the sink has room for more. `server`: the broker, if the captured connections lead to a
   * proxy.
   */
  constructor(parts: TelemetryParts, ready: () => Promise<void>, server: Broker | null = null) {
    this.#parts = parts;
    this.#ready = ready;
    this.#server = server;
  }

  message(message: Message): void {
    if (this.#unrecorded.length < MAX_TO_RECORD) this.#unrecorded.push(message);
    else this.#record(message);
  }

  /** Resolves when what came so far has become records, and there is room for more. */
  async ready(): Promise<void> {
    const messages = this.#unrecorded;
    this.#unrecorded = [];
    for (const [i, message] of messages.entries()) {
      if (i % PACE === 0) await this.#ready();
      this.#record(message);
    }
    await this.#ready();
  }

  #record(message: Message): void {
    const source = this.#sourceOf(message);
    if (message.incident === null) emitMessage(this.#parts, source, message);
    else if (this.#waiting++ < MAX_WAITING) {
      const id = `c${message.connection.number}`;
      const lost = this.#lost.get(id) ?? [];
      this.#lost.set(id, lost);
      lost.push(message);
    } else emitLost(this.#parts, source, [message], NO_FINDINGS);
  }

  connection(facts: ConnectionFacts): void {
    this.#facts.set(`c${facts.number}`, facts);
  }

  /** All messages have come: sends the contents of the report. */
  async report(report: Report): Promise<void> {
    await this.ready();
    const { ids, sink, instruments } = this.#parts;
    const found = telemetryFindings(report);
    const findingsOf = new Map<string | null, TelemetryFinding[]>();
    for (const each of found) {
      const { connection } = each.finding;
      findingsOf.set(connection, findingsOf.get(connection) ?? []);
      findingsOf.get(connection)!.push(each);
    }
    const lost = await this.#emitLost(report, findingsOf);
    const traces = new Map<string | null, ConnectionTrace>();
    for (const connection of report.connections) {
      const { id } = connection;
      const trace = this.#sources.get(id)?.trace ?? ids.connection(endsOf(connection));
      traces.set(id, trace);
      const findings = findingsOf.get(id) ?? [];
      const broker = this.#server ?? brokerAt(connection.server);
      const facts = this.#facts.get(id) ?? null;
      const telemetryConnection = {
        connection,
        trace,
        broker,
        upstreamSteps: null,
        facts,
        findings,
        lost: lost.get(id) ?? [],
      };
      const spans = connectionSpans(ids, telemetryConnection);
      await this.#ready();
      for (const span of spans) sink.span(span);
      measureEnd(instruments, connection);
      measureTraffic(instruments, connection);
    }
    const { end } = spanOf(report);
    for (const each of found) {
      const trace = traces.get(each.finding.connection) ?? null;
      measureFinding(instruments, each, trace);
      await this.#ready();
      sink.log(findingLog(each, trace, end));
    }
  }

  /** Sends the spans of the messages that incidents cost; returns them by connection. */
  async #emitLost(
    { findings }: Report,
    findingsOf: ReadonlyMap<string | null, readonly TelemetryFinding[]>,
  ): Promise<Map<string, SpanContext[]>> {
    const byId = new Map([...findingsOf.values()].flat().map(each => [each.finding.id, each]));
    const idOf = findingsByIncident(findings);
    const of = (message: Message): TelemetryFinding | undefined => byId.get(idOf(message) ?? "");
    const lost = new Map<string, SpanContext[]>();
    for (const [id, messages] of this.#lost) {
      await this.#ready();
      const all = findingsOf.get(id) ?? [];
      lost.set(id, emitLost(this.#parts, this.#sourceOf(messages[0]!), messages, { of, all }));
    }
    this.#lost.clear();
    return lost;
  }

  #sourceOf({ connection: { number, inspected } }: Message): ConnectionSource {
    const id = `c${number}`;
    let source = this.#sources.get(id);
    if (source === undefined) {
      source = connectionSource(this.#parts.ids, id, inspected, this.#server);
      this.#sources.set(id, source);
    }
    return source;
  }
}

/** When the first connection of a report begins, and the last one ends; zero if there is none. */
export function spanOf({ connections }: Report): { start: UnixTime; end: UnixTime } {
  const times = connections.flatMap(({ start, end }) => [timeOf(start), timeOf(end)]).filter(time => time !== null);
  const sorted = times.toSorted(compareTimes);
  return { start: sorted[0] ?? [0, 0], end: sorted.at(-1) ?? [0, 0] };
}

function endsOf({ start, client, server, tunnels = [] }: Connection): Parameters<TraceIds["connection"]>[0] {
  return { start, ends: [`${client.address} ${client.port}`, `${server.address} ${server.port}`], tunnels };
}

/** Findings with their attributes in telemetry. */
function telemetryFindings({ findings, inputs }: Report): TelemetryFinding[] {
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
