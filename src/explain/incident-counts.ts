/** The errors of a whole log: each distinct one is kept once, with its count and its places. */

import { ErrorReader, type ErrorSeen, type ReadRecord } from "./error-reader.ts";
import type { ErrorReport, LogTime } from "./error-report.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import { speaksOfAmqp } from "./known-lines/subject.ts";
import { type LogRecord, LogRecords } from "./log-record.ts";
import { libraryIn, runtimeOf } from "./runtime.ts";
import { readLoose } from "./typed-text.ts";

/** One error, counted as often as it was logged. */
export interface CountedIncident {
  /** Where it was seen first. */
  report: ErrorReport;
  count: number;
  first: LogTime | null;
  last: LogTime | null;
  /** Peers it came from, a few at most; `morePeers`: whether there were more. */
  peers: string[];
  morePeers: boolean;
  /** The error that ended the connection before this one (state: closed), which comes from its remaining octets. */
  follows: CountedIncident | null;
  /** Broken frames were found on the same connection after this error. */
  tornLater: boolean;
}

/** Distinct errors kept; later ones are only counted. */
const MAX_INCIDENTS = 200;
const MAX_PEERS = 5;
/** Connections remembered for an error that may follow on theirs. */
const MAX_ENDED = 10_000;
/** Typed input is short; a longer input is a log, where a number alone means nothing. */
const MAX_LOOSE_CHARACTERS = 400;

/** Input that was pasted by hand, not a log: all of it matters. */
const MAX_PASTED_LINES = 60;
const MAX_PASTED_CHARACTERS = 65_536;
/** Messages of RabbitMQ that no row explains: named if nothing else is found. */
const MAX_UNKNOWN = 3;
/** Messages of one event come within this time. */
const ONE_EVENT_MS = 2000;

/** Reads a log, or any other text, line by line. */
export class IncidentCounts {
  readonly incidents: CountedIncident[] = [];
  /** Distinct errors that were not kept because there were too many. */
  omitted = 0;
  /** Physical lines read, and those that do not concern an AMQP connection with an error. */
  lines = 0;
  unrelatedLines = 0;
  readonly #byKey = new Map<string, CountedIncident>();
  /** The last errors that ended a connection, by the broker's process id of the connection. */
  readonly #ended = new Map<string, CountedIncident>();
  readonly #records: LogRecords;
  readonly #reader = new ErrorReader();
  #crash: CountedIncident | null = null;
  #loose: string[] = [];
  #looseCharacters = 0;
  /** The first messages, as long as the input may be pasted text. */
  #pasted: LogRecord[] = [];
  #pastedCharacters = 0;
  /** Messages that name RabbitMQ or AMQP, and are not known; those of errors first. */
  #unknown: { report: ErrorReport; trouble: boolean }[] = [];

  constructor() {
    this.#records = new LogRecords(record => {
      if (this.#pastedCharacters <= MAX_PASTED_CHARACTERS) {
        this.#pasted.push(record);
        for (const line of record.lines) this.#pastedCharacters += line.length + 1;
      }
      const read = this.#reader.read(record);
      if (read === null || (read.reports.length === 0 && read.head.kind !== "closing")) {
        this.unrelatedLines += record.lines.length;
      }
      for (const report of read?.reports ?? []) this.#count(report, () => report.whole());
      if (read !== null && read.reports.length === 0) this.#keepUnknown(read, record.level);
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
    if (this.incidents.length === 0) this.#typed();
    const isPasted = this.lines <= MAX_PASTED_LINES && this.#pastedCharacters <= MAX_PASTED_CHARACTERS;
    if (isPasted && this.incidents.every(({ report }) => isGeneral(report))) this.#readAsMeant();
    // A log without errors has nothing to explain; a pasted line is answered in any case.
    const unknown = this.#unknown.filter(({ trouble }) => trouble || isPasted);
    if (this.incidents.length === 0)
      for (const { report } of unknown.slice(0, MAX_UNKNOWN)) this.#count(report, () => report);
    if (isPasted) {
      this.#dropGeneral();
      this.#nameLibrary();
    }
    this.#pasted = [];
  }

  /** A size, a header, some words: one a line, or one over all lines. */
  #typed(): void {
    if (this.#looseCharacters > MAX_LOOSE_CHARACTERS) return;
    const reports = this.#loose.map(line => readLoose(line)).filter(report => report !== null);
    if (reports.length < this.#loose.length) reports.splice(0);
    const joined = reports.length === 0 ? readLoose(this.#loose.join(" ")) : null;
    for (const report of joined === null ? reports : [joined]) this.#count(report, () => report);
    if (this.incidents.length > 0) this.unrelatedLines = 0;
  }

  #keepUnknown(read: ReadRecord, level: string): void {
    const kept = this.#unknown;
    if (kept.length >= MAX_UNKNOWN && kept.every(other => other.trouble)) return;
    const trouble = /^(?:warn|err|crit|alert|emer|fatal)/i.test(level);
    const place = kept.length < MAX_UNKNOWN ? kept.length : trouble ? kept.findIndex(other => !other.trouble) : -1;
    const report = place < 0 ? null : read.unknown();
    if (report !== null) kept[place] = { report, trouble };
  }

  #pastedText(): string {
    return this.#pasted.flatMap(({ lines }) => lines).join("\n");
  }

