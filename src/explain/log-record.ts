/**
 * Puts lines of a log together into messages. A message of RabbitMQ is several lines, each with the same prefix; before
 * 3.9 only the first has one. In an application's log, the logger decides how an exception is wrapped.
 */
import type { LogTime } from "./error-report.ts";
import { type LogLine, LogLineReader } from "./log-line.ts";

/** A message of a log. */
export interface LogRecord {
  time: LogTime | null;
  level: string;
  pid: string | null;
  /** It began with a report's head, as RabbitMQ wrote them before 3.7. */
  report: boolean;
  /** Its lines without their prefixes. */
  lines: string[];
}

/** Bounds of one message. What is longer is cut into several. */
const MAX_LINES = 60;
const MAX_CHARACTERS = 16_384;
/** Characters of a line that are checked to decide whether it is cut. */
const TAIL_CHARACTERS = 400;
/** Characters of one physical line; the rest is left out. */
export const MAX_LINE_CHARACTERS = 65_536;

/** Takes lines and hands on messages. */
export class LogRecords {
  readonly #sink: (record: LogRecord) => void;
  readonly #reader = new LogLineReader();
  #record: LogRecord | null = null;
  #prefixed = false;
  #cut = false;
  #characters = 0;

  constructor(sink: (record: LogRecord) => void) {
    this.#sink = sink;
  }

  /** A physical line, without its line feed. */
  line(text: string): void {
    const line = this.#reader.read(text.slice(0, MAX_LINE_CHARACTERS));
    if (!this.#continues(line)) this.#begin(line);
    this.#append(line.text);
    this.#cut = line.cut;
    if (line.whole) this.end();
  }

  /** No more lines: the last message is complete. */
  end(): void {
    const record = this.#record;
    this.#record = null;
    if (record !== null && record.lines.length > 0) this.#sink(record);
  }

  #begin({ prefixed, time, level, pid, report }: LogLine): void {
    this.end();
    this.#record = { time, level, pid, report, lines: [] };
    this.#prefixed = prefixed;
    this.#characters = 0;
  }

  #append(text: string): void {
    const record = this.#record;
    if (record === null || (text === "" && record.lines.length === 0)) return;
    if (this.#cut && record.lines.length > 0) {
      record.lines.push(record.lines.pop()! + text);
      this.#characters += text.length;
      return;
    }
    if (text.includes("\n")) record.lines.push(...text.slice(0, MAX_LINE_CHARACTERS).split(/\r?\n/));
    else record.lines.push(text.length > MAX_LINE_CHARACTERS ? text.slice(0, MAX_LINE_CHARACTERS) : text);
    this.#characters += text.length;
  }

  #continues(line: LogLine): boolean {
    const record = this.#record;
    if (record === null || line.whole) return false;
    if (record.lines.length >= MAX_LINES || this.#characters >= MAX_CHARACTERS) return false;
    if (this.#cut) return true;
    if (line.prefixed) {
      return record.pid !== null && line.pid === record.pid && line.time?.epoch === record.time?.epoch;
    }
    // An empty line ends a message without prefixes: it separates exceptions pasted from several places.
    return this.#prefixed || (line.text.trim() !== "" && (GOES_ON.test(line.text) || this.#openEnded()));
  }

  /** Whether a message without prefixes goes on: its last line looks cut. */
  #openEnded(): boolean {
    const last = this.#record?.lines.at(-1) ?? "";
    return OPEN_ENDED.test(last.slice(-TAIL_CHARACTERS));
  }
}

/** How Erlang's ssl goes on with an alert: ` - {unsupported_record_type,65}`. */
const GOES_ON = /^\s{1,8}- \{/;
/** Ends in a colon, a comma, an opening bracket; or in a term whose bracket is not closed. */
const OPEN_ENDED = /[:,({<=-]\s*$|octets = (?:(?!: \{)[\s\S])*$|\{(?:frame_too_large|invalid_frame_end_marker)[^}]*$/;
