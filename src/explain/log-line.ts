/**
 * One physical line of a log, its prefix taken off. RabbitMQ writes text or JSON, each with times of several kinds
 * (rabbit_logger_text_fmt, rabbit_logger_json_fmt, and lager up to 3.8), and what collects logs puts its own in front:
 *
 *   2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> Error on AMQP connection …
 *   2020-03-05 10:11:12.123 [error] <0.123.0> Error on AMQP connection …
 *   =ERROR REPORT==== 6-Feb-2014::20:28:35 ===
 *   {"time":"2026-11-21 18:20:02.731572+00:00","level":"error","msg":"Error on AMQP …","pid":"<0.1396.0>"}
 *   rabbit-1  | 2026-11-21T18:20:02.73Z …
 *   2026-11-21T18:20:02.73Z stdout F 2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> …
 */
import type { LogTime } from "./error-report.ts";

export interface LogLine {
  /** The line had a prefix of its own: it begins a message, or goes on with one of the same time and process. */
  prefixed: boolean;
  time: LogTime | null;
  level: string;
  pid: string | null;
  /** What stands behind the prefix; of JSON the message, line feeds in it kept. */
  text: string;
  /** A whole message: nothing of it follows on the next line. */
  whole: boolean;
  /** The head of a report, as RabbitMQ wrote them before 3.7. */
  report: boolean;
  /** What stands on the next line belongs to this one: a container's log parts long lines. */
  cut: boolean;
}

const COLLECTOR = /^[\w./-]{1,80}\s{0,40}\|\s|^\[[\w./-]{1,160}\]\s(?=\d{4}-|=)/;
/** `Nov 21 18:23:06 host bash[21852]: `: it has no year. */
const SYSLOG = /^(?:<\d{1,3}>)?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,120} [\w./-]{1,60}(?:\[\d{1,10}\])?: /;
/** What Kubernetes' container runtimes put behind the time: the stream, and whether the line is Full or Partial. */
const CONTAINER = /^(?:stdout|stderr) ([FP]) /;
const TIME =
  /^\s{0,8}(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d(?::?\d\d)?)(?=[\s\]|]))?\s?/;
const EPOCH = /^(\d{10})(\d{6})? (?=\[\w+\])/;
const LEVEL_AND_PID = /^(?:\[(\w{1,12})\] )?(?:(<\d{1,10}\.\d{1,10}\.\d{1,10}>) )?/;
const REPORT = /^=(\w{1,10}) REPORT={4,} (\d{1,2})-([A-Z][a-z]{2})-(\d{4})::(\d\d):(\d\d):(\d\d)/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ESCAPE = "\x1b";
/** Colours, as a console handler adds them. */
const ANSI = new RegExp(`${ESCAPE}\\[[0-9;]{0,40}m`, "g");

/** Reads a physical line, without its line feed. */
export function readLogLine(line: string): LogLine {
  const plain = line.includes(ESCAPE) ? line.replace(ANSI, "") : line;
  const start = plain.search(/\S/);
  if (plain.charCodeAt(start) === 0x7b /* { */ && plain.includes('"')) {
    const entry = readJson(plain);
    if (entry !== null) return entry;
  }
  return readPrefix(plain);
}

function readPrefix(line: string): LogLine {
  const report = REPORT.exec(line);
  if (report !== null) {
    const [, level = "", day, month, year, ...clock] = report;
    const text = `${year}-${twoDigits(MONTHS.indexOf(month!) + 1)}-${twoDigits(Number(day))}T${clock.join(":")}`;
    return { ...PLAIN, prefixed: true, time: localTime(text), level: level.toLowerCase(), report: true };
  }
  let rest = line.replace(COLLECTOR, "").replace(SYSLOG, "");
  let time: LogTime | null = null;
  let cut = false;
  // A collector's time may stand before the broker's own: the last one counts.
  for (let match = readTime(rest); match !== null; match = readTime(rest)) {
    time = match.time;
    rest = rest.slice(match.length);
    const container = CONTAINER.exec(rest);
    if (container === null) continue;
    cut = container[1] === "P";
    rest = rest.slice(container[0].length);
  }
  if (rest !== line && REPORT.test(rest)) return readPrefix(rest);
  if (time === null) return { ...PLAIN, text: rest };
  const [prefix = "", level = "", pid] = LEVEL_AND_PID.exec(rest) ?? [];
  return { ...PLAIN, prefixed: true, time, level, pid: pid ?? null, text: rest.slice(prefix.length), cut };
}

