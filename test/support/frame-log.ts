/** Runs streams through the frame scanner and through whole connections, and writes down what they find as text. */
import { describe, expect, it } from "vitest";
import type { EnvelopeFault } from "../../src/amqp/envelope-fault.ts";
import { FrameBoundarySearch, type SearchBudget } from "../../src/amqp/frame-boundary-search.ts";
import { FrameScanner } from "../../src/amqp/frame-scanner.ts";
import type { FrameSink } from "../../src/amqp/frame-sink.ts";
import { WholeMessage } from "../../src/amqp/whole-message.ts";
import { AmqpConnection } from "../../src/connection/amqp-connection.ts";
import type { ConnectionContext } from "../../src/connection/connection-context.ts";
import { Moment, type Side, type StreamEnd } from "../../src/net/connection-observer.ts";
import type { Finding } from "../../src/report/report.ts";
import { type Chunking, chunkings, deliver, type Stream } from "./chunkings.ts";
import { findingsOf } from "./findings-of.ts";
import { clientHandshake, type HandshakeOptions, hex, serverHandshake, type Wire } from "./wire.ts";

export function hexOf(octets: ArrayLike<number>): string {
  return Array.from(octets, octet => octet.toString(16).padStart(2, "0")).join("");
}

/** A stream as hexadecimal with its gaps: `01 0001 <gap 5> ce`, `<gap ?>` where nobody knows how many. */
export function stream(text: string): Stream {
  return text
    .replace(/--.*/g, "")
    .split(/(<gap (?:\d+|\?)>)/)
    .map(part => {
      const gap = /<gap (.+)>/.exec(part)?.[1];
      return gap === undefined ? hex(part) : { gap: gap === "?" ? -1 : Number(gap) };
    })
    .filter(part => "gap" in part || part.length > 0);
}

export interface ScanOptions {
  /** The scanner's sizeLimit. */
  limit?: number;
  /** The boundary is not known at the beginning. */
  lost?: boolean;
  budget?: SearchBudget;
}

const TYPES: Readonly<Record<number, string>> = { 1: "method", 2: "header", 3: "body", 8: "heartbeat" };

/**
 * What the scanner tells of a stream, one event a line with its offset. Faults are written down last of all, when
 * their evidence is complete. Every payload, and the packet every frame began in, is compared with what was sent.
 */
