/** From a message of a log, or any text, to what it says about broken connections. */
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import type { LibraryId } from "../connection/client-libraries.ts";
import { betweenIn } from "./between.ts";
import { mayHoldCredential, withoutBinaries, withoutPasswords } from "./credentials-in-text.ts";
import type { BrokerError, ErrorReport } from "./error-report.ts";
import { errorsIn, type FoundError, mayNameError } from "./error-text.ts";
import { headerWindow, type MaybeOctet } from "./header-window.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import { speaksOfAmqp } from "./known-lines/match.ts";
import { MESSAGE_TOPICS } from "./known-lines/message-topics.ts";
import type { LogRecord } from "./log-record.ts";
import { type RecordHead, readHead } from "./log-site.ts";
import { libraryIn, type Runtime, runtimeOf } from "./runtime.ts";

const QUOTE_CHARACTERS = 600;

export interface ReadRecord {
  head: RecordHead;
  reports: ErrorReport[];
  /** Where no error was found: what it is about, if it is RabbitMQ's or speaks of AMQP. Asked for the first few only. */
  unknown: () => ErrorReport | null;
}

interface FoundHere {
  error: BrokerError;
  library: LibraryId | null;
  runtime: Runtime;
}

/** What a text says, whosever it is. */
interface TextReading {
  errors: readonly FoundHere[];
  between: string | null;
  operation: string | null;
}

const NOTHING: TextReading = { errors: [], between: null, operation: null };
const OPERATION = /operation ([a-z]{1,20}\.[a-z_-]{1,20}|'[a-z]{1,20}\.[a-z_-]{1,20}') caused/;
/** Ways to read a text: see `#reading`. */
const READINGS = 8;
/** Readings of each way that are remembered. */
const MAX_REMEMBERED = 300;

/** Reads the messages of one log. What was read is remembered: a log says the same again and again. */
export class ErrorReader {
  /** By what of a text counts (`READINGS` of them), then by the text. */
  readonly #remembered = Array.from({ length: READINGS }, () => new Map<string, TextReading>());

  /**
   * What a message says; null where it is about something else altogether. `alone`: it is all there is to explain, so what
   * other programs say as well counts.
   */
  read(record: LogRecord, alone = false): ReadRecord | null {
    const raw = record.lines.join("\n");
    const ofBroker = isBrokers(record, raw);
    // What the broker says in several lines is looked at in any case.
    let names = (ofBroker && record.lines.length > 1) || mayNameError(raw, ofBroker || alone);
    if (!names && !ofBroker && !alone) return null;
    const head = readHead(record);
    const logged = head.kind !== "other" || record.pid !== null;
    if (isPeaceful(head, record)) names = false;
    // Whose connection it is stands in the head; the same is said behind it again and again.
    const said = head.site.peer === null ? raw : `${head.site.name}\n${raw.slice(head.end)}`;
    const reading = this.#reading(said, names || alone, ofBroker, alone);
    const { between, operation } = reading;
    const errors = logged ? reading.errors.filter(({ error }) => !isOfClients(error)) : reading.errors;
    const report = ({ error, library, runtime }: FoundHere): ErrorReport =>
      discreet({
        error,
        channel: head.channel ?? (logged || library !== null ? null : channelWord(raw)),
        operation,
        // Most are counted only, as the same as one before.
        get quote() {
          return quoteOf(withoutPasswords(raw.slice(0, 4 * QUOTE_CHARACTERS)));
        },
        site: logged ? head.site : null,
        library,
        runtime,
        between,
        masked: false,
        typed: false,
      });
    const unknown = (): ErrorReport | null => {
      const error = errors.length > 0 ? null : unknownIn(raw, ofBroker);
      if (error === null) return null;
      const library = libraryIn(raw);
      return { ...report({ error, library, runtime: runtimeOf(raw, library) }), between: betweenIn(raw) };
    };
    return { head, reports: errors.map(report), unknown };
  }

