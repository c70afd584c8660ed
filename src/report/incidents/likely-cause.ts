/**
 * Why an incident happened, as far as its octets and the client's own words show it, and the one thing to do first. It
 * is never more certain than its diagnosis; without evidence the cause is unknown.
 */
import { libraryOfClient } from "../../connection/client-libraries.ts";
import type { Connection, Diagnosis, Finding, LikelyCause } from "../report.ts";
import { writerIdentity } from "./writer-identity.ts";

/** A cause with what to do about it, in one line. */
export interface CauseAndRemedy extends LikelyCause {
  todo: string;
}

/** Below it a diagnosis is a guess, and names no cause. */
const LEAST = 0.5;
/** A library's known behaviour makes a cause likely; no octet proves it. */
const BY_LIBRARY = 0.9;
/** Octets show that a write stopped; that a timeout stopped it is the usual reason. */
const BY_CUT = 0.8;

const OWN_CONNECTION = "Give each process and thread its own connection; connect after the fork.";
const LOOK = "Look at the octets before you act on it; capture again on the client's host, with whole packets.";

export function causeOf(finding: Finding, connection: Connection | null): CauseAndRemedy {
  const { diagnosis } = finding;
  if (diagnosis === undefined) return byRule(finding);
  if (diagnosis.confidence < LEAST || diagnosis.kind === "unexplained") return BY_RULE[finding.rule] ?? unknown(LOOK);
  return byDiagnosis(diagnosis, connection);
}

function byDiagnosis(diagnosis: Diagnosis, connection: Connection | null): CauseAndRemedy {
  const { confidence, kind } = diagnosis;
  switch (kind) {
    case "torn-frame":
      return diagnosis.writers.length > 1 ? writers(diagnosis) : cutShort(diagnosis);
    case "missing-octets":
      return cutShort(diagnosis);
    case "replayed-octets":
    case "overwritten-octets":
      return sharedBuffer(diagnosis, connection);
    case "misordered-frames":
      return {
        kind: "shared-channel",
        words: "Several threads publish on one channel",
        confidence,
        todo: "Give each publishing thread its own channel, or put one lock around the whole publish.",
      };
    case "foreign-protocol": {
      const names = [...new Set(diagnosis.foreign.map(({ protocol }) => protocol))].join(" and ");
      return {
        kind: "foreign",
        words: `Something that speaks ${names === "" ? "another protocol" : names} writes to this connection`,
        confidence,
        todo: "Look for a health check or proxy on this port, and for a file descriptor that was closed and used again.",
      };
    }
    case "genuine-oversize":
      return {
        kind: "oversize",
        words: "The client really sends a frame larger than frame-max allows",
        confidence,
        todo: "Split bodies at frame-max less 8 octets, keep headers small, or raise frame_max on both sides.",
      };
    case "shared-session":
    case "torn-record":
    case "replayed-record":
    case "unfinished-record":
      return {
        kind: "shared-session",
        words: "Several threads or processes write to one TLS session",
        confidence: kind === "unfinished-record" ? Math.min(confidence, LEAST) : confidence,
        todo: OWN_CONNECTION,
      };
    default:
      return unknown(LOOK);
  }
}

/** Several writers on one socket: ids of processes in their messages show that they are processes. */
function writers(diagnosis: Diagnosis): CauseAndRemedy {
  const { confidence } = diagnosis;
  const named = diagnosis.writers.map(writerIdentity).filter(identity => identity !== null);
  // A named thread may be a process: after a fork both have the names that the parent gave.
  const processes = named.filter(({ header }) => /pid|process/i.test(header)).flatMap(({ names }) => names);
  if (new Set(processes).size > 1) {
    return {
      kind: "fork",
      words: "Several processes write to this connection at once",
      confidence,
      todo: "Connect after the fork, in each process for itself.",
    };
  }
  return {
    kind: "writers",
    words: "Several threads or processes write to this connection at once",
    confidence,
    todo: OWN_CONNECTION,
  };
}

function cutShort({ confidence }: Diagnosis): CauseAndRemedy {
  return {
    kind: "timeout",
    words: "A write was cut short, and the connection was used again",
    confidence: Math.min(confidence, BY_CUT),
    todo: "Close the connection after a timeout or an error in a publish; let nothing stop a write half-way.",
  };
}

function sharedBuffer({ confidence, kind }: Diagnosis, connection: Connection | null): CauseAndRemedy {
  const known = libraryFor(connection);
  if (known?.label === "pika") {
    return {
      kind: "threads",
      words: "Threads share pika's unlocked send queue",
      confidence: Math.min(confidence, BY_LIBRARY),
      todo: "One connection per thread; publish from others with add_callback_threadsafe.",
    };
  }
  const what = kind === "replayed-octets" ? "sent twice" : "changed before it was sent";
  return {
    kind: "shared-buffer",
    words: `A send buffer that several writers share was ${what}`,
    confidence: Math.min(confidence, BY_LIBRARY),
    todo: OWN_CONNECTION,
  };
}

const BY_RULE: Partial<Record<Finding["rule"], CauseAndRemedy>> = {
  "shared-channel": {
    kind: "shared-channel",
    words: "Several threads publish on one channel",
    confidence: null,
    todo: "Give each publishing thread its own channel.",
  },
  "split-content": {
    kind: "writers",
    words: "Several threads or processes write to this connection by turns",
    confidence: null,
    todo: OWN_CONNECTION,
  },
  "shared-socket": {
    kind: "fork",
    words: "Several processes hold this connection's socket",
    confidence: null,
    todo: "Connect after the fork, in each process for itself.",
  },
  "delivery-tag": unknown(
    "Acknowledge each delivery once, on the channel that brought it, in the process that consumes: not in one that was forked from it.",
  ),
  unconfirmed: unknown("Wait for outstanding confirms before closing; publish again what was not confirmed."),
  unacknowledged: unknown(
    "See whether the consumer forgets to acknowledge; capture for longer where that is not known.",
  ),
  "tls-shared-session": {
    kind: "shared-session",
    words: "Two copies of one TLS session write to this connection",
    confidence: null,
    todo: "Connect after the fork, in each process for itself.",
  },
  "stalled-frame": {
    kind: "cut-off",
    words: "The stream stopped inside a frame",
    confidence: null,
    todo: "See whether the client died or hung in a write, or the network went away.",
  },
};

/** Without a diagnosis only the rule decides. */
function byRule({ rule, message, direction }: Finding): CauseAndRemedy {
  const known = BY_RULE[rule];
  if (known !== undefined) return known;
  if (rule === "handshake" && /\b(HTTP|TLS|SSH|STOMP|MQTT|AMQP 1)/.test(message)) {
    return {
      kind: "wrong-port",
      words: "Something that does not speak AMQP 0-9-1 connects to this port",
      confidence: null,
      todo: "Check the port and the protocol in that client's settings; look for a health check.",
    };
  }
  if (rule === "broker-close") {
    return {
      kind: "broker",
      words: "The broker closed, for a reason that no finding explains",
      confidence: null,
      todo: "Read the broker's words, and its log at that time.",
    };
  }
  return unknown(
    direction === null ? LOOK : "See what the client did on this channel before; nothing here says why it did.",
  );
}

function unknown(todo: string): CauseAndRemedy {
  return { kind: "unknown", words: "Not known", confidence: null, todo };
}

function libraryFor(connection: Connection | null): ReturnType<typeof libraryOfClient> {
  return connection === null ? undefined : libraryOfClient(new Map(Object.entries(connection.clientProperties)));
}
