/** Findings of the record layer in words: what is wrong, what proves it, what to do. */
import { grouped } from "../bytes/grouped.ts";
import { hexadecimal } from "./key-log.ts";
import type { RepeatedNonce } from "./key-stream-reuse.ts";
import { CHANGE_CIPHER_SPEC, HEARTBEAT } from "./record-layer.ts";
import type { BrokenHeader, SharedSession, TlsFinding } from "./tls-finding.ts";
import type { TornRecord } from "./torn-record.ts";

/** What happened, in one or a few sentences with the numbers in them. */
export function tlsSentence(finding: TlsFinding): string {
  const { evidence, faults } = finding;
  switch (evidence.kind) {
    case "broken-header":
      return brokenHeaderSentence(finding, evidence) + more(faults, "place");
    case "sent-twice": {
      const { first, second } = evidence.pair;
      const again = `once more, octet for octet: it was sent twice.`;
      return `The TLS record of ${octets(second.length)} at offset ${second.streamOffset} is the one at offset ${first.streamOffset} (packet ${first.packet}) ${again}${more(faults, "record")}`;
    }
    case "unfinished": {
      const { octets: came, announced } = evidence;
      if (announced === 0) return "The stream ends inside the header of a TLS record.";
      return `The stream ends inside a TLS record: ${grouped(came)} of ${octets(announced)} came.`;
    }
    case "shared-session":
      return sharedSessionSentence(finding, evidence);
  }
}

/** What it means, and how certain that is: of findings reported with 0.9, nine in ten are right. */
export function tlsMeaning({ evidence }: TlsFinding): { summary: string; confidence: number } {
  switch (evidence.kind) {
    case "shared-session": {
      // A copy counts on by itself; threads that race on one counter repeat the latest number.
      const copied =
        evidence.numberUsedAgain !== null || evidence.pairs.some(({ first, second }) => second.index - first.index > 1);
      const who = copied
        ? "A copy of the session counts its records by itself: a process inherited the connection through fork, or a session was cloned."
        : "Most likely a process inherited the connection through fork; threads that write at the same moment can do it too.";
      const broken =
        "The server cannot open the second record (bad_record_mac). The cipher is broken by it, too: whoever recorded this can learn what both records say.";
      return { summary: `${who} ${broken}`, confidence: copied ? 0.99 : 0.9 };
    }
    case "sent-twice": {
      const summary =
        "Two writers flushed the same buffer of the TLS library: threads that share the session without a lock, or copies of it that sent the same plaintext. A server opens a record once: the second is bad_record_mac to it, unless it meets a broken header first, which it reads ahead.";
      return { summary, confidence: 0.9 };
    }
    case "broken-header":
      return { summary: tearMeaning(evidence.tear), confidence: evidence.tear?.kind === "unexplained" ? 0.5 : 0.95 };
    case "unfinished":
      return { summary: "The sender ended its stream before the record was written whole.", confidence: 0.9 };
  }
}

/** What to do if the client library is not known: its name is in octets that are encrypted. */
export function tlsRemedy({ evidence }: TlsFinding): string {
  if (evidence.kind === "unfinished") {
    return "Look for what ended the client in the middle of a write: a kill, a timeout around a publish, a proxy.";
  }
  const fork =
    "Connect after the fork, in each process: post_fork of gunicorn and uWSGI, worker_process_init of Celery, on_worker_boot of Puma, after pcntl_fork in PHP.";
  const threads = "One connection per thread, or one lock around every use of the connection.";
  return evidence.kind === "shared-session" ? `${fork} ${threads}` : `${threads} ${fork}`;
}

function tearMeaning(tear: TornRecord | null): string {
  const shared = "Several writers share the TLS session without a lock around the whole write.";
  switch (tear?.kind) {
    case "torn":
      return `A record was torn: ${octets(tear.inserted?.[1] ?? 0)} of whole records stand inside it, and with these taken out its length lands on the next header. ${shared}`;
    case "cut-short":
      return `A record was cut short: its last ${octets(tear.missing)} were never written, and another record begins in their place. ${shared}`;
    case "replayed":
      return `The ${octets(tear.replayed?.span[1] ?? 0)} behind a record repeat its end: a part of it was sent twice. ${shared}`;
    default:
      return "The record layer is torn. Threads or processes that share the TLS session are the first thing to look for.";
  }
}

