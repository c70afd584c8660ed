/** Messages of other brokers, proxies, RabbitMQ's parts: LavinMQ, amqproxy, Qpid, shovel, federation, crash reports. */
import type { KnownLine } from "./known-line.ts";

const BROKER = { code: null, seenBy: "broker", library: null } as const;

export const OTHER_LINES: readonly KnownLine[] = [
  {
    ...BROKER,
    id: "amqproxy-upstream",
    everyday: true,
    pattern:
      /Upstream::WriteError|Upstream (?:connection )?closed|(?:reading from|writing to) upstream|UPSTREAM_ERROR|Upstream connection (?:error|closed)|upstream connect error/,
    name: "the proxy lost the broker",
    seenBy: null,
    about: "transport",
    says: "A proxy between client and broker (amqproxy, Envoy) lost its connection to the broker. No frame is shown to be broken.",
    causes: [
      ["in-between", 70, "The text is the proxy's own."],
      ["blocked-client", 45, "amqproxy before 3.2 sent no heartbeats for a quiet client, and the broker closed."],
      ["broker-restarted", 40, "A broker that stops ends the proxy's connections."],
    ],
    source: "cloudamqp/amqproxy#88, #210",
    example: 'AMQPConnectionClosedException with message "UPSTREAM_ERROR(0, 0)"',
    generic: true,
  },
  {
    ...BROKER,
    id: "lavinmq-frame-decode",
    pattern:
      /lmq\.[\w.]{1,40}[^\n]{0,300}(?:FrameDecode|InvalidFrameEnd|[Ff]rame decode|end was (?<end>\d{1,3}), expected 206)/,
    name: "frame not decoded (LavinMQ)",
    code: 501,
    about: "frames",
    says: "LavinMQ read octets from the client that are no AMQP frame.",
    causes: [
      ["shared-connection", 66, "The client's writes mixed: one writer's octets stand where another's must go on."],
      ["fork", 46, "Parent and child write to one socket."],
      ["cut-write", 42, "The rest of a frame never came, and the next write was taken for it."],
    ],
    source: "cloudamqp/lavinmq#1991, #794",
    example: "WARN lmq.amqp.client Frame decode error: FrameDecode",
  },
  {
    ...BROKER,
    id: "lavinmq-heartbeat",
    pattern: /lmq\.[\w.]{1,40}[^\n]{0,300}[Hh]eartbeat/,
    name: "missed heartbeats (LavinMQ)",
    about: "heartbeat",
    says: "The client missed its heartbeats, and LavinMQ closed the connection. No frame was broken.",
    causes: [
      ["blocked-client", 74, "The broker heard nothing from the client, no heartbeat either."],
      ["idle-limit", 50, "What is dropped on the way is not heard either."],
    ],
    source: "cloudamqp/lavinmq: client.cr",
    example: 'INFO lmq.amqp.client[vhost: "/"] Heartbeat timeout, closing connection',
  },
  {
    ...BROKER,
    id: "lavinmq-handshake",
    pattern:
      /lmq\.[\w.]{1,40}[^\n]{0,300}(?:[Uu]nexpected protocol|[Hh]andshake|[Pp]rotocol (?:mismatch|header)|[Aa]uthentication)/,
    name: "handshake failed (LavinMQ)",
    about: "handshake",
    says: "A client did not get through LavinMQ's handshake. No frame of a running connection was broken.",
    causes: [
      ["wrong-credentials", 52, "Credentials and vhosts are refused in the handshake."],
      ["wrong-port", 50, "So is what does not speak AMQP."],
      ["health-check", 44, "A probe that hangs up ends there."],
    ],
    source: "cloudamqp/lavinmq: connection_factory.cr",
    example: "WARN lmq.amqp.connection_factory Unexpected protocol 'GET / HT', closing socket",
  },
  {
    ...BROKER,
    id: "lavinmq-closed",
    pattern:
      /lmq\.[\w.]{1,40}[^\n]{0,300}(?:[Cc]onnection (?:lost|reset|closed|disconnected)|[Cc]lient disconnected|IO::Error|EOF)/,
    name: "connection lost (LavinMQ)",
    about: "transport",
    says: "LavinMQ's client went away without saying goodbye. No frame was broken.",
    causes: [
      ["client-ended", 62, "The socket was closed from the client's side."],
      ["idle-limit", 46, "Load balancers and NATs reset what was idle too long."],
    ],
    source: "cloudamqp/lavinmq: client.cr",
    example: 'INFO lmq.amqp.client[vhost: "/", address: "10.0.0.3:40000"] Client disconnected',
  },
  {
    ...BROKER,
    id: "qpid-frame-decoding",
    pattern: /AMQFrameDecodingException: (?:Unsupported|Unknown) frame type:? (?<type>\d{1,3})/,
    name: "unsupported frame type (Qpid)",
    about: "frames",
    says: "Qpid's broker read a frame header of type {type}. AMQP 0-9-1 has the types 1, 2, 3 and 8.",
    causes: [
      ["shared-connection", 60, "The client's writes mixed: one writer's octets stand where another's must go on."],
      ["fork", 44, "Parent and child write to one socket."],
      ["wrong-version", 40, "AMQP 1.0 on a port for 0-9-1 looks like this at the first octets."],
    ],
    source: "streamnative/aop#41",
    example: "org.apache.qpid.server.protocol.v0_8.AMQFrameDecodingException: Unsupported frame type: 0",
  },
  {
    ...BROKER,
    id: "activemq-unknown-magic",
    pattern:
      /AMQ214\d{3}|Connection attempt from non AMQP|Unknown data received on .{0,40}AMQP|AmqpProtocolException|Could not decode AMQP frame/,
    name: "not AMQP 1.0 (ActiveMQ)",
    about: "handshake",
    says: "A broker for AMQP 1.0 (ActiveMQ, Artemis) met something else. AMQP 0-9-1 is another protocol.",
    causes: [
      ["broker-of-amqp-1-0", 78, "ActiveMQ and Artemis speak AMQP 1.0, not 0-9-1 (“AMQP,0,0,9,1”)."],
      ["wrong-port", 45, "Or the client was meant for another port."],
    ],
    source: "ActiveMQ: AmqpProtocolConverter",
    example:
      "org.apache.activemq.transport.amqp.AmqpProtocolException: Connection attempt from non AMQP v1.0 client. AMQP,0,0,9,1",
  },
  {
    ...BROKER,
    id: "shovel-terminated",
    anybody: true,
    pattern:
      /[Ss]hovel '?(?<shovel>[^'\n]{1,80})'? (?:in virtual host '[^'\n]{0,80}' )?(?:has |could not|failed|terminated|is (?:terminating|stopping)|received)/,
    name: "shovel",
    about: "transport",
    says: "A shovel stopped: it could not reach its source or destination, or lost it. It is a client itself; frames are not shown to be broken.",
    causes: [
      ["nothing-listens", 50, "The other broker is not reachable under that URI …"],
      ["wrong-credentials", 46, "… or refuses the login or vhost in it."],
      ["network-lost", 40, "Or the network between the two failed."],
    ],
    source: "rabbit_shovel_worker.erl",
    example: "Shovel 'to-backup' failed to connect (URI: amqp://10.0.0.9): econnrefused",
    generic: true,
  },
  {
    ...BROKER,
    id: "federation-link",
    anybody: true,
    pattern:
      /[Ff]ederation (?:queue|exchange|link|upstream)[^\n]{0,160}(?:did not connect|disconnected|failed|closed|error|terminat)/,
    name: "federation",
    about: "transport",
    says: "A federation link stopped: it could not reach its upstream, or lost it. It is a client itself; frames are not shown to be broken.",
    causes: [
      ["nothing-listens", 50, "The upstream is not reachable under that URI …"],
      ["wrong-credentials", 46, "… or refuses the login or vhost in it."],
      ["network-lost", 40, "Or the network between the two failed."],
    ],
    source: "rabbit_federation_link_util.erl",
    example: "Federation exchange 'orders' in vhost '/' did not connect to exchange 'orders' on rabbit@other",
    generic: true,
  },
];
