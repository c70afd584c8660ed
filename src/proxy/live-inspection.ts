/**
 * The inspection of relayed connections while they run: the same connections, judge and forensics as of a capture, fed
 * from a tape. Tells what it finds as soon as it is certain. Touches no socket and no clock.
 */
import { SEARCH_BUDGET, type SearchBudget } from "../amqp/frame-boundary-search.ts";
import { PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";
import { BrokerReader } from "../broker/broker-reader.ts";
import { BROKER_VERSIONS, type BrokerId } from "../broker/versions.ts";
import { AmqpConnection } from "../connection/amqp-connection.ts";
import type { Direction } from "../connection/direction.ts";
import { envelopeSentence } from "../connection/envelope-sentence.ts";
import type { Incident } from "../connection/incident.ts";
import { MAX_INCIDENTS } from "../connection/incident-log.ts";
import type { RuleId } from "../connection/rules.ts";
import { DirectionForensics } from "../forensics/direction-forensics.ts";
import { WINDOW_BUDGET, type WindowBudget } from "../forensics/octet-window.ts";
import { MAX_STEPS, type StepBudget } from "../forensics/untangle.ts";
import type { Moment, Side, StreamEnd } from "../net/connection-observer.ts";
import { collectConnection, collectFinding, collectMismatch, type Draft, remark } from "../report/collect.ts";
import { type ConnectionEvent, EVENT_SCHEMA } from "../report/live-event.ts";
import type { Connection, Endpoint, Finding } from "../report/report.ts";
import { isoTime } from "../report/time.ts";
import type { RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import { LiveConnection } from "./live-connection.ts";

/** Seconds in which the steps of untangling that were used up grow back. */
const STEPS_GROW_BACK = 10;
/** Seconds without an octet after which an incident that is not over is told as far as it is known. */
const PROVISIONAL_AFTER = 2;

export interface LiveInspectionOptions {
  broker: BrokerId;
  /** The shared moment: when what is now being delivered was read. */
  moment: Moment;
  /** Findings are numbered from this on: f1. */
  firstFinding?: number;
  /** Must not keep the event's parts from being collected: it is told once. */
  tell: (event: ConnectionEvent) => void;
}

/** One connection under inspection: what was told of it, and what is still to tell. */
interface Watched {
  live: LiveConnection;
  judge: BrokerReader;
  drafts: Draft[];
  /** Finding ids by draft. */
  ids: Map<Draft, string>;
  /** Incidents told of each direction, and of the connection. */
  told: [number, number, number];
  /** The incident under way whose fault was told, of each direction. */
  faults: [Incident | null, Incident | null];
  /** Ids of findings told before they were final, by what they are about. */
  provisional: Map<string, string>;
  /** Sides of which the connection knows that they are over. */
  ended: [boolean, boolean];
  /** The guard stopped the client: nothing that follows is looked at. */
  concluded: boolean;
  /** So many incidents were told that no others will be. */
  isFull: boolean;
  counts: { errors: number; warnings: number; notes: number };
}

export class LiveInspection {
  readonly #options: LiveInspectionOptions;
  readonly #budget: SearchBudget = { octets: 0, limit: SEARCH_BUDGET };
  readonly #windows: WindowBudget = { octets: 0, limit: WINDOW_BUDGET };
  readonly #steps: StepBudget = { steps: MAX_STEPS };
  readonly #watched = new Map<number, Watched>();
  /** Those that brought octets since the last tick, or have an incident that was not told yet. */
  readonly #restless = new Set<Watched>();
  #findings: number;

  constructor(options: LiveInspectionOptions) {
    this.#options = options;
    this.#findings = options.firstFinding ?? 1;
  }

  /** Connections that are open, by number. */
  get open(): Iterable<LiveConnection> {
    return Array.from(this.#watched.values(), ({ live }) => live);
  }

  opened(connection: RelayedConnection): void {
    const { moment, broker } = this.#options;
    const live = new LiveConnection(connection, moment);
    const version = BROKER_VERSIONS[broker];
    const judge = new BrokerReader(version);
    live.amqp = new AmqpConnection({
      judge,
      forensics: () => new DirectionForensics(this.#budget, this.#windows, this.#steps),
      initialFrameMax: version.initialFrameMax,
      sawBeginning: true,
      forced: false,
      // Whoever connects here wants a broker.
      expected: true,
      moment,
      budget: this.#budget,
      listener: null,
      incidents: null,
      recognised: () => live.number,
      leave: () => this.#leftAlone(live),
    });
    const { number } = connection;
    this.#watched.set(number, {
      live,
      judge,
      drafts: [],
      ids: new Map(),
      told: [0, 0, 0],
      faults: [null, null],
      provisional: new Map(),
      ended: [false, false],
      concluded: false,
      isFull: false,
      counts: { errors: 0, warnings: 0, notes: 0 },
    });
  }

  connected(number: number, upstream: Endpoint): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    watched.live.upstream = upstream;
    this.#tell(watched, { event: "opened" });
  }

  /** The next octets of one side: bytes[start, end). */
  data(number: number, side: Side, bytes: Uint8Array, start: number, end: number): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    const { live } = watched;
    live.carried(side, end - start, this.#options.moment);
    if (live.lost || watched.concluded || live.hasEnded(side)) return;
    // Not #look: a closure for every piece is too many.
    try {
      live.amqp.data(side, bytes, start, end);
      this.#tellNews(watched);
    } catch (error) {
      this.#fail(watched, error);
    }
    this.#restless.add(watched);
  }

  end(number: number, side: Side, reason: "fin" | "rst"): void {
    const watched = this.#watched.get(number);
    if (watched === undefined || watched.live.hasEnded(side)) return;
    watched.live.end(side, reason, this.#options.moment);
    this.#end(watched, side, reason);
  }

  /** Says what it knows of the client's octets by now. What follows is between the client and the guard. */
  conclude(number: number): void {
    const watched = this.#watched.get(number);
    if (watched === undefined || watched.concluded || watched.live.hasEnded(0)) return;
    watched.concluded = true;
    this.#end(watched, 0, "capture-ended");
  }

  trouble(number: number, { kind, message }: RelayTrouble): void {
    const watched = this.#watched.get(number);
    if (watched !== undefined) this.#tell(watched, { event: "trouble", kind, message });
  }

  guarded(number: number, message: string): void {
    const watched = this.#watched.get(number);
    if (watched !== undefined) this.#tell(watched, { event: "guarded", message });
  }

  /** Something else than its inspection failed over this connection: nothing more is looked at. */
  failed(number: number, error: unknown): void {
    const watched = this.#watched.get(number);
    if (watched !== undefined) this.#fail(watched, error);
  }

  /** Its octets do not come any more; what was seen of it is concluded. */
  lost(number: number, message: string): void {
    const watched = this.#watched.get(number);
    if (watched === undefined || watched.live.lost) return;
    this.#finish(watched);
    // It may have been left alone, or have failed, for that: which was told.
    if (watched.live.lost) return;
    watched.live.lost = true;
    this.#tell(watched, { event: "uninspected", message });
  }

  closed(number: number): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    const { live } = watched;
    live.last.set(this.#options.moment);
    if (!live.lost) {
      this.#finish(watched);
      const mismatch = live.amqp.state === "amqp" ? collectMismatch(this.#collect(watched)) : null;
      if (mismatch !== null) this.#tellFinding(watched, mismatch, null);
    }
    this.#tell(watched, { event: "closed", findings: watched.counts });
    this.#watched.delete(number);
    this.#restless.delete(watched);
  }

  /** A finding that no octet tells. */
  remark(number: number, rule: RuleId, message: string): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    const { live } = watched;
    const time = isoTime(this.#options.moment);
    this.#tellFinding(watched, remark(rule, message, { input: 0, connection: live.id, time }), null);
  }

  /** To be called about once a second, with the moment set to the present. */
  tick(): void {
    // Below none it was taken what the least reading of each needed.
    const left = Math.max(0, this.#steps.steps);
    this.#steps.steps = Math.min(MAX_STEPS, left + MAX_STEPS / STEPS_GROW_BACK);
    for (const watched of this.#restless) {
      if (watched.live.lost) this.#restless.delete(watched);
      else this.#look(watched, () => this.#tellUnfinished(watched));
    }
  }

  /** Tells the connection that a side is over; once. */
  #end(watched: Watched, side: Side, reason: StreamEnd): void {
    if (watched.ended[side]) return;
    watched.ended[side] = true;
    if (!watched.live.lost) this.#look(watched, () => watched.live.amqp.end(side, reason));
  }

  /** Nothing more of it will be seen. */
  #finish(watched: Watched): void {
    for (const side of [0, 1] as const) this.#end(watched, side, "capture-ended");
    if (!watched.live.lost) this.#look(watched, () => watched.live.amqp.finish());
  }

  /** Has the connection look at something, and tells what it found. What fails in it ends its inspection, no more. */
  #look(watched: Watched, looks: () => void): void {
    try {
      looks();
      this.#tellNews(watched);
    } catch (error) {
      this.#fail(watched, error);
    }
  }

  #fail(watched: Watched, error: unknown): void {
    if (watched.live.lost) return;
    watched.live.lost = true;
    const problem = error instanceof Error ? error.message : String(error);
    const message = `an internal error ended its inspection: ${problem}. Please report it`;
    this.#tell(watched, { event: "uninspected", message });
    for (const { scanner, forensics } of watched.live.amqp.directions) {
      scanner.stop();
      forensics?.end();
    }
  }

  #leftAlone(live: LiveConnection): void {
    const watched = this.#watched.get(live.number);
    const { protocol } = live.amqp;
    if (watched === undefined || live.lost) return;
    live.lost = true;
    // A client that says nothing is a health check.
    if (live.octets(0) === 0) return;
    this.#tell(watched, { event: "uninspected", message: `left alone: it is ${protocol ?? "no AMQP 0-9-1"}` });
  }

  #tellNews(watched: Watched): void {
    const { told, live } = watched;
    const { directions, incidents } = live.amqp;
    for (const side of [0, 1] as const) {
      const direction = directions[side];
      for (; told[side] < direction.incidents.length; told[side]++) {
        const incident = direction.incidents[told[side]]!;
        if (awaitsAnswer(incident, watched)) break;
        this.#tellIncident(watched, incident);
      }
      if (direction.openIncident !== watched.faults[side]) this.#tellFault(watched, side, direction);
    }
    if (!watched.isFull && (told[0] >= MAX_INCIDENTS || told[1] >= MAX_INCIDENTS)) {
      watched.isFull = true;
      const message = `${MAX_INCIDENTS} incidents of one direction were told; what follows is counted in the last of them`;
      this.#tell(watched, { event: "uninspected", message });
    }
    // A close is told behind the incident that led to it.
    if (told[2] < incidents.length && directions.every(each => each.openIncident === null)) {
      while (told[2] < incidents.length) this.#tellIncident(watched, incidents[told[2]++]!);
    }
  }

  #tellFault(watched: Watched, side: Side, direction: Direction): void {
    const incident = direction.openIncident;
    watched.faults[side] = incident;
    if (incident === null) return;
    const { envelope, rule, severity, streamOffset } = incident;
    const message =
      envelope === null
        ? incident.message
        : envelopeSentence(envelope, incident.foundAt, incident.endOffset, incident.secret);
    this.#tell(watched, {
      event: "fault",
      rule,
      severity,
      direction: direction.isClient ? "client-to-server" : "server-to-client",
      streamOffset,
      message,
    });
  }

  #tellIncident(watched: Watched, incident: Incident): void {
    const made = collectFinding(watched.live.id, watched.live.amqp, incident, watched.drafts);
    watched.drafts.push(made);
    this.#tellFinding(watched, made, about(incident));
  }

  /** What the incident is by now. It is told again, under the same id, when it is over. */
  #tellProvisional(watched: Watched, incident: Incident): void {
    const key = about(incident);
    if (watched.provisional.has(key)) return;
    const made = collectFinding(watched.live.id, watched.live.amqp, incident, watched.drafts);
    this.#tellFinding(watched, made, key, false);
  }

  /** What is not over and may not be for long: near misses, and incidents behind which nothing comes. */
  #tellUnfinished(watched: Watched): void {
    const { live, faults } = watched;
    for (const incident of live.amqp.nearMisses()) this.#tellProvisional(watched, incident);
    const quiet = this.#options.moment.seconds - live.last.seconds;
    const open = faults.filter(incident => incident !== null);
    if (open.length > 0 && quiet < PROVISIONAL_AFTER) return;
    for (const incident of open) this.#tellProvisional(watched, incident);
    this.#restless.delete(watched);
  }

  #tellFinding(watched: Watched, made: Draft, key: string | null, final = true): void {
    const before = key === null ? undefined : watched.provisional.get(key);
    const id = before ?? `f${this.#findings++}`;
    if (key !== null && !final) watched.provisional.set(key, id);
    watched.ids.set(made, id);
    const { finding } = made;
    if (before === undefined) {
      const { counts } = watched;
      counts[COUNTER[finding.severity]]++;
    }
    const cause = made.cause === null ? undefined : watched.ids.get(made.cause);
    this.#tell(watched, {
      event: "finding",
      final,
      finding: { id, ...finding, ...(cause === undefined ? {} : { cause }) },
    });
  }

  #collect({ live, judge }: Watched): Connection {
    return collectConnection(live.id, live.amqp, live, { broker: this.#options.broker, prediction: judge.prediction });
  }

  #tell(watched: Watched, what: News): void {
    const { event, ...details } = what;
    const time = isoTime(this.#options.moment);
    const place = { time, connection: this.#collect(watched), upstream: watched.live.upstream };
    this.#options.tell({ schema: EVENT_SCHEMA, event, ...place, ...details } as ConnectionEvent);
  }
}

/** An event without what all events have. */
type News = ConnectionEvent extends infer Event
  ? Event extends ConnectionEvent
    ? Omit<Event, "schema" | "time" | "connection" | "upstream">
    : never
  : never;

const COUNTER = { error: "errors", warning: "warnings", note: "notes" } as const satisfies Record<
  Finding["severity"],
  string
>;

/** What a client opened with is told when the server's answer to it is there: it says what was wanted. */
function awaitsAnswer({ rule, streamOffset, envelope }: Incident, { live, ended }: Watched): boolean {
  const isOpening = rule === "handshake" && streamOffset === 0 && envelope === null;
  return isOpening && live.octets(1) < PROTOCOL_HEADER_SIZE && !ended[0] && !ended[1];
}

/** What makes a finding that comes again the same. */
function about({ rule, side, streamOffset }: Incident): string {
  return `${rule} ${side} ${streamOffset}`;
}
