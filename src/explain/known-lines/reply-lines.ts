/** Brokers' answers that close a channel over an acknowledgement, a declaration or a limit; and refused logins. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const REPLY = { seenBy: "broker", library: null } as const;
const CHANNEL = { ...REPLY, about: "channel" } as const;

const UNKNOWN_TAG: readonly Weighed[] = [
  ["acked-twice", 64, "The first ack settles the delivery; the second names a tag that is no longer open."],
  ["acked-elsewhere", 56, "Each channel counts its own deliveries."],
  ["acked-after-reconnect", 50, "After a reconnect the channel counts from 1 again."],
  ["acked-without-need", 44, "With no-ack the broker forgets the delivery when it is sent."],
];
const REFUSED_LOGIN: readonly Weighed[] = [
  ["wrong-credentials", 76, "The broker refused the login."],
  ["guest-remote", 48, "guest is refused from other hosts than the broker's own."],
  ["tls-settings", 15, "EXTERNAL needs a client certificate whose name is a user's."],
];
const REFUSED_VHOST: readonly Weighed[] = [
  ["wrong-vhost", 70, "The broker names the vhost it does not know or does not allow."],
  ["no-permission", 56, "A user needs permissions on each vhost."],
];
const TIMED_OUT: readonly Weighed[] = [
  ["slow-work", 72, "The timer starts when the message is sent, and ends with its ack."],
  ["never-acked", 52, "A forgotten ack ends this way, too."],
  ["prefetch-too-large", 44, "Messages that wait inside the client are not acknowledged either."],
];

export const REPLY_LINES: readonly KnownLine[] = [
  {
    ...CHANNEL,
    id: "unknown-delivery-tag",
    pattern: /[Uu]nknown delivery tag(?: (?<tag>\d{1,20}))?/,
    name: "unknown delivery tag",
    code: 406,
    says: "An acknowledgement named a delivery that the channel does not know (delivery tag {tag}). The broker closed the channel; no frame was broken.",
    causes: UNKNOWN_TAG,
    source: "rabbit_channel.erl; php-amqplib#147; MetPX/sarracenia#953",
    example: "PRECONDITION_FAILED - unknown delivery tag 3",
  },
  {
    ...CHANNEL,
    id: "delivery-acknowledgement-timed-out",
    pattern:
      /delivery acknowledgement on channel (?<number>\d{1,5}) timed out(?:\. Timeout value used: (?<milliseconds>\d{1,12}) ms)?|timed out waiting for (?:a consumer )?acknowledgement/,
    name: "delivery acknowledgement timed out",
    code: 406,
    says: "A consumer did not acknowledge a delivery in time ({milliseconds} ms). The broker closed the channel; no frame was broken.",
    causes: TIMED_OUT,
    source: "rabbit_channel.erl; rabbitmq-server#9046, #12857",
    example:
      "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. This timeout value can be configured, see consumers doc guide to learn more",
    repeated: true,
  },
  {
    ...CHANNEL,
    id: "inequivalent-argument",
    pattern: /inequivalent arg '?(?<argument>[\w.-]{1,80})'? for (?<thing>\w{1,20})/,
    name: "inequivalent argument",
    code: 406,
    says: "The {thing} was declared with another “{argument}” than it has. The broker closed the channel; no frame was broken.",
    causes: [
      ["declared-otherwise", 82, "The broker names the property that differs."],
      ["wrong-vhost", 15, "A thing of the same name in another vhost may be the one that was meant."],
    ],
    source: "rabbit_misc.erl",
    example:
      "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'orders' in vhost '/': received 'false' but current is 'true'",
  },
  {
    ...CHANNEL,
    id: "message-size-limit",
    pattern: /message size (?<size>\d{1,20}) is larger than (?:configured )?max size (?<limit>\d{1,20})/,
    name: "message too large",
    code: 406,
    about: "limits",
    says: "A message of {size} octets is larger than the {limit} the broker takes. The broker closed the channel; no frame was broken.",
    causes: [
      ["message-too-large", 84, "Both numbers are in the text."],
      ["body-size-miscounted", 20, "A content header that announces a wrong size would do it, too."],
    ],
    source: "rabbit_channel.erl",
    example: "PRECONDITION_FAILED - message size 20000000 is larger than configured max size 16777216",
  },
  {
    ...CHANNEL,
    id: "queue-in-exclusive-use",
    pattern: /in exclusive use/,
    name: "in exclusive use",
    code: 403,
    says: "Somebody consumes from the queue exclusively, so nobody else may. The broker refused the request and closed the channel; no frame was broken.",
    causes: [
      ["consumer-exists", 78, "An exclusive consumer is the only one."],
      ["exclusive-owner", 44, "An old connection of the client's own may still hold it."],
    ],
    source: "rabbit_amqqueue.erl",
    example: "ACCESS_REFUSED - queue 'orders' in vhost '/' in exclusive use",
  },
  {
    ...CHANNEL,
    id: "queue-or-exchange-in-use",
    pattern: /(?:queue|exchange) '[^'\n]{0,255}' in vhost '[^'\n]{0,255}' (?:is )?(?:in use|not empty)/,
    name: "in use",
    code: 406,
    says: "The queue or exchange is in use or not empty, and was to be deleted only otherwise (if-unused, if-empty). The broker closed the channel; no frame was broken.",
    causes: [
      ["consumer-exists", 74, "Somebody consumes from it, or something is bound to it."],
      ["exclusive-owner", 24, "An old connection of the client's own may still hold it."],
    ],
    source: "rabbit_channel.erl",
    example: "PRECONDITION_FAILED - queue 'orders' in vhost '/' in use",
  },
  {
    ...CHANNEL,
    id: "resource-locked",
    pattern: /RESOURCE[_-]LOCKED/,
    name: "RESOURCE_LOCKED",
    code: 405,
    says: "The queue is exclusive to another connection. The broker refused access and closed the channel; no frame was broken.",
    causes: [
      ["exclusive-owner", 80, "An exclusive queue belongs to the connection that declared it."],
      ["acked-after-reconnect", 15, "After a reconnect the old connection may live on for two heartbeat intervals."],
    ],
    source: "rabbit_amqqueue.erl",
    example: "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'replies' in vhost '/'",
  },
  {
    ...CHANNEL,
    id: "resource-locked-in-log",
    pattern: /\bresource_locked\b|cannot obtain exclusive access to locked queue/,
    name: "RESOURCE_LOCKED",
    code: 405,
    says: "The queue is exclusive to another connection. The broker refused access and closed the channel; no frame was broken.",
    causes: [
      ["exclusive-owner", 80, "An exclusive queue belongs to the connection that declared it."],
      ["acked-after-reconnect", 15, "After a reconnect the old connection may live on for two heartbeat intervals."],
    ],
    source: "rabbit_amqqueue.erl",
    example: "operation queue.declare caused a channel exception resource_locked: cannot obtain exclusive access",
  },
  {
    ...CHANNEL,
    id: "queue-process-gone",
    anybody: true,
    pattern:
      /(?:home node '[^'\n]{0,255}' of durable queue|failed to perform operation on queue|process_not_running|queue '[^'\n]{0,255}' in vhost '[^'\n]{0,255}' (?:process is stopped|has crashed|is stopped))/,
    name: "queue down",
    code: 404,
    says: "The queue's node is down, or its process has stopped. The broker closed the channel; no frame was broken.",
    causes: [
      ["broker-restarted", 72, "A queue without a running node cannot be used."],
      ["not-declared", 25, "A queue that is gone for good must be declared anew."],
    ],
    source: "rabbit_misc.erl",
    example: "NOT_FOUND - home node 'rabbit@a' of durable queue 'orders' in vhost '/' is down or inaccessible",
  },
  {
    ...REPLY,
    id: "vhost-down",
    pattern: /CONNECTION[_-]FORCED[^\n]{0,20}vhost '(?<vhost>[^'\n]{0,255})' is down/,
    name: "vhost down",
    code: 320,
    about: "transport",
    says: "The virtual host {vhost} went down on that node, and the broker closed its connections. No frame was broken.",
    causes: [
      ["vhost-failed", 76, "The broker says that the vhost is down."],
      ["broker-restarted", 40, "While a node starts or stops, its vhosts are down for some seconds."],
    ],
    source: "rabbit_vhost_sup_sup.erl; rabbitmq-dotnet-client#496",
    example: "CONNECTION_FORCED - vhost 'orders' is down",
  },
  {
    ...REPLY,
    id: "vhost-down-at-login",
    pattern: /vhost '(?<vhost>[^'\n]{0,255})' is down/,
    name: "vhost down",
    code: 530,
    about: "handshake",
    says: "The login was good, but the virtual host {vhost} is down on that node. No frame was broken.",
    causes: [
      ["vhost-failed", 76, "The broker says that the vhost is down."],
      ["broker-restarted", 40, "While a node starts or stops, its vhosts are down for some seconds."],
    ],
    source: "rabbit_reader.erl",
    example: "NOT_ALLOWED - access to vhost refused: vhost 'orders' is down",
  },
  {
    ...REPLY,
    id: "vhost-not-found",
    pattern:
      /\bvhost '?(?<vhost>[^'\s,)]{0,100})'? not found|\bno access to this vhost|access to vhost '(?<refused>[^'\n]{0,255})' refused|vhost_not_found|Handshake terminated by server: 530/,
    name: "vhost refused",
    code: 530,
    about: "handshake",
    says: "The login was good, but the vhost was refused: it does not exist, or is not open to this user. No frame was broken.",
    causes: REFUSED_VHOST,
    source: "rabbit_reader.erl",
    example: "NOT_ALLOWED - vhost orders not found",
  },
  {
    ...REPLY,
    id: "login-refused",
    pattern:
      /[Ll]ogin was refused|(?:PLAIN|AMQPLAIN|EXTERNAL) login refused|invalid credentials|bad credentials|Handshake terminated by server: 403|can only (?:connect|log in) via localhost/,
    name: "login refused",
    code: 403,
    about: "handshake",
    says: "The broker refused the login. User name, password or mechanism is wrong; no frame was broken.",
    causes: REFUSED_LOGIN,
    source: "rabbit_reader.erl",
    example:
      "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.",
  },
  {
    ...REPLY,
    id: "login-not-allowed",
    pattern: /username or password not allowed/,
    name: "login refused",
    code: 403,
    about: "handshake",
    says: "The broker closed the connection at the login. amqp091-go takes that for wrong credentials; no frame was broken.",
    causes: REFUSED_LOGIN,
    library: "amqp091-go",
    source: "amqp091-go: types.go",
    example: 'Exception (403) Reason: "username or password not allowed"',
  },
];
