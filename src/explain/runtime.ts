/**
 * What can happen at the same time in a client's language, which decides the possible causes: PHP has no threads, only
 * processes; Node.js and asyncio run one thing at a time, in a loop. Causes are worded accordingly.
 */
import { CLIENT_LIBRARIES, type LibraryId } from "../connection/client-libraries.ts";
import { CAUSES, type CauseId } from "./cause-catalogue.ts";
import type { CauseText } from "./cause-text.ts";
import { PatternIndex } from "./known-lines/pattern-index.ts";

export type Runtime = "threads" | "processes" | "event-loop";

const PHP =
  /\bPHP\b|\.php\b|\bphp[-_ ]?amqp|\bAMQP(?:Connection|Channel|Queue|Exchange)?Exception\b|PhpAmqpLib|laravel|symfony/i;
const LOOP =
  /node_modules|\bnode:|\.(?:js|ts|mjs|cjs):\d|at \w{1,40}\.?\w{0,40} \(.{1,200}\.js|\basyncio\b|\baio_?pika\b|\baiormq\b|\baioamqp\b/;

const LIBRARIES = Object.keys(CLIENT_LIBRARIES) as LibraryId[];
const PRINTED_BY = new PatternIndex(LIBRARIES.map(id => CLIENT_LIBRARIES[id].printedBy));

/** The client library that printed a text, if its form shows it; else null. */
export function libraryIn(text: string): LibraryId | null {
  return LIBRARIES[PRINTED_BY.first(text)] ?? null;
}

export function runtimeOf(text: string, library: LibraryId | null): Runtime {
  switch (library) {
    case "php-amqplib":
    case "bunny-php":
      return "processes";
    case "amqplib":
    case "amqp-client.js":
    case "node-amqp":
    case "rabbitmq-client":
    case "aiormq":
      return "event-loop";
    case "rabbitmq-c":
    case null:
      return PHP.test(text) ? "processes" : LOOP.test(text) ? "event-loop" : "threads";
    default:
      return "threads";
  }
}

/** A cause in the words of a runtime; null if it cannot happen there. `why` replaces the general evidence for it. */
export function causeIn(runtime: Runtime, id: CauseId): (CauseText & { why?: string }) | null {
  const own = runtime === "threads" ? undefined : WORDINGS[runtime][id];
  if (own === null) return null;
  const { now, ...text } = CAUSES[id];
  // Another remedy has another first sentence, too.
  return own?.remedy === undefined && now !== undefined ? { ...text, now, ...own } : { ...text, ...own };
}

type Wordings = Readonly<Partial<Record<CauseId, Partial<CauseText & { why: string }> | null>>>;

const WORDINGS: Readonly<Record<Exclude<Runtime, "threads">, Wordings>> = {
  processes: {
    "shared-connection": null,
    "shared-channel": null,
    "reused-descriptor": null,
    "heartbeat-thread": {
      title: "The heartbeat is sent from a signal handler (PCNTLHeartbeatSender), in the middle of another write",
      confirm: "The code registers PCNTLHeartbeatSender, or calls checkHeartBeat in a tick or signal handler.",
      remedy: "Send heartbeats between the writes: checkHeartBeat in the loop that consumes.",
      why: "A signal may come while a frame is half-way out.",
      now: "Call checkHeartBeat in the loop that consumes, between writes.",
    },
    "shared-reader": {
      title:
        "Two processes read from one connection, which was opened before a fork, and each gets a part of the stream",
      confirm:
        "pcntl_fork, a worker pool (Swoole, RoadRunner, queue workers) or a persistent connection; ss -tnp shows one local port with several processes.",
      remedy: "Connect after the fork, in each process.",
      why: "The client lost its place in what it receives: parent and child each get a part of it.",
      now: "Connect after the fork, in each process.",
    },
    "cut-write": {
      title: "A write was cut short (timeout, signal, script that ended), and the connection used on",
    },
    reconnect: {
      confirm: "In the client's log: two connects at that time, or a reconnect on the same connection object.",
      remedy: "A new connection object for every attempt.",
    },
    "closed-channel-used": {
      confirm:
        "Earlier in the broker's log: a channel exception (not_found, precondition_failed, access_refused) on the same connection and channel.",
    },
    "channel-number-twice": {
      confirm: "Connections opened before a fork.",
      remedy: "Open connections and channels after the fork.",
    },
    "blocked-client": {
      title: "The client was too busy to send heartbeats: PHP sends none while it works on a message",
      confirm:
        "How long the callback ran: the connection dies about two heartbeat intervals after it began. sleep, HTTP requests and queries count.",
      remedy: "checkHeartBeat within long work, a longer heartbeat, or the work in another process.",
      now: "Call checkHeartBeat within long work, or work elsewhere.",
    },
    "slow-consumer": {
      remedy: "A prefetch limit (basic_qos), and shorter work between two reads.",
      now: "Set a prefetch limit (basic_qos); work less between two reads.",
    },
    "tls-shared-session": {
      title: "Two processes write into one TLS session: it was opened before a fork",
      confirm:
        "ss -tnp shows one local port with several processes. TLS counts its records, so a second writer's cannot be verified.",
      remedy: "Connect after the fork, in each process.",
      why: "TLS counts its records: a second process in the same session breaks it at once.",
      now: "Connect after the fork, in each process.",
    },
  },
  "event-loop": {
    "shared-connection": {
      title: "Two parts of the program write to one socket, past the library's own queue",
      confirm:
        "In the code: another writer on the library's socket, a worker that was handed the connection, or a second event loop. A capture shows whose octets stand inside whose frame.",
      remedy: "Let only the library write, in the event loop the connection was opened in.",
      now: "Let only the library write to its socket.",
    },
    "heartbeat-thread": {
      title: "A timer writes the heartbeat past the library's own queue of writes",
      confirm: "In the code: a heartbeat of one's own beside the library's.",
      remedy: "Leave heartbeats to the library.",
    },
    "shared-reader": {
      title: "Two readers take from one socket (a second data handler, event loop or process), and each gets a part",
      confirm:
        "In the code: another reader on the library's socket, a connection used from two event loops or threads, or one that was opened before a fork.",
      remedy: "One reader: use the connection only in the event loop and process it was opened in.",
      now: "Use the connection only in the loop it was opened in.",
    },
    "blocked-client": {
      title: "The event loop was blocked: no heartbeat was sent or noticed meanwhile",
      confirm: "In the client's log at that time: one long synchronous computation, JSON, file or crypto call.",
      remedy: "Move that work out of the loop (worker threads, a process pool), or give the loop a turn in between.",
      now: "Move that work out of the event loop.",
    },
  },
};
