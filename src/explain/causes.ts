/** Which causes an error and its octets speak for: ranked, with what speaks for each. */
import { grouped } from "../bytes/grouped.ts";
import { CAUSES, type CauseId } from "./cause-catalogue.ts";
import type { ErrorKind, ErrorReport } from "./error-report.ts";
import { octetCauses, tornCauses } from "./octet-causes.ts";
import { handshakeCauses, misplacedCauses, orderCauses } from "./order-causes.ts";
import { type Confidence, confidenceOf, type Reading, type Weighed } from "./reading.ts";

export interface Cause {
  id: CauseId;
  title: string;
  confidence: Confidence;
  /** What speaks for it. */
  why: string;
  /** What would confirm it. */
  confirm: string;
  remedy: string;
}

const SHOWN = 4;
/** Whatever speaks for a cause: a line of a log makes none certain. */
const MOST = 84;

/** The likely causes, the likeliest first; at least two, so that none is taken for certain. */
export function causesOf(report: ErrorReport, readings: readonly Reading[], tornLater: boolean): Cause[] {
  return weigh(report, readings, tornLater)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .map(([id, score, why]) => {
      const { title, confirm, remedy } = CAUSES[id];
      return { id, title, confidence: confidenceOf(Math.min(score, MOST)), why, confirm, remedy };
    });
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
      return CLIENT_SIDE[error.problem];
    case "code-only":
      if (error.code === 505)
        return orderCauses(report, "method", false).map(([id, score]) => [id, score - 10, MISORDERED]);
      return BY_CODE[error.code] ?? tornCauses(report, "501 means that the broker could not read a frame", 0);
    default:
      return BY_KIND[error.kind];
  }
}

const MISORDERED = "505 means that frames came in an order that AMQP does not allow.";
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

/** Errors whose sentence says all there is to weigh. */
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
      | "code-only"
    >,
    readonly Weighed[]
  >
> = {
  "cannot-decode": MALFORMED,
  "bad-utf8": MALFORMED,
  "bad-table": MALFORMED,
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

const RELAYED: Weighed = ["relay", 34, "A proxy, or a runtime whose sockets hand octets on wrongly."];
const LARGE_HEADERS: Weighed = [
  "oversize-headers",
  45,
  "The broker passes a message's headers on in one frame, and this client takes less than it sends.",
];

/** What clients say to the octets they receive. */
const CLIENT_SIDE: Readonly<Record<"frame-end" | "too-large" | "unreadable", readonly Weighed[]>> = {
  "frame-end": [
    ["shared-reader", 62, "The client lost its place in what it receives: each thread got a part of it."],
    ["not-a-broker", 40, "What is no AMQP has something else in a frame-end octet's place."],
    RELAYED,
  ],
  "too-large": [
    [
      "not-a-broker",
      62,
      "Read as a frame header, HTTP's answer says 1,345,270,062 octets, and TLS's as senseless a size.",
    ],
    LARGE_HEADERS,
    ["shared-reader", 36, "The client lost its place in what it receives: each thread got a part of it."],
    RELAYED,
  ],
  unreadable: [
    ["not-a-broker", 60, "What is no AMQP cannot be read as such."],
    ["shared-reader", 42, "The client lost its place in what it receives: each thread got a part of it."],
    RELAYED,
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
