/**
 * A broker's log beside a capture: ties its messages to connections by the addresses and ports of both ends and by the
 * time. A broker's clock and a capture's may differ by some seconds, a port is used again after a while, and up to
 * RabbitMQ 3.8 the log does not give the time zone of its times.
 */

import { ErrorReader } from "./error-reader.ts";
import type { LogEndpoint, LogSite } from "./error-report.ts";
import { folded } from "./error-text.ts";
import { LogRecords } from "./log-record.ts";
import { TlsAlertLines } from "./tls-alert-lines.ts";

/** A message about a connection that the broker had trouble with. */
export interface LogEntry {
  site: LogSite;
  /** Without their prefixes, as they stand in the log. */
  lines: string[];
}

/** A connection that entries may belong to; times are milliseconds since the epoch. */
export interface Candidate {
  id: string;
  client: LogEndpoint;
  server: LogEndpoint;
  start: number;
  end: number;
}

export interface Ties {
  /** Entries by the id of their connection, in the log's order. */
  tied: Map<string, LogEntry[]>;
  /** Entries without one, and why; those from another time than the capture's come last. */
  untied: { entry: LogEntry; reason: string }[];
}

/** Bounds of what is kept of a log. */
const MAX_ENTRIES = 10_000;
const MAX_ENTRY_LINES = 12;
const MAX_ENTRY_CHARACTERS = 2000;
const MAX_PROCESSES = 20_000;
/** How far a message's time may lie outside its connection's: two clocks, and an end that was not captured. */
const TOLERANCE_MS = 30_000;
const QUARTER_HOUR_MS = 15 * 60_000;

/** Reads a log line by line and keeps the messages about connections in trouble. */
export class BrokerLog {
  readonly entries: LogEntry[] = [];
  /** Messages that were not kept because there were too many. */
  omitted = 0;
  lines = 0;
  /** The connection that a process of the broker serves: a crash report names only the process. */
  readonly #processes = new Map<string, LogSite>();
  readonly #alerts = new TlsAlertLines();
  readonly #records: LogRecords;

  constructor() {
    const reader = new ErrorReader();
    this.#records = new LogRecords(record => {
      const read = reader.read(record);
      if (read === null) return;
      const { head, reports } = read;
      let { site } = head;
      if (site.peer !== null) this.#remember(site);
      else if (site.pid !== null) site = { ...(this.#processes.get(site.pid) ?? site), time: site.time };
      // The reason follows a colon; a connection that was closed normally has none.
      const isAlert = TlsAlertLines.isAlert(record);
      const troubled =
        isAlert || head.kind === "error" || (head.kind === "closing" && /:\s*$/.test(record.lines[0] ?? ""));
      if (!troubled && (reports.length === 0 || site.peer === null)) return;
      if (this.entries.length >= MAX_ENTRIES) {
        this.omitted++;
        return;
      }
      const lines = record.lines.filter(line => line.trim() !== "").slice(0, MAX_ENTRY_LINES);
      const entry = { site, lines: lines.map(line => line.slice(0, MAX_ENTRY_CHARACTERS)) };
      this.entries.push(entry);
      if (isAlert) this.#alerts.wait(entry);
      else if (site.peer !== null) this.#alerts.closes(site);
    });
  }

  /** A line without its line feed. */
  line(text: string): void {
    this.lines++;
    this.#records.line(text);
  }

  end(): void {
    this.#records.end();
  }

  #remember(site: LogSite): void {
    if (site.pid === null) return;
    if (this.#processes.size >= MAX_PROCESSES) this.#processes.clear();
    this.#processes.set(site.pid, site);
  }
}

/** Ties every entry to its connection. */
export function tieEntries(entries: readonly LogEntry[], candidates: readonly Candidate[]): Ties {
  const byPort = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const others = byPort.get(candidate.client.port);
    if (others === undefined) byPort.set(candidate.client.port, [candidate]);
    else others.push(candidate);
  }
  const tied = new Map<string, LogEntry[]>();
  const untied: Ties["untied"] = [];
  const elsewhen: Ties["untied"] = [];
  const from = candidates.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY) - TOLERANCE_MS;
  const to = candidates.reduce((most, { end }) => Math.max(most, end), Number.NEGATIVE_INFINITY) + TOLERANCE_MS;
  for (const entry of entries) {
    const found = connectionOf(entry, byPort.get(entry.site.peer?.port ?? -1) ?? []);
    if (typeof found === "string") {
      const { time } = entry.site;
      const outside = time?.zoned === true && (time.epoch < from || time.epoch > to);
      if (outside)
        elsewhen.push({ entry, reason: `it was logged ${time.epoch < from ? "before" : "after"} the capture` });
      else untied.push({ entry, reason: found });
      continue;
    }
    const before = tied.get(found.id);
    if (before === undefined) tied.set(found.id, [entry]);
    else before.push(entry);
  }
  return { tied, untied: [...untied, ...elsewhen] };
}

