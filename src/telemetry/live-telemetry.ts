import type { InspectionEvent } from "../inspection/event.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import { Ledger } from "../messages/ledger.ts";
import type { ConnectionFacts } from "../messages/ledger-context.ts";
import type { Message, Outcome } from "../messages/message.ts";
import type { Side } from "../net/connection-observer.ts";
import { fingerprint } from "../report/fingerprint.ts";
import type { ConnectionEvent, FindingEvent } from "../report/live-event.ts";
import type { RelayedCarrier } from "../report/live-event-sink.ts";
import type { Finding } from "../report/report.ts";
import { type Broker, type ConnectionSource, connectionSource } from "./connection-source.ts";
import { connectionSpans } from "./connection-span.ts";
import { producerOfFinding, traceIdsOf } from "./finding-trouble.ts";
import { measureEnd, measureFinding, measureTls, measureTraffic, NO_TRAFFIC, type Traffic } from "./measure.ts";
import { emitLost, emitMessage, NO_FINDINGS, type TelemetryParts } from "./message-telemetry.ts";
import type { RelayedStretch } from "./records.ts";
import { findingLog, type TelemetryFinding } from "./telemetry-finding.ts";
import { timeOf } from "./unix-time.ts";

/** Messages of one connection's incidents that wait for its end; beyond this, the span is sent without links. */
const MAX_LOST = 1000;
/** Ticks for which a finding that is not final may wait for its explanation. */
const EXPLAINED_WITHIN = 10;
/** Findings of one connection that are kept for its span. */
const MAX_FINDINGS = 32;

const LOST_OUTCOMES = ["torn", "swallowed", "unread"] as const satisfies Outcome[];

/** An AMQP connection that is open. */
interface Followed<By extends RelayedCarrier> {
  connection: InspectedConnection<By>;
  /** Made when the first message or finding needs it: the client's name is known by then. */
  source: ConnectionSource | null;
  /** By id. */
  findings: Map<string, TelemetryFinding>;
  /** Ids of findings that wait to be explained before they are logged, and for how many ticks. */
  unlogged: Map<string, number>;
  lost: Message[];
  facts: ConnectionFacts | null;
  /** Frames and octets that were measured. */
  measured: Traffic;
}

/**
 * Telemetry of relayed connections while they run. A finding is logged once: when it is explained, or is final, or
 * after some seconds. Spans of messages are sent when their outcome is known; those of a connection, and of the
 * messages that its incidents cost, when it is over.
 */
export class LiveTelemetry<By extends RelayedCarrier> {
  /** The listener of the engine's frames. */
  readonly ledger: Ledger;
  readonly #parts: TelemetryParts;
  /** Id of a finding that was emitted, by its identity. */
  readonly #idOf: (connection: InspectedConnection<By>, identity: string) => string | undefined;
  readonly #followed = new Map<InspectedConnection, Followed<By>>();
  /** By its name in reports. */
  readonly #byId = new Map<string, Followed<By>>();

