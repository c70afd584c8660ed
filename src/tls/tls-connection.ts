import {
  type ConnectionObserver,
  Moment,
  type PreludeFacts,
  type Side,
  type StreamEnd,
} from "../net/connection-observer.ts";
import { explicitNonceSize, tagSize } from "./cipher-suites.ts";
import { DirectionDecryption, type Epoch, type OpenedRecord } from "./direction-decryption.ts";
import { HandshakeReader } from "./handshake-reader.ts";
import { HeldOpening } from "./held-opening.ts";
import { KeyStreamReuse } from "./key-stream-reuse.ts";
import { LatestRecords } from "./latest-records.ts";
import { ALERT, APPLICATION_DATA, CLOSE_NOTIFY, FATAL, HANDSHAKE } from "./record-layer.ts";
import type { TlsContext } from "./tls-context.ts";
import { type Alert, type RecordListener, TlsDirection } from "./tls-direction.ts";
import { TlsSession } from "./tls-session.ts";

/** Octets of a direction searched for records, in mid-stream, before the connection is given up as not TLS. */
const MAX_UNDECIDED_OCTETS = 1 << 20;

/**
 * One TCP connection as TLS: whether it is TLS, what its ends agreed on, what is wrong with its records; and with keys,
 * what they carry.
 */
export class TlsConnection implements ConnectionObserver, RecordListener {
  state: "undecided" | "tls" | "plain" = "undecided";
  readonly session = new TlsSession();
  readonly directions: readonly [TlsDirection, TlsDirection];
  /** The capture does not hold the connection's beginning. */
  midStream = false;
  /** The first fatal or closing alert of each side; in TLS 1.3 without keys, the last record that looks like one. */
  readonly alerts: [Alert | null, Alert | null] = [null, null];
  /** Null if nothing is decrypted. */
  decryption: [DirectionDecryption, DirectionDecryption] | null = null;

  /** How the latest records of each side began, once they are decrypted. */
  readonly latest: readonly [LatestRecords, LatestRecords] = [new LatestRecords(), new LatestRecords()];
  readonly #context: TlsContext;
  readonly #handshakes: [HandshakeReader, HandshakeReader];
  readonly #offsets: [number, number] = [0, 0];
  /** What stood in front of the protocol, as long as it may be TLS. */
  readonly #preludes: [side: Side, octets: number, what: PreludeFacts | null][] = [];
  readonly #held = new HeldOpening();
  #undecidedOctets = 0;
  /** The side's session has more than one writer. */
  readonly #isShared: [boolean, boolean] = [false, false];
  /** Keys that come into use with the next change_cipher_spec of each side (renegotiation). */
  #pending: [Epoch, Epoch] | null = null;
  /** Sessions of the key log when it was last read. */
  #askedSessions = -1;

  constructor(context: TlsContext) {
    this.#context = context;
    const { moment, octets } = context;
    this.directions = [new TlsDirection(0, this, moment, octets), new TlsDirection(1, this, moment, octets)];
    const reader = (side: Side) => new HandshakeReader((type, body) => this.#message(side, type, body));
    this.#handshakes = [reader(0), reader(1)];
    if (!context.sawBeginning) this.#beginUnknown();
  }

  // ConnectionObserver

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (this.state === "tls") this.#records(side, bytes, start, end);
    else if (this.state === "plain") this.#context.plain.data(side, bytes, start, end);
    else this.#decide(side, bytes, start, end);
  }

  gap(side: Side, missing: number, cut: boolean): void {
    if (this.state === "undecided" && !this.midStream) {
      this.#passPreludes();
      this.#offsets[0] += this.#held.octets;
      this.directions[0].scanner.offset = this.#offsets[0];
      this.#held.give(this.#context.moment, piece => this.#context.plain.data(0, piece, 0, piece.length));
      this.#beginUnknown();
    }
    if (this.state !== "tls") this.#context.plain.gap(side, missing, cut);
    if (this.state === "plain") return;
    this.#offsets[side] += Math.max(missing, 0);
    this.directions[side].gap(missing);
  }

  prelude(side: Side, octets: number, what: PreludeFacts | null): void {
    this.#offsets[side] += octets;
    this.directions[side].scanner.offset = this.#offsets[side];
    if (this.state === "plain") this.#context.plain.prelude?.(side, octets, what);
    else this.#preludes.push([side, octets, what]);
  }

