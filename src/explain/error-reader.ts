/** From a message of a log, or any text, to what it reports about broken connections. */
import { FRAME_METHOD } from "../amqp/spec/constants.ts";
import type { LibraryId } from "../connection/client-libraries.ts";
import { mayBeToken } from "../connection/doubtful-words.ts";
import { betweenIn } from "./between.ts";
import {
  DURING_LOGIN,
  mayHoldCredential,
  withoutBinaries,
  withoutLogins,
  withoutPasswords,
} from "./credentials-in-text.ts";
import type { BrokerError, ErrorReport, LogSite } from "./error-report.ts";
import { errorsIn, type FoundError, mayNameError } from "./error-text.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import { MESSAGE_TOPICS } from "./known-lines/message-topics.ts";
import { type Company, speaksOfAmqp, speaksOfAnother } from "./known-lines/subject.ts";
import type { LogRecord } from "./log-record.ts";
import { type RecordHead, readHead } from "./log-site.ts";
import { libraryIn, runtimeOf } from "./runtime.ts";
import { channelWord } from "./typed-text.ts";

const QUOTE_CHARACTERS = 600;

/** What errors are counted by: two are the same if these are equal. */
export type ErrorSeen = Pick<ErrorReport, "error" | "channel" | "operation" | "site" | "library">;

export interface ReadRecord {
  head: RecordHead;
  reports: FoundReport[];
  /** If no error was found: the topic, if the text is RabbitMQ's or about AMQP. Called for the first few only. */
  unknown: () => ErrorReport | null;
}

/** An error of a text, and the library that printed it: searched for when it is asked for, as most are only counted. */
class FoundHere {
  readonly error: BrokerError;
  readonly #text: string;
  #printedBy: LibraryId | null | undefined;

  constructor(error: BrokerError, text: string) {
    this.error = error;
    this.#text = text;
  }

  get library(): LibraryId | null {
    if (this.#printedBy === undefined) this.#printedBy = libraryIn(this.#text) ?? libraryFor(this.error);
    return this.#printedBy;
  }
}

/** What a text contains, from any program. */
interface TextReading {
  errors: readonly FoundHere[];
  /** Without its passwords. */
  text: string;
  operation: string | null;
}

const NOTHING: TextReading = { errors: [], text: "", operation: null };
const OPERATION = /operation ([a-z]{1,20}\.[a-z_-]{1,20}|'[a-z]{1,20}\.[a-z_-]{1,20}') caused/;
/** Remembered readings for each company. */
const MAX_REMEMBERED = 300;
/** Of these, found again: fewer do not pay for remembering. */
const FEW = MAX_REMEMBERED / 10;
/** Readings then made without remembering them. */
const FORGETFUL = 10 * MAX_REMEMBERED;

/** Readings by their text, as long as texts come again: in some logs each message is another. */
class RememberedReadings {
  readonly #byText = new Map<string, TextReading>();
  #again = 0;
  #forgetful = 0;

