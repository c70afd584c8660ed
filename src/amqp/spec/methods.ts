/**
 * The methods of AMQP 0-9-1 and of RabbitMQ's extensions to it, as data. Decoding, names in reports and the tests'
 * generators all read this table (AMQP 0-9-1 specification, part 1.3–1.8; RabbitMQ: confirm, exchange.bind, basic.nack,
 * connection.blocked, connection.update-secret, and basic.credit, which its own parts use among themselves).
 */

/** The types an argument can have (§4.2.5). Bits that stand side by side share an octet. */
export type ArgumentType = "bit" | "octet" | "short" | "long" | "longlong" | "shortstr" | "longstr" | "table";

export interface MethodSpec {
  name: string;
  /** Who may send it. */
  from: "client" | "server" | "both";
  /** A content header and content bodies follow on the same channel. */
  content?: true;
  arguments: readonly (readonly [name: string, type: ArgumentType])[];
}

export interface ClassSpec {
  name: string;
  methods: Readonly<Record<number, MethodSpec>>;
}

const CLOSE = [
  ["reply-code", "short"],
  ["reply-text", "shortstr"],
  ["class-id", "short"],
  ["method-id", "short"],
] as const;
const TUNE = [
  ["channel-max", "short"],
  ["frame-max", "long"],
  ["heartbeat", "short"],
] as const;
const EXCHANGE_BINDING = [
  ["reserved-1", "short"],
  ["destination", "shortstr"],
  ["source", "shortstr"],
  ["routing-key", "shortstr"],
  ["no-wait", "bit"],
  ["arguments", "table"],
] as const;