  end(side: Side, reason: StreamEnd): void {
    if (this.state === "undecided") {
      // A boundary found only at the end of the stream makes it TLS all the same.
      if (this.midStream) this.directions[side].scanner.finish();
      if (this.state === "undecided" && !this.midStream) this.#isPlain();
    }
    if (this.state !== "tls") {
      this.#context.plain.end(side, reason);
      return;
    }
    for (const direction of this.directions) {
      if (direction.endsWithAlert && this.alerts[direction.side] === null) this.#alert(direction, null);
    }
    this.directions[side].end(reason);
    if (this.decryption === null) return;
    if (this.decryption[side].lacks) this.#context.plain.gap(side, -1, false);
    this.#context.plain.end(side, reason);
  }

  // RecordListener

  wantsBody(side: Side, type: number): boolean {
    if (type === HANDSHAKE || type === ALERT) return true;
    return type === APPLICATION_DATA && this.decryption !== null && this.#isEncrypted(side);
  }

  record(direction: TlsDirection, type: number, bytes: Uint8Array, start: number, length: number): void {
    const { side } = direction;
    if (!direction.isEncrypted || (this.session.isTls13 && type !== APPLICATION_DATA)) {
      // An alert of two octets is in the clear; in a session that began before the capture, others are encrypted.
      if (type === ALERT && length !== 2) this.#alert(direction, null);
      else this.#content(direction, type, bytes, start, length);
      return;
    }
    const opened = this.decryption?.[side].open(type, bytes, start, length) ?? null;
    if (opened === null) {
      if (type === ALERT) this.#alert(direction, null);
      return;
    }
    this.#opened(direction, opened);
  }

  changeCipherSpec(direction: TlsDirection): void {
    if (this.session.isTls13) return;
    this.#handshakes[direction.side].clear();
    if (direction.isEncrypted) {
      // Renegotiation: other keys, and records are counted from 0 again.
      direction.reuse?.forget();
      if (this.#pending !== null && this.decryption !== null) {
        this.decryption[direction.side] = this.#decryptionFrom(this.#pending[direction.side], direction.side);
      }
      return;
    }
    this.#findKeys();
    direction.isEncrypted = true;
    this.#watch(direction);
  }

  missed(direction: TlsDirection, _records: number): void {
    this.#handshakes[direction.side].clear();
    this.decryption?.[direction.side].missed();
  }

  boundaryFound(): void {
    if (this.state !== "undecided") return;
    this.state = "tls";
    this.#context.recognised();
  }

