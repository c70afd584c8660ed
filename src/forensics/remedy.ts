/** What to do about writers that tear each other, by the client library that the connection names. */

import type { DiagnosisKind } from "./diagnosis.ts";

interface Remedy {
  /** In the `product` of the client's properties. */
  product: RegExp;
  text: string;
}

const REMEDIES: readonly Remedy[] = [
  {
    product: /bunny/i,
    text: "Bunny 2 writes a whole message under one lock, so it tears only where the lock is not shared: connect after fork, never before (each worker its own Bunny.new); let no Timeout.timeout or Thread#kill cut a publish; use one channel per thread.",
  },
  {
    product: /pika/i,
    text: "A pika BlockingConnection belongs to one thread: give each thread its own connection, or hand publishes to the connection's thread by connection.add_callback_threadsafe().",
  },
  {
    product: /rabbitmq-c|librabbitmq/i,
    text: "An amqp_connection_state_t must not be used by two threads at a time: give each thread its own connection, or hold one mutex around every call, from publish to the last body frame.",
  },
  {
    product: /py-?amqp|kombu|celery/i,
    text: "py-amqp connections are not thread-safe: take connections from a pool, one per thread, and make them after fork.",
  },
  {
    product: /php|AMQPLib/i,
    text: "php-amqplib writes a message in pieces: connect after pcntl_fork(), never before, and close a connection whose write timed out instead of going on with it.",
  },
  {
    product: /amqp 0\.9\.1 client|\bgo(lang)?\b|amqp091/i,
    text: "amqp091-go locks each frame, not a publish: one goroutine per channel, or a mutex around PublishWithContext.",
  },
  {
    product: /java|rabbitmq\.client|spring/i,
    text: "A Channel must not be shared between threads that publish: one channel per thread; and update the client where the socket is written by virtual threads (5.27).",
  },
  {
    product: /dotnet|\.net/i,
    text: "Share no IModel/IChannel between threads, and avoid the 5.1 client, which had lost its write lock; it is back from 6.0 on.",
  },
  {
    product: /node|amqplib|amqp-client/i,
    text: "Publish through one connection object per process, and reuse no buffer before it is written: copy what you hand to publish().",
  },
];

const GENERAL =
  "Several writers share one socket without a lock around the whole write: one lock around the socket write, or a connection per thread; connect after fork; no timeout that cuts a publish short.";

/** What helps where no writers tore each other. */
const OTHERWISE: Partial<Record<DiagnosisKind, string>> = {
  "genuine-oversize":
    "Nothing is corrupt: split bodies at the negotiated frame-max less 8 octets, as client libraries do by themselves, and keep a message's headers below it; or raise frame_max at the broker and in the client, which both must allow.",
  "foreign-protocol":
    "Something that does not speak AMQP writes to this socket: look for a health check or proxy on this port, for a TLS client on the plain port, and for a file descriptor that was closed and used again, or inherited by another process.",
};

/** One paragraph fit for what happened and for the client library, or the general one. */
export function remedyFor(clientProperties: ReadonlyMap<string, string>, kind?: DiagnosisKind): string {
  const otherwise = kind === undefined ? undefined : OTHERWISE[kind];
  if (otherwise !== undefined) return otherwise;
  const product = `${clientProperties.get("product") ?? ""} ${clientProperties.get("platform") ?? ""}`;
  const known =
    REMEDIES.find(remedy => remedy.product.test(clientProperties.get("product") ?? "")) ??
    REMEDIES.find(remedy => remedy.product.test(product));
  return known === undefined ? GENERAL : known.text;
}
