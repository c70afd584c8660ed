import { HEAD_OCTETS, type RecordScanner, TAIL_OCTETS } from "./record-scanner.ts";
import { ViewedOctets } from "./viewed-octets.ts";

/*
 * Theory. A stream-like AEAD (GCM, CCM, ChaCha20-Poly1305) encrypts by XOR with a key stream, made from key and nonce.
 * No writer uses a nonce twice; but two copies of one session (a fork) count by themselves, and do. Then the XOR of two
 * records is the XOR of their plaintexts: for two AMQP frames (type, channel, size, class-id, …) that is nearly all
 * zeros, for other records it is random. No key is needed to see it.
 *
 * Records are indexed by the octets 1, 3 and 4 of their ciphertext: the high octets of channel number and frame size
 * are zero in nearly every frame, so two records of one key stream agree there. Those that agree are compared octet by
 * octet.
 */

/** Records of a direction in which a repetition is searched for: a power of two. */
export const MAX_REMEMBERED = 1 << 14;
const FIRST_CAPACITY = 32;

/**
 * 32-bit words of each record: the first octets of its body, its last ones, its length, packet and input, and its
 * offset in two halves. They fill one cache line: memory that is far apart costs more than all else here.
 */
const HEAD_WORDS = HEAD_OCTETS / 4;
const TAIL_WORDS = TAIL_OCTETS / 4;
const LENGTH_WORD = HEAD_WORDS + TAIL_WORDS;
const PACKET_WORD = LENGTH_WORD + 1;
const INPUT_WORD = PACKET_WORD + 1;
const OFFSET_WORD = INPUT_WORD + 1;
const WORDS = 16;
/** Buckets for each record that is remembered: most of them have no other then. */
const BUCKETS_EACH = 4;
/** Octets of memory per record remembered: its words, and its place in the index. */
const OCTETS_EACH = (WORDS + 1 + BUCKETS_EACH) * 4;
/** Records that may wait to be compared. */
const MAX_WAITING = 64;

/**
 * In the index a record has the low bits of its number, and above them bits of its key: those of another key need not be
 * compared octet by octet.
 */
const NUMBER_MASK = 0xffffff;
const KEY_BITS_SHIFT = 24;

/** Octets of a ciphertext that are compared. */
const COMPARED = HEAD_OCTETS - 8;
/**
 * Bits of evidence that two records share a key stream: chance gives this much to one pair in 2^64. A direction of 10
 * million records has 2^37 pairs within MAX_REMEMBERED.
 */
const PROOF_BITS = 64;
/** What XOR of two frame types can be: method, header, body and heartbeat frames are 1, 2, 3 and 8. */
const TYPE_XORS = [0, 1, 2, 3, 9, 10, 11];

/** Memory that all connections of an inspection spend on this. */
export interface ReuseBudget {
  octets: number;
  limit: number;
}
export const REUSE_BUDGET = 32 << 20;

/** One of two records with the same nonce. */
export interface RepeatedRecord {
  streamOffset: number;
  /** Octets of its body. */
  length: number;
  /** Counts application-data records of the direction from 0. */
  index: number;
  input: number;
  packet: number;
}

/** Two records of one direction that were encrypted with the same nonce. */
export interface RepeatedNonce {
  first: RepeatedRecord;
  second: RepeatedRecord;
  /** The nonce that both show; null if the suite does not show it. */
  nonce: Uint8Array | null;
  /** XOR of the ciphertexts' first octets, which is that of the plaintexts'. */
  xor: Uint8Array;
  /** The same octets from beginning to end: sent twice, or the same plaintext encrypted twice. */
  identical: boolean;
}

/** Finds records of one direction that were encrypted with a nonce used before. */
export class KeyStreamReuse {
  readonly #budget: ReuseBudget;
  /** Octets of nonce in front of each ciphertext: 8 or 0. */
  readonly #nonceSize: number;
  readonly #tagSize: number;
  #count = 0;
  /** Records that are in the index, and those that `next` has compared. */
  #entered = 0;
  #searched = 0;
  /** The first record that is not forgotten. */
  #oldest = 0;
  #capacity = 0;
  #words = new Int32Array(0);
  /** Index entry of the record before this one with the same bucket. Entries of records no longer kept are passed over. */
  #before = new Int32Array(0);
  /** Index entry of the latest record of each bucket. */
  #latest = new Int32Array(0);
  readonly #octets = new ViewedOctets();

  constructor(nonceSize: 0 | 8, tagSize: number, budget: ReuseBudget) {
    this.#nonceSize = nonceSize;
    this.#tagSize = tagSize;
    this.#budget = budget;
  }

