/** The topics of RabbitMQ's other messages: enough to know that frames are not involved. The first match counts. */
import type { About, SeenBy } from "./known-line.ts";

export interface MessageTopic {
  id: string;
  pattern: RegExp;
  /** Behind "a message about …". */
  topic: string;
  about: About | null;
  seenBy: SeenBy | null;
}

const NOBODY = { about: null, seenBy: null } as const;

export const MESSAGE_TOPICS: readonly MessageTopic[] = [
  {
    id: "error-begins",
    pattern: /Error on AMQP connection|Channel error on connection/,
    topic: "an error that closed a connection or a channel (the line behind it says which)",
    about: null,
    seenBy: "broker",
  },
  {
    id: "accepting",
    pattern: /accepting AMQP connection/,
    topic: "a client that connects",
    about: "handshake",
    seenBy: "broker",
  },
  {
    id: "authenticated",
    pattern: /authenticated and granted access/,
    topic: "a login that succeeded",
    about: "handshake",
    seenBy: "broker",
  },
  {
    id: "client-name",
    pattern: /has a client-provided name/,
    topic: "the name a client gives its connection",
    about: "handshake",
    seenBy: "broker",
  },
  {
    id: "closing",
    pattern: /closing AMQP connection/,
    topic: "a connection that ends",
    about: "transport",
    seenBy: "broker",
  },
  {
    id: "other-protocols",
    pattern: /\bMQTT\b|\bSTOMP\b|\bWebSocket|AMQP 1\.0|rabbit_stream|[Ss]tream protocol/,
    topic: "another protocol than AMQP 0-9-1",
    ...NOBODY,
  },
  { id: "tls", pattern: /\bTLS\b|\bSSL\b|certificate/, topic: "TLS", about: "handshake", seenBy: "broker" },
  {
    id: "login",
    pattern: /authenticat|authoriz|permission|\bLDAP\b|\bOAuth/i,
    topic: "users, logins or permissions",
    about: "handshake",
    seenBy: "broker",
  },
  {
    id: "partition",
    pattern: /partition|node .{0,60} (?:down|up)\b|cluster|net_tick|rabbit_node_monitor|\bautoheal\b/i,
    topic: "the cluster's nodes",
    ...NOBODY,
  },
  {
    id: "queue",
    pattern: /queue|mirror|[Qq]uorum|\bra\b|[Rr]aft|\bosiris\b/,
    topic: "queues and their replicas",
    ...NOBODY,
  },
  { id: "alarm", pattern: /memory|disk|alarm|watermark/i, topic: "memory or disk", about: "limits", seenBy: "broker" },
  {
    id: "store",
    pattern: /[Mm]nesia|[Kk]hepri|message store|msg_store|index/,
    topic: "the broker's data store",
    ...NOBODY,
  },
  { id: "plugin", pattern: /plugin|feature flag|deprecated/i, topic: "plugins and features", ...NOBODY },
  {
    id: "start",
    pattern: /[Ss]tart(?:ing|ed|up)|[Ss]topp(?:ing|ed)|[Ss]hut ?down|boot|listener/,
    topic: "the broker's start or stop",
    ...NOBODY,
  },
  {
    id: "crash",
    pattern: /CRASH REPORT|crasher|[Tt]erminating|[Ss]upervisor|exception|exited/,
    topic: "a process inside the broker that failed",
    ...NOBODY,
  },
  {
    id: "policy",
    pattern: /polic|parameter|vhost|exchange|binding/i,
    topic: "definitions: vhosts, policies, exchanges",
    ...NOBODY,
  },
];