  of(text: string): TextReading | undefined {
    if (this.#forgetful > 0) return undefined;
    const reading = this.#byText.get(text);
    if (reading !== undefined) this.#again++;
    return reading;
  }

  keep(text: string, reading: TextReading): void {
    if (this.#forgetful > 0) {
      this.#forgetful--;
      return;
    }
    if (this.#byText.size >= MAX_REMEMBERED) {
      if (this.#again < FEW) this.#forgetful = FORGETFUL;
      this.#again = 0;
      this.#byText.clear();
    }
    this.#byText.set(text, reading);
  }
}

/** Reads the messages of one log. Readings are remembered: a log repeats the same messages. */
export class ErrorReader {
  /** By the company of a text, then by the text. */
  readonly #remembered: Readonly<Record<Company, RememberedReadings>> = {
    log: new RememberedReadings(),
    alone: new RememberedReadings(),
    amqp: new RememberedReadings(),
    broker: new RememberedReadings(),
  };

  /**
   * Reads a message; null if it concerns something else. `pasted`: the message is all there is to explain, with or
   * without a word of AMQP, so lines that other programs write as well may count.
   */
  read(record: LogRecord, pasted: "alone" | "amqp" | null = null): ReadRecord | null {
    const raw = record.lines.join("\n");
    const ofBroker = isBrokers(record, raw);
    const alone = pasted !== null;
    const company = ofBroker ? "broker" : (pasted ?? "log");
    if (!ofBroker && !alone && !mayNameError(raw, company)) return null;
    const head = readHead(record);
    const logged = head.kind !== "other" || record.pid !== null;
    // The head names the connection; the text behind it is repeated again and again.
    const said = head.site.peer === null ? raw : `${head.site.name}\n${raw.slice(head.end)}`;
    // A broker's message of several lines is always examined.
    const isExamined = alone || (ofBroker && record.lines.length > 1);
    const reading = !alone && isPeaceful(head, record) ? NOTHING : this.#reading(said, company, isExamined);
    const { text, operation } = reading;
    const errors = logged ? reading.errors.filter(({ error }) => !isOfClients(error)) : reading.errors;
    const site = logged ? head.site : null;
    const report = (found: FoundHere, textOf: string): FoundReport => {
      const channel = head.channel ?? (logged || found.library !== null ? null : channelWord(raw));
      return new FoundReport(found, { raw, text: textOf, channel, operation, site });
    };
    const unknown = (): ErrorReport | null => {
      const error = errors.length > 0 ? null : unknownIn(raw, ofBroker);
      return error === null ? null : report(new FoundHere(error, raw), raw).whole();
    };
    return { head, reports: errors.map(each => report(each, text)), unknown };
  }

  #reading(said: string, company: Company, isExamined: boolean): TextReading {
    const remembered = this.#remembered[company];
    const before = remembered.of(said);
    if (before !== undefined) return before;
    if (!isExamined && !mayNameError(said, company)) return NOTHING;
    const found = errorsIn(said, company);
    const made = found.length === 0 ? NOTHING : readFully(said, found, company);
    remembered.keep(said, made);
    return made;
  }
}

/** `found` refers to the raw text; what is reported is taken from it without its passwords. */
function readFully(raw: string, found: readonly FoundError[], company: Company): TextReading {
  const text = withoutPasswords(raw);
  const shown = text === raw ? found : errorsIn(text, company);
  return {
    errors: shown.map(({ error }) => new FoundHere(error, text)),
    text,
    operation: OPERATION.exec(text)?.[1] ?? null,
  };
}

/** One line that opens a connection, names it, or closes it without a reason. */
function isPeaceful({ kind }: RecordHead, { lines }: LogRecord): boolean {
  if (lines.length !== 1 || kind === "error" || kind === "channel" || kind === "other") return false;
  const line = lines[0] ?? "";
  return kind !== "closing" || /^:?\s*$/.test(line.slice(line.lastIndexOf(")") + 1));
}

/** RabbitMQ's own: a process id in front, a report's head, or its modules' names in it. */
function isBrokers(record: LogRecord, text: string): boolean {
  return (
    record.pid !== null ||
    record.report ||
    /AMQP connection|connection <\d|Channel error on|\brabbit_\w{3,40}\b/.test(text)
  );
}

/** Whether only clients write it: in a broker's own log the words mean something else. */
function isOfClients(error: BrokerError): boolean {
  return error.kind === "message" && knownLine(error.line).ofClients === true;
}

function unknownIn(text: string, ofBroker: boolean): BrokerError | null {
  if (!ofBroker && (!speaksOfAmqp(text) || speaksOfAnother(text))) return null;
  const topic = ofBroker ? (MESSAGE_TOPICS.find(({ pattern }) => pattern.test(text))?.topic ?? "") : "";
  return { kind: "unknown-message", from: ofBroker ? "broker" : "client", topic };
}

/** The library that a row belongs to, if the text itself names none. */
function libraryFor(error: BrokerError): LibraryId | null {
  return error.kind === "client-side" || error.kind === "message" ? knownLine(error.line).library : null;
}

/** The quoted lines of a text, without passwords; more of them than are shown, as a run of octets may be cut. */
function quoteOf(raw: string): string {
  return withoutPasswords(raw.slice(0, 4 * QUOTE_CHARACTERS))
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "")
    .join("\n");
}

/** An error found in a message. Most are only counted, as the same as one before: the rest is read when needed. */
export class FoundReport implements ErrorSeen {
  readonly error: BrokerError;
  readonly channel: number | null;
  readonly operation: string | null;
  readonly site: LogSite | null;
  readonly #found: FoundHere;
  readonly #raw: string;
  readonly #text: string;

  /** `raw`: its message; `text`: the same without passwords. */
  constructor(found: FoundHere, { raw, text, channel, operation, site }: Circumstances) {
    this.error = discreet(found.error, operation, raw);
    this.channel = channel;
    this.operation = operation;
    this.site = site;
    this.#found = found;
    this.#raw = raw;
    this.#text = text;
  }

  get library(): LibraryId | null {
    return this.#found.library;
  }

  /** All that is known of it. */
  whole(): ErrorReport {
    const { error, channel, operation, site, library } = this;
    const bare = quoteOf(this.#raw);
    const withoutLogin = withoutLogins(bare);
    const quote = withoutLogin.slice(0, QUOTE_CHARACTERS);
    const hides = error !== this.#found.error;
    return {
      error,
      channel,
      operation,
      quote: hides ? withoutBinaries(quote) : quote,
      site,
      library,
      runtime: runtimeOf(this.#text, library),
      between: betweenIn(this.#text),
      masked: hides || withoutLogin !== bare,
      typed: false,
    };
  }
}

interface Circumstances extends Pick<ErrorSeen, "channel" | "operation" | "site"> {
  raw: string;
  text: string;
}

/** The error of a message without octets that may hold a credential: they are never turned into text, nor quoted. */
function discreet(error: BrokerError, operation: string | null, message: string): BrokerError {
  const octets =
    error.kind === "cannot-decode" || error.kind === "bad-table" || error.kind === "protocol-header"
      ? error.octets
      : "snippet" in error
        ? error.snippet?.octets
        : undefined;
  if (octets === undefined || octets === null) return error;
  // A method's payload begins with its ids: a word there is another's.
  const isForeign = "type" in error && error.type === FRAME_METHOD && mayBeToken(octets);
  if (!isForeign && !DURING_LOGIN.test(message) && !mayHoldCredential(octets, operation)) return error;
  switch (error.kind) {
    case "cannot-decode":
      return { ...error, octets: new Uint8Array(0) };
    case "bad-table":
      return { kind: "bad-table" };
    case "protocol-header":
      return { ...error, octets: null };
    case "frame-end":
    case "unknown-frame":
      return { ...error, snippet: null };
    case "misplaced-frame":
      return { ...error, snippet: { octets: new Uint8Array(0), whole: false } };
    default:
      return error;
  }
}
