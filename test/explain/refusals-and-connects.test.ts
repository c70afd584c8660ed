/**
 * What brokers refuse, what runs out, and what clients say that could not connect: wordings other than the tables' own
 * examples, with who met it, what it is about and what most likely did it.
 */
import { describe, expect, it } from "vitest";
import type { CauseId } from "../../src/explain/cause-catalogue.ts";
import type { About, SeenBy } from "../../src/explain/known-lines/known-line.ts";
import { explainAll } from "../../src/report/explain.ts";
import { explainText } from "../../src/report/explain-text.ts";
import { tallied } from "./explain-text.ts";

type Row = [text: string, seenBy: SeenBy | null, about: About | null, first: CauseId | null, code: number | null];

const CONNECTS: readonly Row[] = [
  ["{:error, :econnrefused}", "client", "transport", "nothing-listens", null],
  ["[error] AMQP connection :econnrefused. Reconnecting later...", "client", "transport", "nothing-listens", null],
  ["{badmatch,{error,econnrefused}}", "client", "transport", "nothing-listens", null],
  ["{:error, :nxdomain}", "client", "transport", "name-unknown", null],
  ["{:error, :unknown_host}", "client", "transport", "name-unknown", null],
  ["{:error, :closing}", "client", "channel", "earlier-error", null],
  ["{:error, :blocked}", "client", "limits", "resource-alarm", null],
  ['{auth_failure,"Disconnected"}', "client", "handshake", "wrong-credentials", null],
  [
    "aiormq.exceptions.AMQPConnectionError: [Errno 111] Connect call failed ('127.0.0.1', 5672)",
    "client",
    "transport",
    "nothing-listens",
    null,
  ],
  ["amqp: dial tcp 10.0.0.1:5672: connect: no route to host", "client", "transport", "address-silent", null],
  ["Error: connect EHOSTUNREACH 10.0.0.1:5672", "client", "transport", "address-silent", null],
  ["MassTransit: Connection Failed: rabbitmq://localhost/", "client", "transport", "nothing-listens", null],
  ["[Nest] ERROR [Server] Disconnected from RMQ. Trying to reconnect.", "client", "transport", "nothing-listens", null],
  [
    "The connection was closed by the host, after the socket was already open, while running the authentication sequence",
    "client",
    "handshake",
    "wrong-port",
    null,
  ],
  [
    "Unexpected response code: 8 (RESPONSE_CODE_AUTHENTICATION_FAILURE)",
    "client",
    "handshake",
    "wrong-credentials",
    null,
  ],
];

/** Of other libraries, of TLS, and of closes: each must not be taken for what stands beside it in the tables. */
const CLIENTS: readonly Row[] = [
  [
    "channel is already closed due to clean channel shutdown; protocol method: #method<channel.close>(reply-code=200, reply-text=OK, class-id=0, method-id=0)",
    "client",
    "channel",
    "earlier-error",
    null,
  ],
  [
    "spring-rabbit: javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",
    "client",
    "handshake",
    "tls-settings",
    null,
  ],
  ["Bunny: SSL routines:ssl3_read_bytes:sslv3 alert handshake failure", "client", "handshake", "tls-settings", null],
  ["amqp_simple_wait_frame_noblock: -512 (a SSL error occurred)", "client", "transport", "tls-settings", null],
  ["consumer: Connection to broker lost. Trying to re-establish", "client", "transport", "broker-restarted", null],
  [
    "AMQP close-reason, initiated by Library, code=541, text='An attempt was made to transition a task', classId=0",
    "client",
    "transport",
    "answer-of-earlier-call",
    null,
  ],
  ["System.NotSupportedException: Pipelining of requests forbidden", "client", "channel", "shared-channel", null],
  [
    "EasyNetQ.EasyNetQException: The operation requested on PersistentChannel timed out",
    "client",
    "transport",
    "broker-silent",
    null,
  ],
];

const REFUSALS: readonly Row[] = [
  ["NOT_IMPLEMENTED - global qos", "broker", "channel", "unsupported-by-queue", 540],
  [
    "basic.consume: (540) NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos",
    "broker",
    "channel",
    "unsupported-by-queue",
    540,
  ],
  ["NOT_IMPLEMENTED - active=false", "broker", "channel", "unsupported-method", 540],
  ["Connection.close: (540, 'NOT_IMPLEMENTED - something new')", "broker", "channel", "unsupported-method", 540],
  ["INTERNAL_ERROR - Cannot declare a queue", "broker", "channel", "broker-restarted", 541],
  ["541 INTERNAL_ERROR - something new", "broker", null, "broker-crash", 541],
  ["502 SYNTAX_ERROR - illegal field type", "broker", "frames", "client-encoding", 502],
  ["506 RESOURCE_ERROR", "broker", "limits", "limit-reached", 506],
  ["402 INVALID_PATH", "broker", "handshake", "wrong-vhost", 402],
  ["313 NO_CONSUMERS", "broker", "channel", "unsupported-method", 313],
  ["COMMAND_INVALID - unknown exchange type 'x-delayed-message'", "broker", "channel", "plugin-missing", 503],
  ["PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}", "broker", "channel", "wrong-argument", 406],
  ["PRECONDITION_FAILED - channel is not transactional", "broker", "channel", "misused-call", 406],
  ["PRECONDITION_FAILED - queue 'q' in vhost '/' not empty", "broker", "channel", "consumer-exists", 406],
  ["ACCESS_REFUSED - cannot publish to internal exchange 'x' in vhost '/'", "broker", "channel", "misused-call", 403],
];

