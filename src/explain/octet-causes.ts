/** Causes of octets in the place of others: of broken headers, of frames that do not end, of oversize. */

import { capital } from "../bytes/words.ts";
import { CLIENT_LIBRARIES, type ClientLibrary } from "../connection/client-libraries.ts";
import type { ErrorReport } from "./error-report.ts";
import type { Reading, Weighed } from "./reading.ts";

/** By the best reading of the octets. */
export function octetCauses(report: ErrorReport, top: Reading | undefined): Weighed[] {
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

/** The weight of threads, a fork, a write cut short and a buffer as causes, by what a library's writes allow. */
const TEAR_WEIGHTS: Readonly<Record<ClientLibrary["tears"] | "unknown", readonly [number, number, number, number]>> = {
  octets: [84, 42, 34, 40],
  "octets-when-cut-short": [42, 72, 66, 30],
  "octets-in-some-versions": [66, 46, 40, 30],
  "octets-of-buffers": [50, 40, 34, 74],
  frames: [45, 52, 44, 30],
  nothing: [30, 45, 35, 20],
  unknown: [74, 46, 44, 32],
};

/** Causes of torn frames, by what is known of the client library. `less` is subtracted from each. */
export function tornCauses(report: ErrorReport, evidence: string, less: number): Weighed[] {
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
