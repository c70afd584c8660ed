import type { RecordProtection } from "./record-protection.ts";

/** Numbers that are tried beyond the expected one: after a gap, and otherwise (a changed record is skipped). */
const AHEAD_OF_GAP = 4096;
const AHEAD = 8;
/** Numbers already used that are tried, the latest first. */
const BACK = 4096;
/** Copies of a session that are distinguished. */
const MAX_COPIES = 8;
/** Octets of records that are tried without success before only the expected numbers are tried. */
const MAX_TRIED_OCTETS = 64 << 20;

/** Keys of one direction, in the order in which they come into use. */
export interface Epoch {
  protection: RecordProtection;
  /** The keys behind these, made when they are needed; null for none (TLS 1.2, or before renegotiation). */
  next: (() => Epoch) | null;
}

/** A record that was opened. */
export interface OpenedRecord {
  /** Octets of plaintext, at the beginning of `protection.plaintext`; `protection.contentType` is its type. */
  size: number;
  protection: RecordProtection;
  /** Number of the record under its keys. */
  number: number;
  /** 0: the writer whose records follow one another; 1, …: copies of the session, in the order in which they appeared. */
  writer: number;
  /** Records may have been missed before this one. */
  afterGap: boolean;
  epoch: Epoch;
}

/** Among several writers, the one that wrote this plaintext: its first `size` octets. */
export type Attribution = (writers: readonly number[], plaintext: Uint8Array, size: number) => number;

/** A copy of the session, and the number it uses next. */
interface Copy {
  epoch: Epoch;
  next: number;
}

/**
 * Opens the encrypted records of one direction, each with the number it must have. A record that does not fit is tried
 * with the keys that come next, with later numbers (records were missed), and with numbers already used: if one of
 * those fits, a second copy of the session wrote the record, and the copy counts on by itself.
 */
export class DirectionDecryption {
  /** Records that no key and number fit. */
  unopened = 0;
  opened = 0;
  readonly #opened: OpenedRecord;
  #epoch: Epoch;
  #following: Epoch | null = null;
  #next = 0;
  readonly #copies: Copy[] = [];
  /** Chooses the writer of a record that several may have written: each of them has this number next. */
  readonly #attribute: Attribution;
  /** Records were missed since the last that was opened. */
  #gap = false;
  #triedOctets = 0;
  /** Records since the last that was opened. */
  #unopenedSince = 0;

  constructor(first: Epoch, attribute: Attribution) {
    this.#epoch = first;
    this.#attribute = attribute;
    this.#opened = { size: 0, protection: first.protection, number: 0, writer: 0, afterGap: false, epoch: first };
  }

  /** Octets were not captured: the number of the next record is not known. */
  missed(): void {
    this.#gap = true;
  }

  /** Octets behind the last opened record are missing: they were in records that were not opened, or not captured. */
  get lacks(): boolean {
    return this.opened > 0 && (this.#gap || this.#unopenedSince > 0);
  }

  /** Number of the latest record that the first writer is known to have written; −1 for none. */
  get latest(): number {
    return this.#next - 1;
  }

  /** Opens a record's body, bytes[start, start + length); null if nothing fits. The result is used again. */
  open(type: number, bytes: Uint8Array, start: number, length: number): OpenedRecord | null {
    const size = this.#epoch.protection.open(type, bytes, start, length, this.#next);
    if (size >= 0) return this.#record(size, this.#epoch, this.#next, this.#writerOf(size));
    const found = this.#triedOctets < MAX_TRIED_OCTETS ? this.#search(type, bytes, start, length) : null;
    if (found === null) {
      this.unopened++;
      this.#unopenedSince++;
      this.#epoch.protection.passOver(bytes, start, length);
    }
    return found;
  }

  #search(type: number, bytes: Uint8Array, start: number, length: number): OpenedRecord | null {
    const attempt = (epoch: Epoch, number: number): number => {
      this.#triedOctets += length;
      return epoch.protection.open(type, bytes, start, length, number);
    };
    for (const [i, copy] of this.#copies.entries()) {
      const size = attempt(copy.epoch, copy.next);
      if (size >= 0) return this.#record(size, copy.epoch, copy.next, i + 1);
    }
    const following = this.#followingEpoch();
    const ahead = this.#gap ? AHEAD_OF_GAP : AHEAD;
    for (let i = 0; i < (following === null ? 0 : ahead); i++) {
      const size = attempt(following!, i);
      if (size < 0) continue;
      this.#epoch = following!;
      this.#following = null;
      return this.#record(size, this.#epoch, i, 0);
    }
    for (let number = this.#next + 1; number <= this.#next + ahead; number++) {
      const size = attempt(this.#epoch, number);
      if (size >= 0) return this.#record(size, this.#epoch, number, 0);
    }
    for (let number = this.#next - 1; number >= Math.max(0, this.#next - BACK); number--) {
      const size = attempt(this.#epoch, number);
      if (size < 0) continue;
      if (this.#copies.length < MAX_COPIES) this.#copies.push({ epoch: this.#epoch, next: number });
      return this.#record(size, this.#epoch, number, this.#copies.length);
    }
    return null;
  }

  /** The writer of a record whose number is the one that the first writer uses next. */
  #writerOf(size: number): number {
    if (this.#copies.length === 0) return 0;
    const writers = [0];
    for (const [i, { epoch, next }] of this.#copies.entries()) {
      if (epoch === this.#epoch && next === this.#next) writers.push(i + 1);
    }
    return writers.length === 1 ? 0 : this.#attribute(writers, this.#epoch.protection.plaintext, size);
  }

  #followingEpoch(): Epoch | null {
    if (this.#following === null && this.#epoch.next !== null) this.#following = this.#epoch.next();
    return this.#following;
  }

  #record(size: number, epoch: Epoch, number: number, writer: number): OpenedRecord {
    const record = this.#opened;
    record.size = size;
    record.protection = epoch.protection;
    record.number = number;
    record.writer = writer;
    record.afterGap = writer === 0 && (this.#gap || number > (epoch === record.epoch ? this.#next : 0));
    // Records before the first that is opened are those of a handshake whose keys are not known.
    if (this.opened++ === 0) this.unopened = 0;
    if (writer === 0) {
      this.#next = number + 1;
      this.#gap = false;
      this.#unopenedSince = 0;
      record.epoch = epoch;
    } else this.#copies[writer - 1]!.next = number + 1;
    return record;
  }
}
