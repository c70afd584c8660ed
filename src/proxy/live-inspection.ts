/**
 * The inspection of relayed connections while they run: the engine that inspects captures, fed from batches of octets.
 * Emits a finding as soon as it is certain. Touches no socket and no clock.
 */
import type { BrokerChoice } from "../broker/versions.ts";
import { Incident } from "../connection/incident.ts";
import { RULES, type RuleId } from "../connection/rules.ts";
import type { ConnectionInspection } from "../inspection/connection-inspection.ts";
import { Engine } from "../inspection/engine.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import type { ConnectionEvent } from "../report/live-event.ts";
import { LiveEventSink } from "../report/live-event-sink.ts";
import { LiveTelemetry } from "../telemetry/live-telemetry.ts";
import type { TelemetryParts } from "../telemetry/message-telemetry.ts";
import type { RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import type { FrameWatch } from "./frame-watch.ts";
import { LiveConnection } from "./live-connection.ts";
import { isOrderlyReset } from "./orderly-reset.ts";

/** Seconds in which the steps of untangling that were used up grow back. */
const STEPS_GROW_BACK = 10;
/** Seconds without an octet after which an open incident is emitted as far as it is known. */
const PROVISIONAL_AFTER = 2;
/** Seconds without an octet after which a connection is reported as opened: a health check is over by then. */
const OPENED_AFTER = 5;

export interface LiveInspectionOptions {
  broker: BrokerChoice;
  /** The shared moment: when what is now being delivered was read. */
  moment: Moment;
  /** Findings are numbered from this on: f1. */
  firstFinding?: number;
  /** Steps that untangling may take over all connections; else MAX_STEPS. */
  untanglingSteps?: number;
  /** Called with what was thrown when the inspection of a connection fails. */
  failed?: (error: unknown) => void;
  /** Must not keep the event: its parts are large. */
  emit: (event: ConnectionEvent) => void;
  /** For making telemetry; null for none. */
  telemetry?: TelemetryParts | null;
  /** Shows frames to those who watch them; null for none. */
  watch?: FrameWatch | null;
}

/** What is known of a relayed connection when its broker is there. */
export type Connected = Pick<RelayedConnection, "upstream" | "steps" | "clientTlsVersion">;

/** A connection under inspection. */
export type Inspected = ConnectionInspection<LiveConnection>;

export class LiveInspection {
  readonly #moment: Moment;
  readonly #events: LiveEventSink<LiveConnection>;
  readonly #engine: Engine<LiveConnection>;
  readonly #telemetry: LiveTelemetry<LiveConnection> | null;
  readonly #connections = new Map<number, Inspected>();
  /** Those that are connected and have brought no octet, in the order in which they connected. */
  readonly #silent = new Set<Inspected>();
  /** Those that brought octets since the last tick, or have an incident that was not emitted yet. */
  readonly #restless = new Set<Inspected>();

  constructor(options: LiveInspectionOptions) {
    const { broker, moment, firstFinding = 1, untanglingSteps, failed, emit, telemetry = null, watch = null } = options;
    this.#moment = moment;
    this.#events = new LiveEventSink({
      moment,
      firstFinding,
      emit: event => {
        emit(event);
        this.#telemetry?.connectionEvent(event);
      },
    });
    this.#telemetry =
      telemetry === null
        ? null
        : new LiveTelemetry(telemetry, (connection, identity) => this.#events.idOf(connection, identity));
    const ledger = this.#telemetry?.ledger ?? null;
    this.#engine = new Engine({
      broker,
      moment,
      predicts: true,
      explains: true,
      listener: watch?.before(ledger) ?? ledger,
      ...(untanglingSteps === undefined ? {} : { untanglingSteps }),
      sink: event => {
        if (event.kind === "uninspected" && event.why === "failed") failed?.(event.error);
        this.#telemetry?.take(event);
        this.#events.take(event);
      },
    });
  }

  /** Connections that are open. */
  get open(): Iterable<Inspected> {
    return [...this.#connections.values()];
  }

  opened(relayed: RelayedConnection): void {
    const live = new LiveConnection(relayed, this.#moment);
    // A client that connects here wants a broker.
    const beginning = { sawBeginning: true, forced: false, expected: true };
    this.#connections.set(relayed.number, this.#engine.connection(live, beginning));
  }

  connected(number: number, { upstream, steps, clientTlsVersion }: Connected): void {
    const connection = this.#connections.get(number);
    if (connection === undefined) return;
    connection.carrier.upstream = upstream;
    connection.carrier.steps = steps ?? null;
    connection.carrier.clientTlsVersion = clientTlsVersion ?? null;
    connection.carrier.awaitsOctets = true;
    this.#silent.add(connection);
  }

  /** The next octets of one side: bytes[start, end). */
  data(number: number, side: Side, bytes: Uint8Array, start: number, end: number): void {
    const connection = this.#connections.get(number);
    if (connection === undefined) return;
    const { carrier } = connection;
    if (carrier.awaitsOctets) this.#emitOpened(connection);
    carrier.carried(side, end - start, this.#moment);
    if (connection.givenUp || carrier.concluded || carrier.hasEnded(side)) return;
    connection.data(side, bytes, start, end);
    this.#restless.add(connection);
  }

  end(number: number, side: Side, reason: "fin" | "rst"): void {
    const connection = this.#connections.get(number);
    if (connection === undefined || connection.carrier.hasEnded(side)) return;
    connection.carrier.end(side, reason, this.#moment);
    connection.end(side, connection.carrier.cut ? "capture-ended" : reason);
  }

  /** Whether the proxy itself ends a connection. */
  isCut(number: number): boolean {
    return this.#connections.get(number)?.carrier.cut === true;
  }

  /** Emits what it knows of the client's octets so far. What follows concerns only the client and the guard. */
  conclude(number: number): void {
    const connection = this.#connections.get(number);
    if (connection === undefined || connection.carrier.concluded || connection.carrier.hasEnded(0)) return;
    connection.carrier.concluded = true;
    connection.end(0, "capture-ended");
  }

  trouble(number: number, trouble: RelayTrouble): void {
    const connection = this.#connections.get(number);
    if (connection === undefined || isOrderlyReset(connection, trouble)) return;
    const { kind, message } = trouble;
    if (kind === "shutdown" || kind === "idle") connection.carrier.cut = true;
    this.#events.emit(connection, { event: "trouble", kind, message });
  }

  guarded(number: number, message: string): void {
    const connection = this.#connections.get(number);
    if (connection === undefined) return;
    connection.carrier.guarded = true;
    this.#events.emit(connection, { event: "guarded", message });
  }

  /** An error on this connection outside its inspection: it is not inspected any more. */
  failed(number: number, error: unknown): void {
    const connection = this.#connections.get(number);
    connection?.fail(error);
  }

  /** Its octets do not come any more; what was seen of it is concluded. */
  lost(number: number, message: string): void {
    const connection = this.#connections.get(number);
    if (connection === undefined || connection.givenUp) return;
    connection.finish();
    // Unless it turned out to be no AMQP, or failed then: that was reported.
    connection.giveUp("lost", message);
  }

  closed(number: number): void {
    const connection = this.#connections.get(number);
    if (connection === undefined) return;
    connection.carrier.last.set(this.#moment);
    if (!connection.givenUp) connection.finish();
    connection.close();
    this.#connections.delete(number);
    this.#restless.delete(connection);
    this.#silent.delete(connection);
  }

  /** Adds a finding that does not come from the octets. */
  addFinding(number: number, rule: RuleId, message: string): void {
    const connection = this.#connections.get(number);
    if (connection === undefined) return;
    const now = new Moment();
    now.set(this.#moment);
    now.packet = 0;
    connection.note(new Incident(rule, RULES[rule].severity, { side: null, streamOffset: -1, moment: now }, message));
  }

  /** To be called about once a second, with the moment set to the present. */
  tick(): void {
    this.#telemetry?.tick();
    this.#engine.regainSteps(1 / STEPS_GROW_BACK);
    for (const connection of this.#restless) {
      const { givenUp, carrier } = connection;
      const isQuiet = this.#moment.seconds - carrier.last.seconds >= PROVISIONAL_AFTER;
      if (!givenUp) connection.emitProvisional(isQuiet);
      if (connection.givenUp || isQuiet || !connection.hasOpenIncident) this.#restless.delete(connection);
    }
    for (const connection of this.#silent) {
      // In the order in which they connected.
      if (this.#moment.seconds - connection.carrier.last.seconds < OPENED_AFTER) break;
      this.#emitOpened(connection);
    }
  }

  #emitOpened(connection: Inspected): void {
    connection.carrier.awaitsOctets = false;
    this.#silent.delete(connection);
    this.#events.emit(connection, { event: "opened" });
  }
}