  #reading(raw: string, names: boolean, ofBroker: boolean, alone: boolean): TextReading {
    if (!names && !ofBroker) return NOTHING;
    const remembered = this.#remembered[(names ? 1 : 0) + (ofBroker ? 2 : 0) + (alone ? 4 : 0)]!;
    const before = remembered.get(raw);
    if (before !== undefined) return before;
    const found = names ? errorsIn(raw, ofBroker || alone) : [];
    const made = found.length === 0 ? NOTHING : this.#readFully(raw, found, ofBroker || alone);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(raw, made);
    return made;
  }

  /** `found` in the text as it stands; what is told is taken from it without its passwords. */
  #readFully(raw: string, found: readonly FoundError[], elsewhere: boolean): TextReading {
    const text = withoutPasswords(raw);
    const library = libraryIn(text);
    const here = (error: BrokerError): FoundHere => {
      const own = library ?? libraryFor(error);
      return { error, library: own, runtime: runtimeOf(text, own) };
    };
    return {
      errors: (text === raw ? found : errorsIn(text, elsewhere)).map(({ error }) => here(error)),
      between: betweenIn(text),
      operation: OPERATION.exec(text)?.[1] ?? null,
    };
  }
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

/** Whether it is said by clients only: in a broker's own log the words mean something else. */
function isOfClients(error: BrokerError): boolean {
  return error.kind === "message" && knownLine(error.line).ofClients === true;
}

function unknownIn(text: string, ofBroker: boolean): BrokerError | null {
  if (!ofBroker && !speaksOfAmqp(text)) return null;
  const topic = ofBroker ? (MESSAGE_TOPICS.find(({ pattern }) => pattern.test(text))?.topic ?? "") : "";
  return { kind: "unknown-message", from: ofBroker ? "broker" : "client", topic };
}

/** The library that a row is about, where the text itself names none. */
function libraryFor(error: BrokerError): LibraryId | null {
  return error.kind === "client-side" || error.kind === "message" ? knownLine(error.line).library : null;
}

function quoteOf(text: string): string {
  return text
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "")
    .join("\n")
    .slice(0, QUOTE_CHARACTERS);
}

/** The report without octets that may hold a credential: they are never turned into text, nor quoted. */
function discreet(report: ErrorReport): ErrorReport {
  const { error, operation } = report;
  const octets =
    error.kind === "cannot-decode" || error.kind === "bad-table" || error.kind === "protocol-header"
      ? error.octets
      : "snippet" in error
        ? error.snippet?.octets
        : undefined;
  if (octets === undefined || octets === null || !mayHoldCredential(octets, operation)) return report;
  const bare = { ...report, masked: true, quote: withoutBinaries(report.quote) };
  switch (error.kind) {
    case "cannot-decode":
      return { ...bare, error: { ...error, octets: new Uint8Array(0) } };
    case "bad-table":
      return { ...bare, error: { kind: "bad-table" } };
    case "protocol-header":
      return { ...bare, error: { ...error, octets: null } };
    case "frame-end":
    case "unknown-frame":
      return { ...bare, error: { ...error, snippet: null } };
    case "misplaced-frame":
      return { ...bare, error: { ...error, snippet: { octets: new Uint8Array(0), whole: false } } };
    default:
      return bare;
  }
}

/**
 * What somebody types: a size in decimal or hex, `type 0 size 1544254578 channel 0`, seven octets in hex, a reply code,
 * `bad end 97`. Null where the text is none of these.
 */
export function readLoose(raw: string): ErrorReport | null {
  const text = raw.trim().slice(0, QUOTE_CHARACTERS);
  const error = looseError(text);
  if (error === null) return null;
  return {
    error,
    channel: channelWord(text),
    operation: null,
    quote: text,
    site: null,
    library: null,
    runtime: "threads",
    between: null,
    masked: false,
    typed: true,
  };
}

const NUMBER = String.raw`(0x[0-9a-f]{1,8}|\d{1,3}(?:[,_']\d{3})+|\d{1,10})`;

