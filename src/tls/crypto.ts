/** What decryption needs of a cryptographic library. The core imports none: node-crypto.ts implements it. */
import type { CipherSuite } from "./cipher-suites.ts";

export type HashName = "md5" | "sha1" | "sha256" | "sha384";

export interface TlsCrypto {
  hmac(hash: HashName, key: Uint8Array, data: readonly Uint8Array[]): Uint8Array;
  /**
   * Opens an AEAD's ciphertext bytes[start, end), its tag at the end, and writes the plaintext to the beginning of `out`.
   * Returns the octets of it, or −1 where the tag does not fit: another key, nonce or number, or changed octets.
   */
  open(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    additionalData: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: Uint8Array,
  ): number;
  /** Decrypts whole blocks of AES-CBC, bytes[start, end), padding and all, to the beginning of `out`. */
  decryptCbc(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array, start: number, end: number, out: Uint8Array): void;
}