export function scan(chunking: Chunking, { limit = 131072, lost = false, ...rest }: ScanOptions = {}): string[] {
  const budget = rest.budget ?? { octets: 0, limit: 1 << 20 };
  const log: (string | EnvelopeFault)[] = [];
  const moment = new Moment();
  const sent: number[] = [];
  const packets: number[] = [];

  const sink: FrameSink = {
    isGuess: false,
    guessBroken: () => "no-guess" as const,
    guessDecided() {},
    frame(type, channel, bytes, start, size) {
      const at = scanner.frameOffset;
      expect(scanner.frameMoment().packet, `packet of the frame @${at}`).toBe(packets[at]);
      const payload = sent.slice(at + 7, at + 7 + size);
      if (start >= 0) expect(hexOf(bytes.subarray(start, start + size)), `payload @${at}`).toBe(hexOf(payload));
      else expect(type).toBe(3);
      log.push(`@${at} ${TYPES[type]} ${channel} ${type === 3 ? `${size} octets` : hexOf(payload)}`.trimEnd());
    },
    // Takes one of two that follow each other, so that every way of going on behind a message is gone.
    messages(bytes, at, end) {
      const base = scanner.frameOffset - at;
      if (takes || !message.read(bytes, at, end, limit)) {
        takes = false;
        return 0;
      }
      takes = true;
      const { channel, headerAt, bodyAt, behind } = message;
      for (const [type, from, to] of [
        [1, at, headerAt],
        [2, headerAt, bodyAt],
        [3, bodyAt, behind],
      ] as const) {
        scanner.frameOffset = base + from;
        sink.frame(type, channel, bytes, from + 7, to - from - 8);
      }
      return behind - at;
    },
    hiddenFrame(type, channel, size) {
      const at = scanner.frameOffset;
      expect(scanner.frameMoment().packet, `packet of the hidden frame @${at}`).toBe(packets[at]);
      log.push(`@${scanner.frameOffset} hidden ${TYPES[type]} ${channel} ${size} octets`);
    },
    brokenEnvelope(fault) {
      expect(fault.moment.packet, `packet of the fault @${fault.streamOffset}`).toBe(packets[fault.streamOffset]);
      log.push(fault);
    },
    boundaryLost: () => log.push("lost"),
    boundaryFound(streamOffset, found) {
      expect(found.packet, `packet of the boundary @${streamOffset}`).toBe(packets[streamOffset]);
      log.push(`@${streamOffset} found`);
    },
  };
  const message = new WholeMessage();
  let takes = false;
  const scanner: FrameScanner = new FrameScanner(
    sink,
    moment,
    limit,
    (from, sizeLimit) => new FrameBoundarySearch(from, sizeLimit, budget),
  );
  if (lost) scanner.lose();
  let offset = 0;
  deliver(
    chunking,
    (bytes, start, end) => {
      moment.packet++;
      for (let at = start; at < end; at++) {
        packets[offset] = moment.packet;
        sent[offset++] = bytes[at]!;
      }
      scanner.receive(bytes, start, end);
      expect(scanner.offset, "octets counted").toBe(offset);
    },
    missing => {
      offset += Math.max(0, missing);
      scanner.gap(missing);
    },
  );
  scanner.finish();
  const { partial } = scanner;
  if (partial !== null)
    log.push(`@${partial.streamOffset} partial ${partial.octets} octets of ${hexOf(partial.header)}`);
  scanner.stop();
  expect(budget.octets, "octets kept at the end").toBe(0);
  return log.map(entry => (typeof entry === "string" ? entry : faultLine(entry)));
}

function faultLine(fault: EnvelopeFault): string {
  const evidence = [
    `@${fault.streamOffset} ${fault.rule} ${hexOf(fault.header)}`,
    fault.payload.length > 0 ? `payload ${hexOf(fault.payload)}` : "",
    fault.behind.length > 0 ? `@${fault.behindOffset} behind ${hexOf(fault.behind)}` : "",
    `end ${fault.endOctet < 0 ? "?" : hexOf([fault.endOctet])}`,
  ];
  return evidence.filter(Boolean).join(" ");
}

/** The scanner's log of a stream, which is the same however the stream is cut. */
export function scanEveryWay(parts: Stream, options: ScanOptions = {}): string[] {
  return everyWay(parts, chunking => scan(chunking, options));
}

/** Runs a stream cut in every way, or in the first few ways, and checks that the outcome is the same. */
function everyWay<T>(parts: Stream, run: (chunking: Chunking) => T, most = Number.POSITIVE_INFINITY): T {
  const [whole, ...ways] = chunkings(parts);
  const expected = run(whole!);
  for (const chunking of ways.slice(0, most)) expect(run(chunking), chunking.name).toEqual(expected);
  return expected;
}

type Act = (amqp: AmqpConnection, moment: Moment) => void;

export interface ConversationOptions {
  /** Both sides' handshakes come first, HANDSHAKE octets each; `false`: none, the conversation has its own. */
  handshake?: HandshakeOptions | false;
  sawBeginning?: boolean;
  forced?: boolean;
  expected?: boolean;
}

/** A connection's two streams, told in the order in which they were captured. */
export class Conversation {
  readonly options: ConversationOptions;
  readonly #parts: (Uint8Array | { gap: number })[] = [];
  readonly #acts: Act[] = [];
  readonly #ends = new Set<Side>();
  #side: Side = 0;

  constructor(options: ConversationOptions = {}) {
    this.options = options;
  }

