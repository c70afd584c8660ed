/** Which causes an error and its octets suggest: ranked, with the evidence for each. */
import { grouped } from "../bytes/grouped.ts";
import type { CauseId } from "./cause-catalogue.ts";
import type { CauseText } from "./cause-text.ts";
import { clientReadCauses } from "./client-causes.ts";
import type { ErrorKind, ErrorReport } from "./error-report.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import { octetCauses, tornCauses } from "./octet-causes.ts";
import { handshakeCauses, misplacedCauses, orderCauses } from "./order-causes.ts";
import { type Confidence, confidenceOf, type Reading, type Weighed } from "./reading.ts";
import { causeIn } from "./runtime.ts";

export interface Cause {
  id: CauseId;
  title: string;
  confidence: Confidence;
  /** The evidence for it. */
  why: string;
  /** What would confirm it. */
  confirm: string;
  remedy: string;
  /** The remedy in one line. */
  now: string;
}

const SHOWN = 4;
/** The highest score of a cause: a line of a log makes none certain. */
const MOST = 84;

/** The likely causes, the likeliest first; at least two, so that none is taken as certain. */
export function causesOf(report: ErrorReport, readings: readonly Reading[], tornLater: boolean): Cause[] {
  const ranked = weigh(report, readings, tornLater)
    .toSorted((a, b) => b[1] - a[1])
    .flatMap(([id, score, why]): Cause[] => {
      const text = causeIn(report.runtime, id);
      if (text === null) return [];
      return [causeOf(id, text, confidenceOf(Math.min(score, MOST)), text.why ?? why)];
    });
  const between = inBetween(report);
  if (between === null || ranked[0]?.id === between.id) return ranked.slice(0, SHOWN);
  // An intermediary that the text names is always among the causes.
  const others = ranked.filter(({ id }) => id !== between.id);
  const at = others.findIndex(({ confidence }) => confidence !== "near certain" && confidence !== "likely");
  return others.toSpliced(at < 0 ? SHOWN - 1 : Math.min(at, SHOWN - 1), 0, between).slice(0, SHOWN);
}

/** The proxy, mesh or load balancer that the text names; null if it names none. */
function inBetween({ between, runtime }: ErrorReport): Cause | null {
  const text = between === null ? null : causeIn(runtime, "in-between");
  if (text === null) return null;
  return causeOf("in-between", text, "possible", `The text names ${between}.`);
}

function causeOf(id: CauseId, { title, confirm, remedy, now }: CauseText, confidence: Confidence, why: string): Cause {
  return { id, title, confidence, why, confirm, remedy, now: now ?? firstSentence(remedy) };
}

function firstSentence(text: string): string {
  const end = text.search(/[.?] [A-Z]/);
  return end < 0 ? text : text.slice(0, end + 1);
}

function weigh(report: ErrorReport, readings: readonly Reading[], tornLater: boolean): readonly Weighed[] {
  const { error } = report;
  switch (error.kind) {
    case "frame-too-large":
    case "header-octets":
    case "frame-end":
      return octetCauses(report, readings[0]);
    case "unknown-frame":
      return [
        ["protocol-mismatch", 62, "The frame's size and end octet are right, so somebody meant to send it."],
        ...tornCauses(report, "a frame type that AMQP 0-9-1 does not have, or a payload too short for it", -25),
      ];
    case "misplaced-frame":
      return misplacedCauses(error.type);
    case "content-order":
      return orderCauses(report, error.expected, tornLater);
    case "protocol-header":
      return handshakeCauses(error.named, readings[0]);
    case "bad-table":
      return [
        ["newer-field-kind", (readings[0]?.score ?? 0) > 50 ? 68 : 40, FIELD_KIND],
        ...MALFORMED.map(([id, score, why]): Weighed => [id, score - 8, why]),
      ];
    case "channel-limit":
      return [
        ["channel-leak", 74, `${grouped(error.open)} channels are open on one connection.`],
        ["frame-max-refused", 25, `The client agreed to a channel_max of ${grouped(error.limit)}.`],
      ];
    case "unsupported":
      return [
        ["unsupported-method", 80, `The message names it: ${error.what}.`],
        ["client-encoding", 25, "A flag that is set where the client meant something else."],
      ];
    case "client-side":
      return clientReadCauses(error, readings[0]);
    case "message":
      return knownLine(error.line).causes;
    case "unknown-message":
      return [];
    case "code-only":
      if (error.code === 505)
        return orderCauses(report, "method", false).map(([id, score]) => [id, score - 10, MISORDERED]);
      return BY_CODE[error.code] ?? tornCauses(report, "501 means that the broker could not read a frame", 0);
    default:
      return BY_KIND[error.kind];
  }
}