  #records(side: Side, bytes: Uint8Array, start: number, end: number): void {
    const offset = this.#offsets[side];
    this.#offsets[side] = offset + end - start;
    this.directions[side].receive(bytes, start, end, offset);
  }

  /** Takes octets while it is not clear whether they are TLS. */
  #decide(side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (this.midStream) {
      this.#records(side, bytes, start, end);
      this.#undecidedOctets += end - start;
      if (this.state !== "undecided") return;
      this.#context.plain.data(side, bytes, start, end);
      if (this.#undecidedOctets > MAX_UNDECIDED_OCTETS) this.#isPlain();
      return;
    }
    if (side === 1) {
      // A server's first record is a handshake or an alert.
      const first = bytes[start]!;
      if (this.#held.isClientHello && (first === HANDSHAKE || first === ALERT)) {
        this.state = "tls";
        this.#held.give(this.#context.moment, piece => this.#records(0, piece, 0, piece.length));
        this.#context.recognised();
        this.#records(side, bytes, start, end);
      } else {
        this.#isPlain();
        this.#context.plain.data(side, bytes, start, end);
      }
      return;
    }
    this.#held.push(bytes, start, end, this.#context.moment);
    if (!this.#held.mayBeClientHello) this.#isPlain();
  }

  #isPlain(): void {
    this.state = "plain";
    this.#passPreludes();
    this.#held.give(this.#context.moment, piece => this.#context.plain.data(0, piece, 0, piece.length));
    this.#context.isPlain();
  }

  /** The octets of preludes count in the offsets of what is not decrypted. */
  #passPreludes(): void {
    for (const prelude of this.#preludes.splice(0)) this.#context.plain.prelude?.(...prelude);
  }

  #beginUnknown(): void {
    this.midStream = true;
    for (const direction of this.directions) direction.scanner.lose();
  }

  #isEncrypted(side: Side): boolean {
    return this.directions[side].isEncrypted;
  }

  #message(side: Side, type: number, body: Uint8Array): void {
    const before = this.session.serverHello;
    this.session.message(type, body, this.directions[side].scanner.recordMoment);
    const { serverHello } = this.session;
    if (side === 0 || serverHello === null || serverHello === before) return;
    if (before === null) this.#agreed();
    else if (this.#context.keys !== null) this.#pending = this.session.epochs(this.#context.keys);
  }

  /** The server has chosen: what is encrypted from here on, and how. */
  #agreed(): void {
    this.#findKeys();
    for (const direction of this.directions) {
      if (this.session.isTls13) direction.isEncrypted = true;
      // Two directions of a capture may be out of step: the client's change_cipher_spec may have come first.
      if (direction.isEncrypted) this.#watch(direction);
    }
  }

  /** Reads the key log, if it has more sessions than when it was last read. */
  #findKeys(): void {
    const { keys } = this.#context;
    if (keys === null || this.decryption !== null || this.session.serverHello === null) return;
    if (keys.log.sessions === this.#askedSessions) return;
    this.#askedSessions = keys.log.sessions;
    const epochs = this.session.epochs(keys);
    if (epochs !== null) this.decryption = [this.#decryptionFrom(epochs[0], 0), this.#decryptionFrom(epochs[1], 1)];
  }

  #decryptionFrom(epoch: Epoch, side: Side): DirectionDecryption {
    const { writers } = this.#context;
    return new DirectionDecryption(epoch, (among, bytes, size) => writers.attribute(side, among, bytes, size));
  }

  #watch(direction: TlsDirection): void {
    const { suite } = this.session;
    if (suite === undefined || suite.protection === "cbc") return;
    const nonceSize = explicitNonceSize(suite) === 8 ? 8 : 0;
    direction.reuse = new KeyStreamReuse(nonceSize, tagSize(suite), this.#context.reuse);
    // RFC 8446 §5.4: level and description, the content type, the tag.
    if (suite.isTls13) direction.alertLength = 3 + tagSize(suite);
  }

  #opened(direction: TlsDirection, opened: OpenedRecord): void {
    const { protection, size, writer, number } = opened;
    const { side } = direction;
    if (writer > 0 || this.#isShared[side]) {
      // The other side cannot open the copy's first record, and reads nothing after it.
      this.#isShared[side] = true;
      if (writer > 0) direction.usesNumberAgain(number);
      if (protection.contentType !== APPLICATION_DATA) return;
      this.#context.writers.wrote(side, writer, number, protection.plaintext, size);
      return;
    }
    if (opened.afterGap) this.#context.plain.gap(side, -1, false);
    if (protection.contentType !== APPLICATION_DATA) {
      this.#content(direction, protection.contentType, protection.plaintext, 0, size);
    } else if (size > 0) {
      this.latest[side].keep(number, direction.scanner.recordMoment.packet, protection.plaintext, size);
      this.#context.plain.data(side, protection.plaintext, 0, size);
    }
  }

  /** Octets of a record in the clear that is no application data, or of an opened record. */
  #content(direction: TlsDirection, type: number, bytes: Uint8Array, start: number, size: number): void {
    // Encrypted handshake messages of TLS 1.3 are of no use; in TLS 1.2 they are a renegotiation.
    const readable = !direction.isEncrypted || !this.session.isTls13;
    if (type === HANDSHAKE && readable) this.#handshakes[direction.side].receive(bytes, start, start + size);
    else if (type === ALERT && size === 2) {
      this.#alert(direction, { level: bytes[start]!, description: bytes[start + 1]! });
    }
  }

  #alert(direction: TlsDirection, content: Alert["content"]): void {
    const { side, scanner } = direction;
    if (this.alerts[side] === null) {
      const moment = new Moment();
      moment.set(scanner.recordMoment);
      this.alerts[side] = { side, streamOffset: scanner.recordOffset, moment, content };
    }
    if (content === null || content.level === FATAL || content.description === CLOSE_NOTIFY) {
      direction.closing = true;
      this.directions[1 - side]!.closedByPeer = true;
    }
  }
}
