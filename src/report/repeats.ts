/**
 * The same problem is emitted once, and then counted. Findings are the same if their fingerprints are
 * ([fingerprint.ts](fingerprint.ts)).
 */
import type { FaultEvent, FindingEvent, RepeatedEvent } from "./live-event.ts";
import { EVENT_SCHEMA } from "./live-event.ts";

/** Seconds between two counts of one problem. */
const COUNTED_EVERY = 60;
/** Seconds without a problem after which it is emitted as a new one. */
const FORGOTTEN_AFTER = 3600;
/** Problems that are remembered; the one that was not seen for longest is forgotten. */
const MAX_PROBLEMS = 1024;
/** Findings that were emitted before they were final. */
const MAX_PROVISIONAL = 4096;

interface Problem {
  /** Of the finding that was emitted. */
  id: string;
  rule: FindingEvent["finding"]["rule"];
  severity: FindingEvent["finding"]["severity"];
  message: string;
  /** When it was emitted, ISO 8601, and when it was seen last, in seconds. */
  since: string;
  seen: number;
  /** Seen since it was emitted, and how many of these have not been in a count. */
  count: number;
  uncounted: number;
  countedAt: number;
  /** Addresses of the latest client with it. */
  client: string;
}

export class Repeats {
  /** By fingerprint, the one seen last at the end. */
  readonly #problems = new Map<string, Problem>();
  /** Ids of findings that were emitted and are not final. */
  readonly #provisional = new Set<string>();
  /** When a fault was emitted last, by rule and direction. */
  readonly #faults = new Map<string, number>();

  /** Whether a fault must be emitted. Its finding follows in any case. `at` in seconds, as below. */
  fault({ rule, direction }: FaultEvent, at: number): boolean {
    const kind = `${rule} ${direction}`;
    const last = this.#faults.get(kind);
    this.#faults.set(kind, at);
    return last === undefined || at - last > FORGOTTEN_AFTER;
  }

  /** Whether a finding must be emitted. Otherwise it counts as a repeat. */
  finding(event: FindingEvent, at: number): boolean {
    const { finding, final, fingerprint = "" } = event;
    const wasProvisional = this.#provisional.delete(finding.id);
    const known = this.#problems.get(fingerprint);
    const isNew = known === undefined || at - known.seen > FORGOTTEN_AFTER;
    // A finding that was emitted before it was final is emitted to its end.
    const isEmitted = isNew || wasProvisional || known.id === finding.id;
    if (!final && isEmitted && this.#provisional.size < MAX_PROVISIONAL) this.#provisional.add(finding.id);
    this.#problems.delete(fingerprint);
    if (isNew) this.#add(fingerprint, event, at);
    else this.#problems.set(fingerprint, known);
    const problem = this.#problems.get(fingerprint)!;
    problem.seen = at;
    if (isEmitted || !final) return isEmitted;
    problem.count++;
    problem.uncounted++;
    problem.client = event.connection.client.address;
    return false;
  }

  /** Counts that must be emitted now; `all` of them if nothing comes any more. `time`: ISO 8601, UTC. */
  due(at: number, time: string, all = false): RepeatedEvent[] {
    const events: RepeatedEvent[] = [];
    for (const [fingerprint, problem] of this.#problems) {
      if (problem.uncounted === 0 || (!all && at - problem.countedAt < COUNTED_EVERY)) continue;
      const { id, rule, severity, message, since, count, uncounted, client } = problem;
      problem.uncounted = 0;
      problem.countedAt = at;
      const counts = { count, more: uncounted, since };
      events.push({
        schema: EVENT_SCHEMA,
        time,
        event: "repeated",
        fingerprint,
        finding: id,
        rule,
        severity,
        message,
        client,
        ...counts,
      });
    }
    return events;
  }

  #add(fingerprint: string, { finding, time, connection }: FindingEvent, at: number): void {
    if (this.#problems.size >= MAX_PROBLEMS) this.#problems.delete(this.#problems.keys().next().value!);
    const { id, rule, severity, message } = finding;
    const client = connection.client.address;
    const none = { count: 0, uncounted: 0, countedAt: at };
    this.#problems.set(fingerprint, { id, rule, severity, message, since: time, seen: at, ...none, client });
  }
}
