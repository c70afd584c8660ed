/**
 * A broker's log lines about TLS alerts. The process that speaks TLS logs them, and names no peer; the connection's own
 * process, which was started right after it, reports a moment later that it closes.
 *
 * ```text
 * <0.893.0> TLS server: In state connection at tls_record.erl:564 generated SERVER ALERT: Fatal - Unexpected Message
 * <0.893.0>  - {unsupported_record_type,155}
 * <0.896.0> closing AMQP connection <0.896.0> (127.0.0.1:36702 -> 127.0.0.1:5708 …):
 * ```
 */
import type { LogSite } from "./error-report.ts";
import type { LogRecord } from "./log-record.ts";

/** Of a session that was established; alerts of failed handshakes belong to no connection of AMQP. */
const ALERT =
  /^\s*TLS (?:server|client): In state connection\b.{0,200}\b(?:generated|received) (?:SERVER|CLIENT) ALERT: /;
/** How many processes later the connection's own was started, at most. */
const MAX_LATER = 8;
/** Milliseconds until it closes, at most. */
const MAX_MS = 2000;
const MAX_WAITING = 1000;

/** An entry of a log whose connection becomes known later. */
interface Waiting {
  entry: { site: LogSite };
  process: number;
}

export class TlsAlertLines {
  #waiting: Waiting[] = [];

  static isAlert({ lines }: LogRecord): boolean {
    return ALERT.test(lines[0] ?? "");
  }

  /** An entry made from an alert: it gets the site of the connection that closes after it, if it is clear which one. */
  wait(entry: Waiting["entry"]): void {
    const process = processNumber(entry.site);
    if (process === null || entry.site.time === null) return;
    if (this.#waiting.length >= MAX_WAITING) this.#waiting = [];
    this.#waiting.push({ entry, process });
  }

  /** The log reports a connection with a known peer as failing. */
  closes(site: LogSite): void {
    const process = processNumber(site);
    if (process === null || site.time === null || this.#waiting.length === 0) return;
    const { epoch } = site.time;
    this.#waiting = this.#waiting.filter(({ entry }) => epoch - (entry.site.time?.epoch ?? 0) <= MAX_MS);
    const before = this.#waiting.filter(each => each.process < process && process - each.process <= MAX_LATER);
    const [alert] = before;
    if (alert === undefined || before.length > 1) return;
    alert.entry.site = { ...site, time: alert.entry.site.time };
    this.#waiting = this.#waiting.filter(each => each !== alert);
  }
}

/** 893 of <0.893.0>. */
function processNumber({ pid }: LogSite): number | null {
  const number = /^<\d{1,9}\.(\d{1,9})\.\d{1,9}>$/.exec(pid ?? "")?.[1];
  return number === undefined ? null : Number(number);
}

/** N of `{unsupported_record_type,N}` in a log's lines; or null. */
export function unsupportedRecordType(lines: readonly string[]): number | null {
  const type = /\{unsupported_record_type,(\d{1,3})\}/.exec(lines.join("\n").replace(/\s+/g, ""))?.[1];
  return type === undefined ? null : Number(type);
}