  /** The keys have changed, or an unknown number of records was missed: what came before is forgotten. */
  forget(): void {
    this.#oldest = this.#count;
    this.#entered = this.#count;
    this.#searched = this.#count;
  }

  release(): void {
    this.#budget.octets -= this.#capacity * OCTETS_EACH;
    this.#capacity = 0;
    this.#count = 1;
    this.forget();
    this.#words = new Int32Array(0);
    this.#before = new Int32Array(0);
    this.#latest = new Int32Array(0);
    this.#octets.release();
  }

  /** Remembers an application-data record, as `scanner` reports it. What it repeats, `next` will tell. */
  record(scanner: RecordScanner, length: number, bytes: Uint8Array, start: number): void {
    if (length < this.#nonceSize + MIN_FRAME + this.#tagSize) return;
    if (this.#count === this.#capacity && this.#capacity < MAX_REMEMBERED) this.#grow();
    const slot = this.#count & (this.#capacity - 1);
    this.#keep(slot * WORDS, scanner, length, bytes, start);
    // Octets that are not encrypted: the octets are zero if zeros were sent.
    if (this.#nonceSize !== 0 || this.#key(slot) !== 0) this.#count++;
  }

  /** So many records wait for `next` that no more should. */
  get isDue(): boolean {
    return this.#count - this.#searched >= Math.min(MAX_WAITING, this.#capacity >> 3);
  }

  /**
   * The next of the remembered records that repeats one before it, or null if there is none until now. For many records
   * at once this is faster than for each: what the index has of them lies far apart, and is fetched side by side.
   */
  next(): RepeatedNonce | null {
    while (this.#entered < this.#count) this.#enter(this.#entered++);
    while (this.#searched < this.#count) {
      const pair = this.#repeated(this.#searched++);
      if (pair !== null) return pair;
    }
    return null;
  }

  /** Enters a record into the index, as the latest of its bucket. */
  #enter(number: number): void {
    const slot = number & (this.#capacity - 1);
    const hash = Math.imul(this.#key(slot), 0x9e3779b1);
    const bucket = (hash >>> 16) & (BUCKETS_EACH * this.#capacity - 1);
    this.#before[slot] = this.#latest[bucket]!;
    this.#latest[bucket] = ((hash >>> 8) << KEY_BITS_SHIFT) | (number & NUMBER_MASK);
  }

  #keep(at: number, scanner: RecordScanner, length: number, bytes: Uint8Array, start: number): void {
    const words = this.#words;
    const { tail, tailEnd, recordOffset, recordMoment } = scanner;
    const head = Math.min(length, HEAD_OCTETS) >> 2;
    let view = this.#octets.of(bytes);
    for (let i = 0; i < head; i++) words[at + i] = view.getInt32(start + 4 * i);
    view = this.#octets.of(tail);
    words[at + HEAD_WORDS] = view.getInt32(tailEnd - TAIL_OCTETS);
    words[at + HEAD_WORDS + 1] = view.getInt32(tailEnd - TAIL_OCTETS + 4);
    words[at + LENGTH_WORD] = length;
    words[at + PACKET_WORD] = recordMoment.packet;
    words[at + INPUT_WORD] = recordMoment.input;
    words[at + OFFSET_WORD] = recordOffset % 2 ** 32;
    words[at + OFFSET_WORD + 1] = recordOffset / 2 ** 32;
  }

  /** What records of one nonce have in common. */
  #key(slot: number): number {
    const first = this.#words[slot * WORDS]!;
    const second = this.#words[slot * WORDS + 1]!;
    // The nonce; or the octets 1, 3 and 4.
    if (this.#nonceSize === 8) return first ^ Math.imul(second, 0x9e3779b1);
    return (first & 0x00ff00ff) | (second & 0xff000000);
  }

  /** The record that record `number` repeats, searched for among those of its bucket. */
  #repeated(number: number): RepeatedNonce | null {
    const slots = this.#capacity - 1;
    const slot = number & slots;
    const keyBits = Math.imul(this.#key(slot), 0x9e3779b1) >>> 8;
    const most = Math.min(this.#capacity - (this.#count - number), number - this.#oldest);
    let age = 0;
    let entry = this.#before[slot]!;
    for (let steps = MAX_STEPS; steps > 0; steps--) {
      const next = (number - entry) & NUMBER_MASK;
      // No longer kept; or its slot was used again, by a younger record.
      if (next > most || next <= age) break;
      age = next;
      const other = (number - age) & slots;
      const mayFit = ((entry >>> KEY_BITS_SHIFT) ^ keyBits) & 0xff;
      if (mayFit === 0 && this.#isRepeated(other, slot)) return this.#pair(number - age, other, number);
      entry = this.#before[other]!;
    }
    return null;
  }

  #isRepeated(a: number, b: number): boolean {
    if (this.#key(a) !== this.#key(b)) return false;
    // Then the nonces are equal if their first halves are.
    if (this.#nonceSize === 8) return this.#words[a * WORDS] === this.#words[b * WORDS];
    const xor = this.#xor(a, b);
    if (!TYPE_XORS.includes(xor[0]!)) return false;
    let equal = 0;
    let free = 0;
    for (let i = 2; i < xor.length; i++) {
      if (i === 3 || i === 4) continue;
      free++;
      if (xor[i] === 0) equal++;
    }
    // Three octets by which they were found, and a type that fits (7 of 256).
    return 24 + 5 + 8 * equal - waysBits(free, equal) >= PROOF_BITS;
  }

  /** XOR of what both have encrypted, as far as it is kept and compared. */
  #xor(a: number, b: number): Uint8Array {
    const words = this.#words;
    const shorter = Math.min(words[a * WORDS + LENGTH_WORD]!, words[b * WORDS + LENGTH_WORD]!);
    const size = Math.min(shorter - this.#nonceSize - this.#tagSize, COMPARED, (shorter & ~3) - this.#nonceSize);
    return Uint8Array.from({ length: size }, (_, i) => {
      const octet = this.#nonceSize + i;
      return (words[a * WORDS + (octet >> 2)]! ^ words[b * WORDS + (octet >> 2)]!) >>> (24 - 8 * (octet & 3));
    });
  }

  /** Record `first` in slot `a`, and `second`, which repeats it. */
  #pair(first: number, a: number, second: number): RepeatedNonce {
    const b = second & (this.#capacity - 1);
    const words = this.#words;
    const xor = this.#xor(a, b);
    let identical =
      words[a * WORDS + LENGTH_WORD] === words[b * WORDS + LENGTH_WORD] && xor.every(octet => octet === 0);
    for (let i = HEAD_WORDS; i < LENGTH_WORD; i++) {
      if (words[a * WORDS + i] !== words[b * WORDS + i]) identical = false;
    }
    const nonce = this.#nonceSize === 0 ? null : octetsOf(words.subarray(a * WORDS, a * WORDS + 2));
    return { first: this.#record(a, first), second: this.#record(b, second), nonce, xor, identical };
  }

  #record(slot: number, index: number): RepeatedRecord {
    const words = this.#words.subarray(slot * WORDS, (slot + 1) * WORDS);
    return {
      streamOffset: words[OFFSET_WORD + 1]! * 2 ** 32 + (words[OFFSET_WORD]! >>> 0),
      length: words[LENGTH_WORD]!,
      index,
      input: words[INPUT_WORD]!,
      packet: words[PACKET_WORD]!,
    };
  }

  /** Makes room for twice as many, if the budget allows it. If it does not, the oldest are overwritten. */
  #grow(): void {
    const capacity = this.#capacity === 0 ? FIRST_CAPACITY : this.#capacity * 2;
    const more = (capacity - this.#capacity) * OCTETS_EACH;
    if (this.#capacity > 0 && this.#budget.octets + more > this.#budget.limit) return;
    this.#budget.octets += more;
    this.#capacity = capacity;
    const words = new Int32Array(capacity * WORDS);
    words.set(this.#words);
    this.#words = words;
    this.#before = new Int32Array(capacity);
    this.#latest = new Int32Array(BUCKETS_EACH * capacity).fill(-1);
    // Records are numbered from 0, and the old capacity was just filled: each keeps its slot.
    for (let number = this.#oldest; number < this.#entered; number++) this.#enter(number);
  }
}

/** The smallest frame: a heartbeat. */
const MIN_FRAME = 8;
/** Records of one bucket that are examined, in case a stream was made to have many. */
const MAX_STEPS = 64;

function octetsOf(words: Int32Array): Uint8Array {
  return Uint8Array.from({ length: words.length * 4 }, (_, i) => words[i >> 2]! >>> (24 - 8 * (i & 3)));
}

/** Binary logarithm of the ways to choose `k` of `n`, rounded up. */
function waysBits(n: number, k: number): number {
  let bits = 0;
  for (let i = 1; i <= k; i++) bits += Math.log2((n - k + i) / i);
  return Math.ceil(bits);
}
