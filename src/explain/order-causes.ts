/** Causes of whole frames in the wrong place: out of order on a channel, on the wrong channel, before the handshake. */

import { capital } from "../bytes/words.ts";
import { CLIENT_LIBRARIES } from "../connection/client-libraries.ts";
import type { ErrorReport } from "./error-report.ts";
import type { Reading, Weighed } from "./reading.ts";

/** By what the channel expected, and whether a broken frame was found later on the same connection. */
export function orderCauses(
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
      tornLater ? 82 : library?.tears === "octets" ? 56 : 34,
      tornLater
        ? "A frame of the same connection was broken as well (the error after this one), so it is octets that mix, not only frames."
        : "Whole frames get lost or come twice where threads share a connection (pika's queue does this).",
    ],
  ];
}

/** Causes of a frame that may not stand on its channel. */
export function misplacedCauses(type: number): Weighed[] {
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

/** Causes of a connection that does not begin as AMQP does. */
export function handshakeCauses(
  named: "octets" | "version" | "amqp-1-0" | "tls" | "http",
  top: Reading | undefined,
): Weighed[] {
  if (named === "version" || named === "amqp-1-0" || top?.kind === "second-handshake") {
    return [
      ["wrong-version", 78, "The octets are a protocol header, of a version that this broker does not take."],
      ["wrong-port", 25, "The client was meant for another broker."],
    ];
  }
  if (named === "tls" || (top?.kind === "foreign-protocol" && top.meaning.includes("TLS"))) {
    return [
      ["plain-answered", 80, "A TLS handshake came to a port without TLS: the client belongs to 5671 (amqps://)."],
      ["health-check", 46, "Probes send what they know, and hang up."],
      ["wrong-port", 40, "Or the client is one of another protocol over TLS."],
    ];
  }
  if (top?.kind === "foreign-protocol" && top.meaning.includes("stream protocol")) {
    return [
      ["stream-client", 82, `${capital(top.evidence)}: ${top.meaning}.`],
      ["plugin-missing", 40, "Without rabbitmq_stream nothing listens on 5552, and other ports get tried."],
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
