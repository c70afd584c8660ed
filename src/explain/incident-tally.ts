/** The errors of a whole log: each distinct one kept once, with how often and where it was seen. */

import { readLoose, readRecord } from "./error-reader.ts";
import type { ErrorReport, LogTime } from "./error-report.ts";
import { LogRecords } from "./log-record.ts";

/** One error, however often it was logged. */
export interface TalliedIncident {
  /** Where it was seen first. */
  report: ErrorReport;
  count: number;
  first: LogTime | null;
  last: LogTime | null;
  /** Peers it came from, at most a few; `morePeers` says whether there were more. */
  peers: string[];
  morePeers: boolean;
  /** The error that ended the connection before this one was logged (state: closed): what came later of its octets. */
  follows: TalliedIncident | null;
  /** Frames were found broken on the same connection after this error. */
  tornLater: boolean;
}

/** Distinct errors kept; what comes after is only counted. */
const MAX_INCIDENTS = 200;
const MAX_PEERS = 5;
/** Connections remembered for an error that may follow on theirs. */
const MAX_ENDED = 10_000;
/** What somebody types is short; a longer input is a log, where a lone number means nothing. */
const MAX_LOOSE_CHARACTERS = 400;

/** Reads a log, or anything else, line by line. */
export class IncidentTally {
  readonly incidents: TalliedIncident[] = [];
  /** Distinct errors that were not kept because there were too many. */
  omitted = 0;
  /** Physical lines read, and those that belong to no AMQP connection in trouble. */
  lines = 0;
  unrelatedLines = 0;
  readonly #byKey = new Map<string, TalliedIncident>();
  /** The last errors that ended a connection, by the broker's process id of it. */
  readonly #ended = new Map<string, TalliedIncident>();
  readonly #records: LogRecords;
  #loose: string[] = [];
  #looseCharacters = 0;

  constructor() {
    this.#records = new LogRecords(record => {
      const read = readRecord(record);
      if (read === null || (read.reports.length === 0 && read.head.kind !== "closing")) {
        this.unrelatedLines += record.lines.length;
      }
      for (const report of read?.reports ?? []) this.#count(report);
    });
  }

  /** A line without its line feed. */
  line(text: string): void {
    this.lines++;
    if (this.#looseCharacters <= MAX_LOOSE_CHARACTERS && text.trim() !== "") {
      this.#loose.push(text.slice(0, MAX_LOOSE_CHARACTERS + 1));
      this.#looseCharacters += text.length;
    }
    this.#records.line(text);
  }

  /** The input is complete. */
  end(): void {
    this.#records.end();
    if (this.incidents.length > 0 || this.#looseCharacters > MAX_LOOSE_CHARACTERS) return;
    // No log then: a size, a header, some words; one a line, or one over all lines.
    const reports = this.#loose.map(line => readLoose(line)).filter(report => report !== null);
    if (reports.length < this.#loose.length) reports.splice(0);
    const joined = reports.length === 0 ? readLoose(this.#loose.join(" ")) : null;
    for (const report of joined === null ? reports : [joined]) this.#count(report);
    if (this.incidents.length > 0) this.unrelatedLines = 0;
  }

  /** Adds what another tally found: of another text, which is no part of this one's. */
  absorb(other: IncidentTally): void {
    for (const incident of other.incidents) {
      const key = keyOf(incident.report);
      const before = this.#byKey.get(key);
      if (before !== undefined) before.count += incident.count;
      else {
        this.#byKey.set(key, incident);
        this.incidents.push(incident);
      }
    }
    this.omitted += other.omitted;
    this.lines += other.lines;
    this.unrelatedLines += other.unrelatedLines;
  }

  /** Ties an error of a connection that was given up to the one it was given up for. */
  #link(incident: TalliedIncident, { site, error }: ErrorReport): void {
    if (site?.pid === undefined || site.pid === null) return;
    if (site.state !== "closed") {
      if (this.#ended.size >= MAX_ENDED) this.#ended.clear();
      this.#ended.set(site.pid, incident);
      return;
    }
    const first = this.#ended.get(site.pid);
    if (first === undefined || first === incident) return;
    incident.follows ??= first;
    if (error.kind === "frame-too-large" || error.kind === "frame-end") first.tornLater = true;
  }

  #count(report: ErrorReport): void {
    const key = keyOf(report);
    let incident = this.#byKey.get(key);
    if (incident === undefined) {
      if (this.incidents.length >= MAX_INCIDENTS) {
        this.omitted++;
        return;
      }
      incident = {
        report,
        count: 0,
        first: null,
        last: null,
        peers: [],
        morePeers: false,
        follows: null,
        tornLater: false,
      };
      this.#byKey.set(key, incident);
      this.incidents.push(incident);
    }
    incident.count++;
    this.#link(incident, report);
    const time = report.site?.time ?? null;
    if (time !== null) {
      if (incident.first === null || time.epoch < incident.first.epoch) incident.first = time;
      if (incident.last === null || time.epoch > incident.last.epoch) incident.last = time;
    }
    const peer = report.site?.peer ?? null;
    if (peer === null) return;
    const name = peer.address.includes(":") ? `[${peer.address}]:${peer.port}` : `${peer.address}:${peer.port}`;
    if (incident.peers.includes(name)) return;
    if (incident.peers.length < MAX_PEERS) incident.peers.push(name);
    else incident.morePeers = true;
  }
}

/** The same for errors that are the same but for when and whose they were. */
function keyOf({ error, channel, operation, site }: ErrorReport): string {
  const plain = JSON.stringify(error, (_, value: unknown) =>
    value instanceof Uint8Array ? Array.from(value).join() : value,
  );
  return `${plain} ${channel} ${operation} ${site?.state ?? ""}`;
}
