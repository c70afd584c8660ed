/** Messages of brokers about a resource that runs out, or a limit that is reached; and of clients about that. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const LIMITS = { code: null, seenBy: "broker", about: "limits", library: null } as const;

const REACHED: readonly Weighed[] = [
  ["limit-reached", 80, "The text names the limit."],
  ["no-goodbye", 44, "Connections and channels that are opened and not closed add up."],
];
const ALARM: readonly Weighed[] = [
  ["resource-alarm", 82, "The broker says so."],
  ["slow-consumer", 40, "Queues grow where consumers are slower than publishers."],
];

export const LIMIT_LINES: readonly KnownLine[] = [
  {
    ...LIMITS,
    id: "resource-alarm-over",
    note: true,
    anybody: true,
    pattern:
      /(?:memory|disk) resource limit alarm cleared|vm_memory_high_watermark clear|[Ff]ree disk space is sufficient|[Cc]onnection unblocked|connection\.unblocked/,
    name: "resource alarm over",
    says: "The broker has enough memory and disk again, and reads from publishers. No frame was broken.",
    causes: [
      ["resource-alarm", 76, "An alarm was on before: its line says since when."],
      ["slow-consumer", 40, "It comes back where consumers are slower than publishers."],
    ],
    source: "rabbit_alarm.erl; section 1.4 of RabbitMQ's extensions",
    example: "memory resource limit alarm cleared on node rabbit@host",
  },
  {
    ...LIMITS,
    id: "resource-alarm",
    anybody: true,
    pattern:
      /(?:memory|disk) resource limit alarm|vm_memory_high_watermark set|free disk space is insufficient|disk free space (?:is )?insufficient|[Pp]ublishers will be blocked|resource[ _]alarm/i,
    name: "resource alarm",
    says: "The broker ran out of memory or disk. While the alarm lasts it reads nothing from clients that publish.",
    causes: ALARM,
    source: "rabbit_alarm.erl",
    example: "memory resource limit alarm set on node rabbit@host.",
  },
  {
    ...LIMITS,
    id: "file-descriptor-limit",
    everyday: true,
    pattern:
      /file[ _]descriptor[ _]limit alarm set|\bemfile\b|Too many open files|[Nn]ew connections will not be accepted/i,
    name: "file descriptors used up",
    says: "There are no file descriptors left, and new connections are not accepted. No frame was broken.",
    causes: [
      ["limit-reached", 78, "Each connection and each queue's file takes one."],
      ["no-goodbye", 40, "Connections that are opened and not closed add up."],
    ],
    source: "rabbit_alarm.erl, ranch",
    example: "file descriptor limit alarm set.",
  },
  {
    ...LIMITS,
    id: "connection-blocked",
    seenBy: "client",
    anybody: true,
    pattern:
      /Connection ?Blocked(?:Timeout|Exception)?\b|connection (?:is |was |has been )?blocked|connection\.blocked|[Bb]locked connection timeout|low on (?:memory|disk)|blocked by (?:the |an? )?(?:broker|alarm|RabbitMQ)|\{:error, :blocked\}/i,
    name: "connection blocked",
    says: "The broker blocks publishers: it is short of memory or disk. No frame was broken.",
    causes: [
      ["resource-alarm", 82, "connection.blocked is sent for that only."],
      ["slow-consumer", 35, "Queues grow where consumers are slower than publishers."],
    ],
    source: "pika: exceptions.py; php-amqplib; section 1.4 of RabbitMQ's extensions",
    example: "pika.exceptions.ConnectionBlockedTimeout: Blocked connection timeout expired.",
  },
  {
    ...LIMITS,
    id: "connection-refused-limit",
    everyday: true,
    pattern: /connection limit \((?<limit>\d{1,9})\)|node connection limit|connection limit .{0,60}(?:is )?reached/i,
    name: "connection limit",
    code: 530,
    says: "The broker takes no more connections: its limit is reached. No frame was broken.",
    causes: REACHED,
    source: "rabbit_reader.erl, rabbit_connection_tracking.erl",
    example: "access to vhost 'v' refused for user 'u': vhost connection limit (100) is reached",
  },
  {
    ...LIMITS,
    id: "channel-max-per-node",
    anybody: true,
    pattern:
      /number of channels opened (?:on node|for user) .{0,120}has reached the maximum|channel number limit|not allowed to open more channels/i,
    name: "no free channel",
    code: 530,
    says: "No more channels can be opened: the limit is reached. No frame was broken.",
    causes: [
      ["channel-leak", 78, "A program needs few channels; so many were not closed."],
      ["limit-reached", 40, "Or the limit (channel_max, or that of the user or node) is low."],
    ],
    source: "rabbit_reader.erl",
    example:
      "NOT_ALLOWED - number of channels opened on node 'rabbit@a' has reached the maximum allowed limit of (1000)",
  },
  {
    ...LIMITS,
    id: "queue-limit",
    pattern:
      /(?<thing>queue|exchange|vhost) limit (?:in (?:vhost|cluster|node)|of \d|\()|cannot (?:declare|create) (?:queue|exchange|vhost) .{0,160}limit/i,
    name: "queue limit",
    code: 406,
    says: "No more of them may be declared: a limit for queues, exchanges or vhosts is reached. No frame was broken.",
    causes: [
      ["limit-reached", 82, "The text names the limit."],
      ["not-declared", 10, "Queues that nobody uses may be deleted."],
    ],
    source: "rabbit_vhost_limit.erl, rabbit_amqqueue.erl",
    example: "PRECONDITION_FAILED - cannot declare queue 'q' in vhost 'v': queue limit in vhost 'v' (10) is reached",
  },
  {
    ...LIMITS,
    id: "max-length-reached",
    anybody: true,
    pattern: /maxlen reached|max-length[^\n]{0,40}(?:reached|exceeded)|reject-publish/,
    name: "queue full",
    says: "The queue is as long as it may be, and the broker refuses more messages (basic.nack). The channel stays open; no frame was broken.",
    causes: [
      ["limit-reached", 72, "The queue's own x-max-length or a policy sets it."],
      ["slow-consumer", 56, "Queues fill where consumers are slower than publishers."],
    ],
    source: "rabbit_amqqueue_process.erl",
    example: "publish nacked: queue 'orders' in vhost '/' max-length reached (overflow reject-publish)",
  },
];