  constructor(
    parts: TelemetryParts,
    idOf: (connection: InspectedConnection<By>, identity: string) => string | undefined,
  ) {
    this.#parts = parts;
    this.#idOf = idOf;
    // For Prometheus, a counter that begins at 1 has not increased.
    for (const outcome of LOST_OUTCOMES) {
      const attributes = { "messaging.operation.name": "publish", "ghostframe.outcome": outcome };
      parts.instruments.add("ghostframe.messages", 0, attributes);
    }
    this.ledger = new Ledger(message => this.#message(message), {
      emitConnection: facts => this.#facts(facts),
    });
  }

  /** An event of the engine, before it becomes an event of the proxy. */
  take(event: InspectionEvent<By>): void {
    const { connection } = event;
    if (event.kind === "connection-opened") {
      const followed = newFollowed(connection);
      this.#followed.set(connection, followed);
      this.#byId.set(connection.carrier.id, followed);
    }
    // Reports and events use its own number, not the engine's, which counts recognised connections.
    this.ledger.take(event, Number(connection.carrier.id.slice(1)));
    // They are kept for reports, which do not exist here.
    if (event.kind === "connection-closed") this.ledger.takeLost(connection);
    if (event.kind === "uninspected" && event.why !== "left-alone") {
      this.#parts.instruments.add("ghostframe.connections.uninspected", 1, { "ghostframe.reason": event.why });
    }
  }

  /** An event that was emitted for it. */
  connectionEvent(event: ConnectionEvent): void {
    const followed = this.#byId.get(event.connection.id);
    if (followed === undefined) return;
    if (event.event === "finding") this.#finding(followed, event);
    else if (event.event === "closed") this.#closed(followed, event);
  }

  /** Measures what is open. */
  tick(): void {
    let broken = 0;
    for (const followed of this.#followed.values()) {
      const { findings } = followed;
      if (followed.unlogged.size > 0) this.#waitOrLog(followed);
      this.#measure(followed);
      if ([...findings.values()].some(({ finding }) => finding.severity === "error")) broken++;
    }
    const { instruments } = this.#parts;
    const state = (name: string) => ({ "ghostframe.connection.state": name });
    instruments.set("ghostframe.connections", this.#followed.size - broken, state("healthy"));
    instruments.set("ghostframe.connections", broken, state("broken"));
  }

  #message(message: Message): void {
    const followed = this.#followed.get(message.connection.inspected);
    if (followed === undefined) return;
    const source = this.#sourceOf(followed);
    const { connection } = followed;
    const costBy = message.incident === null ? undefined : this.#idOf(connection, message.incident);
    this.#parts.onMessage?.(message, costBy);
    if (message.incident === null) emitMessage(this.#parts, source, message);
    else if (followed.lost.length < MAX_LOST) followed.lost.push(message);
    else emitLost(this.#parts, source, [message], NO_FINDINGS);
  }

  #facts(facts: ConnectionFacts): void {
    const followed = this.#byId.get(`c${facts.number}`);
    if (followed !== undefined) followed.facts = facts;
  }

  #finding(followed: Followed<By>, { finding, final }: FindingEvent): void {
    const { findings } = followed;
    const cause = finding.cause === undefined ? undefined : findings.get(finding.cause)?.finding;
    const telemetryFinding: TelemetryFinding = {
      finding,
      fingerprint: fingerprint(finding, cause),
      traceIds: traceIdsOf(finding),
      isFinal: final,
      capture: null,
      stretch: this.#parts.isRecorded === true ? stretchOf(followed.connection, finding) : undefined,
    };
    const isNew = !findings.has(finding.id);
    if (isNew && findings.size >= MAX_FINDINGS) {
      // If it is not final it comes again, and is logged then.
      if (final) this.#log(followed, telemetryFinding);
      return;
    }
    findings.set(finding.id, telemetryFinding);
    // A break is mostly explained a little later.
    const isExplained = final || finding.severity !== "error" || finding.diagnosis !== undefined;
    if (isExplained ? isNew || followed.unlogged.delete(finding.id) : false) this.#log(followed, telemetryFinding);
    else if (isNew) followed.unlogged.set(finding.id, 0);
  }

  #waitOrLog(followed: Followed<By>): void {
    for (const [id, ticks] of followed.unlogged) {
      if (ticks < EXPLAINED_WITHIN) followed.unlogged.set(id, ticks + 1);
      else {
        followed.unlogged.delete(id);
        this.#log(followed, followed.findings.get(id)!);
      }
    }
  }

  #log(followed: Followed<By>, telemetryFinding: TelemetryFinding): void {
    const { finding } = telemetryFinding;
    const { instruments, sink, sendsSpans = true } = this.#parts;
    // A span that is not sent is unknown to others.
    const trace = sendsSpans ? this.#sourceOf(followed).trace : null;
    measureFinding(instruments, telemetryFinding, trace ?? producerOfFinding(finding));
    sink.log(findingLog(telemetryFinding, trace, timeOf(finding.time) ?? [0, 0]));
  }

  #closed(followed: Followed<By>, { connection: record }: ConnectionEvent): void {
    const { connection, findings, facts } = followed;
    const { ids, sink, instruments, sendsSpans = true } = this.#parts;
    const source = this.#sourceOf(followed);
    const of = ({ incident }: Message): TelemetryFinding | undefined =>
      findings.get(this.#idOf(connection, incident ?? "") ?? "");
    const { steps = null, clientTlsVersion = null } = connection.carrier;
    const lost = emitLost(this.#parts, source, followed.lost, { of, all: [...findings.values()] });
    const telemetryConnection = {
      connection: record,
      trace: source.trace,
      broker: brokerOf(connection),
      upstreamSteps: steps,
      clientTlsVersion,
      facts,
      findings: [...findings.values()],
      lost,
    };
    if (sendsSpans) for (const span of connectionSpans(ids, telemetryConnection)) sink.span(span);
    measureEnd(instruments, record);
    // A proxy ends TLS on both sides: a connection may have two sessions.
    if (clientTlsVersion !== null) measureTls(instruments, clientTlsVersion);
    if (steps !== null && steps.secured !== null) measureTls(instruments, steps.tlsVersion ?? null);
    this.#measure(followed);
    this.#followed.delete(connection);
    this.#byId.delete(record.id);
  }

  #measure(followed: Followed<By>): void {
    const traffic = trafficOf(followed.connection);
    measureTraffic(this.#parts.instruments, traffic, followed.measured);
    followed.measured = traffic;
  }

  #sourceOf(followed: Followed<By>): ConnectionSource {
    const { connection } = followed;
    const { id } = connection.carrier;
    const { ids, isRecorded } = this.#parts;
    followed.source ??= connectionSource(ids, id, connection, brokerOf(connection), isRecorded);
    return followed.source;
  }
}

function newFollowed<By extends RelayedCarrier>(connection: InspectedConnection<By>): Followed<By> {
  return {
    connection,
    source: null,
    findings: new Map(),
    unlogged: new Map(),
    lost: [],
    facts: null,
    measured: NO_TRAFFIC,
  };
}

/** As it was configured, and the address that was connected to. */
function brokerOf({ carrier: { upstream, steps } }: InspectedConnection<RelayedCarrier>): Broker {
  return { address: steps?.host ?? upstream.address, port: upstream.port, peer: upstream };
}

/** Where it is in the stream, if anywhere. */
function stretchOf({ carrier }: InspectedConnection<RelayedCarrier>, finding: Finding): RelayedStretch | undefined {
  const { streamOffset: from, length, direction } = finding;
  if (from === null) return undefined;
  const to = from + Math.max(length ?? 0, 1);
  return { connection: Number(carrier.id.slice(1)), isClients: direction === "client-to-server", from, to };
}

function trafficOf(connection: InspectedConnection): Traffic {
  const { client } = connection.amqp;
  const server = (1 - client) as Side;
  const { carrier } = connection;
  return {
    frames: { clientToServer: connection.frames(client), serverToClient: connection.frames(server) },
    octets: { clientToServer: carrier.octets(client), serverToClient: carrier.octets(server) },
  };
}
