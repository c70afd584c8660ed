/** What happened, in a sentence or two, for every kind of error. */
import { FRAME_ENVELOPE, frameTypeName } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import { capital } from "../bytes/words.ts";
import type { ErrorReport } from "./error-report.ts";
import { endOctetWords } from "./frame-window.ts";
import { hexOf, numberAt } from "./header-window.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import { MESSAGE_TOPICS } from "./known-lines/message-topics.ts";
import { ADVERBS, confidenceOf, type Reading } from "./reading.ts";

/** The name that brokers give it. */
export function nameOf({ error }: ErrorReport): string {
  switch (error.kind) {
    case "frame-too-large":
      return "frame_too_large";
    case "header-octets":
      return "frame header";
    case "frame-end":
      return "invalid_frame_end_marker";
    case "unknown-frame":
      return "unknown_frame";
    case "misplaced-frame":
    case "content-order":
      return "unexpected_frame";
    case "cannot-decode":
      return "cannot decode";
    case "bad-utf8":
      return "malformed UTF-8";
    case "bad-table":
      return "malformed table";
    case "body-overrun":
    case "body-too-large":
      return "content body size";
    case "unknown-method":
      return "unknown_method_id";
    case "channel-not-open":
    case "channel-opened-twice":
    case "wrong-state":
      return "channel_error";
    case "channel-limit":
      return "channel_max";
    case "unsupported":
      return "not supported";
    case "internal-error":
      return "internal_error";
    case "protocol-header":
      return {
        octets: "bad_header",
        tls: "bad_header",
        http: "bad_header",
        version: "bad_version",
        "amqp-1-0": "AMQP 1.0",
      }[error.named];
    case "negotiation":
      return "tune refused";
    case "client-side":
    case "message":
      return knownLine(error.line).name;
    case "unknown-message":
      return error.from === "broker" ? "RabbitMQ message" : "client message";
    case "code-only":
      return `reply code ${error.code}`;
  }
}

/** What happened. `top` is the best reading of its octets. */
export function summaryOf(report: ErrorReport, top: Reading | undefined): string {
  const masked = report.masked ? " The octets in the text may hold a credential and are not shown." : "";
  return said(report, top) + afterwards(report) + masked;
}

/** What it is, in a few words: the first line that a hurried reader sees. */
export function headlineOf(report: ErrorReport, top: Reading | undefined): string {
  const { error } = report;
  switch (error.kind) {
    case "frame-too-large":
    case "header-octets":
      if (top === undefined || top.kind === "unknown" || top.kind === "modest-size") break;
      return `${capital(ADVERBS[confidenceOf(top.score)])} ${top.meaning}`;
    case "frame-end":
      return "A frame did not end where its header says";
    case "client-side":
      if (top !== undefined && top.kind !== "unknown" && top.kind !== "payload-text")
        return `The client read ${top.meaning}`;
      break;
    default:
  }
  const summary = said(report, top);
  const end = summary.search(/[.:] /);
  return end < 0 ? summary.replace(/\.$/, "") : summary.slice(0, end);
}

/** A row's sentence with the values of the text in it; a bracket whose value is missing is left out. */
function filled(template: string, values: Readonly<Record<string, string>>): string {
  const value = (name: string): string | undefined => values[name];
  return template
    .replace(/ \([^(){}]{0,80}\{(\w{1,20})\}[^()]{0,80}\)/g, (bracket, name: string) =>
      value(name) === undefined ? "" : bracket,
    )
    .replace(/\{(\w{1,20})\}/g, (_, name: string) => printable(value(name) ?? "…", 120));
}

const OPEN_TOPICS = MESSAGE_TOPICS.filter(({ id }) => ["error-begins", "closing", "crash"].includes(id)).map(
  ({ topic }) => topic,
);