  client(octets: Wire | Uint8Array): this {
    return this.from(0, octets);
  }
  server(octets: Wire | Uint8Array): this {
    return this.from(1, octets);
  }
  from(side: Side, octets: Wire | Uint8Array): this {
    // A packet of its own.
    this.#act((_, moment) => {
      this.#side = side;
      moment.packet++;
    });
    this.#parts.push(octets instanceof Uint8Array ? octets : octets.octets);
    return this;
  }
  /** −1: nobody knows how many. `cut`: off by the snap length. */
  gap(side: Side, missing: number, cut = false): this {
    return this.#act(amqp => amqp.gap(side, missing, cut));
  }
  /** So many seconds go by. */
  later(seconds: number): this {
    return this.#act((_, moment) => {
      moment.seconds += seconds;
    });
  }
  end(side: Side, reason: StreamEnd): this {
    this.#ends.add(side);
    return this.#act(amqp => amqp.end(side, reason));
  }

  /** The connection as it stands when all was read, and the timeline is over. */
  read(chunking: Chunking, context: Partial<ConnectionContext> = {}): AmqpConnection {
    const { handshake = {}, sawBeginning = true, forced = false, expected = false } = this.options;
    const moment = new Moment();
    const budget = { octets: 0, limit: 1 << 20 };
    const amqp = new AmqpConnection({
      sawBeginning,
      forced,
      expected,
      closedForFrames: true,
      moment,
      budget,
      listener: null,
      incidents: null,
      forensics: null,
      predictor: null,
      initialFrameMax: 4096,
      serverNamed: () => 4096,
      recognised: () => 1,
      leave: () => {},
      ...context,
    });
    if (handshake !== false) {
      const [client, server] = [clientHandshake(handshake).octets, serverHandshake(handshake).octets];
      amqp.data(0, client, 0, 8);
      amqp.data(1, server, 0, server.length);
      amqp.data(0, client, 8, client.length);
    }
    deliver(
      chunking,
      (bytes, start, end) => amqp.data(this.#side, bytes, start, end),
      act => this.#acts[act]!(amqp, moment),
    );
    for (const side of [0, 1] as const) if (!this.#ends.has(side)) amqp.end(side, "capture-ended");
    expect(budget.octets, "octets kept at the end").toBe(0);
    amqp.finish();
    return amqp;
  }

  get stream(): Stream {
    return this.#parts;
  }

  #act(act: Act): this {
    this.#parts.push({ gap: this.#acts.length });
    this.#acts.push(act);
    return this;
  }
}

export function conversation(options?: ConversationOptions): Conversation {
  return new Conversation(options);
}

/**
 * What is found in a conversation, however it is cut: "left alone", or one finding a line with its place and the
 * frame's type/channel/size.
 */
export function findings(conversation: Conversation, ways?: number): string[] {
  return everyWay(conversation.stream, chunking => lines(conversation.read(chunking)), ways);
}

/** The connection as it is read when nothing is cut. */
export function connectionOf(conversation: Conversation, context?: Partial<ConnectionContext>): AmqpConnection {
  return conversation.read({ name: "whole", pieces: conversation.stream, memory: "own" }, context);
}

function lines(amqp: AmqpConnection): string[] {
  if (amqp.state !== "amqp") return [`${amqp.state}${amqp.protocol === null ? "" : `: ${amqp.protocol}`}`];
  return findingsOf(amqp).map(line);
}

function line(finding: Finding): string {
  const { direction, streamOffset, length, severity, rule, frame, message, cause } = finding;
  const place =
    streamOffset === null ? "" : `${direction === "client-to-server" ? ">" : "<"}${streamOffset}+${length} `;
  const envelope = frame === null ? "" : ` ${frame.type}/${frame.channel}/${frame.size}`;
  return `${place}${severity} ${rule}${envelope}: ${message}${cause === undefined ? "" : ` (${cause})`}`;
}

export interface Play {
  rule: string;
  conversation: Conversation;
  findings: string[];
}

/** Tests that each conversation is found to be what the table says, however it is cut. */
export function describePlays(title: string, plays: readonly Play[]): void {
  describe(title, () => {
    it.each(plays)("$rule", ({ conversation, findings: expected }) => {
      expect(findings(conversation)).toEqual(expected);
    });
  });
}
