/** What RabbitMQ logs about connections that do not come about, its own processes and its alarms. */
import type { KnownLine } from "./known-line.ts";

const BROKER = { code: null, seenBy: "broker", library: null } as const;

export const BROKER_PROCESS_LINES: readonly KnownLine[] = [
  {
    ...BROKER,
    id: "service-name-not-resolved",
    pattern:
      /failed_connect\s?,\s?\[\{to_address\s?,\s?\{\s?"(?<service>[\w.:-]{1,255})"\s?,\s?(?<service_port>\d{1,5})\}[^\n]{0,80}\bnxdomain/,
    name: "service not resolved",
    about: null,
    says: "The broker could not resolve “{service}” (port {service_port}), which it asks over HTTP: for peer discovery, or for logins. AMQP is not involved: no frame was broken.",
    causes: [
      ["service-name-unknown", 80, "nxdomain: the resolver does not know that name."],
      ["service-unreachable", 30, "A service that is gone from the DNS looks the same."],
    ],
    source: "rabbitmq-peer-discovery-k8s; Erlang's httpc",
    example: '{failed_connect,[{to_address,{"consul.example",8500}},{inet,[inet],nxdomain}]}',
  },
  {
    ...BROKER,
    id: "service-not-reached",
    pattern:
      /failed_connect\s?,\s?\[\{to_address\s?,\s?\{\s?"(?<service>[\w.:-]{1,255})"\s?,\s?(?<service_port>\d{1,5})\}[^\n]{0,80}\},\{\w{3,6},\[\w{1,20}\],\{?(?<reason>[a-z_]{2,40})/,
    name: "service not reached",
    about: null,
    says: "The broker could not connect to “{service}” (port {service_port}: {reason}), which it asks over HTTP: for peer discovery, or for logins. AMQP is not involved: no frame was broken.",
    causes: [
      ["service-unreachable", 78, "The address was found, and the connection to it failed."],
      ["tls-settings", 34, "Of HTTPS: a certificate that the broker does not trust."],
    ],
    source: "rabbitmq-peer-discovery-k8s; Erlang's httpc",
    example: '{failed_connect,[{to_address,{"10.96.0.1",443}},{inet,[inet],timeout}]}',
  },
  {
    ...BROKER,
    id: "tls-alert-at-own-client",
    pattern:
      /expecting\s?,\s?'?connection\.start'?[^\n]{0,400}tls_alert\s?,\s?\{?\s?"?(?<alert>[a-z][a-z_ ]{2,40}[a-z])|tls_alert\s?,\s?\{?\s?"?(?<alert_first>[a-z][a-z_ ]{2,40}[a-z])[^\n]{0,400}expecting\s?,\s?'?connection\.start/,
    name: "TLS alert at the AMQP client",
    seenBy: "client",
    about: "handshake",
    says: "An AMQP client that runs inside RabbitMQ (federation, shovel) failed over TLS while it connected to another broker. AMQP was not reached.",
    causes: [
      [
        "tls-settings",
        76,
        "“{expecting,'connection.start'}”: it waited for the other broker's first word. unknown_ca: the URI's cacertfile does not hold that broker's CA.",
      ],
      ["plain-answered", 40, "Or the URI's port has no TLS."],
    ],
    source: "amqp_network_connection.erl; Erlang's ssl",
    example:
      "{expecting,'connection.start'} {tls_alert,{unknown_ca,\"TLS client: In state wait_cert_cr generated CLIENT ALERT: Fatal - Unknown CA\"}}",
  },
  {
    ...BROKER,
    id: "no-socket",
    pattern: /\bno_socket\b/,
    name: "no_socket",
    about: "transport",
    says: "The client was gone before the broker could look at its socket. No frame was broken.",
    causes: [
      ["health-check", 66, "A probe that connects and resets at once leaves this."],
      ["client-ended", 40, "So does a client that gives up while it connects."],
    ],
    source: "rabbit_reader.erl, rabbit_net.erl",
    example: "closing AMQP connection <0.632.0>: {error,no_socket}",
  },
  {
    ...BROKER,
    id: "proxy-protocol-expected",
    everyday: true,
    pattern:
      /invalid_proxy_header|not a PROXY protocol (?:v1|v2|or)|\{\s?proxy_protocol|missing the (?:required )?PROXY/i,
    name: "PROXY protocol",
    about: "handshake",
    says: "The broker expects a PROXY protocol header, and something else came (or the other way round). AMQP was not reached.",
    causes: [
      ["something-before-header", 74, "PROXY protocol must be on at both ends, or at neither."],
      ["health-check", 45, "A probe that sends no PROXY header looks the same."],
    ],
    source: "ranch_proxy_header.erl; mholt/caddy-l4#35",
    example: "closing AMQP connection: {bad_proxy_header,not a PROXY protocol v1 header}",
  },
  {
    ...BROKER,
    id: "sasl-required",
    pattern:
      /RabbitMQ requires SASL security layer \(expected protocol ID 3, but client sent protocol ID (?<id>\d{1,3})/,
    name: "AMQP 1.0 without SASL",
    about: "handshake",
    says: "An AMQP 1.0 client came without SASL (protocol id {id}). It must open with AMQP 3 1 0 0.",
    causes: [
      ["wrong-version", 66, "The client speaks AMQP 1.0, and leaves the login out."],
      ["wrong-port", 25, "It was meant for another broker."],
    ],
    source: "rabbit_reader.erl (4.0 and later)",
    example:
      "closing AMQP 1.0 connection (10.0.0.1:1 -> 10.0.0.2:5672, duration: '1ms'): RabbitMQ requires SASL security layer (expected protocol ID 3, but client sent protocol ID 0)",
  },
  {
    ...BROKER,
    id: "credential-expired",
    everyday: true,
    pattern: /credentials? (?:has |have )?expired/i,
    name: "credential expired",
    about: "handshake",
    says: "The client's token expired, and it sent no new one (connection.update-secret). The broker closed the connection.",
    causes: [
      ["wrong-credentials", 70, "Tokens (OAuth 2, JWT) end, and must be renewed on the open connection or before it."],
      ["frozen-client", 25, "A client that stands still renews nothing."],
    ],
    source: "rabbit_reader.erl",
    example: "closing AMQP connection <0.9.0> of user 'u': credential has expired",
  },
  {
    ...BROKER,
    id: "writer-message-not-understood",
    pattern: /\{\s?writer\s?,\s?message_not_understood/,
    name: "writer message_not_understood",
    about: "channel",
    says: "A late message inside the broker hit the channel's writer, which gave up. No octet of the client's is at fault.",
    causes: [
      ["late-reply", 76, "The message is an answer of another process of the broker's, not a frame."],
      ["broker-bug", 50, "Later versions ignore such messages."],
    ],
    source: "rabbitmq-server#9799",
    example: "{writer,message_not_understood,{#Ref<0.4068250614.1356857350.73626>,ok}}",
    repeated: true,
  },
  {
    ...BROKER,
    id: "unexpected-message",
    pattern: /\{\s?unexpected_message\s?,/,
    name: "unexpected_message",
    about: null,
    says: "A message inside the broker came where none was expected, and a process of the broker gave up. No octet of the client's is at fault.",
    causes: [
      ["late-reply", 66, "The message is one of the broker's own."],
      ["broker-bug", 55, "A process should have ignored it."],
    ],
    source: "rabbit_reader.erl",
    example: "exception exit: {unexpected_message,{#Ref<0.1.2.3>,ok}}",
    repeated: true,
  },
  {
    ...BROKER,
    id: "channel-termination-timeout",
    pattern: /channel_termination_timeout/,
    name: "channel_termination_timeout",
    about: "channel",
    says: "The channels of a connection did not end in time while it was being closed. The broker was busy; no frame was broken.",
    causes: [
      ["broker-silent", 60, "A broker under load ends channels slowly."],
      ["late-reply", 40, "Or waited for a queue's process that had gone."],
    ],
    source: "rabbit_reader.erl",
    example: "exception exit: channel_termination_timeout",
  },
  {
    ...BROKER,
    id: "handshake-error",
    pattern: /\{\s?handshake_error\s?,\s?(?<state>\w{1,20})\s?,\s?(?<channel_number>\d{1,5})?/,
    name: "handshake_error",
    about: "handshake",
    says: "The AMQP handshake failed in its state “{state}”. What the broker refused stands in the term behind it; no frame of a running connection was broken.",
    causes: [
      ["wrong-credentials", 52, "Logins and vhosts are refused in the handshake."],
      ["frame-max-refused", 44, "So are limits that do not suit the broker."],
      ["client-encoding", 34, "And methods of the handshake that do not decode."],
    ],
    source: "rabbitmq-server#746; rabbit_reader.erl",
    example: "{handshake_error,starting,0,{error,undef,'connection.start_ok',[]}}",
    generic: true,
  },
  {
    ...BROKER,
    id: "formatter-crash",
    pattern: /FORMATTER CRASH: \{"(?<format>[^"\n]{1,120})/,
    name: "FORMATTER CRASH",
    about: null,
    says: "A log message of RabbitMQ's was put together wrongly (a fault of 4.1.0's logging). What it means stands in its format and in the value at the line's end: “{format}”.",
    causes: [
      ["broker-bug", 70, "The number of values does not fit the format; later versions print it rightly."],
      ["frame-max-refused", 30, "The usual one is about frame_max: then the value at the end names it."],
    ],
    source: "rabbitmq-server#14082, #13840",
    example: 'FORMATTER CRASH: {"Waiting for ~ts queues and streams","\\t"}',
    generic: true,
  },
];