export const CLASSES = {
  10: {
    name: "connection",
    methods: {
      10: {
        name: "start",
        from: "server",
        arguments: [
          ["version-major", "octet"],
          ["version-minor", "octet"],
          ["server-properties", "table"],
          ["mechanisms", "longstr"],
          ["locales", "longstr"],
        ],
      },
      11: {
        name: "start-ok",
        from: "client",
        arguments: [
          ["client-properties", "table"],
          ["mechanism", "shortstr"],
          ["response", "longstr"],
          ["locale", "shortstr"],
        ],
      },
      20: { name: "secure", from: "server", arguments: [["challenge", "longstr"]] },
      21: { name: "secure-ok", from: "client", arguments: [["response", "longstr"]] },
      30: { name: "tune", from: "server", arguments: TUNE },
      31: { name: "tune-ok", from: "client", arguments: TUNE },
      40: {
        name: "open",
        from: "client",
        arguments: [
          ["virtual-host", "shortstr"],
          ["reserved-1", "shortstr"],
          ["reserved-2", "bit"],
        ],
      },
      41: { name: "open-ok", from: "server", arguments: [["reserved-1", "shortstr"]] },
      50: { name: "close", from: "both", arguments: CLOSE },
      51: { name: "close-ok", from: "both", arguments: [] },
      60: { name: "blocked", from: "server", arguments: [["reason", "shortstr"]] },
      61: { name: "unblocked", from: "server", arguments: [] },
      70: {
        name: "update-secret",
        from: "client",
        arguments: [
          ["new-secret", "longstr"],
          ["reason", "shortstr"],
        ],
      },
      71: { name: "update-secret-ok", from: "server", arguments: [] },
    },
  },
  20: {
    name: "channel",
    methods: {
      10: { name: "open", from: "client", arguments: [["reserved-1", "shortstr"]] },
      11: { name: "open-ok", from: "server", arguments: [["reserved-1", "longstr"]] },
      20: { name: "flow", from: "both", arguments: [["active", "bit"]] },
      21: { name: "flow-ok", from: "both", arguments: [["active", "bit"]] },
      40: { name: "close", from: "both", arguments: CLOSE },
      41: { name: "close-ok", from: "both", arguments: [] },
    },
  },
  // Gone from 0-9-1, but RabbitMQ still answers it.
  30: {
    name: "access",
    methods: {
      10: {
        name: "request",
        from: "client",
        arguments: [
          ["realm", "shortstr"],
          ["exclusive", "bit"],
          ["passive", "bit"],
          ["active", "bit"],
          ["write", "bit"],
          ["read", "bit"],
        ],
      },
      11: { name: "request-ok", from: "server", arguments: [["reserved-1", "short"]] },
    },
  },
  40: {
    name: "exchange",
    methods: {
      10: {
        name: "declare",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["exchange", "shortstr"],
          ["type", "shortstr"],
          ["passive", "bit"],
          ["durable", "bit"],
          ["auto-delete", "bit"],
          ["internal", "bit"],
          ["no-wait", "bit"],
          ["arguments", "table"],
        ],
      },
      11: { name: "declare-ok", from: "server", arguments: [] },
      20: {
        name: "delete",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["exchange", "shortstr"],
          ["if-unused", "bit"],
          ["no-wait", "bit"],
        ],
      },
      21: { name: "delete-ok", from: "server", arguments: [] },
      30: { name: "bind", from: "client", arguments: EXCHANGE_BINDING },
      31: { name: "bind-ok", from: "server", arguments: [] },
      40: { name: "unbind", from: "client", arguments: EXCHANGE_BINDING },
      51: { name: "unbind-ok", from: "server", arguments: [] },
    },
  },
  50: {
    name: "queue",
    methods: {
      10: {
        name: "declare",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["passive", "bit"],
          ["durable", "bit"],
          ["exclusive", "bit"],
          ["auto-delete", "bit"],
          ["no-wait", "bit"],
          ["arguments", "table"],
        ],
      },
      11: {
        name: "declare-ok",
        from: "server",
        arguments: [
          ["queue", "shortstr"],
          ["message-count", "long"],
          ["consumer-count", "long"],
        ],
      },
      20: {
        name: "bind",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["exchange", "shortstr"],
          ["routing-key", "shortstr"],
          ["no-wait", "bit"],
          ["arguments", "table"],
        ],
      },
      21: { name: "bind-ok", from: "server", arguments: [] },
      30: {
        name: "purge",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["no-wait", "bit"],
        ],
      },
      31: { name: "purge-ok", from: "server", arguments: [["message-count", "long"]] },
      40: {
        name: "delete",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["if-unused", "bit"],
          ["if-empty", "bit"],
          ["no-wait", "bit"],
        ],
      },
      41: { name: "delete-ok", from: "server", arguments: [["message-count", "long"]] },
      50: {
        name: "unbind",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["exchange", "shortstr"],
          ["routing-key", "shortstr"],
          ["arguments", "table"],
        ],
      },
      51: { name: "unbind-ok", from: "server", arguments: [] },
    },
  },
  60: {
    name: "basic",
    methods: {
      10: {
        name: "qos",
        from: "client",
        arguments: [
          ["prefetch-size", "long"],
          ["prefetch-count", "short"],
          ["global", "bit"],
        ],
      },
      11: { name: "qos-ok", from: "server", arguments: [] },
      20: {
        name: "consume",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["consumer-tag", "shortstr"],
          ["no-local", "bit"],
          ["no-ack", "bit"],
          ["exclusive", "bit"],
          ["no-wait", "bit"],
          ["arguments", "table"],
        ],
      },
      21: { name: "consume-ok", from: "server", arguments: [["consumer-tag", "shortstr"]] },
      // A server sends cancel too (consumer_cancel_notify), and a client then answers.
      30: {
        name: "cancel",
        from: "both",
        arguments: [
          ["consumer-tag", "shortstr"],
          ["no-wait", "bit"],
        ],
      },
      31: { name: "cancel-ok", from: "both", arguments: [["consumer-tag", "shortstr"]] },
      40: {
        name: "publish",
        from: "client",
        content: true,
        arguments: [
          ["reserved-1", "short"],
          ["exchange", "shortstr"],
          ["routing-key", "shortstr"],
          ["mandatory", "bit"],
          ["immediate", "bit"],
        ],
      },
      50: {
        name: "return",
        from: "server",
        content: true,
        arguments: [
          ["reply-code", "short"],
          ["reply-text", "shortstr"],
          ["exchange", "shortstr"],
          ["routing-key", "shortstr"],
        ],
      },
      60: {
        name: "deliver",
        from: "server",
        content: true,
        arguments: [
          ["consumer-tag", "shortstr"],
          ["delivery-tag", "longlong"],
          ["redelivered", "bit"],
          ["exchange", "shortstr"],
          ["routing-key", "shortstr"],
        ],
      },
      70: {
        name: "get",
        from: "client",
        arguments: [
          ["reserved-1", "short"],
          ["queue", "shortstr"],
          ["no-ack", "bit"],
        ],
      },
      71: {
        name: "get-ok",
        from: "server",
        content: true,
        arguments: [
          ["delivery-tag", "longlong"],
          ["redelivered", "bit"],
          ["exchange", "shortstr"],
          ["routing-key", "shortstr"],
          ["message-count", "long"],
        ],
      },
      72: { name: "get-empty", from: "server", arguments: [["reserved-1", "shortstr"]] },
      // With publisher confirms a server acknowledges as well.
      80: {
        name: "ack",
        from: "both",
        arguments: [
          ["delivery-tag", "longlong"],
          ["multiple", "bit"],
        ],
      },
      90: {
        name: "reject",
        from: "client",
        arguments: [
          ["delivery-tag", "longlong"],
          ["requeue", "bit"],
        ],
      },
      100: { name: "recover-async", from: "client", arguments: [["requeue", "bit"]] },
      110: { name: "recover", from: "client", arguments: [["requeue", "bit"]] },
      111: { name: "recover-ok", from: "server", arguments: [] },
      120: {
        name: "nack",
        from: "both",
        arguments: [
          ["delivery-tag", "longlong"],
          ["multiple", "bit"],
          ["requeue", "bit"],
        ],
      },
      200: {
        name: "credit",
        from: "client",
        arguments: [
          ["consumer-tag", "shortstr"],
          ["credit", "long"],
          ["drain", "bit"],
        ],
      },
      201: { name: "credit-ok", from: "server", arguments: [["available", "long"]] },
      202: {
        name: "credit-drained",
        from: "server",
        arguments: [
          ["consumer-tag", "shortstr"],
          ["credit-drained", "long"],
        ],
      },
    },
  },
  85: {
    name: "confirm",
    methods: {
      10: { name: "select", from: "client", arguments: [["no-wait", "bit"]] },
      11: { name: "select-ok", from: "server", arguments: [] },
    },
  },
  90: {
    name: "tx",
    methods: {
      10: { name: "select", from: "client", arguments: [] },
      11: { name: "select-ok", from: "server", arguments: [] },
      20: { name: "commit", from: "client", arguments: [] },
      21: { name: "commit-ok", from: "server", arguments: [] },
      30: { name: "rollback", from: "client", arguments: [] },
      31: { name: "rollback-ok", from: "server", arguments: [] },
    },
  },
} as const satisfies Readonly<Record<number, ClassSpec>>;
