import type { Moment, Side, StreamEnd } from "../net/connection-observer.ts";
import type { KeyStreamReuse, RepeatedNonce } from "./key-stream-reuse.ts";
import { type OctetBudget, RecentOctets } from "./recent-octets.ts";
import { APPLICATION_DATA, CHANGE_CIPHER_SPEC, RECORD_HEADER_SIZE } from "./record-layer.ts";
import { RecordScanner, type RecordSink, TAIL_OCTETS } from "./record-scanner.ts";
import { type SharedSession, TlsFinding } from "./tls-finding.ts";
import { explainTear, type Span } from "./torn-record.ts";

/** Findings of a direction; later ones are counted with the last. */
const MAX_FINDINGS = 64;
/** Records in good order that end an incident. */
const QUIET_RECORDS = 8;
/** Pairs of records that are reported one by one. */
const MAX_PAIRS = 16;

/** An alert, or a record that must be one by its length. */
export interface Alert {
  side: Side;
  streamOffset: number;
  readonly moment: Moment;
  /** Null if it is encrypted. */
  content: { level: number; description: number } | null;
}

/** What a direction reports to its connection. */
export interface RecordListener {
  /** Whether all octets of records of this type are needed. */
  wantsBody(side: Side, type: number): boolean;
  /** A whole record that is not change_cipher_spec. */
  record(direction: TlsDirection, type: number, bytes: Uint8Array, start: number, length: number): void;
  changeCipherSpec(direction: TlsDirection): void;
  /** Octets of records were missed: `records` of them, or −1 if the number is not known. */
  missed(direction: TlsDirection, records: number): void;
  /** The boundary was found where it was not known. */
  boundaryFound(direction: TlsDirection): void;
}

/** One direction of a TLS connection: its records, and what is wrong with them. */
export class TlsDirection implements RecordSink {
  readonly side: Side;
  readonly scanner: RecordScanner;
  records = 0;
  /** Records of which a part was not captured; they are in `records` as well. */
  hidden = 0;
  readonly findings: TlsFinding[] = [];
  /** What this direction sends is encrypted. */
  isEncrypted = false;
  /** It has announced that it sends nothing more, or sent a fatal alert. */
  closing = false;
  /** The other side has: then a record left unfinished is expected. */
  closedByPeer = false;
  /** Searches for nonces used twice; null if the suite has none, or nothing is encrypted yet. */
  reuse: KeyStreamReuse | null = null;
  /** Octets in the body of an encrypted alert; 0 if alerts show their type. */
  alertLength = 0;
  /** The last record has the length of an alert. */
  endsWithAlert = false;

  readonly #listener: RecordListener;
  readonly #moment: Moment;
  readonly #window: RecentOctets | null;
  /** The record before the present one: offset (−1 for none), length of its body, packet. */
  #before = -1;
  #beforeLength = 0;
  #beforePacket = 0;
  /** The broken record under way, and records in good order since. */
  #open: TlsFinding | null = null;
  #quiet = 0;
  #shared: TlsFinding | null = null;
  /** What the scanner reports was kept: it was captured before the present moment. */
  #replays = false;

  /** `octets`: keep what is needed to explain torn records, within this budget. */
  constructor(side: Side, listener: RecordListener, moment: Moment, octets: OctetBudget | null) {
    this.side = side;
    this.#listener = listener;
    this.#moment = moment;
    this.#window = octets === null ? null : new RecentOctets(octets);
    this.scanner = new RecordScanner(this, moment);
  }