function looseError(text: string): BrokerError | null {
  const octets = hexOctets(text) ?? mixedOctets(text);
  if (octets !== null) return { kind: "header-octets", octets };

  const alone = new RegExp(`^[={]?\\s*${NUMBER}\\s*(?:octets|bytes)?\\s*[}]?$`, "i").exec(text);
  if (alone !== null) {
    const value = readNumber(alone[1]!);
    if (value === null) return null;
    if (value > 500 && REPLY_CODES[value] !== undefined) {
      return { kind: "code-only", code: value };
    }
    return { kind: "frame-too-large", type: null, size: value, limit: null };
  }
  const end = new RegExp(`\\bend(?:[ _-](?:octet|marker))?\\b[ :=,]{0,3}${NUMBER}`, "i").exec(text);
  const type = word("type", text);
  if (end !== null) {
    const endOctet = readNumber(end[1]!);
    if (endOctet === null || endOctet > 255) return null;
    const payload = /\b(?:payload|octets|snippet)\b[ :=]{0,3}((?:[0-9a-f]{2}[ ,]){2,40}[0-9a-f]{2})/i.exec(text)?.[1];
    const snippet = payload === undefined ? null : hexOctets(payload);
    return {
      kind: "frame-end",
      type,
      endOctet,
      snippet: snippet === null ? null : { octets: Uint8Array.from(snippet, octet => octet ?? 0), whole: false },
    };
  }
  const size = word("size", text);
  if (type !== null && type > 255) return null;
  if (size === null)
    return type === null ? null : { kind: "header-octets", octets: [...headerWindow(type, channelWord(text), null)] };
  return { kind: "frame-too-large", type, size, limit: word("limit", text) ?? word("frame_max", text) };
}

function channelWord(text: string): number | null {
  const channel = word("channel", text);
  return channel !== null && channel <= 65_535 ? channel : null;
}

/** The number behind a word: `size 1,342,177,289`, `type=65`, `size ≥ 134217728`. */
function word(name: string, text: string): number | null {
  const match = new RegExp(`\\b${name}[^\\w\\n]{1,4}${NUMBER}`, "i").exec(text);
  return match === null ? null : readNumber(match[1]!);
}

function readNumber(text: string): number | null {
  const value = Number(text.replace(/[,_']/g, ""));
  return value <= 0xffffffff ? value : null;
}

/**
 * `14 00 0A 00 CE 08 00`, `02 ?? ?? CE 03 00 01`: a header, and what follows it where there are more than seven; four
 * are those of the size. Blanks between them may be missing.
 */
function hexOctets(text: string): MaybeOctet[] | null {
  // In one run, or in groups as hex dumps have them.
  const run = /^(?:[0-9a-f]{2}){1,64}(?: (?:[0-9a-f]{2}){1,64}){0,63}$/i.test(text.replace(/\b0x/gi, ""))
    ? text.replace(/\b0x| /gi, "")
    : "";
  if (run.length >= 14 && run.length <= 128 && /[0-9a-f]{4}/i.test(text))
    return Array.from(run.matchAll(/../g), ([octet]) => Number.parseInt(octet, 16));
  if (!/^(?:0x)?(?:[0-9a-f]{2}|\?\?)(?:[ ,:-]{1,2}(?:0x)?(?:[0-9a-f]{2}|\?\?)){3,63}$/i.test(text)) return null;
  const octets = Array.from(text.matchAll(/(?:0x)?([0-9a-f]{2}|\?\?)/gi), ([, octet]) =>
    octet === "??" ? null : Number.parseInt(octet!, 16),
  );
  if (octets.length === 4) return [null, null, null, ...octets];
  while (octets.length < 7) octets.push(null);
  return octets.some(octet => octet !== null) ? octets : null;
}

/** `AMQP 00 00 09`, `m CE 03 00 01 00 00`: a header in hex, its text as text. */
function mixedOctets(text: string): MaybeOctet[] | null {
  const tokens = text.split(/ +/);
  const isHex = (token: string): boolean => /^(?:[0-9a-f]{2}|\?\?)$/i.test(token);
  if (tokens.filter(isHex).length < 3 || !tokens.every(token => isHex(token) || /^[!-~]{1,4}$/.test(token)))
    return null;
  const octets = tokens.flatMap((token): MaybeOctet[] => {
    if (token === "??") return [null];
    return isHex(token) ? [Number.parseInt(token, 16)] : Array.from(token, character => character.charCodeAt(0));
  });
  return octets.length === 7 || octets.length === 8 ? octets : null;
}
