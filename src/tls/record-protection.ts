/** Opens the records of one direction under one set of keys. */
import { type CipherSuite, explicitNonceSize, tagSize } from "./cipher-suites.ts";
import type { Sealed, TlsCrypto } from "./crypto.ts";
import { MAC_SIZES, type RecordKeys } from "./key-schedule.ts";
import { APPLICATION_DATA, MAX_BODY, TLS_1_0 } from "./record-layer.ts";

const BLOCK = 16;

export class RecordProtection {
  /** The plaintext of the record last opened: its first octets. */
  plaintext: Uint8Array = NOTHING;
  /** The content type of the record last opened: in TLS 1.3 it is encrypted. */
  contentType = 0;

  readonly #crypto: TlsCrypto;
  readonly #suite: CipherSuite;
  readonly #version: number;
  readonly #keys: RecordKeys;
  readonly #encryptThenMac: boolean;
  readonly #sealed: Sealed;
  /** The last block of the record before, which is the next one's IV (TLS 1.0). */
  #chained: Uint8Array;

  constructor(crypto: TlsCrypto, suite: CipherSuite, version: number, keys: RecordKeys, encryptThenMac: boolean) {
    this.#crypto = crypto;
    this.#suite = suite;
    this.#version = version;
    this.#keys = keys;
    this.#encryptThenMac = encryptThenMac;
    // The header of a record; or what stands before it too, and is written for each record.
    const additionalData = suite.isTls13 ? Uint8Array.of(APPLICATION_DATA, 3, 3, 0, 0) : new Uint8Array(13);
    const nonce = new Uint8Array(12);
    this.#sealed = { suite, key: keys.key, nonce, additionalData, bytes: nonce, start: 0, end: 0 };
    this.#chained = keys.iv;
  }

  /** The last octets of a record that was not opened: the next one may need them. */
  passOver(bytes: Uint8Array, start: number, length: number): void {
    if (length >= BLOCK) this.#chain(bytes, start + length);
  }

  /**
   * Opens a record's body, bytes[start, start + length), as record `number` of these keys. Returns the octets of
   * plaintext, or −1 if these keys and this number do not open it.
   */
  open(type: number, bytes: Uint8Array, start: number, length: number, number: number): number {
    this.contentType = type;
    if (this.#suite.protection === "cbc") return this.#openCbc(type, bytes, start, length, number);
    return this.#suite.isTls13
      ? this.#openTls13(bytes, start, length, number)
      : this.#openTls12(type, bytes, start, length, number);
  }

  #openTls13(bytes: Uint8Array, start: number, length: number, number: number): number {
    const { additionalData } = this.#sealed;
    additionalData[3] = length >> 8;
    additionalData[4] = length;
    this.#xorNonce(number);
    const end = start + length;
    let size = this.#open(bytes, start, end);
    if (size < 0) return size;
    // RFC 8446 §5.2: content, its type, and zeros as padding.
    while (size > 0 && this.plaintext[size - 1] === 0) size--;
    if (size === 0) return -1;
    this.contentType = this.plaintext[size - 1]!;
    return size - 1;
  }

  #openTls12(type: number, bytes: Uint8Array, start: number, length: number, number: number): number {
    const explicit = explicitNonceSize(this.#suite);
    const size = length - explicit - tagSize(this.#suite);
    if (size < 0) return -1;
    writePrefix(this.#sealed.additionalData, number, type, this.#version, size);
    if (explicit === 0) this.#xorNonce(number);
    else {
      this.#sealed.nonce.set(this.#keys.iv);
      this.#sealed.nonce.set(bytes.subarray(start, start + explicit), 4);
    }
    return this.#open(bytes, start + explicit, start + length);
  }

  #open(bytes: Uint8Array, start: number, end: number): number {
    this.#sealed.bytes = bytes;
    this.#sealed.start = start;
    this.#sealed.end = end;
    const plaintext = this.#crypto.open(this.#sealed);
    if (plaintext === null) return -1;
    this.plaintext = plaintext;
    return plaintext.length;
  }

  /** RFC 8446 §5.3, RFC 7905 §2: the record's number, XOR the IV. */
  #xorNonce(number: number): void {
    const { nonce } = this.#sealed;
    const { iv } = this.#keys;
    writeNumber(nonce, 4, number);
    for (let i = 0; i < 4; i++) nonce[i] = iv[i]!;
    for (let i = 4; i < 12; i++) nonce[i]! ^= iv[i]!;
  }

  #openCbc(type: number, bytes: Uint8Array, start: number, length: number, number: number): number {
    const macSize = MAC_SIZES[this.#suite.mac ?? "sha1"];
    const ivSize = this.#version > TLS_1_0 ? BLOCK : 0;
    const end = start + length - (this.#encryptThenMac ? macSize : 0);
    const from = start + ivSize;
    if (end - from < BLOCK || (end - from) % BLOCK !== 0) return -1;
    if (this.#encryptThenMac) {
      writePrefix(this.#sealed.additionalData, number, type, this.#version, end - start);
      if (!this.#macFits([bytes.subarray(start, end)], bytes, end, macSize)) return -1;
    }
    const iv = ivSize === 0 ? this.#chained : bytes.subarray(start, from);
    if (this.plaintext.length === 0) this.plaintext = new Uint8Array(MAX_BODY);
    const { plaintext } = this;
    this.#crypto.decryptCbc(this.#keys.key, iv, bytes.subarray(from, end), plaintext);
    const padded = end - from;
    const padding = plaintext[padded - 1]! + 1;
    let size = padded - padding;
    for (let i = Math.max(size, 0); i < padded; i++) if (plaintext[i] !== padding - 1) return -1;
    if (!this.#encryptThenMac) {
      size -= macSize;
      if (size < 0) return -1;
      writePrefix(this.#sealed.additionalData, number, type, this.#version, size);
      if (!this.#macFits([plaintext.subarray(0, size)], plaintext, size, macSize)) return -1;
    }
    if (size < 0) return -1;
    this.#chain(bytes, end);
    return size;
  }

  #chain(bytes: Uint8Array, end: number): void {
    // A Buffer's slice would be no copy.
    this.#chained = new Uint8Array(bytes.subarray(end - BLOCK, end));
  }

  #macFits(data: readonly Uint8Array[], bytes: Uint8Array, at: number, size: number): boolean {
    const mac = this.#crypto.hmac(this.#suite.mac ?? "sha1", this.#keys.mac, [this.#sealed.additionalData, ...data]);
    for (let i = 0; i < size; i++) if (mac[i] !== bytes[at + i]) return false;
    return true;
  }
}

const NOTHING = new Uint8Array(0);

/** A record's number, type, version and size: MAC and additional data begin with them (RFC 5246 §6.2.3). */
function writePrefix(out: Uint8Array, number: number, type: number, version: number, size: number): void {
  writeNumber(out, 0, number);
  out.set([type, version >> 8, version & 255, size >> 8, size & 255], 8);
}

function writeNumber(out: Uint8Array, at: number, number: number): void {
  const high = Math.floor(number / 2 ** 32);
  // A set of eight octets at once would make an array of them.
  for (let i = 3; i >= 0; i--) out[at + 3 - i] = high >>> (8 * i);
  for (let i = 3; i >= 0; i--) out[at + 7 - i] = number >>> (8 * i);
}
