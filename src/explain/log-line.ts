/**
 * One physical line of a log, its prefix taken off. RabbitMQ writes text or JSON, each with times of several kinds
 * (rabbit_logger_text_fmt, rabbit_logger_json_fmt, and lager up to 3.8), and what collects logs puts its own in front:
 *
 *   2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> Error on AMQP connection …
 *   2020-03-05 10:11:12.123 [error] <0.123.0> Error on AMQP connection …
 *   =ERROR REPORT==== 6-Feb-2014::20:28:35 ===
 *   {"time":"2026-11-21 18:20:02.731572+00:00","level":"error","msg":"Error on AMQP …","pid":"<0.1396.0>"}
 *   rabbit-1  | 2026-11-21T18:20:02.73Z …
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
}

const COLLECTOR = /^[\w./-]{1,80}\s{0,40}\|\s/;
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
    return { prefixed: true, time: localTime(text), level: level.toLowerCase(), pid: null, text: "", whole: false };
  }
  let rest = line.replace(COLLECTOR, "");
  let time: LogTime | null = null;
  // A collector's time may stand before the broker's own: the last one counts.
  for (let match = readTime(rest); match !== null; match = readTime(rest)) {
    time = match.time;
    rest = rest.slice(match.length);
  }
  if (time === null) return { prefixed: false, time: null, level: "", pid: null, text: rest, whole: false };
  const [prefix = "", level = "", pid] = LEVEL_AND_PID.exec(rest) ?? [];
  return { prefixed: true, time, level, pid: pid ?? null, text: rest.slice(prefix.length), whole: false };
}

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
  const epoch = epochOf(clock);
  return Number.isNaN(epoch) ? null : { epoch, zoned: false, iso: clock };
}

function zonedTime(clock: string, zone: string): LogTime | null {
  const epoch = epochOf(clock);
  if (Number.isNaN(epoch)) return null;
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  const minutes = parts === null ? 0 : (Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * (parts[1] === "-" ? -1 : 1);
  const utc = epoch - minutes * 60_000;
  const fraction = /\.\d+$/.exec(clock)?.[0] ?? "";
  return { epoch: utc, zoned: true, iso: `${new Date(Math.floor(utc)).toISOString().slice(0, 19)}${fraction}Z` };
}

/** Milliseconds since the epoch, with their fraction: Date.parse drops all beyond three digits. */
function epochOf(clock: string): number {
  const [seconds = "", fraction = "0"] = clock.split(".");
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
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
    prefixed: true,
    time: jsonTime(TIME_KEYS.map(key => fields[key]).find(value => value !== undefined)),
    level: [level, severity].find(value => typeof value === "string") ?? "",
    pid: typeof pid === "string" ? pid : null,
    text: own.text,
    whole: true,
  };
}

function jsonTime(value: unknown): LogTime | null {
  if (typeof value === "string") return readTime(`${value} `)?.time ?? null;
  if (typeof value !== "number" || !(value > 0)) return null;
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
