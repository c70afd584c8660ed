/** What breaks frames, as data: for each cause what it is, what would confirm it, and what to do. */
import type { CauseText } from "./cause-text.ts";
import { CHANNEL_CAUSES, type ChannelCauseId } from "./channel-causes.ts";
import { CONNECTION_CAUSES, type ConnectionCauseId } from "./connection-causes.ts";

export type CauseId = FrameCauseId | ConnectionCauseId | ChannelCauseId;

type FrameCauseId =
  | "shared-connection"
  | "heartbeat-thread"
  | "fork"
  | "cut-write"
  | "buffer-reuse"
  | "relay"
  | "reconnect"
  | "reused-socket"
  | "wrong-port"
  | "not-a-broker"
  | "shared-reader"
  | "health-check"
  | "reused-descriptor"
  | "oversize-headers"
  | "oversize-method"
  | "ignored-frame-max"
  | "frame-max-changed"
  | "large-token"
  | "client-encoding"
  | "shared-channel"
  | "publish-cut-short"
  | "body-size-miscounted"
  | "closed-channel-used"
  | "channel-number-twice"
  | "channel-leak"
  | "wrong-version"
  | "frame-max-refused"
  | "broker-crash"
  | "unsupported-method"
  | "protocol-mismatch";

const FRAME_CAUSES: Readonly<Record<FrameCauseId, CauseText>> = {
  "shared-connection": {
    title: "Threads write to one connection without a lock between them",
    confirm:
      "A capture shows whose octets stand inside whose frame. In the code: a connection or channel that more than one thread, worker or callback can reach. Does it stop with a single thread?",
    remedy: "One connection per thread, or one thread that does all the writing.",
  },
  "heartbeat-thread": {
    title: "Heartbeats and publishes are sent by different threads, with no lock between them",
    confirm:
      "In the code: a thread or timer that serves heartbeats on a connection that others publish on. Does it stop, for a test, with heartbeats off?",
    remedy:
      "Send heartbeats and publishes from one thread, or under one lock. Leaving heartbeats off only hides it: other frames will meet the same way.",
  },
  fork: {
    title: "The process forked after it had connected: parent and child write to one socket",
    confirm:
      "On the client's host, ss -tnp 'dport = :5672' shows one local port with several processes. It happens in preforking servers and workers: Puma, Unicorn, gunicorn, Celery, pcntl_fork.",
    remedy: "Connect after the fork, in each child. Never use a connection that was inherited.",
  },
  "cut-write": {
    title: "A write was cut short (timeout, cancelled task, killed thread), and the connection used on",
    confirm:
      "In the application's log, just before: a timeout, a cancellation, an exception or a signal around a publish. A capture shows a frame that is never completed.",
    remedy:
      "After an interrupted write close the connection: its stream cannot be mended. Set timeouts on the socket, not around the publish.",
    now: "After an interrupted write close the connection, open another.",
  },
  "buffer-reuse": {
    title: "A buffer was changed or used again while it was still being sent",
    confirm:
      "A capture shows frames of the right length with other content, or with content already sent. In the code: a buffer or message object that is filled again after publish returned.",
    remedy:
      "A buffer of its own for every message, left alone until it is confirmed. Upgrade the client: some had this fault themselves (amqp-client.js before 2.0.2).",
    now: "Give each message a buffer of its own until it is confirmed.",
  },
  relay: {
    title: "Something between client and broker changed the stream",
    confirm:
      "Capture on both sides of the proxy, TLS terminator or service mesh, and compare. The network alone does not do this: TCP's checksum would have to fail to notice.",
    remedy: "Connect past it, to see whether it stops. Then update it, or take AMQP out of its protocol detection.",
  },
  reconnect: {
    title: "The client connected again on a socket that was connected already",
    confirm:
      "In the client's log: two connects or recoveries at that time. In the code: two threads that both find the connection closed and both open it, or a recovery of one's own beside the library's.",
    remedy: "One lock around connecting, and a new socket for every attempt. Leave recovery to one of the two.",
  },
  "reused-socket": {
    title: "A pool or a proxy handed an open connection to a new client",
    confirm: "The peer in the broker's log is a proxy or load balancer. Does it keep server connections to use again?",
    remedy: "A TCP proxy before a broker must open one server connection per client connection, and close it with it.",
    now: "Let the proxy open one broker connection for each client.",
  },
  "wrong-port": {
    title: "A client of another protocol speaks to AMQP's port",
    confirm: "On the peer's host: ss -tnp shows which program has the peer's port of the broker's log line.",
    remedy:
      "Send it to the right port: 5671 for AMQP over TLS, 15672 for the HTTP API, 1883 for MQTT, 61613 for STOMP.",
    now: "Send it to its right port: 5671 for TLS, 15672 for HTTP.",
  },
  "not-a-broker": {
    title: "What answers is no AMQP broker, or speaks TLS",
    confirm:
      "Look at what it says: nc HOST PORT, or openssl s_client -connect HOST:PORT. A broker is silent until it hears “AMQP”.",
    remedy: "The right address and port: 5672 plain, 5671 with TLS (amqps), past proxies that answer for themselves.",
    now: "Connect to the broker itself: port 5672, or 5671 with TLS.",
  },
  "shared-reader": {
    title: "Two threads or processes read from one connection, and each gets a part of the stream",
    confirm:
      "In the code: more than one thread that consumes from, waits on or drains the events of one connection; a consumer that was forked after it had connected (ss -tnp shows one local port with several processes). Does it stop with one?",
    remedy: "One thread that reads, or one connection per thread; connect after the fork, in each process.",
    now: "Let one thread read, or open a connection for each thread.",
  },
  "health-check": {
    title: "A health check or a scanner probes the port",
    confirm: "It comes at regular intervals, from a load balancer, monitor or scanner, and no application notices it.",
    remedy: "Let it probe the TCP port without sending anything, or use the HTTP API's health checks (15672).",
    now: "Let it open the TCP port without sending anything.",
  },
  "reused-descriptor": {
    title: "A file descriptor was closed and given out again while another thread still wrote to it",
    confirm:
      "The foreign octets belong to another connection of the same process. In the code, look for sockets closed by one thread while another uses them.",
    remedy: "Close a socket only where it is used, once. Shut it down instead where another thread may be writing.",
  },
  "oversize-headers": {
    title: "The message's headers and properties are too large for one frame",
    confirm:
      "Log the size of the headers before publishing. Usual: stack traces that a service bus puts there, x-death after many rejections, tracing baggage, data that belongs in the body.",
    remedy:
      "Make the headers smaller: a content header cannot be divided over frames. Or raise frame_max on both sides (frame_max in rabbitmq.conf, and the client's own setting).",
    now: "Make the headers smaller, or raise frame_max on both sides.",
  },
  "oversize-method": {
    title: "A method's arguments are too large for one frame",
    confirm:
      "Look for a queue, exchange or binding declared with very large arguments, or very large client properties.",
    remedy: "Make the arguments smaller: a method cannot be divided over frames. Or raise frame_max on both sides.",
  },
  "ignored-frame-max": {
    title: "The client cuts bodies for a larger frame_max than was agreed on",
    confirm:
      "Capture a connection from its start; ghostframe inspect --format json shows negotiated.frameMax. The client must keep to what its own tune-ok said, less 8 octets around a payload.",
    remedy:
      "Upgrade the client, or set its frame_max to the broker's. RabbitMQ forgives 8 octets (its log prints frame_max less 8, and frame_max itself passes); other brokers do not.",
  },
  "frame-max-changed": {
    title: "The client expects another frame_max: it was lowered at the broker, or by a proxy",
    confirm: "rabbitmqctl environment | grep frame_max, and rabbitmqctl list_connections name frame_max.",
    remedy: "The same frame_max at the broker, the proxy and the client; 131072 is RabbitMQ's default.",
    now: "Set one frame_max at broker, proxy and client.",
  },
  "large-token": {
    title: "The SASL response is too large: an OAuth 2 (JWT) token, most likely",
    confirm: "Length of the token (or of the client properties) against the limit in the message.",
    remedy:
      "RabbitMQ: raise initial_frame_max in advanced.config (8192 is the default from 4.1 on, 4096 before). Or fewer scopes in the token.",
    now: "Raise initial_frame_max at the broker, or shorten the token.",
  },
  "client-encoding": {
    title: "The client encodes something wrongly",
    confirm:
      "It comes every time for the same message or call. Usual: a name or routing key of more than 255 octets, lengths counted in characters and not in octets, a header value of a type AMQP does not have.",
    remedy: "Find the call in a capture (ghostframe frames trace.pcap), change its arguments, upgrade the client.",
    now: "Find the call in a capture, and upgrade the client.",
  },
  "shared-channel": {
    title: "Two threads publish on one channel",
    confirm:
      "A capture shows the frames of two messages in turns on one channel. In the code: a channel that more than one thread, task or callback uses; an acknowledgement from a consumer's thread is enough.",
    remedy: "One channel per publishing thread, or a lock around each whole publish and every other call on it.",
    now: "Open one channel per publishing thread.",
  },
  "publish-cut-short": {
    title: "A publish was abandoned half-way (timeout, cancelled task, exception), and the channel used on",
    confirm:
      "In the application's log, just before: a timeout, a cancellation or an exception around a publish, or while its headers or body were being encoded.",
    remedy:
      "After a publish that failed, close the channel and open another. No timeouts or cancellation around a publish.",
  },
  "body-size-miscounted": {
    title: "The body is not as long as its content header says",
    confirm:
      "It comes with the same messages every time: with text beyond ASCII (characters counted instead of octets), empty bodies, or bodies from a stream.",
    remedy: "Encode the body to octets first and count those. Upgrade the client.",
  },
  "closed-channel-used": {
    title: "A channel was used after it had been closed",
    confirm:
      "Earlier in the broker's log: a channel exception (not_found, precondition_failed, access_refused) on the same connection and channel. Also a close by one thread while another publishes.",
    remedy: "Cure that first error, and react to a channel's close: open a new one before publishing again.",
    now: "Cure the first error; open a new channel after a close.",
  },
  "channel-number-twice": {
    title: "Two parts of the program took the same channel number",
    confirm: "Connections opened before a fork, or channels opened by several threads at once.",
    remedy: "Open channels under a lock, and connections after the fork.",
  },
  "channel-leak": {
    title: "Channels are opened and never closed",
    confirm: "rabbitmqctl list_connections name channels: the number grows.",
    remedy: "Keep a channel and use it again, or close it; raise channel_max only if so many are really needed.",
    now: "Keep a channel and use it again, or close it.",
  },
  "wrong-version": {
    title: "The client wants another version of AMQP",
    confirm:
      "The version in the message: 0 0 9 1 is AMQP 0-9-1, 0 1 0 0 and 3 1 0 0 are AMQP 1.0, 1 1 0 10 is 0-10 (Qpid), 1 1 8 0 is 0-8.",
    remedy:
      "Use a client for AMQP 0-9-1; for AMQP 1.0 enable the plugin rabbitmq_amqp1_0, or use RabbitMQ 4.0 or later.",
    now: "Use a client for AMQP 0-9-1, or RabbitMQ 4.0 for AMQP 1.0.",
  },
  "frame-max-refused": {
    title: "The client asks for limits that the broker does not allow",
    confirm:
      "The message names the limit. From 4.1 on RabbitMQ refuses a frame_max below 8192 (amqplib asked for 4096).",
    remedy: "Set the client's frame_max to 131072, its channel_max to what the broker offers, or upgrade the client.",
    now: "Ask for no more than the broker allows of the limit that is named.",
  },
  "broker-crash": {
    title: "The broker failed over something the client sent, or by itself",
    confirm:
      "The broker's log has a crash report at that time. Malformed properties or tables of a message end this way too.",
    remedy: "Find the message in a capture. Where it is well-formed, report the crash to the broker's developers.",
  },
  "unsupported-method": {
    title: "The client uses a part of AMQP that the broker does not have",
    confirm: "The method or flag named in the message.",
    remedy: "Do without: publish without immediate, channel.flow and prefetch_size are not supported by RabbitMQ.",
    now: "Do without that method or flag: RabbitMQ has none.",
  },
  "protocol-mismatch": {
    title: "The client follows another reading of the protocol",
    confirm: "It comes at once, or at a fixed time after connecting, and always with the same type.",
    remedy: "Upgrade the client. A heartbeat has type 8; section 4.2.3 of the specification says 4, and nobody does.",
  },
};

export const CAUSES: Readonly<Record<CauseId, CauseText>> = {
  ...FRAME_CAUSES,
  ...CONNECTION_CAUSES,
  ...CHANNEL_CAUSES,
};
