import { FRAME_END, FRAME_ENVELOPE, isFrameType, PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";
import type { PcapngWriter } from "../capture/pcapng-writer.ts";
import { CredentialsMask } from "../connection/credentials-mask.ts";
import { ServerMask } from "../connection/server-mask.ts";
import type { Span } from "../forensics/diagnosis.ts";
import type { ConnectionObserver, Moment, Side } from "../net/connection-observer.ts";
import { MAX_SEGMENT, SyntheticTcp } from "../net/synthetic-tcp.ts";
import { SpanOctets } from "../recover/span-octets.ts";
import type { PlannedConnection, PlannedWriter } from "./repair-plan.ts";
import { WholeContents } from "./whole-contents.ts";

/** What all repaired connections of a file share. */
export interface RepairOutput {
  readonly writer: PcapngWriter;
  /** Takes from the writer what it holds. */
  written(): void;
  /** A client's port for one more connection. */
  nextPort(): number;
  /** Octets of clients that are left out: nothing explains them, or they are no whole frames. */
  leftOut: number;
  connections: number;
}

/** What a protocol header begins with: "AMQP" (§4.2.2). */
const PROTOCOL_HEADER = Uint8Array.of(0x41, 0x4d, 0x51, 0x50);
/** A frame is not longer than this; a longer one is not believed. */
const MAX_FRAME = 16 << 20;

/**
 * Writes one broken connection again: what stands outside its incidents as one connection, and each writer of an
 * incident as another. Only whole frames of the client are written, and only whole contents; credentials are masked.
 */
export class RepairedConnection implements ConnectionObserver {
  readonly #plan: PlannedConnection;
  readonly #output: RepairOutput;
  readonly #client: Side;
  readonly #moment: Moment;
  /** Of what is written of the client outside of all incidents. */
  readonly #mask = new CredentialsMask();
  /** Sees all of the client, as it came: what the server repeats of it is masked. */
  readonly #asItCame = new CredentialsMask();
  readonly #serverMask = new ServerMask(this.#asItCame.masked.pieces);
  readonly #main: SyntheticTcp;
  readonly #contents = new WholeContents(octets => this.#write(this.#main, 0, this.#mask.mask(octets), null));
  #isOpen = false;
  readonly #writers: { plan: PlannedWriter; octets: SpanOctets; isWritten: boolean }[];
  /** Stream offset of the client's next octet, and the present or next cut-out span. */
  #offset = 0;
  #next = 0;
  /** Octets of the client that are no whole frame yet. */
  #pending = new Uint8Array(0);
  /** Until an incident is over, it is not known whether the client's frames begin here. */
  #isLost = false;

  /** `moment`: the time of the octets that come. */
  constructor(plan: PlannedConnection, client: Side, moment: Moment, output: RepairOutput) {
    this.#plan = plan;
    this.#client = client;
    this.#moment = moment;
    this.#output = output;
    this.#main = this.#newTcp(plan.client.port);
    this.#writers = plan.writers.map(each => ({ plan: each, octets: new SpanOctets(each.spans), isWritten: false }));
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    const octets = bytes.subarray(start, end);
    if (side === this.#client) {
      this.#asItCame.mask(octets);
      this.#fromClient(octets);
    } else this.#write(this.#main, 1, this.#serverMask.mask(octets), null);
    this.#output.written();
  }

  gap(side: Side, missing: number): void {
    if (side !== this.#client) {
      this.#serverMask.gap();
      return;
    }
    this.#drop();
    this.#isLost = true;
    this.#offset += Math.max(0, missing);
  }

  /** Wireshark does not read behind a prelude: the repaired stream is written without it. */
  prelude(side: Side, octets: number): void {
    if (side === this.#client) this.#offset += octets;
  }

  end(): void {}

  /** Nothing more comes. */
  finish(): void {
    this.#drop();
    this.#contents.end();
    this.#output.leftOut += this.#contents.leftOut;
    for (const each of this.#writers) if (!each.isWritten) this.#writeWriter(each);
    this.#output.written();
  }

  #fromClient(octets: Uint8Array): void {
    for (const { octets: own } of this.#writers) own.take(octets, 0, octets.length, this.#offset);
    for (let at = 0; at < octets.length; ) {
      const span: Span | undefined = this.#plan.cutOut[this.#next];
      const position = this.#offset + at;
      if (span === undefined || position < span[0]) {
        const behind = span === undefined ? octets.length : Math.min(octets.length, span[0] - this.#offset);
        this.#outside(octets.subarray(at, behind));
        at = behind;
      } else {
        this.#drop();
        at = Math.min(octets.length, span[0] + span[1] - this.#offset);
        if (this.#offset + at < span[0] + span[1]) break;
        this.#next++;
        this.#isLost = false;
      }
    }
    this.#offset += octets.length;
    for (const each of this.#writers) if (!each.isWritten && each.octets.end <= this.#offset) this.#writeWriter(each);
  }

  /** Octets outside all incidents. */
  #outside(octets: Uint8Array): void {
    if (this.#isLost) {
      this.#output.leftOut += octets.length;
      return;
    }
    const all = new Uint8Array(this.#pending.length + octets.length);
    all.set(this.#pending);
    all.set(octets, this.#pending.length);
    const { behind, isSound } = eachFrame(all, (from, to) => this.#contents.frame(all.subarray(from, to), null));
    this.#pending = all.slice(behind);
    this.#isLost = !isSound;
    if (!isSound) this.#drop();
  }

  #drop(): void {
    this.#output.leftOut += this.#pending.length;
    this.#pending = new Uint8Array(0);
  }

  #writeWriter(each: { plan: PlannedWriter; octets: SpanOctets; isWritten: boolean }): void {
    each.isWritten = true;
    const { plan } = each;
    const { octets } = each.octets;
    const { seconds, nanoseconds } = this.#moment;
    const tcp = this.#newTcp(this.#output.nextPort());
    // Without a handshake, of TCP or of AMQP: what a writer meant begins in mid-stream, as a reader must know.
    const mask = new CredentialsMask("running");
    const contents = new WholeContents((frame, comment) => this.#write(tcp, 0, mask.mask(frame), comment));
    const { behind } = eachFrame(octets, (from, to) => {
      const offset = offsetAt(plan.spans, from);
      const made = plan.torn.get(offset);
      const where = `${plan.name}: at offset ${offset} of the original stream`;
      contents.frame(octets.subarray(from, to), made === undefined ? where : `${where}, ${made}`);
    });
    contents.end();
    tcp.end(0, "fin", seconds, nanoseconds, null);
    this.#output.leftOut += each.octets.size - behind + contents.leftOut;
  }

  #write(tcp: SyntheticTcp, side: Side, octets: Uint8Array, comment: string | null): void {
    const { seconds, nanoseconds } = this.#moment;
    if (tcp === this.#main && !this.#isOpen) {
      this.#isOpen = true;
      tcp.open(seconds, nanoseconds);
    }
    for (let at = 0; at < octets.length; at += MAX_SEGMENT) {
      const end = Math.min(octets.length, at + MAX_SEGMENT);
      tcp.data(side, octets, at, end, seconds, nanoseconds, at === 0 ? comment : null);
    }
  }

  #newTcp(port: number): SyntheticTcp {
    this.#output.connections++;
    const { client, server } = this.#plan;
    return new SyntheticTcp(this.#output.writer, { ...client, port }, server, [0, 0]);
  }
}

/**
 * Visits whole frames and protocol headers. Returns the index behind the last one; `isSound`: the rest may begin one.
 */
function eachFrame(
  octets: Uint8Array,
  visit: (from: number, to: number) => void,
): { behind: number; isSound: boolean } {
  let at = 0;
  while (octets.length - at >= FRAME_ENVELOPE) {
    const type = octets[at]!;
    const isHeader = PROTOCOL_HEADER.every((octet, i) => octets[at + i] === octet);
    const size = isHeader ? PROTOCOL_HEADER_SIZE : long(octets, at + 3) + FRAME_ENVELOPE;
    if (!isHeader && (!isFrameType(type) || size > MAX_FRAME)) return { behind: at, isSound: false };
    if (octets.length - at < size) break;
    if (!isHeader && octets[at + size - 1] !== FRAME_END) return { behind: at, isSound: false };
    visit(at, at + size);
    at += size;
  }
  return { behind: at, isSound: true };
}

/** The stream offset of the octet at this index of the spans put together. */
function offsetAt(spans: readonly Span[], index: number): number {
  let before = 0;
  for (const [offset, octets] of spans) {
    if (index < before + octets) return offset + index - before;
    before += octets;
  }
  return -1;
}
