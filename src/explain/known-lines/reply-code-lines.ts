/** Brokers' answers about permissions and names; then their reply codes, 311 to 406 and 530, for any other reason. */
import type { KnownLine } from "./known-line.ts";
import { NO_SUCH } from "./reply-name-lines.ts";

const REPLY = { seenBy: "broker", library: null } as const;
const CHANNEL = { ...REPLY, about: "channel" } as const;

export const REPLY_CODE_LINES: readonly KnownLine[] = [
  {
    ...CHANNEL,
    id: "permission-refused",
    pattern:
      /access to (?<thing>queue|exchange|topic|resource) '?(?<named>[^'\n]{0,100})'? (?:in (?:exchange|vhost) [^\n]{0,100} )?refused/,
    name: "ACCESS_REFUSED",
    code: 403,
    says: "The user may not do this to the {thing} “{named}”. The broker closed the channel; no frame was broken.",
    causes: [
      ["no-permission", 82, "The broker names what was refused, and to whom."],
      ["wrong-vhost", 20, "Permissions hold for one vhost."],
    ],
    source: "rabbit_access_control.erl",
    example: "ACCESS_REFUSED - access to queue 'orders' in vhost '/' refused for user 'worker'",
  },
  {
    ...CHANNEL,
    id: "no-such-queue-or-exchange",
    pattern: /no (?<thing>queue|exchange|binding) '?(?<named>[^'\n]{0,120}?)'? (?:between|in vhost)/,
    name: "NOT_FOUND",
    code: 404,
    says: "There is no {thing} “{named}”. The broker closed the channel; no frame was broken.",
    causes: NO_SUCH,
    source: "rabbit_misc.erl",
    example: "NOT_FOUND - no queue 'orders' in vhost '/'",
  },
  {
    ...CHANNEL,
    id: "consumer-cancelled",
    pattern:
      /\bConsumerCancell?ed(?:Exception)?\b|AMQPBasicCancelException|Server cancelled consumer|[Cc]onsumer (?:was )?cancell?ed by (?:the )?(?:server|broker)/,
    name: "consumer cancelled",
    code: null,
    says: "The broker ended the consumer (basic.cancel): its queue was deleted, or its node went away. The channel stays open; no frame was broken.",
    causes: [
      ["not-declared", 62, "A queue that is deleted or expires cancels its consumers."],
      ["broker-restarted", 52, "So does a queue whose node stops, or whose leader moves."],
    ],
    source: "pika: exceptions.py; py-amqp: channel.py",
    example: "pika.exceptions.ConsumerCancelled: Server cancelled consumer",
  },
  {
    ...CHANNEL,
    id: "consumer-tag-reused",
    pattern: /attempt to reuse consumer tag|consumer tag .{0,80}already exists/i,
    name: "consumer tag reused",
    code: 530,
    says: "A consumer tag was used twice on one channel. The broker closed the connection; no frame was broken.",
    causes: [
      ["consumer-exists", 74, "The tag is in the text."],
      ["acked-after-reconnect", 20, "A recovery that consumes again on a channel that had survived would do it."],
    ],
    source: "rabbit_channel.erl",
    example: "NOT_ALLOWED - attempt to reuse consumer tag 'ctag-1'",
  },
  {
    ...CHANNEL,
    id: "reserved-name",
    pattern: /(?:contains|starts with) (?:a )?reserved prefix|reserved prefix 'amq\./i,
    name: "reserved name",
    code: 403,
    says: "The name begins with “amq.”, which is the broker's. It closed the channel; no frame was broken.",
    causes: [
      ["declared-otherwise", 50, "Only names that exist already may be declared so, and only as they are."],
      ["no-permission", 40, "Another name needs no permission of this kind."],
    ],
    source: "rabbit_channel.erl",
    example: "ACCESS_REFUSED - queue name 'amq.orders' contains reserved prefix 'amq.*'",
  },
  {
    ...REPLY,
    id: "too-many-heartbeats-missed",
    pattern: /[Tt]oo many heartbeats missed/,
    name: "missed heartbeats",
    code: 320,
    seenBy: "client",
    about: "heartbeat",
    says: "The client heard nothing from the broker for two heartbeat intervals. It closed the connection itself; no frame was broken.",
    causes: [
      [
        "blocked-client",
        68,
        "py-amqp only notices heartbeats while it reads: a worker that is busy, or a loop that nobody turns, misses those that came.",
      ],
      ["broker-silent", 46, "The broker, or the way from it, may really have been silent."],
      ["idle-limit", 44, "What is dropped on the way is not heard."],
    ],
    library: "py-amqp",
    source: "celery/py-amqp#6; celery/celery#7820; celery/kombu#621",
    example: "amqp.exceptions.ConnectionForced: Too many heartbeats missed",
  },
  {
    ...REPLY,
    id: "connection-closed-by-hand",
    pattern:
      /connection[_-]forced(?: - |: ?"?)(?<reason>Closed via management[^\n")]{0,40}|[^\n")]{0,80}(?:is deleted|was deleted|by (?:an )?(?:administrator|operator))[^\n")]{0,40})/i,
    name: "CONNECTION_FORCED",
    code: 320,
    about: "transport",
    says: "The broker closed the connection on purpose ({reason}). No frame was broken.",
    causes: [
      ["closed-by-hand", 82, "The reason in the text says so."],
      ["broker-restarted", 20, "A broker that stops gives another reason."],
    ],
    source: "rabbit_mgmt_wm_connection.erl; rabbit_reader.erl",
    example: "CONNECTION_FORCED - Closed via management plugin",
  },
  {
    ...REPLY,
    id: "connection-forced",
    pattern: /CONNECTION[_-]FORCED(?: - (?<reason>[^\n")]{1,120}))?/,
    name: "CONNECTION_FORCED",
    code: 320,
    about: "transport",
    says: "The broker closed the connection on purpose ({reason}). No frame was broken.",
    causes: [
      ["broker-restarted", 66, "shutdown, restart and maintenance end all connections this way."],
      ["closed-by-hand", 58, "So do the management interface, rabbitmqctl, and deleting a user or vhost."],
      ["wrong-credentials", 15, "So does a token that has expired."],
    ],
    source: "rabbit_reader.erl; onebeyond/rascal#156",
    example: "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
  },
  {
    ...REPLY,
    id: "connection-forced-in-log",
    anybody: true,
    pattern: /connection_forced: ?"?(?<reason>[^\n"]{1,120})|broker forced connection closure|\bConnectionForced\b/,
    name: "CONNECTION_FORCED",
    code: 320,
    about: "transport",
    says: "The broker closed the connection on purpose ({reason}). No frame was broken.",
    causes: [
      ["broker-restarted", 64, "shutdown, restart and maintenance end all connections this way."],
      ["closed-by-hand", 60, "So do the management interface, rabbitmqctl, and deleting a user or vhost."],
    ],
    source: "rabbit_reader.erl",
    example: 'operation none caused a connection exception connection_forced: "shutdown"',
  },
  {
    ...CHANNEL,
    id: "channel-exception",
    pattern: /caused a channel exception (?<exception>\w{1,40}): ?(?<reason>[^\n]{1,120})/,
    name: "channel exception",
    code: null,
    says: "The broker closed a channel: {exception} ({reason}). No frame was broken.",
    causes: [
      ["declared-otherwise", 40, "Declarations that differ are the usual reason."],
      ["no-permission", 30, "Permissions are another."],
    ],
    source: "rabbit_channel.erl",
    example: "operation queue.purge caused a channel exception not_found: no process",
    generic: true,
  },
];
