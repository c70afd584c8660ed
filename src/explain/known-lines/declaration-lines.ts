/** What brokers refuse in a request although it is well-formed: arguments, kinds of queues, modes, features. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const REFUSED = { code: 406, seenBy: "broker", about: "channel", library: null } as const;

const MODES: readonly Weighed[] = [
  ["misused-call", 78, "The broker names the call that does not fit what was called before."],
  ["shared-channel", 34, "Two parts of a program that share a channel set it up differently."],
];
const BY_QUEUE_TYPE: readonly Weighed[] = [
  ["unsupported-by-queue", 80, "The text names the queue, or what it does not do."],
  ["declared-otherwise", 24, "The queue may be of another type than the program believes."],
];
const FEATURE: readonly Weighed[] = [
  ["feature-off", 82, "The text names the feature."],
  ["unsupported-by-queue", 20, "Some features are left to some kinds of queues only."],
];

export const DECLARATION_LINES: readonly KnownLine[] = [
  {
    ...REFUSED,
    id: "no-global-qos",
    code: 540,
    anybody: true,
    pattern: /does not support global qos|not_implemented[^\n]{0,20}global[ _]qos/i,
    name: "no global qos",
    says: "The queue does not do a prefetch for the whole channel (basic.qos with global). The broker closed the connection; no frame was broken.",
    causes: BY_QUEUE_TYPE,
    source: "rabbit_quorum_queue.erl, rabbit_stream_queue.erl; celery/kombu#2469; celery/py-amqp#302",
    example: "540 NOT_IMPLEMENTED - queue 'orders' in vhost '/' does not support global qos",
  },
  {
    ...REFUSED,
    id: "not-for-this-queue",
    code: 540,
    anybody: true,
    pattern:
      /(?:basic\.\w{2,8}|queue\.\w{2,8}|property '?[\w-]{1,40}'?|argument '?[\w-]{1,60}'?) (?:is )?not supported (?:by|for)|not supported by (?:stream|quorum|classic) queues?/,
    name: "not for this kind of queue",
    says: "That kind of queue (quorum, stream) does not do what was asked. The broker closed the connection; no frame was broken.",
    causes: BY_QUEUE_TYPE,
    source: "rabbit_stream_queue.erl, rabbit_quorum_queue.erl",
    example: "NOT_IMPLEMENTED - basic.get not supported by stream queues queue 'events' in vhost '/'",
  },
  {
    ...REFUSED,
    id: "invalid-property-of-queue",
    anybody: true,
    pattern: /invalid property '?(?<property>[\w-]{1,40})'? for (?<thing>queue|exchange)/,
    name: "property refused",
    says: "The {thing} may not be declared with that “{property}”: quorum queues and streams must be durable, not exclusive, not auto-delete. No frame was broken.",
    causes: BY_QUEUE_TYPE,
    source: "rabbit_quorum_queue.erl, rabbit_stream_queue.erl",
    example: "PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'orders' in vhost '/'",
  },
  {
    ...REFUSED,
    id: "invalid-argument",
    anybody: true,
    pattern: /(?:invalid|unsupported) arg(?:ument)? '?(?<argument>[\w.-]{1,80})'? for (?<thing>\w{1,20})/,
    name: "argument refused",
    says: "The broker does not take that value of “{argument}” for the {thing}. It closed the channel; no frame was broken.",
    causes: [
      ["wrong-argument", 80, "The text names the argument, and mostly the reason."],
      ["unsupported-by-queue", 42, "Classic queues, quorum queues and streams take different arguments."],
    ],
    source: "rabbit_amqqueue.erl",
    example: "PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'q' in vhost '/': {value_negative,-1}",
  },
  {
    ...REFUSED,
    id: "property-of-message-refused",
    anybody: true,
    pattern:
      /invalid expiration '|user_id property set to '|invalid message(?: header| annotation)|invalid (?:CC|BCC) header|'?x-delay'? header/,
    name: "message refused",
    says: "The broker does not take a property or header of the message. It closed the channel; the frames around it were in order.",
    causes: [
      ["wrong-argument", 82, "The text names the property and its value."],
      ["client-encoding", 20, "A value of another type than the one that was meant."],
    ],
    source: "rabbit_basic.erl, rabbit_channel.erl",
    example: "PRECONDITION_FAILED - user_id property set to 'worker' but authenticated user was 'guest'",
  },
  {
    ...REFUSED,
    id: "mode-of-channel",
    anybody: true,
    pattern:
      /cannot switch from (?:confirm to tx|tx to confirm) mode|channel is not transactional|partial tx completion|fast reply consumer|reply consumer (?:already set|cannot)/,
    name: "call out of turn",
    says: "The call does not fit the channel's mode (transactions, confirms, direct reply-to). The broker closed the channel; no frame was broken.",
    causes: MODES,
    source: "rabbit_channel.erl",
    example: "PRECONDITION_FAILED - cannot switch from tx to confirm mode",
  },
  {
    ...REFUSED,
    id: "prefetch-needed",
    anybody: true,
    pattern: /prefetch count is not set for/,
    name: "no prefetch",
    says: "A stream is only consumed with a prefetch (basic.qos), and none was set on the channel. The broker closed the channel; no frame was broken.",
    causes: [
      ["misused-call", 80, "basic.qos must come before basic.consume."],
      ["unsupported-by-queue", 30, "Other kinds of queues do without."],
    ],
    source: "rabbit_stream_queue.erl",
    example: "PRECONDITION_FAILED - consumer prefetch count is not set for stream queue 'events' in vhost '/'",
  },
  {
    ...REFUSED,
    id: "unknown-exchange-type",
    code: 503,
    anybody: true,
    pattern: /(?:unknown|invalid) exchange type '?(?<type_name>[\w-]{1,60})/i,
    name: "unknown exchange type",
    says: "The broker does not know exchanges of the type “{type_name}”, and closed the connection. No frame was broken.",
    causes: [
      ["plugin-missing", 80, "Types other than direct, fanout, topic and headers come with plugins."],
      ["wrong-argument", 40, "Or the name of the type is misspelt."],
    ],
    source: "rabbit_exchange.erl",
    example: "COMMAND_INVALID - unknown exchange type 'x-delayed-message'",
  },
  {
    ...REFUSED,
    id: "default-exchange",
    code: 403,
    anybody: true,
    pattern: /operation not permitted on the default exchange|cannot publish to internal exchange/,
    name: "not on that exchange",
    says: "The default exchange cannot be declared, bound or deleted, and internal ones take no messages from clients. The broker closed the channel; no frame was broken.",
    causes: [
      ["misused-call", 76, "The broker names the exchange; an empty name is the default one."],
      ["wrong-argument", 44, "A name that is empty by mistake (a setting that is missing) does it."],
    ],
    source: "rabbit_channel.erl",
    example: "ACCESS_REFUSED - operation not permitted on the default exchange",
  },
  {
    ...REFUSED,
    id: "deprecated-feature",
    note: true,
    code: null,
    about: null,
    anybody: true,
    pattern: /[Ff]eature `?(?<reason>[a-z_]{3,60})`? is deprecated|[Dd]eprecated features?: `?(?<logged>[a-z_]{3,60})/,
    name: "deprecated feature",
    says: "The client used a feature that is deprecated ({reason}). Later brokers refuse it, and close the connection; no frame was broken.",
    causes: FEATURE,
    source: "rabbit_deprecated_features.erl",
    example:
      "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated. By default, this feature is not permitted anymore.",
  },
  {
    ...REFUSED,
    id: "feature-flag",
    note: true,
    code: null,
    about: null,
    anybody: true,
    pattern:
      /(?:[Rr]equired )?feature flags?[^\n]{0,120}(?:not enabled|disabled|unsupported|not supported|required|failed|cannot|incompatible)/i,
    name: "feature flag",
    says: "A feature flag of RabbitMQ's is off, or a node does not know it. It decides what the nodes of a cluster may use; frames are not involved.",
    causes: FEATURE,
    source: "rabbit_feature_flags.erl, rabbit_ff_controller.erl",
    example:
      "Feature flags: `stream_queue`: required feature flag not enabled! It must be enabled before upgrading RabbitMQ.",
  },
  {
    ...REFUSED,
    id: "declare-failed",
    code: 541,
    anybody: true,
    pattern: /[Cc]annot declare (?:a )?(?:queue|stream|exchange)\b(?![^\n]{0,160}limit)/,
    name: "cannot declare a queue",
    says: "The broker could not make the queue: its node, its vhost there or the cluster's majority was not up. No frame was broken.",
    causes: [
      ["broker-restarted", 66, "While nodes stop or start, queues cannot be declared there."],
      ["vhost-failed", 54, "The reason behind the text may name the vhost's process."],
      ["broker-silent", 44, "A node that left the cluster, or a store that answers too late."],
    ],
    source: "rabbit_classic_queue.erl, rabbit_quorum_queue.erl, rabbit_stream_queue.erl; rabbitmq-server#15699",
    example:
      "INTERNAL_ERROR - Cannot declare a queue 'queue 'orders' in vhost '/'' on node 'rabbit@a': {vhost_supervisor_not_running,<<\"/\">>}",
  },
];
