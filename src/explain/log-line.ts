/**
 * One physical line of a log, without its prefix. RabbitMQ writes text or JSON, each with times of several kinds
 * (rabbit_logger_text_fmt, rabbit_logger_json_fmt, and lager up to 3.8), and log collectors put their own prefix in
 * front:
 *
 *   2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> Error on AMQP connection …
 *   2020-03-05 10:11:12.123 [error] <0.123.0> Error on AMQP connection …
 *   =ERROR REPORT==== 6-Feb-2014::20:28:35 ===
 *   {"time":"2026-11-21 18:20:02.731572+00:00","level":"error","msg":"Error on AMQP …","pid":"<0.1396.0>"}
 *   rabbit-1  | 2026-11-21T18:20:02.73Z …
 *   2026-11-21T18:20:02.73Z stdout F 2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> …
 */
import type { LogTime } from "./error-report.ts";
import { LogClock } from "./log-clock.ts";

export interface LogLine {
  /** The line had its own prefix: it begins a message, or continues one of the same time and process. */
  prefixed: boolean;
  time: LogTime | null;
  level: string;
  pid: string | null;
  /** The text behind the prefix; of JSON the message, with its line feeds. */
  text: string;
  /** A whole message: the next line does not continue it. */
  whole: boolean;
  /** The head of a report, as RabbitMQ wrote them before 3.7. */
  report: boolean;
  /** The next line belongs to this one: a container's log splits long lines. */
  cut: boolean;
}

const COLLECTOR = /^[\w./-]{1,80}\s{0,40}\|\s|^\[[\w./-]{1,160}\]\s(?=\d{4}-|=)/;
/** `Nov 21 18:23:06 host bash[21852]: `: it has no year. */
const SYSLOG = /^(?:<\d{1,3}>)?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,120} [\w./-]{1,60}(?:\[\d{1,10}\])?: /;
/** What Kubernetes' container runtimes put behind the time: the stream, and whether the line is Full or Partial. */
const CONTAINER = /^(?:stdout|stderr) ([FP]) /;
const TIME =
  /^\s{0,8}(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d):(\d\d(?:[.,]\d{1,9})?)(?: ?(Z|[+-]\d\d(?::?\d\d)?)(?=[\s\]|]))?\s?/;
const EPOCH = /^(\d{10})(\d{6})? (?=\[\w+\])/;
const LEVEL_AND_PID = /^(?:\[(\w{1,12})\] )?(?:(<\d{1,10}\.\d{1,10}\.\d{1,10}>) )?/;
const REPORT = /^=(\w{1,10}) REPORT={4,} (\d{1,2})-([A-Z][a-z]{2})-(\d{4})::(\d\d:\d\d):(\d\d)/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ESCAPE = "\x1b";
/** Colours, as a console handler adds them. */
const ANSI = new RegExp(`${ESCAPE}\\[[0-9;]{0,40}m`, "g");

/** A line without any known part. */
const PLAIN: LogLine = {
  prefixed: false,
  time: null,
  level: "",
  pid: null,
  text: "",
  whole: false,
  report: false,
  cut: false,
};

const MESSAGE_KEYS = ["msg", "message", "log", "MESSAGE", "textPayload", "text"];
const TIME_KEYS = ["time", "timestamp", "@timestamp", "ts", "date"];

/** Nanoseconds of the year 5138: a later value is no time. */
const LATEST = 1e20;

/** Reads the physical lines of one log. */
export class LogLineReader {
  readonly #clock = new LogClock();
  /** The line read last, if its prefix decides everything. */
  #before: { prefix: string; line: LogLine } | null = null;

  /** A physical line, without its line feed. */
  read(line: string): LogLine {
    const plain = line.includes(ESCAPE) ? line.replace(ANSI, "") : line;
    const start = plain.search(/\S/);
    if (plain.charCodeAt(start) === 0x7b /* { */ && plain.includes('"')) {
      const entry = this.#readJson(plain);
      if (entry !== null) return entry;
    }
    return this.#readPrefix(plain);
  }

