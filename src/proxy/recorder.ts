/**
 * Records relayed connections: their octets as packets, in pcapng files that Wireshark and `inspect` read.
 *
 * `always` writes every packet as it comes. `finding` keeps two things of each connection in memory: its beginning with
 * the handshake, and a ring of its latest packets. When something is found, both are written (sequence numbers show
 * what is missing between them), and so are the packets that follow, until as many octets as the ring holds have passed
 * without another finding.
 *
 * Errors of the disk never throw here. No clock is read: every call brings its time. Packets are in the file only after
 * `flush`.
 */
import { word } from "../capture/byte-order.ts";
import { PcapngWriter } from "../capture/pcapng-writer.ts";
import { CredentialsMask } from "../connection/credentials-mask.ts";
import { ServerMask } from "../connection/server-mask.ts";
import type { Side } from "../net/connection-observer.ts";
import { MAX_SEGMENT, SyntheticTcp } from "../net/synthetic-tcp.ts";
import type { Endpoint } from "../report/report.ts";
import { BlockPool, type BlockQueue } from "./block-pool.ts";
import type { RecordedPackets } from "./recorded-packets.ts";
import { RecordingFile, type RecordingFileOptions } from "./recording-file.ts";

/** Octets of a connection's first packets that are kept apart from the ring. Both sides and headers count. */
export const BEGINNING_OCTETS = 32 * 1024;

export interface RecorderOptions extends RecordingFileOptions {
  on: "always" | "finding";
  /** Also record what authenticates clients; otherwise it is masked. */
  credentials: boolean;
  /** Octets of latest packets kept for each connection, headers included. Only for `finding`. */
  ringOctets: number;
  /** Octets kept of all connections together; block-pool.ts defines what counts. Only for `finding`. */
  ringBudget: number;
  /** Gets the places where octets are recorded; null or missing if nothing needs them. */
  packets?: RecordedPackets | null;
}

/** What is kept in memory of a connection, for `finding`. */
interface KeptPackets {
  beginning: BlockQueue;
  /** Nothing more is added to the beginning. */
  complete: boolean;
  /** Ordinal of the file that has the beginning; 0 before it is written. */
  writtenTo: number;
  ring: BlockQueue;
  /** This many more octets are written as they come. */
  writes: number;
  /** Something was found while no file could be written: it is written later. */
  due: boolean;
}

