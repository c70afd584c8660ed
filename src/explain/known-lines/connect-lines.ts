/** Messages of clients in every language that could not connect. The last ones do not give the reason. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const TRANSPORT = { code: null, seenBy: "client", about: "transport", library: null } as const;

const WITHOUT_REASON: readonly Weighed[] = [
  ["nothing-listens", 52, "A closed port is the usual reason …"],
  ["wrong-credentials", 46, "… and a refused login or vhost is often shown this way, too."],
  ["plain-answered", 40, "So is TLS on one side only."],
  ["name-unknown", 34, "So is a name that does not resolve."],
];

export const CONNECT_LINES: readonly KnownLine[] = [
  {
    ...TRANSPORT,
    id: "connection-refused",
    everyday: true,
    pattern: /connection ?refused|\bECONNREFUSED\b|actively refused|\[Errno (?:111|61)\] connect call failed/i,
    name: "connection refused",
    says: "Nothing listens at the broker's address and port. AMQP was not reached.",
    causes: [
      ["nothing-listens", 82, "The host answered that the port is closed."],
      ["broker-restarted", 40, "While it restarts a broker refuses for some seconds."],
    ],
    source: "the operating system",
    example: "amqp: connect ECONNREFUSED 127.0.0.1:5672",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "no-route-to-host",
    everyday: true,
    pattern:
      /no route to host|NoRouteToHost|\bEHOSTUNREACH\b|\bENETUNREACH\b|network is unreachable|host is unreachable|unreachable (?:host|network)/i,
    name: "no route to host",
    says: "There is no way to the broker's address. AMQP was not reached.",
    causes: [
      ["address-silent", 70, "The host, or a router before it, answered that it is not to be reached."],
      ["network-lost", 50, "A network that is down looks the same."],
      ["nothing-listens", 30, "Or the address is that of a machine that is gone."],
    ],
    source: "the operating system",
    example: "amqp: dial tcp 10.0.0.1:5672: connect: no route to host",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "name-not-resolved",
    everyday: true,
    pattern:
      /\bENOTFOUND\b|\bEAI_AGAIN\b|UnknownHostException|name or service not known|hostname lookup failed|getaddrinfo|no such host|nodename nor servname|\bnxdomain\b|\{:?error, ?:?unknown_host\}|temporary failure in name resolution|gaierror/i,
    name: "name not resolved",
    says: "The broker's host name could not be resolved. AMQP was not reached.",
    causes: [
      ["name-unknown", 84, "The resolver says so."],
      ["nothing-listens", 20, "Or the name is that of another environment."],
    ],
    source: "rabbitmq-c: amqp_api.c; the operating system",
    example: "amqp: getaddrinfo ENOTFOUND rabbitmq",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "host-not-reached",
    everyday: true,
    pattern: /could not connect to host/i,
    name: "host not reached",
    says: "The client could not connect to the broker's host, and does not say why. AMQP was not reached.",
    causes: [
      ["nothing-listens", 60, "A closed port is the usual reason."],
      ["address-silent", 44, "An address that does not answer is another one."],
      ["name-unknown", 40, "So is a name that does not resolve."],
    ],
    source: "pecl-amqp",
    example: "AMQPConnectionException: Socket error: could not connect to host",
    generic: true,
  },
];

/** Tried last of all: any other line is more specific. */
export const LAST_LINES: readonly KnownLine[] = [
  {
    ...TRANSPORT,
    id: "normal-close",
    note: true,
    everyday: true,
    pattern:
      /(?:\b200\b[^\n]{0,40}|code=200[^\n]{0,40})(?:Goodbye|Normal shutdown|Connection closed|Bye|OK)\b|\bNORMAL_SHUTDOWN\b|[Nn]ormal shutdown/,
    name: "closed in peace",
    code: 200,
    seenBy: null,
    says: "A connection or channel was closed on purpose, and said goodbye (200). No frame was broken.",
    causes: [
      ["closed-by-program", 72, "200 is what a library sends when the program closes."],
      ["closed-by-hand", 34, "Or somebody closed it in the management interface."],
    ],
    source: "section 1.2 of the specification",
    example: "reply-code=200, reply-text=Goodbye",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "broker-unreachable",
    ofClients: true,
    pattern: /BrokerUnreachableException|[Nn]one of the specified endpoints (?:were|was) reachable/,
    name: "broker unreachable",
    says: "The client could not connect to any of its brokers. The inner exception says why: that line is worth explaining.",
    causes: WITHOUT_REASON,
    library: "dotnet",
    source: "rabbitmq-dotnet-client#980",
    example: "RabbitMQ.Client.Exceptions.BrokerUnreachableException: None of the specified endpoints were reachable",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "could-not-connect",
    ofClients: true,
    everyday: true,
    pattern:
      /AMQPConnectionError|AMQPConnectorSocketConnectError|TCPConnectionFailed|connect call failed|TCP connection to \S{1,80} failed|AmqpConnectException|RabbitMqConnectionException|ReceiveTransport faulted|connection failed: rabbitmq|connection attempt to \S{1,200} failed|(?:cannot|can't|can not|could not|couldn't|failed to|unable to|error) connect(?:ing)? (?:to|with)\b|(?:cannot|could not|failed to|unable to) (?:establish|open|create|make) (?:an? |the )?(?:\w{1,12} )?connection|disconnected from RMQ|broker not available|not connected to (?:the )?(?:broker|RabbitMQ)|Error opening socket/i,
    name: "could not connect",
    says: "The client could not connect to the broker, or lost it. Why is not in this line: the lines beside it, or the inner exception, say it. No frame is shown to be broken.",
    causes: WITHOUT_REASON,
    source: "pika: exceptions.py; ruby-amqp/bunny#329; spring-amqp; MassTransit; NestJS; EasyNetQ",
    example: "pika.exceptions.AMQPConnectionError",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "connection-closed",
    ofClients: true,
    everyday: true,
    pattern:
      /\bConnectionClosed(?:Exception|Error)?\b|connection (?:was |is |has been )?(?:closed|lost|terminated|dropped|interrupted)|connection to (?:the )?(?:broker|server|RabbitMQ) (?:was )?(?:lost|closed)|\bdisconnected\b|\bAMQPConnectionException\b/i,
    name: "connection closed",
    says: "The connection ended. Who closed it, and why, is not in this line: the broker's log at that time says it. No frame is shown to be broken.",
    causes: [
      ["broker-restarted", 48, "A broker that stops closes its connections."],
      ["idle-limit", 46, "Load balancers and NATs end what was idle too long."],
      ["blocked-client", 44, "A client that misses heartbeats is closed."],
      ["earlier-error", 42, "An exception (404, 406, 501, 505) may have come before."],
    ],
    source: "pika: exceptions.py; pecl-amqp",
    example: "pika.exceptions.ConnectionClosed",
    generic: true,
  },
];