function unknownMessage({ from, topic }: { from: "broker" | "client"; topic: string }): string {
  const where =
    "Trouble with frames stands in lines that name frame_error, unexpected_frame, invalid_frame_end_marker or an exception of the client's.";
  if (from === "client") {
    return `This speaks of AMQP, but is no line that ghostframe knows. The line before or after it, with the exception's class and text, may tell more. ${where}`;
  }
  const about = topic === "" ? "This is a message of RabbitMQ's" : `This is a message of RabbitMQ's about ${topic}`;
  // If the reason of an end or a failure is not known, its topic is not known either.
  const open = topic === "" || OPEN_TOPICS.includes(topic);
  return `${about}; ${open ? "it names no frame error" : "frames are not involved"}. ghostframe does not explain it further. ${where}`;
}

/** The message of the broker or the client, as a sentence. */
function said(report: ErrorReport, top: Reading | undefined): string {
  const { error } = report;
  const on = report.channel === null ? "" : ` on channel ${report.channel}`;
  switch (error.kind) {
    case "frame-too-large":
      return tooLarge(report, error, top);
    case "header-octets":
      return `Read as a frame header, ${hexOf(error.octets, 0, 7)} says type ${error.octets[0] ?? "?"}, channel ${numberAt(error.octets, 1, 3) ?? "?"}, size ${numberAt(error.octets, 3, 7) ?? "?"}.`;
    case "frame-end": {
      const frame = error.type === null ? "A frame" : `A ${frameTypeName(error.type)} frame`;
      return `${frame}${on} did not end where its header says: in the place of the frame-end octet 206 (0xce) stands ${endOctetWords(error.endOctet)}.${instead(top)}`;
    }
    case "unknown-frame":
      return `A frame${error.type === null ? "" : ` of type ${error.type}`}${on} ends as it should, but is no method, content header, body or heartbeat, or too short for one.`;
    case "misplaced-frame":
      if (error.type === 8)
        return `A heartbeat came${on === "" ? " on a channel" : on}; heartbeats belong on channel 0.`;
      return `A ${frameTypeName(error.type)} frame came${on} where none may be: content on channel 0, or a channel used before the connection was open.`;
    case "content-order":
      return outOfOrder(error, on);
    case "cannot-decode":
      return `The arguments of ${report.operation ?? "a method"}${on} do not decode: ${error.octets.length} octets in a frame that begins and ends as it should.`;
    case "bad-utf8":
      return `A name or key in the arguments of ${report.operation ?? "a method"}${on} is not UTF-8; the frame around it is in order.`;
    case "bad-table":
      return "A field table (headers, arguments or client properties) does not decode, and the broker's process died of it: the client sees a reset, and no reason.";
    case "body-overrun":
      return `More octets of body came${on} than the content header had announced.`;
    case "body-too-large":
      return `A content header${on} announces a body of ${grouped(error.size)} octets; the broker takes ${grouped(error.limit)}.`;
    case "unknown-method":
      return `A method frame carries class-id ${error.classId} and method-id ${error.methodId}, which AMQP 0-9-1 does not have. The broker's process died of it: the client sees a reset, and no reason.`;
    case "channel-not-open":
      return `A method came on ${report.channel === null ? "a channel" : `channel ${report.channel}`}, which is not open: closed, or never opened.`;
    case "channel-opened-twice":
      return `A channel.open came${on === "" ? " on a channel" : on}, which is open already.`;
    case "wrong-state":
      return `A method of the connection came while its state was “${error.state}”, where it has no place.`;
    case "channel-limit":
      return `One more channel than the ${grouped(error.limit)} agreed on was opened.`;
    case "unsupported":
      return `The client asked for something the broker does not do: ${error.what}.`;
    case "internal-error":
      return "The broker failed over something the client sent, and says no more than INTERNAL_ERROR.";
    case "protocol-header":
      return opening(error.named);
    case "negotiation":
      return `The client answered connection.tune with limits the broker does not take${error.problem === "" ? "" : `: ${error.problem}`}.`;
    case "client-side":
      return clientSide(error);
    case "message":
      return filled(knownLine(error.line).says, error.values);
    case "unknown-message":
      return unknownMessage(error);
    case "code-only":
      return "Only the code is known; the sentence behind it, in the broker's log or the exception, tells more.";
  }
}

