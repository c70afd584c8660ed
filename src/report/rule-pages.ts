/**
 * A rule's page besides its line in the registry: how it comes about, and what to do. docs/rules.md is made of these
 * rows; SARIF carries them as help.
 */
import { RULES, type RuleId } from "../connection/rules.ts";

export interface RulePage {
  reason: string;
  todo: string;
}

/** In the package, and in the repository. */
const FILE = "docs/rules.md";

const WRITERS = "Give each process and thread its own connection, and connect after the fork.";
const BUG = "The client's library, or what writes past it, has a bug: see which library the connection names.";

export const RULE_PAGES: Readonly<Record<RuleId, RulePage>> = {
  "frame-too-large": {
    reason:
      "Mostly no frame is that large: the seven octets that were read as a header are payload, because another writer's octets came in between, or some are missing. The diagnosis says which of the two it is. RabbitMQ closes with 501, `frame_too_large`.",
    todo: `Where it is torn: one connection for each process and thread, made after the fork. Where it is genuine: split bodies at frame-max less 8 octets, keep headers small, or raise frame_max on both sides. It is a note where a frame exceeds frame-max by no more than its envelope of 8 octets, which RabbitMQ lets pass.`,
  },
  "frame-end": {
    reason:
      "The header's size was right when it was written, but its payload is not what was sent behind it: another writer's octets stand inside, or some are missing. RabbitMQ closes with 501, `invalid_frame_end_marker`.",
    todo: `${WRITERS} Let no timeout stop a write half-way; close the connection after one.`,
  },
  "frame-type": {
    reason:
      "Types are 1, 2, 3 and 8. Another one stands where a frame should begin when the reader is no longer at a frame's begin: octets are torn, missing, or of another protocol.",
    todo: WRITERS,
  },
  "frame-malformed": {
    reason:
      "The envelope is whole, and what is in it does not decode: a length that leads beyond the payload, a field of an unknown type, octets left over. A torn frame whose end octet falls into its place by chance looks so, too.",
    todo: BUG,
  },
  "content-order": {
    reason:
      "On one channel the method must be followed by its header, and the header by as many octets of body as it says. Several threads that publish on one channel mix these. RabbitMQ closes with 505 UNEXPECTED_FRAME.",
    todo: "Give each publishing thread its own channel, or put one lock around the whole publish.",
  },
  "content-overrun": {
    reason:
      "More body came than the header announced: another message's body on the same channel, or a wrong length. RabbitMQ before 4.2.6 loses the message without a word.",
    todo: "Give each publishing thread its own channel, or put one lock around the whole publish.",
  },
  "channel-state": {
    reason:
      "A method or content came on a channel that was never opened, is closed, or is being closed; or channel.open came for an open one. Threads that use a channel that another one closed do so. RabbitMQ closes with 504 CHANNEL_ERROR. It is a warning where messages are sent behind the client's own connection.close: RabbitMQ discards them without a word.",
    todo: "Let the thread that opened a channel use and close it; open a new one after an error. Close a connection when its last publish is confirmed.",
  },
  "channel-zero": {
    reason: "Channel 0 is the connection's own: content and channel methods have no place there. RabbitMQ closes.",
    todo: BUG,
  },
  heartbeat: {
    reason: "A heartbeat is an empty frame on channel 0. Another one is a frame that was torn, or a library's bug.",
    todo: BUG,
  },
  handshake: {
    reason:
      "What came is not what AMQP 0-9-1 begins with: a health check, a browser, TLS on the plain port, AMQP 1.0 or MQTT; or methods of the connection at the wrong time.",
    todo: "Check port and protocol in that client's settings. Look for health checks on this port.",
  },
  "stalled-frame": {
    reason:
      "The other end waits for octets that never came: the client died or hung in a write, the network went away, or a frame's size is wrong and swallows what follows.",
    todo: "See how the client ended at that time. Where the diagnosis names writers, each needs its own connection.",
  },
  "shared-channel": {
    reason:
      "Messages that name different threads overlap on one channel, and nothing is broken yet. Without confirms it counts by time; with confirms only where another's is not confirmed yet. It is a note where the library keeps whole messages together. A trace id is no thread.",
    todo: "Give each publishing thread its own channel.",
  },
  "split-content": {
    reason:
      "A library that writes each publish in one go was seen to be interrupted in the middle of one: several writers take turns on this connection. It is a note where the library writes a publish in pieces in health, and where it is not known.",
    todo: WRITERS,
  },
  "shared-socket": {
    reason:
      "Only `proxy` sees it, of clients on the same host: the socket was inherited through fork. Whoever writes first tears what the other writes.",
    todo: "Connect after the fork, in each process for itself; close what was inherited without connection.close.",
  },
  "delivery-tag": {
    reason:
      "Delivery tags count by channel, and each is acknowledged once, on its own channel. Two threads that handle one delivery, a process that was forked with the connection and acknowledges as its parent does, code that acknowledges in two places, or a message that outlives its channel do otherwise. RabbitMQ closes the channel with 406 PRECONDITION_FAILED, unknown delivery tag, and delivers again all that was not acknowledged; its close counts with this finding.",
    todo: "Acknowledge each delivery once, by the channel that brought it, in the process that consumes; drop deliveries of a channel that was closed.",
  },
  unconfirmed: {
    reason:
      "The publisher asked for confirms, and did not wait for the last of them: it closed the channel or the connection, or died. It is a note where the broker ended the connection, or the client died. `ghostframe messages --outcome unconfirmed` lists these messages.",
    todo: "Wait for outstanding confirms before closing; publish again, under the same message id, what was not confirmed.",
  },
  unacknowledged: {
    reason:
      "Ten deliveries or more awaited acknowledgment for a minute or longer, and the client sent none until the channel, the connection or the capture ended. A slow consumer or one that acknowledges many at a time may do so. RabbitMQ delivers no more than the prefetch count, keeps what is not acknowledged in memory, and closes the channel after half an hour (consumer_timeout).",
    todo: "See whether the consumer forgets to acknowledge, or waits for something. Capture for longer where that is not known.",
  },
  "tls-record": {
    reason:
      "The records of TLS are broken as frames are, and for the same reasons. What was in them may be fine: the other end ends the connection at the first one.",
    todo: WRITERS,
  },
  "tls-shared-session": {
    reason:
      "Two copies of one TLS session count their records by themselves: the same numbers come twice. It also reveals plain text to whoever listens.",
    todo: "Connect after the fork, in each process for itself.",
  },
  "ended-abruptly": {
    reason:
      "A process that was killed, a timeout of a load balancer, a network that went away, or a client that never closes.",
    todo: "Nothing, where that was wanted. Else see who ended it, and what was left unconfirmed.",
  },
  "heartbeat-missed": {
    reason:
      "A thread that must send heartbeats was busy or stopped, a process was suspended, or a network dropped packets.",
    todo: "Let the library's own thread send heartbeats, or raise the interval.",
  },
  "consumer-cancelled": {
    reason: "The queue was deleted, its node went away, or its leader moved.",
    todo: "Consume again when the library reports it: most do not do so by themselves.",
  },
  "connection-blocked": {
    reason: "The broker has too little memory or disk. Publishers are not read until it has more.",
    todo: "See the broker's alarms. Publish on another connection than the one that consumes.",
  },
  "broker-close": {
    reason:
      "The broker says what it did not like. Where a finding led to it, it counts with that one. It is an error or a note as the code says: a channel closed for a soft error (403 to 406) is the application's business. The messages that it cost are named with it: the one that was refused, and what the client sent behind that.",
    todo: "Read the broker's words, and what `ghostframe explain` says of them.",
  },
  "capture-gap": {
    reason: "The machine that captured dropped packets, or the capture was filtered.",
    todo: "Capture again with a larger buffer (`tcpdump -B 65536`), on the client's host.",
  },
  "snap-length": {
    reason: "Packets were cut when they were captured.",
    todo: "Capture whole packets: `tcpdump -s 0`.",
  },
  "mid-stream": {
    reason:
      "The connection was open before the capture began: who the client is, and what was negotiated, is not known.",
    todo: "Where that matters, begin to capture before the client connects.",
  },
  "verdict-mismatch": {
    reason:
      "Another version or broker than the rules are of, a proxy in between, or something that the capture lacks. Or a race: RabbitMQ ignores what follows a channel.close as long as it has not closed the channel, and objects to it then.",
    todo: "Name the broker with `--broker`, if it does not say its version.",
  },
  unread: {
    reason:
      "What was not read may be corrupt: encrypted, cut, of an unknown kind, or on a port that was not asked for.",
    todo: "Do as the note says: `--tls-keys`, `--decode-as`, a capture of whole packets. `--max-unread` lets it pass in `check`.",
  },
  "internal-error": {
    reason:
      "An error of ghostframe's own, or one of its bounds was reached (docs/bounds.md). The rest of the report stands; the exit status is 2.",
    todo: "If it is no bound, report it, with the command that led to it. `GHOSTFRAME_DEBUG=1` shows where it happened.",
  },
  "file-truncated": {
    reason: "The program that captured was killed, the disk was full, or the file is still being written.",
    todo: "Copy the file again when the capture is over.",
  },
};

/** The section of a rule, as a file in the package: `docs/rules.md#frame-end`. For a rule without one, the page. */
export function ruleFile(rule: string): string {
  return Object.hasOwn(RULES, rule) ? `${FILE}#${rule}` : FILE;
}
