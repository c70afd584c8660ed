import type { Carrier } from "../inspection/carrier.ts";
import type { FindingMade, IncidentOpened, InspectionEvent } from "../inspection/event.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Moment } from "../net/connection-observer.ts";
import { isoTime } from "../net/place.ts";
import { fingerprint } from "./fingerprint.ts";
import { withIncident } from "./incidents/with-incidents.ts";
import { type ConnectionEvent, EVENT_SCHEMA } from "./live-event.ts";
import { connectionRecord } from "./partial/connection-record.ts";
import { findingOf, findingPart, sentenceOf } from "./partial/finding-part.ts";
import type { Endpoint, Finding } from "./report.ts";

/** When the steps of connecting to a broker were over: milliseconds since the epoch, with a fraction. */
export interface UpstreamSteps {
  /** The broker's name or address, as it is configured. */
  host: string;
  began: number;
  /** Its name was looked up; null for an address. */
  resolved: number | null;
  /** TCP was connected. */
  reached: number;
  /** TLS was established; null if there is none. */
  secured: number | null;
  /** The version of TLS that was agreed on: "1.3"; null or missing if there is none. */
  tlsVersion?: string | null;
}

/** A relayed connection: its identity, and its broker. */
export interface RelayedCarrier extends Carrier {
  readonly id: string;
  readonly upstream: Endpoint;
  /** How the broker was reached; null or missing if that is not known. */
  readonly steps?: UpstreamSteps | null;
  /** The version of TLS between client and proxy: "1.3"; null or missing if there is none. */
  readonly clientTlsVersion?: string | null;
  /** An event of it was emitted. Otherwise its end is not emitted either: a health check causes no event. */
  wasEmitted: boolean;
}

/** An event without what all events have. */
export type News = ConnectionEvent extends infer Event
  ? Event extends ConnectionEvent
    ? Omit<Event, "schema" | "time" | "connection" | "upstream">
    : never
  : never;

export interface LiveEventOptions {
  /** The shared moment: when an event happens. */
  moment: Moment;
  /** Findings are numbered from this on: f1. */
  firstFinding: number;
  /** Must not keep the event: its parts are large. */
  emit: (event: ConnectionEvent) => void;
}

/** What was emitted of a connection. */
interface Emitted {
  /** Ids of its findings, by their identity. */
  ids: Map<string, string>;
  /** Their fingerprints, by id. */
  fingerprints: Map<string, string>;
  counts: { errors: number; warnings: number; notes: number };
}

const COUNTER = { error: "errors", warning: "warnings", note: "notes" } as const satisfies Record<
  Finding["severity"],
  string
>;

/** Makes live events of an inspection's events, and numbers findings in the order in which they come. */
export class LiveEventSink<By extends RelayedCarrier> {
  readonly #options: LiveEventOptions;
  readonly #emitted = new Map<InspectedConnection<By>, Emitted>();
  #nextFinding: number;

  constructor(options: LiveEventOptions) {
    this.#options = options;
    this.#nextFinding = options.firstFinding;
  }

  take(event: InspectionEvent<By>): void {
    const { connection } = event;
    switch (event.kind) {
      case "connection-opened":
        // The proxy reports a connection as soon as its two ends are there, AMQP or not.
        return;
      case "incident-opened":
        this.#incident(event);
        return;
      case "finding":
        this.#finding(event);
        return;
      case "connection-closed":
        if (connection.carrier.wasEmitted) {
          this.emit(connection, { event: "closed", findings: this.#of(connection).counts });
        }
        this.#emitted.delete(connection);
        return;
      case "uninspected":
        // A client that sends nothing is a health check.
        if (event.why === "left-alone" && connection.carrier.octets(0) === 0) return;
        this.emit(connection, { event: "uninspected", message: event.message });
    }
  }

  /** Emits what no inspection knows about a connection. */
  emit(connection: InspectedConnection<By>, { event, ...details }: News): void {
    const { moment, emit } = this.#options;
    const { id, upstream } = connection.carrier;
    connection.carrier.wasEmitted = true;
    const place = { time: isoTime(moment), connection: { id, ...connectionRecord(connection) }, upstream };
    emit({ schema: EVENT_SCHEMA, event, ...place, ...details } as ConnectionEvent);
  }

  /** Id of a finding that was emitted for an open connection, by its identity. */
  idOf(connection: InspectedConnection<By>, identity: string): string | undefined {
    return this.#emitted.get(connection)?.ids.get(identity);
  }

  #incident({ connection, incident }: IncidentOpened<By>): void {
    const { rule, severity, streamOffset, side } = incident;
    this.emit(connection, {
      event: "fault",
      rule,
      severity,
      direction: side === connection.amqp.client ? "client-to-server" : "server-to-client",
      streamOffset,
      message: sentenceOf(incident, connection, null),
    });
  }

  #finding(made: FindingMade<By>): void {
    const { connection, identity, final } = made;
    const { ids, counts, fingerprints } = this.#of(connection);
    const part = findingPart(made);
    let id = ids.get(identity);
    if (id === undefined) {
      id = `f${this.#nextFinding++}`;
      ids.set(identity, id);
      counts[COUNTER[part.finding.severity]]++;
    }
    const known = {
      id,
      connection: connection.carrier.id,
      cause: part.cause === null ? undefined : ids.get(part.cause),
    };
    const finding = findingOf(part, known);
    const { cause } = known;
    const print = fingerprint(finding, cause === undefined ? undefined : fingerprints.get(cause));
    fingerprints.set(id, print);
    const record = { id: connection.carrier.id, ...connectionRecord(connection) };
    // What another finding led to is reported with that finding's cause.
    const isLedTo = cause !== undefined && finding.octets.length === 0;
    const reported = isLedTo ? finding : withIncident(finding, record);
    this.emit(connection, { event: "finding", final, finding: reported, fingerprint: print });
  }

  #of(connection: InspectedConnection<By>): Emitted {
    let emitted = this.#emitted.get(connection);
    if (emitted === undefined) {
      emitted = { ids: new Map(), fingerprints: new Map(), counts: { errors: 0, warnings: 0, notes: 0 } };
      this.#emitted.set(connection, emitted);
    }
    return emitted;
  }
}