  /** The pasted text reports only that something failed: then lines that other programs write as well may count. */
  #readAsMeant(): void {
    const company = speaksOfAmqp(this.#pastedText()) ? "amqp" : "alone";
    const reads = this.#pasted.map(record => ({ record, read: this.#reader.read(record, company) }));
    const reports = reads.flatMap(({ read }) => read?.reports ?? []);
    this.#unknown = [];
    if (reports.length === 0)
      for (const { record, read } of reads) if (read !== null) this.#keepUnknown(read, record.level);
    if (this.incidents.length > 0 && reports.every(report => isGeneral(report))) return;
    this.incidents.splice(0);
    this.#byKey.clear();
    for (const report of reports) this.#count(report, () => report.whole());
  }

  /** An exception's stack may name the library that its message does not name. */
  #nameLibrary(): void {
    const [only] = this.incidents;
    if (only === undefined || this.incidents.length > 1 || only.report.library !== null || only.report.site !== null)
      return;
    const text = this.#pastedText();
    const library = libraryIn(text);
    if (library !== null) only.report = { ...only.report, library, runtime: runtimeOf(text, library) };
  }

  /** Among the lines of one exception, a general "it failed" adds nothing to one with the reason. */
  #dropGeneral(): void {
    const specific = this.incidents.filter(({ report }) => !isGeneral(report));
    if (specific.length > 0 && specific.length < this.incidents.length) this.incidents.splice(0, Infinity, ...specific);
  }

  /** Adds the results for another text, which is not a part of this one. */
  absorb(other: IncidentCounts): void {
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

  /** Links an error of a connection that had ended to the error that ended it. */
  #link(incident: CountedIncident, { site, error }: ErrorSeen): void {
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

  /** `whole`: everything that was read about the error. */
  #count(seen: ErrorSeen, whole: () => ErrorReport): void {
    const key = keyOf(seen);
    // A crash gives its value in one message, and only its name in the others.
    let incident =
      seen.error.kind === "bad-table" && this.#crash !== null && isSameEvent(this.#crash, seen)
        ? this.#crash
        : this.#byKey.get(key);
    if (incident !== undefined && isSameEvent(incident, seen)) {
      complete(incident, seen);
      return;
    }
    if (incident === undefined) {
      if (this.incidents.length >= MAX_INCIDENTS) {
        this.omitted++;
        return;
      }
      incident = {
        report: whole(),
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
    if (seen.error.kind === "bad-table") this.#crash = incident;
    this.#link(incident, seen);
    complete(incident, seen);
  }
}

/** Whether it reports only that something failed, and not on which connection. */
function isGeneral({ error, site }: ErrorSeen): boolean {
  if (site !== null || (error.kind !== "message" && error.kind !== "client-side")) return false;
  return knownLine(error.line).generic === true;
}

/** Whether a message belongs to the event that was counted last: one crash or one TLS alert makes several messages. */
function isSameEvent({ last, report }: CountedIncident, { error, site }: ErrorSeen): boolean {
  const repeated =
    error.kind === "bad-table" ||
    ((error.kind === "message" || error.kind === "client-side") && knownLine(error.line).repeated === true);
  if (!repeated) return false;
  const time = site?.time ?? null;
  if (time !== null && last !== null) return Math.abs(time.epoch - last.epoch) <= ONE_EVENT_MS;
  return time === null && last === null && site?.peer === report.site?.peer;
}

/** Adds time, peer and, if the first message did not name it, the connection. */
function complete(incident: CountedIncident, report: ErrorSeen): void {
  const time = report.site?.time ?? null;
  if (time !== null) {
    if (incident.first === null || time.epoch < incident.first.epoch) incident.first = time;
    if (incident.last === null || time.epoch > incident.last.epoch) incident.last = time;
  }
  const peer = report.site?.peer ?? null;
  const { site, channel, error } = incident.report;
  if (error.kind === "bad-table" && error.octets === undefined)
    incident.report = { ...incident.report, error: report.error };
  if (peer === null) return;
  if (site === null || site.peer === null)
    incident.report = { ...incident.report, site: report.site, channel: channel ?? report.channel };
  const name = peer.address.includes(":") ? `[${peer.address}]:${peer.port}` : `${peer.address}:${peer.port}`;
  if (incident.peers.includes(name)) return;
  if (incident.peers.length < MAX_PEERS) incident.peers.push(name);
  else incident.morePeers = true;
}

/** The same key for errors that differ only in time and connection. */
function keyOf(report: ErrorSeen): string {
  const { error, channel, operation, site } = report;
  switch (error.kind) {
    case "message":
      return `message ${error.line} ${report.library}`;
    case "client-side":
      return `client-side ${error.line} ${report.library} ${error.endOctet} ${error.octets.join()}`;
    case "unknown-message":
      return `unknown-message ${error.from} ${error.topic}`;
    case "bad-table":
      return `bad-table ${(error.octets ?? []).slice(0, 24).join()}`;
    // The commonest, in a log of broken connections.
    case "frame-too-large":
      return `${error.kind} ${error.type} ${error.size} ${error.limit} ${error.strict} ${channel} ${operation} ${site?.state ?? ""}`;
    default:
      return `${plainOf(error)} ${channel} ${operation} ${site?.state ?? ""}`;
  }
}

/** The values of an error, in their order: numbers, texts, octets and what holds these. */
function plainOf(value: object): string {
  let plain = "";
  for (const own of Object.values(value) as unknown[]) {
    if (Array.isArray(own) || own instanceof Uint8Array) plain += `${own.join()};`;
    else if (typeof own === "object" && own !== null) plain += `{${plainOf(own)}}`;
    else plain += `${own as string | number | boolean | null};`;
  }
  return plain;
}