type ErrorOf<Kind extends ErrorReport["error"]["kind"]> = Extract<ErrorReport["error"], { kind: Kind }>;

function tooLarge(report: ErrorReport, error: ErrorOf<"frame-too-large">, top: Reading | undefined): string {
  const { size, limit, strict } = error;
  const typed = report.site === null && report.library === null && report.typed && limit === null;
  const announces = typed
    ? "A frame header of this kind would announce"
    : "The broker read a frame header that announces";
  const claim = `${announces} ${grouped(size)} octets (0x${size.toString(16).padStart(8, "0")})${atMost(limit, strict)}.`;
  if (top === undefined || top.kind === "modest-size") return claim;
  if (top.kind === "genuine-oversize" || top.kind === "handshake-oversize") {
    return top.score >= 58
      ? `${claim} The header looks right: the frame is too large, not corrupt.`
      : `${claim} It may really be that long: then the frame is too large, and not corrupt.`;
  }
  return `${claim} ${notSent(top)}`;
}

function atMost(limit: number | null, strict: boolean | undefined): string {
  if (limit === null) return "";
  const frameMax =
    strict === true ? "frame_max" : `frame_max ${grouped(limit + FRAME_ENVELOPE)} less ${FRAME_ENVELOPE}`;
  return `, where at most ${grouped(limit)} are taken (${frameMax})`;
}

function outOfOrder(error: ErrorOf<"content-order">, on: string): string {
  const order = "On one channel the order is: method, content header, bodies.";
  switch (error.expected) {
    case "method":
      return `A content header or body came${on} while no message was being sent there. ${order}`;
    case "content-header":
      return error.otherClass === null
        ? `After a basic.publish${on} the next frame was not its content header. ${order}`
        : `The content header after a basic.publish${on} is of class ${error.otherClass}, not of ${BASIC_CLASS} (basic).`;
    case "content-body":
      return `After a content header${on} something else came while octets of its body were still missing. ${order}`;
  }
}

function clientSide({ line, values, endOctet }: ErrorOf<"client-side">): string {
  const end =
    endOctet === null ? "" : ` In the place of the frame-end octet 206 (0xce) stood ${endOctetWords(endOctet)}.`;
  const whose =
    knownLine(line).seenBy === "client"
      ? " The client read it: it came from the broker, or from whatever answered in its place."
      : "";
  return `${filled(knownLine(line).says, values)}${end}${whose}`;
}

/** What the octets of a spurious header are instead. */
function notSent(top: Reading): string {
  const claim = "Nothing of that size was sent: the octets are no frame header";
  return top.kind === "unknown" ? `${claim}.` : `${claim} but, ${ADVERBS[confidenceOf(top.score)]}, ${top.meaning}.`;
}

/** What stands behind the header, if that explains the frame. */
function instead(top: Reading | undefined): string {
  if (top?.kind !== "frame-in-payload" && top?.kind !== "payload-missing" && top?.kind !== "late-frame") return "";
  return ` Seen from its octets that is, ${ADVERBS[confidenceOf(top.score)]}, ${top.meaning}.`;
}

function opening(named: "octets" | "version" | "amqp-1-0" | "tls" | "http"): string {
  switch (named) {
    case "octets":
      return "A new connection did not begin with AMQP's protocol header, and the broker reset it.";
    case "version":
      return "A new connection began with AMQP's protocol header, of a version the broker does not take.";
    case "amqp-1-0":
      return "A new connection asked for AMQP 1.0, which this broker has not enabled.";
    case "tls":
      return "A new connection began with a TLS handshake, on a port without TLS.";
    case "http":
      return "A new connection began with an HTTP request, on AMQP's port.";
  }
}

/** A second error on a connection that had ended: the broker goes on reading until the client answers its close. */
function afterwards({ site }: ErrorReport): string {
  if (site?.state !== "closed") return "";
  return " It was logged after the broker had given the connection up (state: closed): a consequence of the error before it, in octets that came later.";
}