interface Recorded {
  number: number;
  tcp: SyntheticTcp;
  /** Of the client's octets, and of the server's; null where all is recorded. */
  masks: readonly [CredentialsMask, ServerMask] | null;
  kept: KeptPackets | null;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #file: RecordingFile;
  readonly #pool: BlockPool;
  readonly #packets: RecordedPackets | null;
  #lost = 0;
  readonly #connections = new Map<number, Recorded>();
  /** The blocks of the present call. */
  readonly #writer = new PcapngWriter();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#file = new RecordingFile(options);
    this.#pool = new BlockPool(options.ringBudget);
    this.#packets = options.packets ?? null;
  }

  /** The file being written, or the last one; null before the first. */
  get file(): string | null {
    return this.#file.path;
  }

  /** Nothing can be written now; it will be tried again. */
  get isPaused(): boolean {
    return this.#file.isPaused;
  }

  /** Packets that should have been recorded and could not be. */
  get lost(): number {
    return this.#file.lost;
  }

  /** Octets of memory that beginnings and rings take: `ringBudget` at most. */
  get memory(): number {
    return this.#pool.octets;
  }

  opened(number: number, client: Endpoint, server: Endpoint, seconds: number, nanoseconds: number): void {
    // Any numbers are right, but other ones for every connection, as the same ports are used again.
    const initial = Math.imul(number, 0x9e37_79b1) ^ Math.imul(seconds, 0x85eb_ca6b) ^ nanoseconds;
    const tcp = new SyntheticTcp(this.#writer, client, server, [initial, Math.imul(initial, 0xc2b2_ae35)]);
    const mask = new CredentialsMask();
    const masks = this.#options.credentials ? null : ([mask, new ServerMask(mask.masked.pieces)] as const);
    const recorded = { number, tcp, masks, kept: this.#options.on === "finding" ? this.#newKept() : null };
    this.#connections.set(number, recorded);
    tcp.open(seconds, nanoseconds);
    this.#take(recorded, seconds, nanoseconds);
  }

  /**
   * The next octets of one side, bytes[start, end). Those beyond MAX_SEGMENT become packets of their own. `comment` is
   * for the first packet.
   */
  // oxlint-disable-next-line max-params -- hot path: once for every relayed chunk
  data(
    number: number,
    side: Side,
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    nanoseconds: number,
    comment: string | null = null,
  ): void {
    const recorded = this.#connections.get(number);
    if (recorded === undefined) return;
    let shown = bytes;
    let at = start;
    let behind = end;
    if (recorded.masks !== null) {
      shown = recorded.masks[side].mask(bytes.subarray(start, end));
      at = 0;
      behind = shown.length;
    }
    for (let first = true; at < behind; at += MAX_SEGMENT, first = false) {
      const next = Math.min(behind, at + MAX_SEGMENT);
      recorded.tcp.data(side, shown, at, next, seconds, nanoseconds, first ? comment : null);
      this.#take(recorded, seconds, nanoseconds);
    }
  }

  /** One side's stream is over. */
  // oxlint-disable-next-line max-params -- as `data`: once for every relayed connection
  end(
    number: number,
    side: Side,
    reason: "fin" | "rst",
    seconds: number,
    nanoseconds: number,
    comment: string | null = null,
  ): void {
    const recorded = this.#connections.get(number);
    if (recorded === undefined) return;
    recorded.tcp.end(side, reason, seconds, nanoseconds, comment);
    this.#take(recorded, seconds, nanoseconds);
  }

  /** A packet without octets from this side, for its comment with what became known later. False if no file has it. */
  comment(number: number, side: Side, text: string, seconds: number, nanoseconds: number): boolean {
    const recorded = this.#connections.get(number);
    if (recorded === undefined) return false;
    recorded.tcp.comment(side, text, seconds, nanoseconds);
    return this.#take(recorded, seconds, nanoseconds);
  }

  /** Something was found. With `finding`, the kept packets of the connection are written, and those that follow. */
  finding(number: number, seconds: number, nanoseconds: number): void {
    const recorded = this.#connections.get(number);
    if (!recorded?.kept) return;
    const { kept } = recorded;
    if (kept.writes > 0) kept.writes = this.#options.ringOctets;
    else this.#write(recorded, kept, seconds, nanoseconds);
  }

  /** Nothing more of this connection comes. */
  closed(number: number): void {
    const kept = this.#connections.get(number)?.kept;
    kept?.beginning.clear();
    kept?.ring.clear();
    this.#connections.delete(number);
    this.#packets?.closed(number);
  }

  /** Writes what came since the last call. To be called after each batch. */
  flush(): void {
    this.#file.flush();
    if (this.#file.lost > this.#lost) this.#packets?.forget();
    this.#lost = this.#file.lost;
  }

  /** The next packet begins a new file, in the directory as it is then. */
  reopen(): void {
    this.#file.reopen();
  }

  close(): void {
    this.flush();
    this.#file.close();
  }

  #newKept(): KeptPackets {
    const beginning = this.#pool.beginning();
    return { beginning, complete: false, writtenTo: 0, ring: this.#pool.ring(), writes: 0, due: false };
  }

  /** Takes the blocks that were just made. Returns whether the last of them goes to a file. */
  #take(recorded: Recorded, seconds: number, nanoseconds: number): boolean {
    const { kept } = recorded;
    const { bytes, length } = this.#writer;
    let written = false;
    for (let at = 0; at < length; ) {
      const next = at + word(bytes, at + 4, true);
      if (kept === null) written = this.#append(recorded, bytes, at, next, seconds, nanoseconds);
      else written = this.#keep(recorded, kept, bytes, at, next, seconds, nanoseconds);
      at = next;
    }
    this.#writer.clear();
    return written;
  }

  // oxlint-disable-next-line max-params -- hot path: once for every recorded packet
  #append(
    { number, tcp }: Recorded,
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    nanoseconds: number,
  ): boolean {
    const isRecorded = this.#file.append(bytes, start, end, seconds, nanoseconds);
    if (!isRecorded || this.#packets === null) return isRecorded;
    const segment = tcp.segmentOf(bytes, start);
    if (segment === null) return true;
    const { side, offset, octets } = segment;
    const { ordinal, packets, path } = this.#file;
    this.#packets.add(number, side, { offset, octets, file: ordinal, packet: packets }, path!);
    return true;
  }

  // oxlint-disable-next-line max-params -- hot path: once for every recorded packet
  #keep(
    recorded: Recorded,
    kept: KeptPackets,
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    nanoseconds: number,
  ): boolean {
    if (kept.writes > 0) {
      kept.writes -= end - start;
      return this.#append(recorded, bytes, start, end, seconds, nanoseconds);
    }
    if (!kept.complete) {
      const fits = kept.beginning.octets + end - start <= BEGINNING_OCTETS;
      kept.complete = !fits || !kept.beginning.append(bytes, start, end);
    }
    if (kept.complete && kept.ring.append(bytes, start, end)) {
      while (kept.ring.octets > this.#options.ringOctets) kept.ring.drop();
    }
    if (kept.due) this.#write(recorded, kept, seconds, nanoseconds);
    return false;
  }

  /** Writes what is kept, and lets the packets that follow be written. */
  #write(recorded: Recorded, kept: KeptPackets, seconds: number, nanoseconds: number): void {
    kept.due = !this.#file.ready(seconds, nanoseconds);
    if (kept.due) return;
    const append = (bytes: Uint8Array, length: number) =>
      this.#append(recorded, bytes, 0, length, seconds, nanoseconds);
    // The beginning is written once; again if the file that has it was deleted since.
    if (kept.writtenTo === 0 || kept.writtenTo <= this.#file.ordinal - this.#options.files) {
      kept.writtenTo = this.#file.ordinal;
      kept.beginning.eachBlock(append);
    }
    kept.complete = true;
    kept.ring.eachBlock(append);
    kept.ring.clear();
    kept.writes = this.#options.ringOctets;
  }
}
