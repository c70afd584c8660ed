import { short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import { APPLICATION_DATA, CHANGE_CIPHER_SPEC, isRecordHeader, RECORD_HEADER_SIZE } from "./record-layer.ts";

/** Headers that must follow one another before a boundary is believed. */
const CHAIN = 3;
/** Candidates followed at a time; a stream that was made to have more loses its oldest. */
const MAX_CANDIDATES = 256;
const NOTHING = new Uint8Array(0);

/**
 * Finds the boundary between records again where it was lost: after a gap, at a start in mid-stream, behind octets that
 * are no record.
 *
 * Theory. A candidate is an octet at which a record header could stand. It is accepted when its length leads to another
 * such header, and the length in that one to a third. Encrypted octets are random: one position in 2^22 looks like a
 * header, and a chain of three occurs once in 2^66. A chain is decided after two records at the latest, so that no more
 * than those are kept.
 */
export class RecordBoundarySearch {
  /** Stream offset of the boundary; valid once `receive` or `finish` returned true. */
  foundAt = -1;
  /** Stream offsets #base to #base + #length, in #window from #origin on: the octets handed in, or a copy of our own. */
  #base: number;
  #length = 0;
  #window: Uint8Array = NOTHING;
  #origin = 0;
  #isOwn = false;
  #candidates: Candidate[] = [];
  /** From stream offset `from` on, octets were captured at `moment`. */
  #marks: { from: number; moment: Moment }[] = [];

  constructor(from: number) {
    this.#base = from;
  }

  /** The next octets of the stream. Returns true when a boundary was found. */
  receive(bytes: Uint8Array, start: number, end: number, moment: Moment): boolean {
    const from = this.#base + this.#length;
    this.#keep(bytes, start, end, moment);
    const until = this.#base + this.#length;
    // A header may begin with the last octets that came before.
    let best: Candidate | null = null;
    const consider = (candidate: Candidate): boolean => {
      const verdict = this.#follow(candidate, until);
      if (verdict === "chain" && (best === null || candidate.confirmedAt < best.confirmedAt)) best = candidate;
      return verdict === "undecided";
    };
    this.#candidates = this.#candidates.filter(candidate => candidate.wakesAt > until || consider(candidate));
    for (let at = from; at < until && best === null; at++) {
      const octet = this.#window[this.#origin + at - this.#base]!;
      if (octet < CHANGE_CIPHER_SPEC || octet > APPLICATION_DATA) continue;
      const candidate = { start: at, boundary: at, headers: 0, wakesAt: at + RECORD_HEADER_SIZE, confirmedAt: 0 };
      if (candidate.wakesAt > until || consider(candidate)) this.#candidates.push(candidate);
    }
    if (best !== null) {
      this.foundAt = (best as Candidate).start;
      return true;
    }
    if (this.#candidates.length > MAX_CANDIDATES) this.#candidates.splice(0, this.#candidates.length - MAX_CANDIDATES);
    this.#forget();
    return false;
  }

  /** `missing` octets were not captured; −1 if the number is not known. Undecided candidates stay undecided. */
  gap(missing: number): void {
    this.#base += this.#length + Math.max(missing, 0);
    this.#length = 0;
    this.#release();
    this.#candidates = [];
    this.#marks = [];
  }

  /** The stream is over: a whole record that ends with it is accepted too. */
  finish(): boolean {
    const until = this.#base + this.#length;
    const last = this.#candidates.find(({ headers, boundary }) => headers > 0 && boundary === until);
    if (last !== undefined) this.foundAt = last.start;
    return last !== undefined;
  }

  /** Hands over the octets from the boundary on, piece by piece, `moment` being set to that of each. */
  replay(moment: Moment, piece: (bytes: Uint8Array, start: number, end: number) => void): void {
    const now = new Moment();
    now.set(moment);
    const end = this.#base + this.#length;
    for (const [i, mark] of this.#marks.entries()) {
      const from = Math.max(mark.from, this.foundAt);
      const to = this.#marks[i + 1]?.from ?? end;
      if (to <= from) continue;
      moment.set(mark.moment);
      piece(this.#window, this.#origin + from - this.#base, this.#origin + to - this.#base);
    }
    moment.set(now);
  }

  #keep(bytes: Uint8Array, start: number, end: number, moment: Moment): void {
    const captured = new Moment();
    captured.set(moment);
    this.#marks.push({ from: this.#base + this.#length, moment: captured });
    if (this.#length === 0) {
      this.#window = bytes;
      this.#origin = start;
      this.#isOwn = false;
      this.#length = end - start;
      return;
    }
    const size = this.#length + end - start;
    if (size > this.#window.length) this.#copy(size * 2);
    this.#window.set(bytes.subarray(start, end), this.#length);
    this.#length = size;
  }

  /** Drops what stands before the oldest candidate, and the octets that were handed in. */
  #forget(): void {
    const end = this.#base + this.#length;
    const first = this.#candidates[0]?.start ?? end;
    this.#origin += first - this.#base;
    this.#length = end - first;
    this.#base = first;
    if (this.#length === 0) this.#release();
    else if (this.#isOwn) {
      this.#window.copyWithin(0, this.#origin, this.#origin + this.#length);
      this.#origin = 0;
    } else this.#copy(this.#length);
    let stale = 0;
    while (stale + 1 < this.#marks.length && this.#marks[stale + 1]!.from <= first) stale++;
    this.#marks.splice(0, first === end ? this.#marks.length : stale);
  }

  /** Makes a window of our own, of this many octets. */
  #copy(octets: number): void {
    const own = new Uint8Array(octets);
    own.set(this.#window.subarray(this.#origin, this.#origin + this.#length));
    this.#window = own;
    this.#origin = 0;
    this.#isOwn = true;
  }

  #release(): void {
    this.#window = NOTHING;
    this.#origin = 0;
    this.#isOwn = false;
  }

  /** Follows a candidate as far as the octets reach. */
  #follow(candidate: Candidate, until: number): "undecided" | "chain" | "no" {
    for (;;) {
      candidate.wakesAt = candidate.boundary + RECORD_HEADER_SIZE;
      if (candidate.wakesAt > until) return "undecided";
      const at = this.#origin + candidate.boundary - this.#base;
      // Empty records, heartbeats and unused versions are legal, and too rare to be searched for.
      const length = short(this.#window, at + 3);
      if (!isRecordHeader(this.#window, at) || this.#window[at]! > APPLICATION_DATA || length === 0) return "no";
      candidate.headers++;
      candidate.confirmedAt = candidate.wakesAt;
      if (candidate.headers === CHAIN) return "chain";
      candidate.boundary += RECORD_HEADER_SIZE + length;
    }
  }
}

interface Candidate {
  start: number;
  /** Stream offset up to which whole records were followed. */
  boundary: number;
  headers: number;
  /** Stream offset that must be reached before more can be decided. */
  wakesAt: number;
  /** Stream offset behind the last header of the chain. */
  confirmedAt: number;
}
