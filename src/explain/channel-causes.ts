/** What closes channels, and what the broker refuses: vhosts, permissions, declarations, acknowledgements, limits; as data. */
import type { CauseText } from "./cause-text.ts";

export type ChannelCauseId =
  | "acked-twice"
  | "acked-elsewhere"
  | "acked-after-reconnect"
  | "acked-without-need"
  | "slow-work"
  | "never-acked"
  | "prefetch-too-large"
  | "not-declared"
  | "declared-otherwise"
  | "exclusive-owner"
  | "consumer-exists"
  | "resource-alarm"
  | "limit-reached"
  | "message-too-large"
  | "answer-of-earlier-call"
  | "closed-in-flight"
  | "wrong-vhost"
  | "no-permission"
  | "vhost-failed"
  | "unsupported-by-queue"
  | "wrong-argument"
  | "misused-call"
  | "plugin-missing"
  | "feature-off"
  | "closed-by-program";

export const CHANNEL_CAUSES: Readonly<Record<ChannelCauseId, CauseText>> = {
  "acked-twice": {
    title: "The same delivery was acknowledged twice (ack after nack or reject, or after ack with multiple)",
    confirm:
      "Log each delivery tag with its ack: one comes twice. A handler that acks beside a framework that acks by itself.",
    remedy: "Acknowledge each delivery once, in one place.",
  },
  "acked-elsewhere": {
    title: "The delivery was acknowledged on another channel than it came on",
    confirm: "Delivery tags count per channel. In the code: a channel chosen anew for the ack, or a pool of channels.",
    remedy: "Acknowledge on the channel that delivered the message.",
  },
  "acked-after-reconnect": {
    title: "The delivery came before a reconnect: its tag died with the old channel",
    confirm: "In the client's log, just before: a lost connection, a recovery, a channel that was opened again.",
    remedy: "Forget open deliveries when the channel closes: the broker delivers them again.",
    now: "Forget open deliveries when the channel closes.",
  },
  "acked-without-need": {
    title: "The consumer was started with no-ack (auto-ack), and acknowledges all the same",
    confirm: "no_ack, noAck or autoAck is true in basic.consume or basic.get.",
    remedy: "Switch no-ack off, or do not acknowledge.",
  },
  "slow-work": {
    title: "The work on a message takes longer than the broker waits for its ack (consumer_timeout, 30 minutes)",
    confirm: "How long the handler took for that message. The timeout is in the text.",
    remedy: "Ack earlier, divide the work, or raise consumer_timeout (rabbitmq.conf, a policy, or x-consumer-timeout).",
    now: "Ack earlier, divide the work, or raise consumer_timeout.",
  },
  "never-acked": {
    title: "A delivery is never acknowledged: a path in the handler that forgets it, or a handler that hangs",
    confirm: "The queue's count of unacknowledged messages does not fall while nothing is at work.",
    remedy: "Ack or nack on every path, errors included.",
  },
  "prefetch-too-large": {
    title: "The client takes more messages than it works on: those waiting in it time out",
    confirm:
      "prefetch (basic.qos) times the time for one message is more than the timeout. Celery: ETA and countdown tasks wait unacked.",
    remedy: "A smaller prefetch.",
  },
  "not-declared": {
    title: "The queue or exchange does not exist: never declared, deleted, expired, or of another vhost or name",
    confirm: "rabbitmqctl list_queues -p VHOST name, list_exchanges. Was it auto-delete, exclusive or with x-expires?",
    remedy: "Declare it before it is used, and again after a reconnect.",
  },
  "declared-otherwise": {
    title: "The queue or exchange exists already, with other properties",
    confirm: "The text names the property, what was received and what is current.",
    remedy: "Declare it as it is, or delete it and declare it anew; limits are better set by a policy.",
    now: "Declare it as it is, or delete it and declare it anew.",
  },
  "exclusive-owner": {
    title: "The queue is exclusive to another connection, often the client's own old one",
    confirm:
      "rabbitmqctl list_queues name exclusive owner_pid. After a reconnect the broker may not have noticed the loss yet.",
    remedy: "A name given by the broker for exclusive queues, or try again after two heartbeat intervals.",
    now: "Try again after two heartbeat intervals.",
  },
  "consumer-exists": {
    title: "Another consumer holds the queue, or the same consumer tag is used twice",
    confirm: "rabbitmqctl list_consumers.",
    remedy: "End the other consumer, or consume without exclusive; a tag of its own for each.",
    now: "End the other consumer, or consume without exclusive.",
  },
  "resource-alarm": {
    title: "The broker runs out of memory or disk, and blocks all who publish",
    confirm: "rabbitmq-diagnostics alarms; rabbitmq-diagnostics memory_breakdown.",
    remedy: "Drain or limit queues, add memory or disk. Publishers go on by themselves when the alarm is over.",
  },
  "limit-reached": {
    title: "A limit of the broker's is reached: connections, channels, queues, file descriptors",
    confirm: "The text names it: rabbitmqctl list_connections, list_vhost_limits, list_user_limits.",
    remedy: "Close what is not used; raise the limit only if so many are needed.",
  },
  "message-too-large": {
    title: "The message is larger than the broker takes (max_message_size: 16 MiB from RabbitMQ 4.0, 128 MiB before)",
    confirm: "The text has both numbers.",
    remedy: "Put large data elsewhere and send a reference, or raise max_message_size.",
    now: "Put large data elsewhere, or raise max_message_size.",
  },
  "answer-of-earlier-call": {
    title: "An earlier call on the channel timed out, and its answer came late",
    confirm: "In the client's log, just before: a call on that channel that timed out or was cancelled.",
    remedy: "Close a channel on which a call timed out. Raise the timeout of calls if the broker is slow.",
  },
  "closed-in-flight": {
    title: "The channel was closed while frames for it were on the way",
    confirm: "In the client's log at that time: a channel that is closed, by itself or in a recovery.",
    remedy: "Cancel the consumer before the channel is closed. By itself it does no harm.",
  },
  "wrong-vhost": {
    title: "The vhost does not exist, or is written otherwise",
    confirm: "rabbitmqctl list_vhosts. In URLs the vhost “/” is written %2f; amqp://host/ names the empty vhost.",
    remedy: "Correct the vhost, or create it.",
  },
  "no-permission": {
    title: "The user has no permission for this vhost, queue or exchange",
    confirm: "rabbitmqctl list_permissions -p VHOST.",
    remedy: "rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*', or less.",
  },
  "vhost-failed": {
    title: "The vhost is down: it failed over its message store or disk, or was stopped",
    confirm: "rabbitmqctl list_vhosts name cluster_state; what the broker logged before that time.",
    remedy: "Cure what the broker's log names. Then rabbitmqctl restart_vhost -p VHOST.",
  },
  "unsupported-by-queue": {
    title: "This kind of queue (quorum, stream, classic) does not do what was asked",
    confirm: "rabbitmqctl list_queues -p VHOST name type arguments, beside what the program asks for.",
    remedy:
      "Leave it out (a prefetch for each consumer instead of global qos; durable, not exclusive), or use another kind of queue.",
    now: "Leave it out, or use another kind of queue.",
  },
  "wrong-argument": {
    title: "An argument, property or header has a value that the broker does not take",
    confirm: "The text names it. Compare what the program, its settings and its policies put there.",
    remedy: "Correct the value that the text names.",
  },
  "misused-call": {
    title: "A call that does not fit the channel: its mode, its order, or the exchange it is meant for",
    confirm:
      "In the code, what was called on that channel before: tx.select, confirm.select, basic.qos, basic.consume.",
    remedy: "One channel for each mode (transactions, confirms), and the calls in the order that the text asks for.",
    now: "Use one channel for each mode, and the calls in order.",
  },
  "plugin-missing": {
    title: "A plugin that this needs is not enabled on the broker",
    confirm: "rabbitmq-plugins list -e, on every node.",
    remedy: "rabbitmq-plugins enable NAME, on every node.",
  },
  "feature-off": {
    title: "A feature that this broker has switched off, or does not have yet: deprecated, or a feature flag",
    confirm: "rabbitmqctl list_feature_flags, list_deprecated_features; the broker's version.",
    remedy: "Use what has taken its place. Before an upgrade: rabbitmqctl enable_feature_flag all.",
    now: "Use what has taken its place; enable feature flags first.",
  },
  "closed-by-program": {
    title: "The program closed it, as it should",
    confirm: "The program's log at that time: a stop, a deployment, a close or dispose in the code.",
    remedy: "Nothing is to be done where the program was to stop.",
  },
};