/** A line of which nothing is known but that it is one. */
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

function readTime(text: string): { time: LogTime; length: number } | null {
  const match = TIME.exec(text);
  if (match !== null) {
    const [whole, year, month, day, hour, minute, second, fraction = "", zone] = match;
    const clock = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction === "" ? "" : `.${fraction}`}`;
    const time = zone === undefined ? localTime(clock) : zonedTime(clock, zone);
    return time === null ? null : { time, length: whole.length };
  }
  const epoch = EPOCH.exec(text);
  if (epoch === null) return null;
  const iso = new Date(Number(epoch[1]) * 1000).toISOString().slice(0, 19);
  const time = zonedTime(epoch[2] === undefined ? iso : `${iso}.${epoch[2]}`, "Z");
  return time === null ? null : { time, length: epoch[0].length };
}

/** A clock time `2026-11-21T18:20:02.73` of a zone that is not known. */
function localTime(clock: string): LogTime | null {
  const { epoch } = splitClock(clock);
  return Number.isNaN(epoch) ? null : { epoch, zoned: false, iso: clock };
}

function zonedTime(clock: string, zone: string): LogTime | null {
  const { seconds, fraction, epoch } = splitClock(clock);
  if (Number.isNaN(epoch)) return null;
  if (seconds !== utcOf.seconds || zone !== utcOf.zone) {
    const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
    const minutes = parts === null ? 0 : (Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * (parts[1] === "-" ? -1 : 1);
    const shift = minutes * 60_000;
    utcOf = { seconds, zone, shift, iso: new Date(secondOf.epoch - shift).toISOString().slice(0, 19) };
  }
  return { epoch: epoch - utcOf.shift, zoned: true, iso: `${utcOf.iso}${fraction}Z` };
}

/** The second that was read last, and what it is in UTC: lines of a log come many to a second. */
let secondOf = { seconds: "", epoch: Number.NaN };
let utcOf = { seconds: "", zone: "", shift: 0, iso: "" };

/** A clock time in parts: to the second, its fraction with the point, and milliseconds since the epoch with theirs. */
function splitClock(clock: string): { seconds: string; fraction: string; epoch: number } {
  const seconds = clock.slice(0, 19);
  if (seconds !== secondOf.seconds) secondOf = { seconds, epoch: Date.parse(`${seconds}Z`) };
  const fraction = clock.slice(19);
  // Date.parse would drop all beyond three digits.
  return {
    seconds,
    fraction,
    epoch: fraction === "" ? secondOf.epoch : secondOf.epoch + Number(`0${fraction}`) * 1000,
  };
}

const MESSAGE_KEYS = ["msg", "message", "log", "MESSAGE", "textPayload", "text"];
const TIME_KEYS = ["time", "timestamp", "@timestamp", "ts", "date"];

/** A line of JSON: RabbitMQ's own formatter, or a collector that wraps each line of text. */
function readJson(line: string): LogLine | null {
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
  const own = readPrefix(message.replace(/\r?\n$/, ""));
  // A collector's message is a physical line of the broker's, with the broker's own prefix.
  if (own.prefixed) return own;
  const { pid, level, severity } = fields;
  return {
    ...PLAIN,
    prefixed: true,
    time: jsonTime(TIME_KEYS.map(key => fields[key]).find(value => value !== undefined)),
    level: [level, severity].find(value => typeof value === "string") ?? "",
    pid: typeof pid === "string" ? pid : null,
    text: own.text,
    whole: true,
  };
}

/** Nanoseconds of the year 5138: whatever is later is no time. */
const LATEST = 1e20;

function jsonTime(value: unknown): LogTime | null {
  if (typeof value === "string") return readTime(`${value} `)?.time ?? null;
  if (typeof value !== "number" || !(value > 0) || value > LATEST) return null;
  // Seconds, milliseconds, microseconds or nanoseconds since the epoch, told by their size.
  let seconds = value;
  while (seconds > 1e11) seconds /= 1000;
  const digits = seconds.toFixed(6);
  const [whole, fraction] = digits.split(".");
  return zonedTime(`${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${fraction}`, "Z");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