function brokenHeaderSentence(finding: TlsFinding, { header, before, foundAt, tear }: BrokenHeader): string {
  const shown = hexadecimal(header).replace(/(..)(?=.)/g, "$1 ");
  const where =
    before === null
      ? `No TLS record begins at offset ${finding.streamOffset}, where one must`
      : `The TLS record of ${octets(before.length)} at offset ${before.streamOffset} (packet ${before.packet}) ends at offset ${finding.streamOffset}, where no other begins`;
  const type = header[0]!;
  const known = type >= CHANGE_CIPHER_SPEC && type < HEARTBEAT;
  // tls_record.erl looks at the type first.
  const logged = known ? "" : ` RabbitMQ logs {unsupported_record_type,${type}} for that.`;
  const inside = tear?.inserted === null || tear?.inserted === undefined ? "" : inserted(tear.inserted[0]);
  const found = foundAt < 0 ? " No record was found behind it." : ` Records go on at offset ${foundAt}.`;
  return `${where}: ${shown}.${logged}${inside}${found}`;
}

function inserted(streamOffset: number): string {
  return ` Another record begins inside it, at offset ${streamOffset}.`;
}

function sharedSessionSentence({ streamOffset, from }: TlsFinding, evidence: SharedSession): string {
  const { pairs, count, identical, numberUsedAgain } = evidence;
  const [pair] = pairs;
  if (pair === undefined) {
    return `The TLS record at offset ${streamOffset} (packet ${from.packet}) opens with number ${numberUsedAgain}, which another record had used before it. One session was used twice.`;
  }
  const { first, second, nonce, xor } = pair;
  const proof =
    nonce === null
      ? `share a key stream: of the XOR of their first ${octets(xor.length)} ${grouped(zeros(xor))} are 0`
      : `have the same nonce ${hexadecimal(nonce)}`;
  const places = `The TLS records at offsets ${first.streamOffset} (packet ${first.packet}) and ${second.streamOffset} (packet ${second.packet})`;
  const all = count > 1 ? ` ${grouped(count)} such pairs in all.` : "";
  const same = identical > 0 ? ` ${grouped(identical)} of them are the same octet for octet.` : "";
  return `${places} ${proof}. One session was used twice. ${xorReading(pair)}${all}${same}`;
}

/** What the XOR of two AMQP frames shows of both (§4.2.3): types, channels, sizes. */
export function xorReading({ xor }: Pick<RepeatedNonce, "xor">): string {
  if (xor.length < 7) return "";
  const types = TYPE_PAIRS[xor[0]!];
  if (types === undefined) return "They do not look like the beginnings of two AMQP frames.";
  const channels = (xor[1]! << 8) | xor[2]!;
  const size = ((xor[3]! << 24) | (xor[4]! << 16) | (xor[5]! << 8) | xor[6]!) >>> 0;
  const onChannels =
    channels === 0 ? "on the same channel" : `on channels whose numbers differ by XOR ${channels}${example(channels)}`;
  const sizes = size === 0 ? "of the same size" : "of different sizes";
  const method = xor[0] === 0 && xor.length >= 11 && xor.subarray(7, 11).every(octet => octet === 0);
  return `If they carry AMQP, both begin with ${types}, ${onChannels}, ${sizes}${method ? ", and of the same class and method or content" : ""}.`;
}

const TYPE_PAIRS: Readonly<Record<number, string>> = {
  0: "frames of the same type",
  1: "a content header and a content body",
  2: "a method frame and a content body",
  3: "a method frame and a content header",
  9: "a method frame and a heartbeat",
  10: "a content header and a heartbeat",
  11: "a content body and a heartbeat",
};

/** Two small channel numbers with this difference. */
function example(xor: number): string {
  for (let a = 1; a < 8; a++) {
    const b = a ^ xor;
    if (b > a && b < 16) return ` (as ${a} and ${b} do)`;
  }
  return "";
}

function zeros(xor: Uint8Array): number {
  return xor.reduce((count, octet) => count + (octet === 0 ? 1 : 0), 0);
}

function octets(count: number): string {
  return `${grouped(count)} octet${count === 1 ? "" : "s"}`;
}

function more(faults: number, noun: string): string {
  return faults > 1 ? ` ${grouped(faults)} such ${noun}s in all.` : "";
}
