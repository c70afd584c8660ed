/** Exceptions by their class, closes without a reason, heartbeats in the words of small libraries and of a proxy. */
import { describe, expect, it } from "vitest";
import type { CauseId } from "../../../src/explain/cause-catalogue.ts";
import type { About, SeenBy } from "../../../src/explain/known-lines/known-line.ts";
import { type ExplainedIncident, explainAll } from "../../../src/report/explain.ts";
import { tallied } from "../explain-text.ts";

type Row = [text: string, seenBy: SeenBy | null, about: About | null, first: CauseId, more?: RegExp];

const CLOSING = "[error] <0.812.0> closing AMQP connection <0.812.0> (10.0.0.7:40112 -> 10.0.0.9:5672):\n";

const ROWS: readonly Row[] = [
  [
    "Unhandled method frame Bunny\\Protocol\\MethodChannelCloseFrame.",
    "client",
    "channel",
    "earlier-error",
    /bunny-php/,
  ],
  ["Unhandled method frame Bunny\\Protocol\\MethodConnectionCloseFrame.", "client", null, "earlier-error"],
  ["Unhandled method frame Bunny\\Protocol\\MethodBasicCancelFrame.", "client", "channel", "not-declared"],
  ["Unhandled method frame Bunny\\Protocol\\MethodTxSelectOkFrame.", "client", "frames", "answer-of-earlier-call"],
  ["{:socket_error, :timeout}", "client", "heartbeat", "blocked-client"],
  ["** Reason for termination == \n** {socket_error,timeout}", "client", "heartbeat", "blocked-client"],
  [
    "Server did not respond to heartbeats for 45s (missed consecutive heartbeats: 3)",
    "client",
    "heartbeat",
    "blocked-client",
    /45 s/,
  ],
  ["No heartbeat response in 33s (max 31s), closing connection", "broker", "heartbeat", "blocked-client", /amqproxy/],
  ["consume: ChannelError: Bad frame read", "client", "frames", "stream-cut", /closed connection/],
  ["Bad frame read.", "client", "frames", "stream-cut"],
  [`${CLOSING}{handshake_timeout,frame_header}`, "broker", "handshake", "slow-handshake", /protocol header had come/],
  [`${CLOSING}{handshake_timeout,handshake}`, "broker", "handshake", "health-check", /no AMQP protocol header came/],
  [
    '[warning] <0.77.0> STOMP detected TLS connection failed with {inet_error,{tls_alert,{certificate_expired,"TLS server: In state certify received CLIENT ALERT: Fatal - Certificate Expired"}}}',
    "broker",
    "handshake",
    "tls-settings",
  ],
  ["CONNECTION_FORCED - user 'app' is deleted", "broker", "transport", "closed-by-hand"],
  ["pika.exceptions.NackError: 4 message(s) NACKed", "broker", "channel", "limit-reached"],
  ["pika.exceptions.UnroutableError: 4 unroutable message(s) returned", "broker", "channel", "not-declared"],
  ["amqp.exceptions.NotFound", "client", "channel", "not-declared"],
  ["pika.exceptions.ConnectionClosedByBroker", "client", null, "earlier-error"],
  ["pika.exceptions.ConnectionClosedByClient: (200) 'stop'", "client", "channel", "closed-by-program"],
  ["PhpAmqpLib\\Exception\\AMQPSocketException", "client", "transport", "broker-restarted"],
  ["lapin::Error::InvalidChannelState(Closing)", "client", "channel", "earlier-error"],
  [
    "java.io.EOFException: null at com.rabbitmq.client.impl.Frame.readFrom(Frame.java:93)",
    "client",
    "transport",
    "idle-limit",
  ],
  ["E -- #<Bunny::Session:0x7e app@mq:5672>: end of file reached (EOFError)", "client", "transport", "idle-limit"],
];

function only(text: string): ExplainedIncident {
  const { incidents } = explainAll(tallied(text));
  expect(incidents).toHaveLength(1);
  return incidents[0]!;
}

describe("exceptions, closes and heartbeats", () => {
  it.each(ROWS)("%s", (text, seenBy, about, first, more = /./) => {
    const incident = only(text);
    expect({ seenBy: incident.seenBy, about: incident.about, first: incident.causes[0]?.id }).toEqual({
      seenBy,
      about,
      first,
    });
    expect(JSON.stringify(incident)).toMatch(more);
  });

  it("never speaks of threads to PHP", () => {
    expect(JSON.stringify(only("Unhandled method frame Bunny\\Protocol\\MethodTxSelectOkFrame."))).not.toMatch(
      /thread/,
    );
  });

  it("takes a Celery worker's own heartbeat for no heartbeat of AMQP", () => {
    const incident = only("[INFO/MainProcess] missed heartbeat from celery@worker-9");
    expect(incident).toMatchObject({ level: "note", about: null, seenBy: null });
  });

  it("answers what speaks of AMQP and is not known, however little it says", () => {
    expect(only("PhpAmqpLib\\Exception\\AMQPRuntimeException")).toMatchObject({
      level: "note",
      name: "client message",
    });
  });

  it("leaves other systems' exceptions of the same names alone", () => {
    for (const text of [
      "kafka: NoFreeChannels",
      "redis.exceptions.ConnectionError: Connection closed by server. EOFError",
      "werkzeug.exceptions.NotFound: 404 Not Found",
      "grpc: rpc error: code = Unavailable desc = No heartbeat response",
    ])
      expect(explainAll(tallied(text)).incidents, text).toEqual([]);
  });
});
