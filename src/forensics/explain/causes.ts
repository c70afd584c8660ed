/** Which causes an error and its octets speak for: ranked, with what speaks for each. */
import { grouped } from "../../bytes/grouped.ts";
import { CAUSES, type CauseId } from "./cause-catalogue.ts";
import { CLIENT_LIBRARIES, type ClientLibrary } from "./client-libraries.ts";
import type { ErrorReport } from "./error-report.ts";
import { type Confidence, confidenceOf, type Reading } from "./reading.ts";

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

/** A cause, what speaks for it, and how much: 0 to 100, only to rank by. */
type Weighed = readonly [id: CauseId, score: number, why: string];

const SHOWN = 4;

/** The likely causes, the likeliest first; at least two, so that none is taken for certain. */
export function causesOf(report: ErrorReport, readings: readonly Reading[], tornLater: boolean): Cause[] {
  return weigh(report, readings, tornLater)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .map(([id, score, why]) => ({ id, ...titled(id), confidence: confidenceOf(Math.min(score, 84)), why }));
}

function titled(id: CauseId) {
  const { title, confirm, remedy } = CAUSES[id];
  return { title, confirm, remedy };
}

function weigh(report: ErrorReport, readings: readonly Reading[], tornLater: boolean): Weighed[] {
  const { error } = report;
  switch (error.kind) {
    case "frame-too-large":
    case "header-octets":
    case "frame-end":
      return octetCauses(report, readings[0]);
    case "client-side":
      return clientSideCauses();
    case "unknown-frame":
      return [
        ["protocol-mismatch", 62, "The frame's size and end octet are right, so somebody meant to send it."],
        ...tornCauses(report, "a frame type that AMQP 0-9-1 does not have, or a payload too short for it", -25),
      ];
    case "misplaced-frame":
      return misplacedCauses(error.type);
    case "content-order":
      return orderCauses(report, error.expected, tornLater);
    case "cannot-decode":
    case "bad-utf8":
    case "bad-table":
      return [
        ["client-encoding", 66, "Frame and method are right, only the arguments are not: one hand wrote all of it."],
        ["buffer-reuse", 40, "Other octets of the same length inside a frame that ends where it should."],
        ["shared-connection", 32, "Octets of another writer inside a frame that happens to end where it should."],
      ];
    case "body-overrun":
    case "body-too-large":
      return [
        ["body-size-miscounted", 60, "The content header announced another size than the body frames have."],
        ["shared-channel", 55, "Bodies of two messages on one channel add up to more than one of them announced."],
        ["shared-connection", 35, "A content header, or part of it, was overwritten or lost."],
      ];
    case "unknown-method":
      return [
        [
          "buffer-reuse",
          52,
          "The frame ends where it should, and its first octets are no method: other content, same length.",
        ],
        ["shared-connection", 50, "Octets of another writer stand where the method's ids must be."],
        ["unsupported-method", 30, "A method of another version or another broker's extension would look the same."],
      ];
    case "channel-not-open":
      return [
        ["closed-channel-used", 74, "The broker had closed the channel, or never saw it opened."],
        ["shared-channel", 45, "One thread closes the channel while another uses it."],
        ["fork", 25, "A child process uses a channel that only its parent opened, or the other way round."],
      ];
    case "channel-opened-twice":
      return [
        ["channel-number-twice", 72, "Two channel.open for one number: each side believed that it was free."],
        ["fork", 50, "After a fork parent and child count channels from the same number on."],
        ["reconnect", 30, "Channels opened anew on a connection that had kept them."],
      ];
    case "wrong-state":
      return [
        ["reconnect", 60, "A method of the handshake where the handshake is over, or not there yet."],
        ["shared-connection", 40, "Another thread wrote before the handshake was done."],
        ["client-encoding", 25, "A client that sends a server's method, or one on the wrong channel."],
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
    case "internal-error":
      return [
        [
          "client-encoding",
          50,
          "Malformed message properties, and methods on channel 0 that do not decode, end this way.",
        ],
        ["broker-crash", 45, "541 says that something failed inside the broker."],
        ["shared-connection", 35, "Octets of another writer inside the properties would do it, too."],
      ];
    case "protocol-header":
      return handshakeCauses(error.named, readings[0]);
    case "negotiation":
      return [
        ["frame-max-refused", 80, "The broker says so."],
        ["wrong-version", 15, "A client made for another broker may ask for limits of its own."],
      ];
    case "code-only":
      return codeCauses(report, error.code);
  }
}

/** Causes of octets that stand where others should. */
function octetCauses(report: ErrorReport, top: Reading | undefined): Weighed[] {
  const evidence = top?.evidence ?? "the header";
  switch (top?.kind) {
    case "heartbeat-in-header":
      return [
        [
          "heartbeat-thread",
          80,
          `${capital(evidence)}: another frame's header was half-way out when the heartbeat's sender wrote.`,
        ],
        ...tornCauses(report, evidence, -8),
      ];
    case "second-handshake":
      return [
        ["reconnect", 78, `${capital(evidence)}: clients send that once, as the first octets of a new connection.`],
        ["reused-socket", 45, "A connection opened by one client and continued by another looks exactly like this."],
        ["fork", 25, "A child process that connects on the socket it inherited."],
      ];
    case "foreign-protocol": {
      const running = report.site === null || report.site.state === "" || report.site.state === "running";
      return [
        ["wrong-port", running ? 50 : 75, `${capital(evidence)}: ${top.meaning}.`],
        ["reused-descriptor", running ? 58 : 20, "They stand inside a connection that had spoken AMQP before."],
        ["relay", 40, "A proxy that puts a request or an answer of its own into the stream."],
      ];
    }
    case "genuine-oversize":
    case "handshake-oversize":
    case "modest-size":
      return oversizeCauses(report, top);
    case "byte-order":
      return [
        ["client-encoding", 50, `${capital(evidence)}: lengths written in the machine's own order.`],
        ...tornCauses(report, evidence, -10),
      ];
    case "zeros":
      return [
        ["buffer-reuse", 64, `${capital(evidence)}: as in a buffer that was cleared or used again.`],
        ...tornCauses(report, evidence, 0).filter(([id]) => id !== "buffer-reuse"),
      ];
    case "end-missing":
      return [
        ...tornCauses(report, evidence, 0),
        [
          "client-encoding",
          44,
          `${capital(evidence)}: a length that is one too many, as when characters are counted, not octets.`,
        ],
      ];
    default:
      return tornCauses(report, evidence, 0);
  }
}

/** How much speaks for threads, a fork, a write cut short and a buffer, by what a library's writes allow. */
const TEAR_WEIGHTS: Readonly<Record<ClientLibrary["tears"] | "unknown", readonly [number, number, number, number]>> = {
  octets: [84, 42, 34, 40],
  "octets-when-cut-short": [42, 72, 66, 30],
  "octets-in-some-versions": [66, 46, 40, 30],
  "octets-of-buffers": [50, 40, 34, 74],
  frames: [45, 52, 44, 30],
  nothing: [30, 45, 35, 20],
  unknown: [74, 46, 44, 32],
};

/** Causes of torn frames, by what is known of the client library. `less` is taken from each. */
function tornCauses(report: ErrorReport, evidence: string, less: number): Weighed[] {
  const library: ClientLibrary | null = report.library === null ? null : CLIENT_LIBRARIES[report.library];
  const tears = library?.tears ?? "unknown";
  const named = library === null ? "" : ` ${library.name} ${library.writes}.`;
  const [shared, forked, cut, buffer] = TEAR_WEIGHTS[tears];
  return [
    [
      "shared-connection",
      shared + less,
      `${capital(evidence)}: one writer's octets stand where another's must go on.${tears === "octets" || tears === "octets-in-some-versions" ? named : ""}`,
    ],
    [
      "fork",
      forked + less,
      `Parent and child have one socket and each a lock of its own.${tears === "octets-when-cut-short" ? named : ""}`,
    ],
    ["cut-write", cut + less, "The rest of the frame never comes, and the next write is taken for it."],
    [
      "buffer-reuse",
      buffer + less,
      `The octets of a later message stand in the place of an earlier one's.${tears === "octets-of-buffers" ? named : ""}`,
    ],
    ["relay", 10, "Possible, and rarely true: TCP brings octets as they were sent."],
  ];
}

function oversizeCauses({ error }: ErrorReport, top: Reading): Weighed[] {
  const type = error.kind === "frame-too-large" ? error.type : error.kind === "header-octets" ? error.octets[0] : null;
  const size = top.evidence;
  const torn: Weighed = [
    "shared-connection",
    top.score >= 85 ? 22 : 50,
    "Octets of a payload may pass for a good header by chance, and a torn header may still look like one.",
  ];
  if (top.kind === "handshake-oversize") {
    return [
      ["large-token", 80, `It is ${size}.`],
      ["oversize-method", 40, "Large client properties would do it as well."],
      torn,
    ];
  }
  if (top.kind === "modest-size") {
    return [
      ["ignored-frame-max", 40, "Some brokers and proxies have limits below this."],
      ["frame-max-changed", 30, "A limit that was lowered."],
    ];
  }
  const changed: Weighed = ["frame-max-changed", 42, "Where it worked before, the limit or the broker has changed."];
  if (type === 2) {
    return [
      [
        "oversize-headers",
        80,
        "A content header (type 2) carries the properties and headers of one message, in one frame.",
      ],
      changed,
      torn,
    ];
  }
  if (type === 1)
    return [["oversize-method", 70, "A method frame (type 1) carries its arguments in one frame."], changed, torn];
  return [
    ["ignored-frame-max", 76, "A body (type 3) may have any size, and is sent in frames of at most frame_max."],
    changed,
    torn,
  ];
}

function orderCauses(
  report: ErrorReport,
  expected: "method" | "content-header" | "content-body",
  tornLater: boolean,
): Weighed[] {
  const library = report.library === null ? null : CLIENT_LIBRARIES[report.library];
  const named = library === null || library.tears === "nothing" ? "" : ` ${library.name} ${library.writes}.`;
  const on = report.channel === null ? "" : ` on channel ${report.channel}`;
  const sentence = {
    method: `A content header or a body came${on} where no publish was open: the usual sign of two messages in turns.`,
    "content-header": `Behind a publish${on} another frame came before its content header: another thread's method, mostly.`,
    "content-body": `Behind a content header${on} something else came than its body: another thread's method, mostly.`,
  }[expected];
  return [
    ["shared-channel", tornLater ? 56 : 78, sentence + named],
    [
      "body-size-miscounted",
      expected === "content-header" ? 15 : 50,
      expected === "method"
        ? "A body longer than announced leaves a rest that belongs to no message."
        : "A body shorter than announced leaves the broker waiting when the next publish comes.",
    ],
    [
      "publish-cut-short",
      expected === "method" ? 40 : 48,
      "The frames that belong behind the last one were never sent.",
    ],
    [
      "shared-connection",
      tornLater ? 82 : 34,
      tornLater
        ? "A frame of the same connection was broken as well (the error after this one), so it is octets that mix, not only frames."
        : "Whole frames get lost or come twice where threads share a connection (pika's queue does this).",
    ],
  ];
}

function misplacedCauses(type: number): Weighed[] {
  if (type === 8) {
    return [
      ["protocol-mismatch", 50, "Heartbeats belong on channel 0."],
      ["shared-connection", 48, "A heartbeat written into another frame's header would get that frame's channel."],
    ];
  }
  return [
    [
      "shared-connection",
      58,
      "Content on channel 0, or a channel used before the connection was open: another thread wrote too early.",
    ],
    ["client-encoding", 40, "The channel number in the header is not the one meant."],
    ["reconnect", 38, "Publishing went on while the connection was being opened again."],
  ];
}

function handshakeCauses(
  named: "octets" | "version" | "amqp-1-0" | "tls" | "http",
  top: Reading | undefined,
): Weighed[] {
  if (named === "version" || named === "amqp-1-0" || top?.kind === "second-handshake") {
    return [
      ["wrong-version", 78, "The octets are a protocol header, of a version that this broker does not take."],
      ["wrong-port", 25, "The client was meant for another broker."],
    ];
  }
  if (top?.kind === "frame-in-payload") {
    return [
      [
        "reconnect",
        70,
        `${capital(top.evidence)}: a frame, where a protocol header must come first. Something wrote to the new connection before the handshake.`,
      ],
      [
        "heartbeat-thread",
        top.meaning.includes("heartbeat") ? 68 : 25,
        "A heartbeat's timer that went on while the connection was being opened again.",
      ],
      ["reused-socket", 40, "A proxy that continues an old connection on a new one."],
    ];
  }
  return [
    ["wrong-port", 78, "A connection must begin with “AMQP”, and this one does not."],
    ["health-check", 52, "Probes send what they know, and hang up."],
    ["relay", 25, "A proxy that puts something in front of the stream, a PROXY header among others."],
  ];
}

function clientSideCauses(): Weighed[] {
  return [
    [
      "shared-connection",
      60,
      "The client lost its place in what it receives: two threads that read from one socket do that.",
    ],
    [
      "wrong-port",
      45,
      "The other side speaks another protocol: HTTP's answer reads as type 72, TLS's as type 21 or 22.",
    ],
    ["relay", 34, "A proxy, or a runtime whose sockets hand octets on wrongly."],
    ["ignored-frame-max", 30, "The frames are larger than what this client takes, as with very large headers."],
  ];
}

function codeCauses(report: ErrorReport, code: number): Weighed[] {
  switch (code) {
    case 505:
      return orderCauses(report, "method", false).map(([id, score]) => [
        id,
        score - 10,
        "505 means that frames came in an order that AMQP does not allow.",
      ]);
    case 504:
      return [
        ["closed-channel-used", 66, "504 is about channels that are not open, or opened twice."],
        ["channel-number-twice", 45, "The same number taken twice."],
      ];
    case 503:
    case 540:
      return [
        ["unsupported-method", 70, `${code} is about methods and flags that the broker does not have.`],
        ["client-encoding", 25, "A method that was not meant."],
      ];
    case 530:
      return [
        ["channel-leak", 50, "530 is sent when channel_max is reached, among others."],
        ["frame-max-refused", 30, "Or when a limit of the broker's is not kept."],
      ];
    case 502:
      return [
        ["client-encoding", 60, "502 is about frames whose content does not decode."],
        ["shared-connection", 30, "Octets of another writer inside a frame would do it, too."],
      ];
    case 541:
      return [
        ["client-encoding", 50, "Malformed message properties end this way."],
        ["broker-crash", 45, "541 says that something failed inside the broker."],
      ];
    default:
      return tornCauses(report, "501 means that the broker could not read a frame", 0);
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
