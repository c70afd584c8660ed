import { HEAD_OCTETS, type RecordScanner, TAIL_OCTETS } from "./record-scanner.ts";

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

/** 32-bit words of each record: the first octets of its body, its last ones, its length, its packet. */
const HEAD_WORDS = HEAD_OCTETS / 4;
const TAIL_WORDS = TAIL_OCTETS / 4;
const LENGTH_WORD = HEAD_WORDS + TAIL_WORDS;
const PACKET_WORD = LENGTH_WORD + 1;
const WORDS = PACKET_WORD + 1;
/** Octets of memory per record remembered. */
const OCTETS_EACH = WORDS * 4 + 8 + 4 * 4;

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
  /** The first record that is not forgotten. */
  #oldest = 0;
  #capacity = 0;
  #words = new Int32Array(0);
  #offsets = new Float64Array(0);
  #inputs = new Int32Array(0);
  #keys = new Int32Array(0);
  /** Record before this one with the same bucket, by number; −1 for none. */
  #before = new Int32Array(0);
  /** The latest record of each bucket, by number. */
  #latest = new Int32Array(0);

  constructor(nonceSize: 0 | 8, tagSize: number, budget: ReuseBudget) {
    this.#nonceSize = nonceSize;
    this.#tagSize = tagSize;
    this.#budget = budget;
  }

  /** The keys have changed, or an unknown number of records was missed: what came before is forgotten. */
  forget(): void {
    this.#latest.fill(-1);
    this.#oldest = this.#count;
  }

  release(): void {
    this.#budget.octets -= this.#capacity * OCTETS_EACH;
    this.#capacity = 0;
    this.#count = 1;
    this.#words = new Int32Array(0);
  }

  /** An application-data record, as `scanner` reports it. Returns what it repeats, or null. */
  record(scanner: RecordScanner, length: number, bytes: Uint8Array, start: number): RepeatedNonce | null {
    if (length < this.#nonceSize + MIN_FRAME + this.#tagSize) return null;
    if (this.#count === this.#capacity && this.#capacity < MAX_REMEMBERED) this.#grow();
    const key = this.#nonceSize === 8 ? nonceKey(bytes, start) : cipherKey(bytes, start);
    // Octets that are not encrypted: the octets are zero if zeros were sent.
    if (key === 0 && this.#nonceSize === 0) return null;
    const slot = this.#count & (this.#capacity - 1);
    this.#keep(slot * WORDS, scanner, length, bytes, start);
    this.#offsets[slot] = scanner.recordOffset;
    this.#inputs[slot] = scanner.recordMoment.input;
    this.#keys[slot] = key;
    const bucket = bucketOf(key, this.#capacity);
    const before = this.#latest[bucket]!;
    this.#before[slot] = before;
    this.#latest[bucket] = this.#count;
    this.#count++;
    return before < 0 ? null : this.#repeated(slot, key, before);
  }

  #keep(at: number, scanner: RecordScanner, length: number, bytes: Uint8Array, start: number): void {
    const words = this.#words;
    const { tail, tailEnd } = scanner;
    const octets = Math.min(length, HEAD_OCTETS) & ~3;
    for (let i = 0; i < octets; i += 4) words[at + (i >> 2)] = word(bytes, start + i);
    for (let i = 0; i < TAIL_WORDS; i++) words[at + HEAD_WORDS + i] = word(tail, tailEnd - TAIL_OCTETS + 4 * i);
    words[at + LENGTH_WORD] = length;
    words[at + PACKET_WORD] = scanner.recordMoment.packet;
  }

  /** The record that the one in `slot` repeats, searched for among those of its bucket. */
  #repeated(slot: number, key: number, latest: number): RepeatedNonce | null {
    const oldest = this.#count - this.#capacity;
    let steps = MAX_STEPS;
    for (let number = latest; number >= oldest && number >= 0 && steps > 0; steps--) {
      const other = number & (this.#capacity - 1);
      if (this.#keys[other] === key && this.#isRepeated(other, slot)) return this.#pair(number, other, slot);
      const next = this.#before[other]!;
      // A slot that was used again belongs to a younger record.
      if (next >= number) break;
      number = next;
    }
    return null;
  }

  #isRepeated(a: number, b: number): boolean {
    if (this.#nonceSize === 8) {
      const words = this.#words;
      return words[a * WORDS] === words[b * WORDS] && words[a * WORDS + 1] === words[b * WORDS + 1];
    }
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

  #pair(number: number, a: number, b: number): RepeatedNonce {
    const words = this.#words;
    const xor = this.#xor(a, b);
    let identical =
      words[a * WORDS + LENGTH_WORD] === words[b * WORDS + LENGTH_WORD] && xor.every(octet => octet === 0);
    for (let i = HEAD_WORDS; i < LENGTH_WORD; i++) {
      if (words[a * WORDS + i] !== words[b * WORDS + i]) identical = false;
    }
    const nonce = this.#nonceSize === 0 ? null : octetsOf(words.subarray(a * WORDS, a * WORDS + 2));
    return { first: this.#record(a, number), second: this.#record(b, this.#count - 1), nonce, xor, identical };
  }

  #record(slot: number, index: number): RepeatedRecord {
    return {
      streamOffset: this.#offsets[slot]!,
      length: this.#words[slot * WORDS + LENGTH_WORD]!,
      index,
      input: this.#inputs[slot]!,
      packet: this.#words[slot * WORDS + PACKET_WORD]!,
    };
  }

  /** Makes room for twice as many, if the budget allows it. If it does not, the oldest are overwritten. */
  #grow(): void {
    const capacity = this.#capacity === 0 ? FIRST_CAPACITY : this.#capacity * 2;
    const more = (capacity - this.#capacity) * OCTETS_EACH;
    if (this.#capacity > 0 && this.#budget.octets + more > this.#budget.limit) return;
    this.#budget.octets += more;
    this.#capacity = capacity;
    const larger = <T extends Int32Array | Float64Array>(fresh: T, old: T): T => {
      fresh.set(old);
      return fresh;
    };
    // Records are numbered from 0, and the old capacity was just filled: each keeps its slot.
    this.#words = larger(new Int32Array(capacity * WORDS), this.#words);
    this.#offsets = larger(new Float64Array(capacity), this.#offsets);
    this.#inputs = larger(new Int32Array(capacity), this.#inputs);
    this.#keys = larger(new Int32Array(capacity), this.#keys);
    this.#before = larger(new Int32Array(capacity), this.#before);
    this.#latest = new Int32Array(capacity).fill(-1);
    for (let number = this.#oldest; number < this.#count; number++) {
      const bucket = bucketOf(this.#keys[number]!, capacity);
      this.#before[number] = this.#latest[bucket]!;
      this.#latest[bucket] = number;
    }
  }
}

/** The smallest frame: a heartbeat. */
const MIN_FRAME = 8;
/** Records of one bucket that are examined, in case a stream was made to have many. */
const MAX_STEPS = 64;

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function octetsOf(words: Int32Array): Uint8Array {
  return Uint8Array.from({ length: words.length * 4 }, (_, i) => words[i >> 2]! >>> (24 - 8 * (i & 3)));
}

function nonceKey(bytes: Uint8Array, start: number): number {
  return word(bytes, start) ^ Math.imul(word(bytes, start + 4), 0x9e3779b1);
}

function cipherKey(bytes: Uint8Array, start: number): number {
  return (bytes[start + 1]! << 16) | (bytes[start + 3]! << 8) | bytes[start + 4]!;
}

function bucketOf(key: number, capacity: number): number {
  return (Math.imul(key, 0x9e3779b1) >>> 12) & (capacity - 1);
}

/** Binary logarithm of the ways to choose `k` of `n`, rounded up. */
function waysBits(n: number, k: number): number {
  let bits = 0;
  for (let i = 1; i <= k; i++) bits += Math.log2((n - k + i) / i);
  return Math.ceil(bits);
}
