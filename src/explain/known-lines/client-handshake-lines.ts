/** Messages of client libraries about failed handshakes, and about missing heartbeats. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const CLIENT = { code: null, seenBy: "client", library: null } as const;
const HANDSHAKE = { ...CLIENT, about: "handshake" } as const;
const HEARTBEAT = { ...CLIENT, about: "heartbeat" } as const;

const CLOSED_IN_HANDSHAKE: readonly Weighed[] = [
  ["plain-answered", 58, "A TLS port closes on plain AMQP, and a plain port on TLS."],
  ["wrong-vhost", 50, "Older brokers and clients show a vhost that is refused as a closed socket."],
  ["wrong-credentials", 48, "And credentials that are refused, after some seconds."],
  ["not-a-broker", 40, "Whatever has that port instead closes on what it does not understand."],
];
const WAITED_FOR_START: readonly Weighed[] = [
  [
    "broker-silent",
    56,
    "The port is open, and nobody speaks: an overloaded or starting broker, a load balancer without one.",
  ],
  ["tls-waiting", 52, "A plain client waits for ever on a TLS port, and TLS does on some plain ones."],
  ["not-a-broker", 34, "Another server waits for the client's first word, too."],
];
const RECEIVED_NOTHING: readonly Weighed[] = [
  ["blocked-client", 62, "A client that does not read misses heartbeats that have come."],
  ["broker-silent", 54, "The broker may really have been silent."],
  ["idle-limit", 50, "What is dropped on the way is not heard."],
  ["frozen-client", 30, "A process that stands still hears nothing."],
];

export const CLIENT_HANDSHAKE_LINES: readonly KnownLine[] = [
  {
    ...HANDSHAKE,
    id: "closed-in-handshake",
    everyday: true,
    pattern:
      /Socket closed abruptly during opening handshake|[Cc]onnection (?:was )?closed (?:by \w{1,10} )?during (?:the )?(?:AMQP |opening )?handshake/,
    name: "closed in the handshake",
    says: "The server closed the socket before the AMQP handshake was done. Wrong port, TLS, vhost or credentials; no frame was broken.",
    causes: CLOSED_IN_HANDSHAKE,
    source: "amqp-node/amqplib#30, #101, #548",
    example: "Error: Socket closed abruptly during opening handshake",
  },
  {
    ...HANDSHAKE,
    id: "empty-response",
    everyday: true,
    pattern: /EmptyResponseError|[Ee]mpty response received from the server/,
    name: "closed in the handshake",
    says: "The server closed the socket where its answer to the client's connect had to come. No frame was broken.",
    causes: [
      ["wrong-credentials", 60, "A login that is refused, by brokers and libraries that do not say so."],
      ["wrong-vhost", 54, "A vhost that is refused, likewise."],
      ["plain-answered", 52, "A TLS port closes on plain AMQP, and a plain port on TLS."],
      [
        "broker-silent",
        46,
        "A proxy or load balancer without a broker behind it closes at once; so does one that is starting.",
      ],
    ],
    library: "bunny",
    source: "amq-protocol (Ruby): exceptions.rb; ruby-amqp/bunny: session.rb",
    example: "AMQ::Protocol::EmptyResponseError: Empty response received from the server.",
  },
  {
    ...HANDSHAKE,
    id: "incompatible-protocol",
    pattern: /IncompatibleProtocolError|The protocol returned by the server is not supported/,
    name: "IncompatibleProtocolError",
    says: "The server closed the socket at the protocol header. pika calls that an incompatible protocol; TLS on one side only is the usual reason.",
    causes: [
      [
        "plain-answered",
        66,
        "pika says so when the stream ends at the protocol header: a TLS port (5671) without ssl_options does.",
      ],
      [
        "broker-silent",
        44,
        "A broker that is still starting, or a load balancer without one behind it, closes as well.",
      ],
      ["header-refused", 40, "Or the server wants another version of AMQP."],
    ],
    library: "pika",
    source: "pika#1247, #830, #516",
    example:
      "pika.exceptions.IncompatibleProtocolError: StreamLostError: (\"Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')\",)",
  },
  {
    ...HANDSHAKE,
    id: "probable-authentication-failure",
    pattern: /ProbableAuthenticationError|probable authentication error/,
    name: "login refused",
    says: "The server closed the socket after the login. Most likely it refused the credentials; its log says so.",
    causes: [
      ["wrong-credentials", 76, "The socket was closed where the answer to the login must come."],
      ["guest-remote", 48, "guest is refused from other hosts than the broker's own."],
    ],
    library: "pika",
    source: "pika: exceptions.py",
    example:
      "pika.exceptions.ProbableAuthenticationError: Client was disconnected at a connection stage indicating a probable authentication error: …",
  },
  {
    ...HANDSHAKE,
    id: "probable-access-denied",
    pattern: /ProbableAccessDeniedError|probable denial of access/,
    name: "vhost refused",
    says: "The server closed the socket at connection.open. Most likely it refused the vhost; its log says so.",
    causes: [
      ["wrong-vhost", 72, "The socket was closed where the answer to connection.open must come."],
      ["no-permission", 56, "A user needs permissions on each vhost."],
    ],
    library: "pika",
    source: "pika: exceptions.py",
    example:
      "pika.exceptions.ProbableAccessDeniedError: Client was disconnected at a connection stage indicating a probable denial of access",
  },
  {
    ...HANDSHAKE,
    id: "possible-authentication-failure",
    everyday: true,
    pattern:
      /PossibleAuthenticationFailureException|Possible authentication failure|possible authentication failure|could mean an authentication issue|[Pp]otential login failure|AuthenticationFailureError|\bAuthenticationFailureException\b|PossiblyAuthenticationFailure|\{:?auth_failure,|authentication_failure_close|before authentication succeeded|while authenticating|[Aa]uthentication (?:with RabbitMQ )?failed/,
    name: "login refused",
    says: "The connection ended where the answer to the login must come. Most likely the credentials were refused; the broker's log says so.",
    causes: [
      ["wrong-credentials", 68, "That is where a refused login shows."],
      ["guest-remote", 46, "guest is refused from other hosts than the broker's own."],
      ["plain-answered", 40, "TLS on one side only ends at about the same place."],
    ],
    source: "rabbitmq-java-client; rabbitmq-dotnet-client#980; ruby-amqp/bunny: session.rb",
    example: "com.rabbitmq.client.PossibleAuthenticationFailureException: Possibly caused by authentication failure",
  },
  {
    ...HANDSHAKE,
    id: "no-shared-mechanism",
    pattern:
      /SASL could not negotiate a shared mechanism|No compatible authentication mechanism|could not negotiate use of the|SASL mechanism \S{1,30} is not provided/,
    name: "no shared SASL mechanism",
    says: "Client and broker have no login mechanism in common. No frame was broken.",
    causes: [
      ["wrong-credentials", 72, "The client wants a mechanism that the broker does not offer (EXTERNAL, PLAIN)."],
      ["tls-settings", 40, "EXTERNAL is offered with TLS and the plugin rabbitmq_auth_mechanism_ssl only."],
    ],
    source: "amqp091-go: types.go; amqplib: lib/connection.js; spring-projects/spring-amqp#1188",
    example: 'Exception (403) Reason: "SASL could not negotiate a shared mechanism"',
  },
  {
    ...HANDSHAKE,
    id: "handshake-terminated",
    everyday: true,
    pattern:
      /Handshake terminated by server|Wasn't expecting to have to go through secure|Frame on channel != 0 during handshake|Expected protocol header|[Hh]andshake (?:failed|error|timed out)/,
    name: "handshake failed",
    says: "The AMQP or TLS handshake did not come to its end. No frame of a running connection was broken.",
    causes: CLOSED_IN_HANDSHAKE,
    source: "amqplib: lib/connection.js",
    example: "amqplib: Error: Frame on channel != 0 during handshake: <ChannelOpen channel:1>",
    generic: true,
  },
  {
    ...HANDSHAKE,
    id: "handshake-stack-timeout",
    pattern:
      /AMQPConnectorStackTimeout|Timeout while setting up AMQP|[Cc]onnection (?:open|start|tune) timed? ?out|AMQPConnectorAMQPHandshakeError/,
    name: "handshake timed out",
    says: "The client waited for the broker's part of the handshake and gave up. No frame was broken.",
    causes: [
      [
        "broker-silent",
        60,
        "The port is open, and nobody answers: an overloaded or starting broker, a load balancer without one.",
      ],
      ["tls-waiting", 54, "A plain client on a TLS port waits for ever, and so does TLS on some plain ports."],
      ["resource-alarm", 25, "A node in trouble accepts and does not answer."],
    ],
    library: "pika",
    source: "OpenCTI-Platform/opencti#8642; pika",
    example: "AMQPConnectorAMQPHandshakeError: AMQPConnectorStackTimeout('Timeout during AMQP handshake')",
  },
  {
    ...HANDSHAKE,
    id: "start-never-received",
    anybody: true,
    pattern: /connection\.start was never received/,
    name: "no connection.start",
    says: "The port took the connection, and then nothing came: the broker's connection.start is the first thing a client reads. No frame was broken.",
    causes: WAITED_FOR_START,
    library: "dotnet",
    source: "rabbitmq-dotnet-client: Connection.cs; MassTransit#2072",
    example: "System.IO.IOException: connection.start was never received, likely due to a network timeout",
  },
  {
    ...HANDSHAKE,
    id: "connect-timed-out",
    everyday: true,
    pattern:
      /AMQPConnectionError: connection timed out|\bCONNECTION_TIMEOUT\b|[Cc]onnect timed out|dial tcp [^\n]{1,120}: i\/o timeout|[Cc]onnection attempt timed out|connect ETIMEDOUT/,
    name: "connect timed out",
    says: "The connection could not be made in time: nobody answered at the broker's address, or not as far as AMQP. No frame was broken.",
    causes: [
      [
        "address-silent",
        60,
        "A firewall that drops packets, and a wrong address, are silent; a closed port is refused at once.",
      ],
      ...WAITED_FOR_START,
    ],
    source: "cody-greene/node-rabbitmq-client#52; the operating system",
    example: "AMQPConnectionError: connection timed out { code: 'CONNECTION_TIMEOUT' }",
  },
  {
    ...HEARTBEAT,
    id: "no-octet-in-time",
    anybody: true,
    pattern: /\{\s?:?socket_error\s?,\s?:?timeout\s?\}/,
    name: "{socket_error,timeout}",
    says: "The client heard nothing from the broker for two heartbeat intervals, and gave the connection up (Erlang's timer, not the system's etimedout). No frame was broken.",
    causes: RECEIVED_NOTHING,
    source: "pma/amqp#88; rabbitmq-erlang-client#112",
    example: "** (stop) {:socket_error, :timeout}",
  },
  {
    ...HEARTBEAT,
    id: "dart-heartbeats-missed",
    anybody: true,
    pattern:
      /[Ss]erver did not respond to heartbeats for (?<seconds>\d{1,6})s(?: \(missed consecutive heartbeats: (?<missed>\d{1,6})\))?/,
    name: "missed heartbeats",
    says: "The client heard nothing from the broker for several heartbeat intervals of {seconds} s, and gave the connection up. No frame was broken.",
    causes: RECEIVED_NOTHING,
    source: "achilleasa/dart_amqp: amqp_client_impl.dart",
    example:
      "HeartbeatFailedException: Server did not respond to heartbeats for 20s (missed consecutive heartbeats: 3)",
  },
  {
    ...HEARTBEAT,
    id: "amqproxy-client-silent",
    anybody: true,
    seenBy: "broker",
    pattern: /No heartbeat response(?: in (?<seconds>\d{1,6})s \(max (?<most>\d{1,6})s\))?/,
    name: "missed heartbeats (amqproxy)",
    says: "A proxy (amqproxy) heard nothing from its client for longer than the heartbeat allows, and closed that connection. To the client the proxy is the broker; no frame was broken.",
    causes: [
      ["blocked-client", 70, "The proxy heard nothing from the client, no heartbeat either."],
      ["idle-limit", 48, "What is dropped on the way is not heard either."],
      ["frozen-client", 36, "A process that stands still sends nothing."],
    ],
    source: "cloudamqp/amqproxy: client.cr",
    example: "WARN amqproxy.client No heartbeat response in 62s (max 61s), closing connection",
  },
  {
    ...HEARTBEAT,
    id: "client-heartbeat-timeout",
    everyday: true,
    pattern:
      /AMQPHeartbeatTimeout|[Nn]o activity or too many missed heartbeats|MissedHeartbeatException|Heartbeat missing with heartbeat|AMQPHeartbeatMissedException|Missed server heartbeat|MissingHeartbeatError|no heartbeat received from server|Heartbeat timeout|[Hh]eartbeat timeout, connection closed|HEARTBEAT_TIMEOUT|AMQP_STATUS_HEARTBEAT_TIMEOUT|Too many missed heartbeats|[Mm]issed (?:too many )?heartbeats? from (?:the )?(?:server|broker)|[Cc]onnection [^\n]{0,120}was stuck(?:ed)?\. No frames were received|heartbeat timed out|Last message in was heartbeat_timeout|No heartbeat received|HeartbeatFailedException|[Hh]eartbeats? (?:from (?:server|broker) )?(?:were |was )?(?:missed|lost|expired)/,
    name: "missed heartbeats",
    says: "The client heard nothing from the broker for two heartbeat intervals, and gave the connection up. No frame was broken.",
    causes: RECEIVED_NOTHING,
    source:
      "pika: heartbeat.py; rabbitmq-java-client; php-amqplib; lapin: src/error.rs; amqplib: lib/connection.js; rabbitmq-c: amqp_api.c; rabbitmq-dotnet-client#637",
    example: "com.rabbitmq.client.MissedHeartbeatException: Heartbeat missing with heartbeat = 60 seconds",
  },
];