const MISORDERED = "505 means that frames came in an order that AMQP does not allow.";
const FIELD_KIND =
  "The parser met a kind of value it has no clause for: a kind this broker lacks, or a length before it that is wrong.";
const MALFORMED: readonly Weighed[] = [
  ["client-encoding", 66, "Frame and method are right, only the arguments are not: one hand wrote all of it."],
  ["buffer-reuse", 40, "Other octets of the same length inside a frame that ends where it should."],
  ["shared-connection", 32, "Octets of another writer inside a frame that happens to end where it should."],
];
const MISCOUNTED: readonly Weighed[] = [
  ["body-size-miscounted", 60, "The content header announced another size than the body frames have."],
  ["shared-channel", 55, "Bodies of two messages on one channel add up to more than one of them announced."],
  ["shared-connection", 35, "A content header, or part of it, was overwritten or lost."],
];

/** Errors whose sentence alone decides the causes. */
const BY_KIND: Readonly<
  Record<
    Exclude<
      ErrorKind,
      | "frame-too-large"
      | "header-octets"
      | "frame-end"
      | "unknown-frame"
      | "misplaced-frame"
      | "content-order"
      | "protocol-header"
      | "channel-limit"
      | "unsupported"
      | "client-side"
      | "message"
      | "unknown-message"
      | "bad-table"
      | "code-only"
    >,
    readonly Weighed[]
  >
> = {
  "cannot-decode": MALFORMED,
  "bad-utf8": MALFORMED,
  "body-overrun": MISCOUNTED,
  "body-too-large": MISCOUNTED,
  "unknown-method": [
    [
      "buffer-reuse",
      52,
      "The frame ends where it should, and its first octets are no method: other content, same length.",
    ],
    ["shared-connection", 50, "Octets of another writer stand where the method's ids must be."],
    ["unsupported-method", 30, "A method of another version or another broker's extension would look the same."],
  ],
  "channel-not-open": [
    ["closed-channel-used", 74, "The broker had closed the channel, or never saw it opened."],
    ["shared-channel", 45, "One thread closes the channel while another uses it."],
    ["fork", 25, "A child process uses a channel that only its parent opened, or the other way round."],
  ],
  "channel-opened-twice": [
    ["channel-number-twice", 72, "Two channel.open for one number: each side believed that it was free."],
    ["fork", 50, "After a fork parent and child count channels from the same number on."],
    ["reconnect", 30, "Channels opened anew on a connection that had kept them."],
  ],
  "wrong-state": [
    ["reconnect", 60, "A method of the handshake where the handshake is over, or not there yet."],
    ["shared-connection", 40, "Another thread wrote before the handshake was done."],
    ["client-encoding", 25, "A client that sends a server's method, or one on the wrong channel."],
  ],
  "internal-error": [
    ["client-encoding", 50, "Malformed message properties, and methods on channel 0 that do not decode, end this way."],
    ["broker-crash", 45, "541 says that something failed inside the broker."],
    ["shared-connection", 35, "Octets of another writer inside the properties would do it, too."],
  ],
  negotiation: [
    ["frame-max-refused", 80, "The broker says so."],
    ["wrong-version", 15, "A client made for another broker may ask for limits of its own."],
  ],
};

/** Reply codes without the sentence behind them. */
const BY_CODE: Readonly<Record<number, readonly Weighed[]>> = {
  502: [
    ["client-encoding", 60, "502 is about frames whose content does not decode."],
    ["shared-connection", 30, "Octets of another writer inside a frame would do it, too."],
  ],
  503: [
    ["unsupported-method", 70, "503 is about methods that the broker does not have."],
    ["client-encoding", 25, "A method that was not meant."],
  ],
  504: [
    ["closed-channel-used", 66, "504 is about channels that are not open, or opened twice."],
    ["channel-number-twice", 45, "The same number taken twice."],
  ],
  530: [
    ["channel-leak", 50, "530 is sent when channel_max is reached, among others."],
    ["frame-max-refused", 30, "Or when a limit of the broker's is not kept."],
  ],
  540: [
    ["unsupported-method", 70, "540 is about flags and features that the broker does not have."],
    ["client-encoding", 25, "A flag that was not meant."],
  ],
  541: [
    ["client-encoding", 50, "Malformed message properties end this way."],
    ["broker-crash", 45, "541 says that something failed inside the broker."],
  ],
};
