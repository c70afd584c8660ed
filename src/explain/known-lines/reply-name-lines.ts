/**
 * Reply codes by their names, for any reason behind them (section 1.2 of the specification, and RabbitMQ's errata):
 * tried after every row that knows the reason.
 */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const NAMED = {
  seenBy: "broker",
  library: null,
  everyday: true,
  generic: true,
  source: "section 1.2 of the specification",
} as const;
const CHANNEL = { ...NAMED, about: "channel" } as const;

export const NO_SUCH: readonly Weighed[] = [
  ["not-declared", 80, "The broker does not know the name in this vhost."],
  ["wrong-vhost", 30, "Each vhost has its own names."],
];

export const REPLY_NAME_LINES: readonly KnownLine[] = [
  {
    ...CHANNEL,
    id: "content-too-large",
    pattern: /CONTENT[_-]TOO[_-]LARGE/,
    name: "CONTENT_TOO_LARGE",
    code: 311,
    about: "limits",
    says: "The message is larger than the broker takes. The broker closed the channel; no frame was broken.",
    causes: [
      ["message-too-large", 82, "The code says so."],
      ["body-size-miscounted", 15, "A content header that announces a wrong size would do it, too."],
    ],
    example: "311 CONTENT_TOO_LARGE",
  },
  {
    ...CHANNEL,
    id: "no-route",
    pattern: /\bNO[_-]ROUTE\b/,
    name: "NO_ROUTE",
    code: 312,
    says: "The broker returned a message that no queue takes (mandatory, basic.return). The channel stays open; no frame was broken.",
    causes: [
      ["not-declared", 70, "No queue is bound for that routing key."],
      ["wrong-vhost", 20, "The bindings may be in another vhost."],
    ],
    example: "basic.return (312) NO_ROUTE",
  },
  {
    ...CHANNEL,
    id: "not-found",
    pattern: /\bNOT[_-]FOUND\b(?: - (?<reason>[^\n"]{1,120}))?/,
    name: "NOT_FOUND",
    code: 404,
    says: "The broker does not know the queue, exchange or binding that was named ({reason}). It closed the channel; no frame was broken.",
    causes: NO_SUCH,
    example: "reply-code=404, reply-text=NOT_FOUND",
  },
  {
    ...CHANNEL,
    id: "access-refused",
    pattern: /\bACCESS[_-]REFUSED\b(?: - (?<reason>[^\n"]{1,120}))?/,
    name: "ACCESS_REFUSED",
    code: 403,
    says: "The broker refused it ({reason}). No frame was broken.",
    causes: [
      ["no-permission", 60, "403 is about permissions on a queue or exchange …"],
      ["wrong-credentials", 55, "… or about the login itself."],
      ["guest-remote", 30, "guest is refused from other hosts than the broker's own."],
    ],
    example: "Connection closed: 403 (ACCESS-REFUSED)",
  },
  {
    ...CHANNEL,
    id: "precondition-failed",
    pattern: /\bPRECONDITION[_-]FAILED\b(?: - (?<reason>[^\n"]{1,120}))?/,
    name: "PRECONDITION_FAILED",
    code: 406,
    says: "The broker refused it: a condition does not hold ({reason}). It closed the channel; no frame was broken.",
    causes: [
      ["declared-otherwise", 54, "Most 406 are about a declaration that differs …"],
      ["acked-twice", 46, "… or about a delivery tag."],
    ],
    example: 'Exception (406) Reason: "PRECONDITION_FAILED"',
  },
  {
    ...NAMED,
    id: "not-allowed",
    pattern: /\bNOT[_-]ALLOWED\b(?: - (?<reason>[^\n"]{1,120}))?/,
    name: "NOT_ALLOWED",
    code: 530,
    about: "handshake",
    says: "The broker does not allow it ({reason}). It closed the connection; no frame was broken.",
    causes: [
      ["wrong-vhost", 52, "530 is sent for a vhost that is refused, among others."],
      ["limit-reached", 44, "And where a limit of the broker's is reached."],
    ],
    example: "530 NOT_ALLOWED",
  },
  {
    ...CHANNEL,
    id: "no-consumers",
    pattern: /\bNO[_-]CONSUMERS\b/,
    name: "NO_CONSUMERS",
    code: 313,
    says: "The broker returned a message that nobody was ready to take (immediate, basic.return). The channel stays open; no frame was broken.",
    causes: [
      ["unsupported-method", 60, "immediate is no longer done by RabbitMQ (since 3.0); other brokers do it."],
      ["not-declared", 40, "No consumer was on the queue."],
    ],
    example: "basic.return (313) NO_CONSUMERS",
  },
  {
    ...NAMED,
    id: "invalid-path",
    pattern: /\bINVALID[_-]PATH\b/,
    name: "INVALID_PATH",
    code: 402,
    about: "handshake",
    says: "The client named a vhost that the broker does not know. No frame was broken.",
    causes: [
      ["wrong-vhost", 78, "402 is about the vhost in connection.open."],
      ["no-permission", 30, "Some brokers answer so to whoever may not use it."],
    ],
    example: "402 INVALID_PATH",
  },
  {
    ...NAMED,
    id: "resource-error",
    pattern: /\bRESOURCE[_-]ERROR\b(?: - (?<reason>[^\n"]{1,160}))?|\bresource_error: ?"?(?<logged>[^\n"]{1,160})/,
    name: "RESOURCE_ERROR",
    code: 506,
    about: "limits",
    says: "The broker lacked something to do what was asked ({reason}). No frame was broken.",
    causes: [
      ["limit-reached", 62, "506 is about memory, disk, files and limits."],
      ["resource-alarm", 46, "An alarm at that time says which."],
    ],
    example: "506 RESOURCE_ERROR",
  },
  {
    ...NAMED,
    id: "syntax-error",
    pattern:
      /\bSYNTAX[_-]ERROR\b(?: - (?<reason>[^\n"]{1,160}))?|connection exception syntax_error: ?"?(?<logged>[^\n"]{1,160})/,
    name: "SYNTAX_ERROR",
    code: 502,
    about: "frames",
    says: "A frame's content did not decode ({reason}): its envelope was right, a value in it was not.",
    causes: [
      ["client-encoding", 62, "Frame and method are right, only a value in it is not: one hand wrote all of it."],
      ["newer-field-kind", 44, "A header or argument of a kind that the reader does not know."],
      ["shared-connection", 30, "Octets of another writer inside a frame that happens to end where it should."],
    ],
    example: "502 SYNTAX_ERROR",
  },
  {
    ...CHANNEL,
    id: "not-implemented",
    pattern:
      /\bNOT[_-]IMPLEMENTED\b(?: - (?<reason>[^\n"]{1,160}))?|exception not_implemented: ?"?(?<logged>[^\n"]{1,160})/,
    name: "NOT_IMPLEMENTED",
    code: 540,
    says: "The client asked for something that the broker does not do ({reason}). It closed the connection; no frame was broken.",
    causes: [
      ["unsupported-method", 70, "540 is about flags and methods that the broker does not have."],
      ["unsupported-by-queue", 58, "Or that this kind of queue does not have."],
    ],
    example: "540 NOT_IMPLEMENTED",
  },
  {
    ...NAMED,
    id: "internal-error-told",
    pattern: /\bINTERNAL[_-]ERROR - (?<reason>[^\n"]{1,160})|exception internal_error: ?"(?<logged>[^\n"]{1,160})/,
    name: "INTERNAL_ERROR",
    code: 541,
    about: null,
    says: "Something failed inside the broker ({reason}), and it closed the connection. No frame is shown to be broken.",
    causes: [
      ["broker-crash", 56, "The reason stands in the text, and in the broker's log at that time."],
      ["broker-restarted", 46, "Queues and vhosts whose node stops or starts fail this way."],
      ["client-encoding", 30, "Malformed message properties end this way, too."],
    ],
    example: "541 INTERNAL_ERROR - no process for queue 'orders' in vhost '/'",
  },
];