  #readPrefix(line: string): LogLine {
    const report = REPORT.exec(line);
    if (report !== null) {
      const [, level = "", date, month, year, minute = "", seconds = ""] = report;
      const day = `${year}-${twoDigits(MONTHS.indexOf(month!) + 1)}-${twoDigits(Number(date))}`;
      const time = this.#clock.local({ day, minute, seconds });
      return { ...PLAIN, prefixed: true, time, level: level.toLowerCase(), report: true };
    }
    const before = this.#before;
    // The lines of one message have the same prefix.
    if (before !== null && line.startsWith(before.prefix)) {
      return { ...before.line, text: line.slice(before.prefix.length) };
    }
    let rest = line;
    let match = this.#readTime(rest);
    if (match === null) {
      rest = line.replace(COLLECTOR, "").replace(SYSLOG, "");
      match = this.#readTime(rest);
    }
    let time: LogTime | null = null;
    let cut = false;
    // A collector's time may stand before the broker's own: the last one counts.
    for (; match !== null; match = this.#readTime(rest)) {
      time = match.time;
      rest = rest.slice(match.length);
      const container = CONTAINER.exec(rest);
      if (container === null) continue;
      cut = container[1] === "P";
      rest = rest.slice(container[0].length);
    }
    if (rest !== line && REPORT.test(rest)) return this.#readPrefix(rest);
    if (time === null) return { ...PLAIN, text: rest };
    const [prefix = "", level = "", pid] = LEVEL_AND_PID.exec(rest) ?? [];
    const text = rest.slice(prefix.length);
    const read = { prefixed: true, time, level, pid: pid ?? null, text, whole: false, report: false, cut };
    // Behind a level and a process no other time is searched for.
    const isWhole = level !== "" && pid !== undefined && !cut;
    this.#before = isWhole ? { prefix: line.slice(0, line.length - read.text.length), line: read } : null;
    return read;
  }

  #readTime(text: string): { time: LogTime; length: number } | null {
    const match = TIME.exec(text);
    if (match !== null) {
      const [whole, day = "", minute = "", written = "", zone] = match;
      const clock = { day, minute, seconds: written.replace(",", ".") };
      const time = zone === undefined ? this.#clock.local(clock) : this.#clock.zoned(clock, zone);
      return time === null ? null : { time, length: whole.length };
    }
    const epoch = EPOCH.exec(text);
    if (epoch === null) return null;
    const time = this.#sinceEpoch(epoch[1]!, epoch[2] ?? "");
    return time === null ? null : { time, length: epoch[0].length };
  }

  /** A line of JSON: RabbitMQ's own formatter, or a collector that wraps each line of text. */
  #readJson(line: string): LogLine | null {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      return null;
    }
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return null;
    const fields = entry as Record<string, unknown>;
    const message = MESSAGE_KEYS.map(key => fields[key]).find(value => typeof value === "string");
    if (typeof message !== "string") return null;
    const own = this.#readPrefix(message.replace(/\r?\n$/, ""));
    // A collector's message is a physical line of the broker's, with the broker's own prefix.
    if (own.prefixed) return own;
    const { pid, level, severity } = fields;
    return {
      ...PLAIN,
      prefixed: true,
      time: this.#jsonTime(TIME_KEYS.map(key => fields[key]).find(value => value !== undefined)),
      level: [level, severity].find(value => typeof value === "string") ?? "",
      pid: typeof pid === "string" ? pid : null,
      text: own.text,
      whole: true,
    };
  }

  #jsonTime(value: unknown): LogTime | null {
    if (typeof value === "string") return this.#readTime(`${value} `)?.time ?? null;
    if (typeof value !== "number" || !(value > 0) || value > LATEST) return null;
    // Seconds, milliseconds, microseconds or nanoseconds since the epoch, distinguished by their size.
    let seconds = value;
    while (seconds > 1e11) seconds /= 1000;
    const [whole = "", fraction = ""] = seconds.toFixed(6).split(".");
    return this.#sinceEpoch(whole, fraction);
  }

  /** Decimals of whole seconds since the epoch, and of the rest; "" for nothing. */
  #sinceEpoch(whole: string, fraction: string): LogTime | null {
    const iso = new Date(Number(whole) * 1000).toISOString();
    const seconds = `${iso.slice(17, 19)}${fraction === "" ? "" : `.${fraction}`}`;
    return this.#clock.zoned({ day: iso.slice(0, 10), minute: iso.slice(11, 16), seconds }, "Z");
  }
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
