/** Messages of RabbitMQ's stream protocol (port 5552) and its clients. Its frames are not AMQP's. */
import type { KnownLine } from "./known-line.ts";

const STREAM = { code: null, seenBy: "client", about: "handshake", library: null } as const;

export const STREAM_LINES: readonly KnownLine[] = [
  {
    ...STREAM,
    id: "stream-closed-in-authentication",
    pattern: /closed by the host[^\n]{0,120}authentication sequence|stream peer properties exchange/,
    name: "stream client turned away",
    says: "The server closed the socket while a stream client logged in. Streams have a port (5552) and a plugin of their own; AMQP is not involved.",
    causes: [
      ["wrong-port", 72, "AMQP's port 5672 closes on what is not AMQP; its log then says bad_header."],
      ["plugin-missing", 60, "Without rabbitmq_stream nothing speaks that protocol."],
      ["wrong-credentials", 46, "A login that is refused ends here, too."],
    ],
    source: "rabbitmq-stream-elixir-client#14",
    example:
      "The connection was closed by the host, after the socket was already open, while running the authentication sequence.",
  },
  {
    ...STREAM,
    id: "stream-authentication-failed",
    pattern:
      /RESPONSE_CODE_(?:AUTHENTICATION_FAILURE|SASL_\w{1,40}|VIRTUAL_HOST_ACCESS_FAILURE)|\bAuthenticationFailureLoopback\b|Invalid transition from authenticating/,
    name: "stream login refused",
    says: "The broker refused the login of a stream client (port 5552). AMQP is not involved.",
    causes: [
      ["wrong-credentials", 76, "The response code says so."],
      ["guest-remote", 48, "guest is refused from other hosts than the broker's own."],
    ],
    source: "rabbitmq-stream-dotnet-client#41; rabbit_stream_reader.erl",
    example: "RabbitMQ.Stream.Client.AuthenticationFailureLoopback: 'guest'",
  },
  {
    ...STREAM,
    id: "stream-protocol",
    note: true,
    ofClients: true,
    about: null,
    seenBy: null,
    pattern:
      /\bcom\.rabbitmq\.stream\.|RabbitMQ\.Stream\.Client|\bRESPONSE_CODE_[A-Z_]{3,60}|[Ss]tream protocol|:5552\b/,
    name: "stream protocol",
    says: "This is about RabbitMQ's stream protocol (port 5552), which is no AMQP: AMQP frames are not involved, and ghostframe does not read it.",
    causes: [
      ["wrong-port", 40, "Stream clients need port 5552, and the plugin rabbitmq_stream."],
      ["network-lost", 38, "Stream clients follow the addresses that the broker advertises: they must be reachable."],
    ],
    source: "rabbitmq_stream: docs/PROTOCOL.adoc",
    example: "com.rabbitmq.stream.StreamException: Error when establishing stream connection",
    generic: true,
  },
];