/** The connection of an entry, or why there is none. */
function connectionOf({ site }: LogEntry, samePort: readonly Candidate[]): Candidate | string {
  const { peer, host, time } = site;
  if (peer === null) return "it names no peer";
  const matching = samePort.filter(
    ({ client, server }) => isSame(peer, client) && (host === null || isSame(host, server)),
  );
  if (matching.length === 0) {
    const elsewhere = samePort.some(({ client }) => isSame(peer, client));
    if (elsewhere) return "the capture has its peer, but at another address or port of the broker";
    return samePort.length > 0
      ? "the capture has its peer's port, but not its address (behind a NAT or a proxy?)"
      : "its peer is not in the capture";
  }
  if (time === null)
    return matching.length === 1 ? matching[0]! : "its peer's port is used more than once, and it has no time";
  const nearest = matching.reduce((best, other) =>
    distance(other, time.epoch, time.zoned) < distance(best, time.epoch, time.zoned) ? other : best,
  );
  const apart = distance(nearest, time.epoch, time.zoned);
  if (apart <= TOLERANCE_MS) return nearest;
  return `the capture has its peer, but ${Math.round(apart / 1000)} s apart from it in time`;
}

/** Milliseconds between a message and a connection's life; 0 within. A time without a zone may be in any zone. */
function distance({ start, end }: Candidate, epoch: number, zoned: boolean): number {
  if (zoned) return epoch < start ? start - epoch : Math.max(0, epoch - end);
  if (end - start >= QUARTER_HOUR_MS) return 0;
  const late = (((epoch - start) % QUARTER_HOUR_MS) + QUARTER_HOUR_MS) % QUARTER_HOUR_MS;
  return late <= end - start ? 0 : Math.min(late - (end - start), QUARTER_HOUR_MS - late);
}

/** The same address and port; a host name, which a broker may look up, is taken on trust. */
function isSame(logged: LogEndpoint, captured: LogEndpoint): boolean {
  if (logged.port !== captured.port) return false;
  const address = plain(logged.address);
  if (!/^[\d.]+$|:/.test(address)) return true;
  return address === plain(captured.address);
}

/** An IPv4 address as IPv6 sockets write it is still that address. */
function plain(address: string): string {
  return address
    .toLowerCase()
    .replace(/%.*$/, "")
    .replace(/^::ffff:(?=\d{1,3}\.)/, "");
}

/** Exceptions that the client's octets cause. Others are the broker's own decisions: a shutdown, a lack of memory. */
const LED_TO_BY_OCTETS =
  /^(?:frame_error|syntax_error|command_invalid|channel_error|unexpected_frame|not_implemented|internal_error)$/;

/** `frame_error: type 3, …`: the exception in lines of a log, folded so that it can be compared; or null. */
export function exceptionIn(lines: readonly string[]): string | null {
  const text = folded(lines.map(line => line.trimStart()).join("\n"));
  const sentence = /caused a connection exception (\w{1,40}):\s{0,200}"([\s\S]{0,2000})"/.exec(text);
  if (sentence !== null) {
    const [, name = "", explanation = ""] = sentence;
    return LED_TO_BY_OCTETS.test(name) ? `${name}: ${unwrapped(explanation)}` : null;
  }
  const term = /unknown_method_id,\{\d{1,5},\d{1,5}\}|bad_header,<<[^>]{0,200}>>|bad_version,\{[\d,]{1,20}\}/;
  return term.exec(text.replace(/\s+/g, ""))?.[0] ?? null;
}

/** Removes what is left of wrapping. */
function unwrapped(text: string): string {
  return text
    .replace(/\\{1,8}n +/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * One sentence if the broker's log differs from what the client's octets predict; null if it does not, or if there is
 * nothing to compare.
 */
export function logDiffers(logged: readonly LogEntry[], predicted: readonly string[] | null): string | null {
  const said = logged.map(({ lines }) => exceptionIn(lines)).find(exception => exception !== null) ?? null;
  if (said === null) return null;
  const expected = predicted === null ? null : exceptionIn(predicted);
  if (predicted === null) {
    return `The broker logged ${said}, where the captured octets let expect no error: some of them are missing from the capture, or the broker is of another version.`;
  }
  if (expected === null || expected === said) return null;
  return `The broker logged ${said}, where ${expected} was predicted: a broker of another version, or octets that are missing from the capture.`;
}