const LIMITS: readonly Row[] = [
  ["ConnectionBlocked: low on memory", "client", "limits", "resource-alarm", null],
  ["Publisher blocked by resource alarm", "broker", "limits", "resource-alarm", null],
  ["Disk free space insufficient. Free bytes: 40000. Limit: 50000000", "broker", "limits", "resource-alarm", null],
  ["file_descriptor_limit alarm set", "broker", "limits", "limit-reached", null],
  [
    "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (10) is reached",
    "broker",
    "limits",
    "limit-reached",
    530,
  ],
  [
    "number of channels opened for user 'u' has reached the maximum allowed user limit of (1)",
    "broker",
    "limits",
    "channel-leak",
    530,
  ],
  [
    "PRECONDITION_FAILED - cannot declare exchange 'x' in vhost '/': exchange limit of 10 is reached",
    "broker",
    "limits",
    "limit-reached",
    406,
  ],
  ["Feature flags: `quorum_queue_v4` is required but not supported", "broker", null, "feature-off", null],
];

describe.each([
  ["could not connect", CONNECTS],
  ["clients", CLIENTS],
  ["refused", REFUSALS],
  ["limits", LIMITS],
] as const)("%s", (_, rows) => {
  it.each(rows)("%s", (text, seenBy, about, first, code) => {
    const { incidents } = explainAll(tallied(text));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ seenBy, about, code });
    expect(incidents[0]!.causes[0]?.id ?? null).toBe(first);
  });
});

it("tells an alarm that is over from one that is set", () => {
  const headline = (text: string) => explainAll(tallied(text)).incidents[0]!.headline;
  expect(headline("memory resource limit alarm set on node rabbit@a")).toContain("ran out");
  expect(headline("memory resource limit alarm cleared on node rabbit@a")).toContain("enough memory");
});

describe("terms whose end is cut off", () => {
  it.each<[text: string, error: object]>([
    ["{frame_too_large,1544254578,131…", { kind: "frame-too-large", size: 1544254578, limit: null }],
    ["{frame_too_large,1544254578,...", { kind: "frame-too-large", size: 1544254578, limit: null }],
    ["{frame_too_large,15442…", { kind: "code-only", code: 501 }],
    ["{invalid_frame_end_marker,9…", { kind: "code-only", code: 501 }],
    ["FRAME_ERROR - type 66, all octets = <<>>: …", { kind: "code-only", code: 501 }],
    ['FRAME_ERROR - type 3, first 16 octets = <<"abc', { kind: "code-only", code: 501 }],
    [
      "FRAME_ERROR - type 66, all octets = <<>>: {frame_too_large,1111638594,131…",
      { kind: "frame-too-large", type: 66, size: 1111638594, limit: null },
    ],
    ["UNEXPECTED_FRAME - type 3, all octets = <<1,2>>", { kind: "misplaced-frame", type: 3 }],
  ])("%s", (text, error) => {
    expect(explainAll(tallied(text)).incidents.map(({ error: own }) => own)).toMatchObject([error]);
  });
});

describe("records of TLS", () => {
  const alert = (state: string, type: number) =>
    `TLS server: In state ${state} at tls_record.erl:564 generated SERVER ALERT: Fatal - Unexpected Message\n - {unsupported_record_type,${type}}`;
  it.each<[what: string, text: string, about: About, first: CauseId]>([
    ["plain octets on a TLS port", alert("hello", 71), "handshake", "plain-answered"],
    ["a torn record of a session that was up", alert("connection", 113), "transport", "tls-shared-session"],
    ["a record that does not verify", '{inet_error,{tls_alert,"bad record mac"}}', "transport", "tls-shared-session"],
  ])("%s", (_, text, about, first) => {
    const [incident] = explainAll(tallied(text)).incidents;
    expect(incident).toMatchObject({ about });
    expect(incident!.causes[0]!.id).toBe(first);
    expect(JSON.stringify(incident!.causes)).toMatch(/torn|tear[^"]*fork/);
  });
});

it("takes a broker's start for no trouble, and counts a note as one", () => {
  const at = "2026-11-21 18:20:00.1+00:00 [info] <0.230.0>";
  const start = [
    "Feature flags: list of feature flags found:",
    " * rabbitmq_stream",
    "MQTT client disconnected cleanly",
    "Peer discovery: node is not connected to the cluster yet",
    "Memory high watermark set to 3125 MiB (3277481574 bytes) of 7813 MiB total",
  ].map((line, second) => `${at.replace("00.1", `0${second}.1`)} ${line}`);
  expect(tallied(start.join("\n")).incidents.map(({ report }) => report.error.kind)).not.toContain("message");
  const noted = [
    ...start,
    `${at} Feature \`global_qos\` is deprecated.`,
    `${at.replace("00.1", "09.1")} {frame_too_large,1544254578,131064}`,
  ];
  expect(explainText(explainAll(tallied(noted.join("\n")))).split("\n")[0]).toBe("1 error, 1 note of 2 kinds");
});