  receive(bytes: Uint8Array, start: number, end: number, streamOffset: number): void {
    if (this.#window !== null) this.#window.append(bytes, start, end, streamOffset, this.#moment);
    this.scanner.receive(bytes, start, end);
    this.#search();
    this.#replays = false;
  }

  gap(missing: number): void {
    // After a gap of unknown length the same octets may come again.
    if (missing < 0) this.reuse?.forget();
    this.scanner.gap(missing);
  }

  end(reason: StreamEnd): void {
    this.scanner.finish();
    const { unfinished, announced } = this.scanner;
    if (reason === "fin" && unfinished > 0 && !this.scanner.lost && !this.closing && !this.closedByPeer) {
      const octets = Math.max(0, unfinished - RECORD_HEADER_SIZE);
      const { recordOffset, recordMoment } = this.scanner;
      const finding = new TlsFinding(this.side, recordOffset, recordMoment, { kind: "unfinished", octets, announced });
      finding.endOffset = this.scanner.offset;
      finding.to.set(this.#moment);
      this.#add(finding);
    }
    this.#conclude();
    this.#window?.release();
    this.reuse?.release();
    this.reuse = null;
  }

  // RecordSink

  wantsBody(type: number): boolean {
    return this.#listener.wantsBody(this.side, type);
  }

  record(type: number, length: number, bytes: Uint8Array, start: number): void {
    this.#step(length);
    this.endsWithAlert = type === APPLICATION_DATA && length === this.alertLength;
    if (type === CHANGE_CIPHER_SPEC) {
      this.#search();
      this.#listener.changeCipherSpec(this);
      return;
    }
    if (type === APPLICATION_DATA && this.reuse !== null && length >= TAIL_OCTETS) {
      this.reuse.record(this.scanner, length, bytes, start);
      // The same octets once more show nothing new.
      if (this.#mustSearch() && this.#search()) return;
    }
    if (type !== APPLICATION_DATA || this.#listener.wantsBody(this.side, type)) {
      this.#listener.record(this, type, bytes, start, length);
    }
  }

  hiddenRecord(_type: number, length: number): void {
    this.#step(length);
    this.hidden++;
    this.#listener.missed(this, 1);
  }

  brokenHeader(header: Uint8Array): void {
    this.#quiet = 0;
    this.#listener.missed(this, -1);
    if (this.closing) {
      // What follows a closing alert does not belong to the session.
      this.scanner.stop();
      return;
    }
    const { recordOffset, recordMoment } = this.scanner;
    if (this.#open !== null) {
      this.#open.faults++;
      this.#open.endOffset = this.scanner.offset;
      this.#open.to.set(this.#moment);
      return;
    }
    const before =
      this.#before < 0 ? null : { streamOffset: this.#before, length: this.#beforeLength, packet: this.#beforePacket };
    const finding = new TlsFinding(this.side, recordOffset, recordMoment, {
      kind: "broken-header",
      header: header.slice(),
      before,
      foundAt: -1,
      tear: null,
      packets: [],
      insertedPackets: null,
    });
    finding.endOffset = this.scanner.offset;
    finding.to.set(this.#moment);
    if (this.#window !== null) this.#window.heldFrom = before?.streamOffset ?? recordOffset;
    this.#open = finding;
  }

  boundaryLost(): void {
    this.#conclude();
    this.#before = -1;
    this.#listener.missed(this, -1);
  }

  boundaryFound(streamOffset: number): void {
    this.#replays = true;
    this.#before = -1;
    this.#quiet = 0;
    this.#listener.boundaryFound(this);
    if (this.#open === null) return;
    this.#open.endOffset = streamOffset;
    this.#open.to.set(this.#moment);
    if (this.#open.evidence.kind === "broken-header") this.#open.evidence.foundAt = streamOffset;
  }

  /** A record in good order. */
  #step(length: number): void {
    this.records++;
    this.#before = this.scanner.recordOffset;
    this.#beforeLength = length;
    this.#beforePacket = this.scanner.recordMoment.packet;
    if (this.#open !== null && ++this.#quiet >= QUIET_RECORDS) this.#conclude();
  }

  /** The open broken record is over: its octets are explained as far as they were kept. */
  #conclude(): void {
    const finding = this.#open;
    if (finding === null) return;
    this.#open = null;
    this.#quiet = 0;
    const { evidence } = finding;
    const window = this.#window;
    if (window !== null && evidence.kind === "broken-header") {
      const tear = explainTear(window, evidence.before?.streamOffset ?? -1, finding.streamOffset, evidence.foundAt);
      evidence.tear = tear;
      evidence.packets = tear.spans.map(span => packetsOf(window, span));
      evidence.insertedPackets = tear.inserted === null ? null : packetsOf(window, tear.inserted);
      window.heldFrom = Number.POSITIVE_INFINITY;
    }
    this.#add(finding);
  }

  /**
   * Whether nonces used twice must be searched for now. If not, that waits until the packet was read: all records that
   * wait were captured at the present moment.
   */
  #mustSearch(): boolean {
    const { packet, input } = this.scanner.recordMoment;
    if (this.#replays || packet !== this.#moment.packet || input !== this.#moment.input) return true;
    return this.reuse?.isDue === true || this.#listener.wantsBody(this.side, APPLICATION_DATA);
  }

  /** Searches for nonces used twice. Returns whether the present record is the same as one before. */
  #search(): boolean {
    let pair = this.reuse?.next() ?? null;
    let isSame = false;
    for (; pair !== null; pair = this.reuse?.next() ?? null) {
      this.#repeated(pair);
      isSame = pair.identical && pair.second.streamOffset === this.scanner.recordOffset;
    }
    return isSame;
  }

  #repeated(pair: RepeatedNonce): void {
    const { streamOffset, length } = pair.second;
    const from = streamOffset === this.scanner.recordOffset ? this.scanner.recordMoment : this.#moment;
    const endOffset = streamOffset + RECORD_HEADER_SIZE + length;
    if (this.#shared !== null) {
      const shared = this.#shared.evidence as SharedSession;
      this.#shared.faults++;
      shared.count++;
      if (pair.identical) shared.identical++;
      if (shared.pairs.length < MAX_PAIRS) shared.pairs.push(pair);
      this.#shared.endOffset = endOffset;
      this.#shared.to.set(this.#moment);
      return;
    }
    const evidence: TlsFinding["evidence"] = pair.identical
      ? { kind: "sent-twice", pair }
      : { kind: "shared-session", pairs: [pair], count: 1, identical: 0, numberUsedAgain: null };
    const finding = new TlsFinding(this.side, streamOffset, from, evidence);
    finding.endOffset = endOffset;
    finding.to.set(this.#moment);
    if (!pair.identical) this.#shared = finding;
    this.#add(finding);
  }

  /** The present record was opened with a number that was used before: a copy of the session wrote it. */
  usesNumberAgain(number: number): void {
    if (this.#shared !== null) return;
    const { recordOffset, recordMoment, offset } = this.scanner;
    const evidence = { kind: "shared-session", pairs: [], count: 0, identical: 0, numberUsedAgain: number } as const;
    this.#shared = new TlsFinding(this.side, recordOffset, recordMoment, { ...evidence, pairs: [] });
    this.#shared.endOffset = offset;
    this.#shared.to.set(this.#moment);
    this.#add(this.#shared);
  }

  #add(finding: TlsFinding): void {
    const last = this.findings.at(-1);
    if (this.findings.length < MAX_FINDINGS || finding.rule === "tls-shared-session") this.findings.push(finding);
    else if (last !== undefined) last.faults += finding.faults;
  }
}

function packetsOf(window: RecentOctets, [from, octets]: Span): [first: number, last: number] {
  const first = window.momentAt(from)?.packet ?? 0;
  return [first, window.momentAt(from + octets - 1)?.packet ?? first];
}
