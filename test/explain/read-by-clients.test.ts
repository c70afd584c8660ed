/** What libraries say of whole frames that they did not await, and of streams that end; what connects to a wrong port. */
import { describe, expect, it } from "vitest";
import type { CauseId } from "../../src/explain/cause-catalogue.ts";
import type { About, SeenBy } from "../../src/explain/known-lines/known-line.ts";
import { type ExplainedIncident, explainAll } from "../../src/report/explain.ts";
import { tallied } from "./explain-text.ts";

type Row = [text: string, seenBy: SeenBy | null, about: About | null, first: CauseId, more: RegExp];

function only(text: string): ExplainedIncident {
  const { incidents } = explainAll(tallied(text));
  expect(incidents).toHaveLength(1);
  return incidents[0]!;
}

const NET =
  "AMQP close-reason, initiated by Library, code=541, text='Unexpected Exception', classId=0, methodId=0, cause=";

const ROWS: readonly Row[] = [
  [
    "AMQPError: Received frame type 1 while expecting type: 3",
    "client",
    "frames",
    "shared-reader",
    /read that stops in the middle/,
  ],
  [
    "amqp.exceptions.UnexpectedFrame: Received frame 3 while expecting type: 2",
    "client",
    "frames",
    "shared-reader",
    /py-amqp/,
  ],
  [
    "Connection error: protocol error: AMQP hard error: UNEXPECTED-FRAME: unexepcted queue declare-ok received on channel 4",
    "client",
    "channel",
    "shared-channel",
    /queue declare-ok on channel 4/,
  ],
  ["AMQP hard error: CHANNEL-ERROR: invalid channel 9", "client", "channel", "shared-channel", /lapin/],
  [
    `${NET}System.Collections.Generic.KeyNotFoundException: The given key '7' was not present at RabbitMQ.Client.Impl.SessionManager.Lookup(Int32 number)`,
    "client",
    "channel",
    "closed-in-flight",
    /channel number/,
  ],
  [
    `${NET}System.NullReferenceException: Object reference not set`,
    "client",
    "channel",
    "shared-channel",
    /NullReference/,
  ],
  [
    `${NET}System.IO.IOException: Unable to read data: Connection reset by peer.`,
    "client",
    "transport",
    "idle-limit",
    /reading of the socket/,
  ],
  [`${NET}MalformedFrameException: Bad frame end marker: 10`, "client", "frames", "in-between", /own loop/],
  ["com.rabbitmq.client.MalformedFrameException: Bad frame end marker: 45", "client", "frames", "in-between", /mesh/],
  [
    "Unhandled exception in spawn(name: upstream read loop mq7:5672): AMQ::Protocol::Frame::Header-end was 44, expected 206 (AMQ::Protocol::Error::InvalidFrameEnd)",
    "client",
    "frames",
    "in-between",
    /amqproxy/,
  ],
  [
    "AMQ::Protocol::EmptyResponseError (Empty response received from the server.)",
    "client",
    "handshake",
    "wrong-credentials",
    /without a broker behind it/,
  ],
  [
    "aiormq: asyncio.streams.IncompleteReadError: 0 bytes read on a total of 1 expected bytes",
    "client",
    "transport",
    "idle-limit",
    /where a frame would begin/,
  ],
  [
    "aio_pika: asyncio.exceptions.IncompleteReadError: 40 bytes read on a total of 4096 expected bytes",
    "client",
    "transport",
    "stream-cut",
    /only 40 came/,
  ],
  ["An unexpected method was received 1310761", "client", "frames", "shared-reader", /channel\.close-ok/],
  ["unexpected method received: 655411", "client", "frames", "shared-reader", /connection\.close-ok/],
  ["unexpected method received: 655461", "client", "frames", "shared-reader", /one that AMQP 0-9-1 does not have/],
  [
    "AmqpProtocolException: Connection attempt from non AMQP v1.0 client. AMQP,0,0,9,1",
    "broker",
    "handshake",
    "broker-of-amqp-1-0",
    /Use a client for AMQP 1\.0/,
  ],
  ['Exception (501) Reason: "frame could not be parsed"', "client", "frames", "not-a-broker", /AMQP 1\.0/],
  ["Error: Frame size exceeds frame max", "client", "frames", "not-a-broker", /AMQP 1\.0/],
  ["{bad_header,<<0,0,0,12,0,17,0,1>>}", "broker", "handshake", "stream-client", /5552.*rabbitmq_stream/],
  ["{bad_header,<<0,0,1,44,0,17,0,1>>}", "broker", "handshake", "stream-client", /size of 300/],
  ["detected_unexpected_tls_header", "broker", "handshake", "plain-answered", /amqps:\/\/ with 5671/],
  ["{bad_header,<<22,3,1,2,0,1,0,1>>}", "broker", "handshake", "plain-answered", /amqps:\/\/ with 5671/],
  [
    "{expecting,'connection.start'} {tls_alert,{unknown_ca,\"TLS client: In state wait_cert generated CLIENT ALERT: Fatal - Unknown CA\"}}",
    "client",
    "handshake",
    "tls-settings",
    /federation, shovel/,
  ],
  [
    '{failed_connect,[{to_address,{"kubernetes.default",443}},{inet,[inet],nxdomain}]}',
    "broker",
    null,
    "service-name-unknown",
    /AMQP is not involved/,
  ],
  [
    '{failed_connect,[{to_address,{"192.0.2.1",8500}},{inet,[inet],econnrefused}]}',
    "broker",
    null,
    "service-unreachable",
    /econnrefused/,
  ],
];

describe("who read it, and what of it", () => {
  it.each(ROWS)("%s", (text, seenBy, about, first, more) => {
    const incident = only(text);
    expect(incident).toMatchObject({ seenBy, about });
    expect(incident.causes[0]!.id).toBe(first);
    const { octets: _, ...shown } = incident;
    expect(JSON.stringify(shown).replaceAll("\n", " ")).toMatch(more);
  });

  it("reads what stands for a method's ids as a size, too", () => {
    expect(only("{unknown_method_id,{0,13}}").readings[0]!.meaning).toMatch(/^a size field: 13/);
  });

  it("leaves the broker's own 505 to the broker, though a library prints it", () => {
    const text =
      "AMQP hard error: UNEXPECTED-FRAME: UNEXPECTED_FRAME - expected content body, got non content body frame instead";
    expect(only(text)).toMatchObject({ seenBy: "broker", about: "frames", library: "lapin" });
  });
});
