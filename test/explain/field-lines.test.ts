/**
 * Lines as brokers and client libraries of many versions write them, and what is true of each: who read it, what it is
 * about, what most likely did it. The wordings are others than the tables' own examples.
 */
import { describe, expect, it } from "vitest";
import type { CauseId } from "../../src/explain/cause-catalogue.ts";
import type { About, SeenBy } from "../../src/explain/known-lines/known-line.ts";
import { explainAll } from "../../src/report/explain.ts";
import { tallied } from "./explain-text.ts";

type Row = [text: string, seenBy: SeenBy | null, about: About | null, first: CauseId, more?: RegExp];

const CLIENT_READ: readonly Row[] = [
  ["amqp.exceptions.UnexpectedFrame: Received 0x3c while expecting 0xce", "client", "frames", "shared-reader", /0x3c/],
  [
    "pika.exceptions.UnexpectedFrameError: <METHOD(['channel_number=1', 'frame_type=1'])>",
    "client",
    "frames",
    "shared-reader",
  ],
  [
    "pika.exceptions.BodyTooLongError: Received too many bytes for a message delivery: Received 5000, expected 4096",
    "client",
    "frames",
    "shared-reader",
  ],
  [
    "com.rabbitmq.client.MalformedFrameException: Bad frame end marker: 60",
    "client",
    "frames",
    "in-between",
    /60 \(0x3c/,
  ],
  [
    "com.rabbitmq.client.UnexpectedFrameError: Received frame: Frame(type=2, channel=3, 26 bytes of payload), expected type 3",
    "client",
    "frames",
    "shared-reader",
  ],
  [
    "com.rabbitmq.client.MalformedFrameException: AMQP protocol version mismatch; we are version 0-9-1, server sent signature 0,0,9,1",
    "client",
    "handshake",
    "something-before-header",
    /PROXY/,
  ],
  [
    "com.rabbitmq.client.MalformedFrameException: AMQP protocol version mismatch; we are version 0-9-1, server sent signature 0,1,0,0",
    "client",
    "handshake",
    "header-refused",
    /Azure Service Bus/,
  ],
  [
    "RabbitMQ.Client.Exceptions.MalformedFrameException: Invalid AMQP protocol header from server",
    "client",
    "handshake",
    "header-refused",
  ],
  [
    "RabbitMQ.Client.Exceptions.PacketNotRecognizedException: AMQP server protocol negotiation failure: server version unknown-unknown, client version 0-9",
    "client",
    "handshake",
    "header-refused",
  ],
  [
    'AMQP close-reason, initiated by Library, code=501, text="Bad frame end marker: 45", classId=0, methodId=0',
    "client",
    "frames",
    "in-between",
  ],
  [
    'AMQP close-reason, initiated by Library, code=505, text="UNEXPECTED_FRAME", classId=0',
    "client",
    "frames",
    "shared-reader",
  ],
  [
    'Exception (501) Reason: "Exception (501) Reason: \\"frame could not be parsed\\""',
    "client",
    "frames",
    "not-a-broker",
    /5671/,
  ],
  ['Exception (505) Reason: "unexpected frame received"', "client", "frames", "shared-reader"],
  ["Error: Frame on unknown channel: <BasicDeliver channel:7>", "client", "frames", "shared-reader"],
  ["Error: Too much content sent! Expected 100 bytes (amqplib)", "client", "frames", "shared-reader"],
  [
    "Error: Invalid frame    at decodeFrame (/app/node_modules/amqplib/lib/frame.js:250:11)",
    "client",
    "frames",
    "shared-reader",
  ],
  ["execute: {  got frame: [123,8742,1869770853]", "client", "frames", "shared-reader"],
  ["Error: Oversized frame 1347703880 (node-amqp)", "client", "frames", "not-a-broker"],
  [
    "AMQ::Protocol::NoFinalOctetError: Frame doesn't end with \\xCE as it must, which means the size is miscalculated.",
    "client",
    "frames",
    "shared-reader",
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPInvalidFrameException: Invalid frame type 72 in /app/vendor/php-amqplib/x.php:600",
    "client",
    "frames",
    "http-answered",
    /15672/,
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPInvalidFrameException: Invalid frame type 22",
    "client",
    "frames",
    "tls-answered",
    /5671/,
  ],
  ["PhpAmqpLib\\Exception\\AMQPRuntimeException: Invalid frame type 21", "client", "frames", "tls-answered", /5671/],
  ["PhpAmqpLib\\Exception\\AMQPRuntimeException: Invalid frame type 60", "client", "frames", "http-answered", /HTML/],
  [
    "PhpAmqpLib\\Exception\\AMQPRuntimeException: Invalid frame type 65",
    "client",
    "frames",
    "header-refused",
    /AMQP 1\.0/,
  ],
  ["PhpAmqpLib\\Exception\\AMQPRuntimeException: Invalid frame type 0", "client", "frames", "shared-reader"],
  [
    "PhpAmqpLib\\Exception\\AMQPRuntimeException: Framing error, unexpected byte: 7b",
    "client",
    "frames",
    "shared-reader",
    /123/,
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPRuntimeException: Expecting AMQP method, received frame type: 2 (Content header)",
    "client",
    "frames",
    "shared-reader",
  ],
  ["AMQPException: Library error: invalid AMQP data", "client", "frames", "shared-reader"],
  ["com.rabbitmq.client.MalformedFrameException: Unrecognised type in table", "client", "frames", "newer-field-kind"],
  ["aiormq.exceptions.AMQPFrameError: Received an unknown frame", "client", "frames", "shared-reader"],
  ["lapin: the server only supports AMQP 1-0-0", "client", "handshake", "header-refused"],
  [
    "Short frame - expected 131064 bytes, got 127561 bytes (RabbitMQ.Client.Impl.MalformedFrameException)",
    "client",
    "transport",
    "stream-cut",
  ],
];

const CLIENT_CONNECTION: readonly Row[] = [
  [
    "pika.exceptions.StreamLostError: Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')",
    "client",
    "transport",
    "idle-limit",
  ],
  [
    "pika.exceptions.AMQPConnectionError: Connection to 127.0.0.1:5672 failed: [Errno 111] Connection refused",
    "client",
    "transport",
    "nothing-listens",
  ],
  [
    "pika.exceptions.AMQPHeartbeatTimeout: No activity or too many missed heartbeats in the last 60 seconds",
    "client",
    "heartbeat",
    "blocked-client",
  ],
  ["pika.exceptions.ChannelWrongStateError: Channel is closed.", "client", "channel", "earlier-error"],
  [
    "pika.exceptions.IncompatibleProtocolError: The protocol returned by the server is not supported: (-1, 'EOF')",
    "client",
    "handshake",
    "plain-answered",
  ],
  [
    "aiormq.exceptions.AMQPConnectionError: Server connection 'amqp://localhost/' was stuck. No frames were received in 181 seconds.",
    "client",
    "heartbeat",
    "blocked-client",
  ],
  ['aiormq.exceptions.ChannelInvalidStateError: <Channel: "1" at 0x7f> closed', "client", "channel", "earlier-error"],
  ["amqp.exceptions.ConnectionForced: Too many heartbeats missed", "client", "heartbeat", "blocked-client"],
  ["OSError: Server unexpectedly closed connection  (amqp/transport.py)", "client", "transport", "idle-limit"],
  [
    "com.rabbitmq.client.MissedHeartbeatException: Heartbeat missing with heartbeat = 60 seconds, for 192.0.2.2",
    "client",
    "heartbeat",
    "blocked-client",
  ],
  ["com.rabbitmq.client.ShutdownSignalException: connection error", "client", "transport", "idle-limit"],
  [
    "org.springframework.amqp.AmqpIOException: java.net.UnknownHostException: rabbitmq",
    "client",
    "transport",
    "name-unknown",
  ],
  [
    "AMQP close-reason, initiated by Library, code=541, text='Unexpected Exception', classId=0, methodId=0, cause=System.IO.IOException: Unable to read data",
    "client",
    "transport",
    "idle-limit",
  ],
  [
    "RabbitMQ.Client.Exceptions.BrokerUnreachableException: None of the specified endpoints were reachable",
    "client",
    "transport",
    "nothing-listens",
  ],
  [
    'Exception (501) Reason: "read tcp 192.0.2.1:51234->192.0.2.2:5672: i/o timeout"',
    "client",
    "transport",
    "broker-restarted",
  ],
  ['Exception (504) Reason: "channel id space exhausted"', "client", "limits", "channel-leak"],
  [
    "Error: Heartbeat timeout   at Heart.<anonymous> (/app/node_modules/amqplib/lib/connection.js:425:19)",
    "client",
    "heartbeat",
    "blocked-client",
    /event loop was blocked/,
  ],
  [
    "Error: Unexpected close   at succeed (/app/node_modules/amqplib/lib/connection.js:280:13)",
    "client",
    "transport",
    "idle-limit",
  ],
  [
    "IllegalOperationError: Channel closed   at ConfirmChannel.<anonymous> (/app/node_modules/amqplib/lib/channel.js:149:11)",
    "client",
    "channel",
    "earlier-error",
  ],
  [
    "Bunny::ConnectionClosedError: Trying to send frame through a closed connection.",
    "client",
    "channel",
    "earlier-error",
  ],
  [
    "Bunny::TCPConnectionFailedForAllHosts: Could not establish TCP connection to any of the configured hosts",
    "client",
    "transport",
    "nothing-listens",
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPHeartbeatMissedException: Missed server heartbeat",
    "client",
    "heartbeat",
    "blocked-client",
    /PHP sends none/,
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPConnectionClosedException: Broken pipe or closed connection",
    "client",
    "transport",
    "idle-limit",
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPTimeoutException: The connection timed out after 3 sec while awaiting incoming data",
    "client",
    "transport",
    "broker-silent",
  ],
  ["AMQPConnectionException: Socket error: could not connect to host.", "client", "transport", "nothing-listens"],
  [
    "AMQPConnectionException: Library error: connection closed unexpectedly - Potential login failure.",
    "client",
    "handshake",
    "wrong-credentials",
  ],
  ["lapin: no heartbeat received from server for too long", "client", "heartbeat", "blocked-client"],
  ["lapin error: IOError(Kind(ConnectionAborted))", "client", "transport", "idle-limit"],
  [
    "amqprs::net::reader_handler: socket will be closed due to failure of reading frame, cause: peer shutdown",
    "client",
    "transport",
    "idle-limit",
  ],
  [
    "SSL operation failed with code 1. error:1408F119:SSL routines:SSL3_GET_RECORD:decryption failed or bad record mac in PhpAmqpLib/Wire/IO/StreamIO.php",
    "client",
    "transport",
    "tls-shared-session",
  ],
  [
    "PhpAmqpLib\\Exception\\AMQPConnectionClosedException: UPSTREAM_ERROR(0, 0)",
    null,
    "transport",
    "in-between",
    /amqproxy/,
  ],
];

const REPLIES: readonly Row[] = [
  [
    "pika.exceptions.ChannelClosedByBroker: (404, \"NOT_FOUND - no exchange 'logs' in vhost '/'\")",
    "broker",
    "channel",
    "not-declared",
  ],
  [
    "aiormq.exceptions.ChannelPreconditionFailed: PRECONDITION_FAILED - unknown delivery tag 2",
    "broker",
    "channel",
    "acked-twice",
  ],
  [
    "amqp.exceptions.AccessRefused: (0, 0): (403) ACCESS_REFUSED - Login was refused using authentication mechanism AMQPLAIN.",
    "broker",
    "handshake",
    "wrong-credentials",
  ],
  [
    "reply-code=530, reply-text=NOT_ALLOWED - vhost orders not found, class-id=10, method-id=40",
    "broker",
    "handshake",
    "wrong-vhost",
  ],
  [
    "reply-code=406, reply-text=PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'a' in vhost '/': received none but current is the value '60000' of type 'long'",
    "broker",
    "channel",
    "declared-otherwise",
  ],
  [
    "reply-code=405, reply-text=RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'",
    "broker",
    "channel",
    "exclusive-owner",
  ],
  [
    "reply-code=403, reply-text=ACCESS_REFUSED - access to exchange 'logs' in vhost '/' refused for user 'worker'",
    "broker",
    "channel",
    "no-permission",
  ],
  ['Exception (403) Reason: "no access to this vhost"', "broker", "handshake", "wrong-vhost"],
  [
    'Exception (320) Reason: "CONNECTION_FORCED - Node was put into maintenance mode"',
    "broker",
    "transport",
    "broker-restarted",
  ],
  [
    'Error: Connection closed: 320 (CONNECTION-FORCED) with message "CONNECTION_FORCED - Closed via management plugin"',
    "broker",
    "transport",
    "closed-by-hand",
  ],
  [
    'Error: Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused"',
    "broker",
    "handshake",
    "wrong-credentials",
  ],
  ["AMQPError: connection closed by server 530 NOT_ALLOWED - vhost x not found", "broker", "handshake", "wrong-vhost"],
  [
    "lapin: AMQP soft error: PRECONDITION-FAILED: PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out.",
    "broker",
    "channel",
    "slow-work",
  ],
];

const BROKER: readonly Row[] = [
  ["{inet_error,etimedout}", "broker", "transport", "network-lost"],
  ["{inet_error,econnreset}", "broker", "transport", "client-ended"],
  ['{inet_error,{tls_alert,"bad record mac"}}', "broker", "transport", "tls-shared-session"],
  ["{handshake_timeout,handshake}", "broker", "handshake", "health-check"],
  ["{writer,send_failed,{error,closed}}", "broker", "transport", "slow-consumer"],
  ["{bad_version,{0,1,0,0}}", "broker", "handshake", "wrong-version", /AMQP 1\.0/],
  ["{bad_version,{1,1,0,10}}", "broker", "handshake", "wrong-version", /AMQP 0-10/],
  [
    'TLS server: In state {connection,{alert,2,20,{"ssl_cipher.erl",276},undefined,decryption_failed}} at ssl_connection.erl:848 generated SERVER ALERT: Fatal - Unexpected Message',
    "broker",
    "transport",
    "tls-shared-session",
  ],
  [
    "TLS server: In state hello at tls_record.erl:564 generated SERVER ALERT: Fatal - Unexpected Message\n - {unsupported_record_type,71}",
    "broker",
    "handshake",
    "plain-answered",
    /71/,
  ],
  [
    "{handshake_error,tuning,0,{exit,{amqp_error,not_allowed,\"negotiated frame_max = 100 is lower than the minimum allowed value (4096)\",'connection.tune'},'connection.tune_ok',[{rabbit_misc,protocol_error,1}]}}",
    "broker",
    "handshake",
    "frame-max-refused",
    /100 is lower/,
  ],
  [
    'FORMATTER CRASH: {"closing AMQP connection ~tp (~ts):~nfailed to negotiate connection parameters: ~ts",[<0.1785285.0>,<<"[2001:db8::1]:55208 -> [2001:db8::4]:35672">>,"3s","negotiated frame_max = 4096 is lower than the minimum allowed value (8192)"]}',
    "broker",
    "handshake",
    "frame-max-refused",
    /4096 is lower/,
  ],
  [
    "2025-10-31 09:57:11.836278+00:00 [warning] <0.3297244.0> Consumer 'None62' on channel 1 and queue 'imports' in vhost '/' has timed out waiting for a consumer acknowledgement of a delivery with delivery tag = 33.",
    "broker",
    "channel",
    "slow-work",
  ],
  [
    "2024-01-02 03:04:05.678901+00:00 [error] <0.1503.0> PLAIN login refused: user 'guest' can only connect via localhost",
    "broker",
    "handshake",
    "wrong-credentials",
    /guest/,
  ],
  [
    "2023-10-25 05:59:13.610367-07:00 [warning] <0.1010.0> Non-AMQP exit reason '{writer,message_not_understood,",
    "broker",
    "channel",
    "late-reply",
  ],
  [
    '2024-01-01T00:00:00.000000Z  INFO lmq.amqp.client[vhost: "/", address: "192.0.2.3:40000"] Connection=10 Client disconnected',
    "broker",
    "transport",
    "client-ended",
  ],
  [
    "exception error: no function clause matching rabbit_binary_parser:parse_field_value(<<105,0,3,51,45,10>>) (src/rabbit_binary_parser.erl, line 56)",
    "broker",
    "frames",
    "newer-field-kind",
    /105 \(“i”/,
  ],
  [
    "exception error: no function clause matching rabbit_binary_parser:parse_table(<<13,120,45,109,101,115,115,97,103,101,45,116,116,108,76,0,0,0,0,0,0,11,184>>)",
    "broker",
    "frames",
    "newer-field-kind",
    /“x-message-ttl” of the kind 76 \(“L”/,
  ],
];

describe.each([
  ["what clients read", CLIENT_READ],
  ["what clients say of connections", CLIENT_CONNECTION],
  ["what brokers answer", REPLIES],
  ["what brokers log", BROKER],
])("%s", (_, rows) => {
  it.each<Row>(rows)("%s", (text, seenBy, about, first, more) => {
    const { incidents } = explainAll(tallied(text));
    expect(incidents).toHaveLength(1);
    const [incident] = incidents as [(typeof incidents)[number]];
    expect({ seenBy: incident.seenBy, about: incident.about, first: incident.causes[0]?.id }).toEqual({
      seenBy,
      about,
      first,
    });
    if (more !== undefined) expect(JSON.stringify(incident)).toMatch(more);
    if (seenBy === "client") {
      expect(JSON.stringify(incident.causes)).not.toMatch(/write to one (?:connection|socket)/);
      expect(incident.clients).toEqual([]);
    }
  });
});

describe("several messages of one event", () => {
  const line = (text: string, pid = "<0.873.0>") => `2023-08-13 11:17:26.437090+00:00 [error] ${pid} ${text}\n`;

  it("counts a crash of the table's parser once", () => {
    const { incidents } = explainAll(
      tallied(
        line("** Generic server <0.873.0> terminating\n") +
          line("** {function_clause,[{rabbit_binary_parser,parse_table,[<<3,97,98,99,105,0>>],[{line,41}]}") +
          line("  crasher:") +
          line("    exception exit: {function_clause,[{rabbit_binary_parser,parse_table,1,[]}]}", "<0.870.0>") +
          line(
            "Error on AMQP connection <0.867.0> (192.0.2.1:4000 -> 192.0.2.2:5672, vhost: '/', user: 'u', state: running), channel 1:\n {function_clause,[{rabbit_binary_parser,parse_table,1,[]}]}",
            "<0.867.0>",
          ),
      ),
    );
    expect(incidents.map(({ count, connection }) => [count, connection?.peers])).toEqual([[1, ["192.0.2.1:4000"]]]);
  });

  it("puts the line that says what before those that say that", () => {
    const { incidents } = explainAll(
      tallied(
        [
          "RabbitMQ.Client.Exceptions.BrokerUnreachableException: None of the specified endpoints were reachable",
          " ---> RabbitMQ.Client.Exceptions.OperationInterruptedException: The AMQP operation was interrupted",
          "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.",
        ].join("\n"),
      ),
    );
    expect(incidents.map(({ error }) => error.line)).toEqual(["login-refused"]);
  });
});

describe("lines of RabbitMQ's that no row explains", () => {
  const line = (text: string) => `2024-01-02 03:04:05.678901+00:00 [error] <0.1503.0> ${text}`;
  it.each([
    [
      "Mnesia(rabbit@a): ** ERROR ** mnesia_event got {inconsistent_database, running_partitioned_network, b}",
      /about the cluster's nodes; frames are not involved/,
    ],
    ["Ready to start client connection listeners", /about the broker's start or stop; frames are not involved/],
    [
      "closing AMQP connection <0.1503.0> (192.0.2.1:4 -> 192.0.2.2:5672):\n{nobody_knows,{badmatch,42}}",
      /a connection that ends; it names no frame error/,
    ],
    ["xyzzy", /a message of RabbitMQ's; it names no frame error/],
  ])("%s", (text, says) => {
    const { incidents } = explainAll(tallied(line(text)));
    expect(incidents.map(({ error, causes }) => [error.kind, causes])).toEqual([["unknown-message", []]]);
    expect(incidents[0]?.summary).toMatch(says);
  });

  it("names the connection and the channel of a channel's exception", () => {
    const { incidents } = explainAll(
      tallied(
        [
          line(
            "Channel error on connection <0.1500.0> (192.0.2.1:4 -> 192.0.2.2:5672, vhost: '/', user: 'u'), channel 3:",
          ),
          line("operation queue.declare caused a channel exception not_found: no queue 'q' in vhost '/'"),
        ].join("\n"),
      ),
    );
    expect(incidents).toMatchObject([{ channel: 3, connection: { peers: ["192.0.2.1:4"] }, about: "channel" }]);
  });
});

describe("what stands between", () => {
  it.each([
    [
      "amqproxy[5350]: Upstream closed connection: FRAME_ERROR - type 2, all octets = <<>>: {frame_too_large,1111638594,131064}",
      "amqproxy",
    ],
    ["envoy: pika.exceptions.StreamLostError: Stream connection lost", "Envoy"],
    ["amqp://x.servicebus.windows.net: com.rabbitmq.client.MalformedFrameException: Bad frame end marker: 69", "Azure"],
    ["haproxy in front: {invalid_frame_end_marker,97}", "HAProxy"],
  ])("%s", (text, name) => {
    const [incident] = explainAll(tallied(text)).incidents;
    expect(incident?.between).toBe(name);
    expect(incident?.causes.map(({ id }) => id)).toContain("in-between");
  });
});

describe("a credential in what was pasted", () => {
  const decimals = (text: string) => Array.from(text, character => character.charCodeAt(0)).join(",");
  it.each([
    [
      "arguments of a login",
      `operation 'connection.start_ok' caused a connection exception frame_error: "cannot decode <<0,0,${decimals("xS3cr3tP4ss")}>>"`,
    ],
    [
      "a frame of update-secret",
      `type 3, first 16 octets = <<0,10,0,70,0,0,0,9,${decimals("S3cr3tP4")}>>: {invalid_frame_end_marker,97}`,
    ],
    [
      "a response of PLAIN",
      `type 3, all octets = <<0,${decimals("guest")},0,${decimals("S3cr3tP4")}>>: {invalid_frame_end_marker,97}`,
    ],
    [
      "an AMQPLAIN table",
      `rabbit_binary_parser:parse_table(<<8,${decimals("PASSWORD")},83,0,0,0,8,${decimals("S3cr3tP4")}>>)`,
    ],
    ["a URL", "amqp://guest:S3cr3tP4ss@broker:5672 ECONNREFUSED"],
    ["a URL whose password is not encoded", "amqp://guest:a/b@S3cr3tP4ss@broker:5672 ECONNREFUSED"],
    ["a URL without a host", "amqp://guest:S3cr3tP4ss ECONNREFUSED"],
    ["octets of update-secret", "01 00 00 00 00 00 1d 00 0a 00 46 00 00 00 11 53 33 63 72 33 74 50"],
    ["octets of start-ok", "01 00 00 00 00 00 1d 00 0a 00 0b 53 33 63 72 33 74 50"],
    ["octets of a method that is none", "01 00 00 00 00 00 1d 53 33 63 72 33 74 50"],
    [
      "what breaks a login, without its ids",
      `closing AMQP connection <0.1.0> (10.0.0.1:1 -> 10.0.0.2:5672): {handshake_error,starting,0,{error,frame_error,"type 3, first 16 octets = <<\\"S3cr3tP4ssw0rdXY\\">>: {invalid_frame_end_marker,90}"}}`,
    ],
    [
      "a word where a method's ids should be",
      'frame_error: "type 1, first 16 octets = <<\\"S3cr3tP4ssw0rdXY\\">>: {invalid_frame_end_marker,90}"',
    ],
    ["a header", "amqp ECONNREFUSED, Authorization: Bearer S3cr3tP4ss"],
  ])("is not shown: %s", (_, text) => {
    const report = JSON.stringify(explainAll(tallied(text)));
    expect(JSON.parse(report).incidents).toHaveLength(1);
    expect(report).not.toMatch(/S3cr3|51,99,114,51|53 33 63 72/);
  });
});

describe("prefixes of collectors", () => {
  const HEAD =
    "Error on AMQP connection <0.9.0> (192.0.2.1:4000 -> 192.0.2.2:5672, vhost: '/', user: 'u', state: running), channel 7:";
  const ERROR =
    ' operation none caused a connection exception frame_error: "type 66, all octets = <<>>: {frame_too_large,1111638594,131064}"';
  const own = "2026-11-21 18:23:06.185045+00:00 [error] <0.9.0> ";
  it.each([
    ["containerd", "2026-11-21T18:23:06.2Z stdout F "],
    ["containerd, standard error", "2026-11-21T18:23:06.2Z stderr F "],
    ["syslog with a process", "Nov 21 18:23:06 mq bash[21852]: "],
    ["kubectl --prefix", "[pod/rabbitmq-0/rabbitmq] "],
  ])("%s", (_, prefix) => {
    const { incidents } = explainAll(tallied([HEAD, ERROR].map(line => `${prefix}${own}${line}`).join("\n")));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      channel: 7,
      first: "2026-11-21T18:23:06.185045Z",
      connection: { peers: ["192.0.2.1:4000"] },
    });
  });

  it("joins lines that a container's log parted", () => {
    const text = `2026-11-21T18:23:06.2Z stdout P ${own}${HEAD}${ERROR.slice(0, 80)}\n2026-11-21T18:23:06.2Z stdout F ${ERROR.slice(80)}`;
    expect(explainAll(tallied(text)).incidents.map(({ name }) => name)).toEqual(["frame_too_large"]);
  });
});

it.each(["1e400", "1e999", "-1", "0", "1e21", "123456789012345678901234567890"])(
  "reads JSON whose time is %s",
  time => {
    expect(
      tallied(`{"time":${time},"level":"error","msg":"{frame_too_large,1544254578,131064}"}`).incidents,
    ).toHaveLength(1);
  },
);

it.each(["414d515003010000", "4d51 5000 0009 01", "0x48545450 2f312e31", "41 4d 51 50 00 00 09"])(
  "takes %s for octets",
  text => {
    expect(tallied(text).incidents[0]?.report.error.kind).toBe("header-octets");
  },
);
