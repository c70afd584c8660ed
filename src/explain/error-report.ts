/**
 * The parts of a broker's log line or a client's exception about a broken connection. All of it is a quote: numbers and
 * names are the broker's, and a header quoted in an error is the corrupt one.
 */
import type { LibraryId } from "../connection/client-libraries.ts";
import type { MaybeOctet } from "./header-window.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import type { About, ReadProblem, SeenBy } from "./known-lines/known-line.ts";
import { MESSAGE_TOPICS } from "./known-lines/message-topics.ts";
import type { Runtime } from "./runtime.ts";

export interface ErrorReport {
  error: BrokerError;
  /** From the log line or the header: if the header is corrupt, so is this. Null if the text does not give it. */
  channel: number | null;
  /** The method named in `operation basic.publish caused …`. */
  operation: string | null;
  /** The text it was read from: its lines as they came, a few hundred characters at most. */
  quote: string;
  /** Where and when the broker logged it; null if it did not come from a log. */
  site: LogSite | null;
  /** The client library that prints errors in this form. */
  library: LibraryId | null;
  /** What can write to one socket at the same time in that client's language. */
  runtime: Runtime;
  /** What the text names between client and broker: a proxy, a mesh, a load balancer. Null if it names none. */
  between: string | null;
  /** Octets that may hold a credential were left out. */
  masked: boolean;
  /** Typed by hand: no sentence of a broker surrounds it. */
  typed: boolean;
}

/** What a line of a RabbitMQ log contains about its connection. Null and "" if it does not. */
export interface LogSite {
  time: LogTime | null;
  pid: string | null;
  peer: LogEndpoint | null;
  host: LogEndpoint | null;
  /** The name the client gave its connection. */
  name: string;
  vhost: string;
  user: string;
  /** running, closed, … */
  state: string;
}

/** An end of a connection as the log names it: an address, or a host name if the broker looks names up. */
export interface LogEndpoint {
  address: string;
  port: number;
}

export interface LogTime {
  /** Milliseconds since the epoch, fractions kept; the broker's local time is taken as UTC if it gives no zone. */
  epoch: number;
  /** The line gives the time zone. */
  zoned: boolean;
  /** ISO 8601, UTC, with the digits that the line has; without the Z if there is no zone. */
  iso: string;
}

/** Octets of a payload as the broker printed them. */
export interface Snippet {
  octets: Uint8Array;
  /** The payload has no more octets than these. */
  whole: boolean;
}

export type BrokerError =
  /** `limit` counts octets of payload; with `strict` it counts whole frames, and nothing above it is accepted. */
  | { kind: "frame-too-large"; type: number | null; size: number; limit: number | null; strict?: true }
  | { kind: "frame-end"; type: number | null; endOctet: number; snippet: Snippet | null }
  /** Seven octets of a frame header, given as they are. */
  | { kind: "header-octets"; octets: MaybeOctet[] }
  | { kind: "unknown-frame"; type: number | null; snippet: Snippet | null }
  /** 505 that only quotes the frame: content on channel 0, a heartbeat elsewhere, a channel before it is opened. */
  | { kind: "misplaced-frame"; type: number; snippet: Snippet }
  | { kind: "content-order"; expected: "method" | "content-header" | "content-body"; otherClass: number | null }
  | { kind: "cannot-decode"; octets: Uint8Array }
  | { kind: "bad-utf8" }
  /** `octets`: the value that did not decode, as far as it was dumped. */
  | { kind: "bad-table"; octets?: Uint8Array }
  | { kind: "body-overrun" }
  | { kind: "body-too-large"; size: number; limit: number }
  | { kind: "unknown-method"; classId: number; methodId: number }
  | { kind: "channel-not-open" }
  | { kind: "channel-opened-twice" }
  | { kind: "wrong-state"; state: string }
  | { kind: "channel-limit"; open: number; limit: number }
  | { kind: "unsupported"; what: string }
  | { kind: "internal-error" }
  | { kind: "protocol-header"; octets: Uint8Array | null; named: "octets" | "version" | "amqp-1-0" | "tls" | "http" }
  | { kind: "negotiation"; problem: string }
  /** The client could not read what it received: `line` is the row of the known lines, `octets` what it read. */
  | {
      kind: "client-side";
      problem: ReadProblem;
      endOctet: number | null;
      octets: MaybeOctet[];
      line: string;
      values: Readonly<Record<string, string>>;
    }
  /** A known line that does not concern octets. */
  | { kind: "message"; line: string; values: Readonly<Record<string, string>> }
  /** A message of RabbitMQ, or of an AMQP client, that no row explains. */
  | { kind: "unknown-message"; from: "broker" | "client"; topic: string }
  /** A reply code without the sentence behind it. */
  | { kind: "code-only"; code: number };

export type ErrorKind = BrokerError["kind"];

/** The reply code each error is sent with; null for those that are not sent. */
export function replyCodeOf(error: BrokerError): number | null {
  switch (error.kind) {
    case "frame-too-large":
    case "frame-end":
    case "unknown-frame":
    case "cannot-decode":
    case "bad-utf8":
    case "body-overrun":
    case "body-too-large":
      return 501;
    case "misplaced-frame":
    case "content-order":
      return 505;
    case "channel-not-open":
    case "channel-opened-twice":
    case "wrong-state":
      return 504;
    case "channel-limit":
      return 530;
    case "unsupported":
      return error.what === "unimplemented method" ? 503 : 540;
    case "internal-error":
      return 541;
    case "code-only":
      return error.code;
    case "header-octets":
    case "bad-table":
    case "unknown-method":
    case "protocol-header":
    case "negotiation":
    case "unknown-message":
      return null;
    case "client-side":
    case "message":
      return knownLine(error.line).code;
  }
}

/** Which end read the octets of the error; null if the text does not show it. */
export function seenByOf({ error, site, library, typed }: ErrorReport): SeenBy | null {
  switch (error.kind) {
    case "client-side":
    case "message":
      return knownLine(error.line).seenBy;
    case "unknown-message":
      return error.from === "broker" && site !== null ? "broker" : null;
    case "header-octets":
      return null;
    case "frame-too-large":
    case "frame-end":
      return typed && library === null ? null : "broker";
    default:
      return "broker";
  }
}

/** What it concerns, as far as the error alone shows it: oversize is recognised by its octets. */
export function aboutOf(error: BrokerError): About | null {
  switch (error.kind) {
    case "client-side":
    case "message":
      return knownLine(error.line).about;
    case "unknown-message":
      return MESSAGE_TOPICS.find(({ topic }) => topic === error.topic)?.about ?? null;
    case "protocol-header":
    case "negotiation":
    case "wrong-state":
      return "handshake";
    case "channel-limit":
    case "body-too-large":
      return "limits";
    case "channel-not-open":
    case "channel-opened-twice":
    case "unsupported":
      return "channel";
    case "internal-error":
      return null;
    case "code-only":
      return CODES_ABOUT[error.code] ?? null;
    default:
      return "frames";
  }
}

const CODES_ABOUT: Readonly<Record<number, About>> = {
  311: "limits",
  312: "channel",
  313: "channel",
  320: "transport",
  402: "handshake",
  403: "channel",
  404: "channel",
  405: "channel",
  406: "channel",
  501: "frames",
  502: "frames",
  503: "channel",
  504: "channel",
  505: "frames",
  506: "limits",
  530: "handshake",
  540: "channel",
};
