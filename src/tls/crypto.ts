/** What decryption needs of a cryptographic library. The core imports none: node-crypto.ts implements it. */
import type { CipherSuite } from "./cipher-suites.ts";

export type HashName = "md5" | "sha1" | "sha256" | "sha384";

export interface TlsCrypto {
  hmac(hash: HashName, key: Uint8Array, data: readonly Uint8Array[]): Uint8Array;
  /** Opens an AEAD's ciphertext. null if the tag does not fit: another key, nonce or number, or changed octets. */
  open(sealed: Sealed): Uint8Array | null;
  /** Decrypts whole blocks of AES-CBC, padding and all, to the beginning of `out`. */
  decryptCbc(key: Uint8Array, iv: Uint8Array, blocks: Uint8Array, out: Uint8Array): void;
}

/** A record that an AEAD protects. One instance is used again for record after record. */
export interface Sealed {
  suite: CipherSuite;
  key: Uint8Array;
  nonce: Uint8Array;
  additionalData: Uint8Array;
  /** The ciphertext is bytes[start, end), its tag at the end. */
  bytes: Uint8Array;
  start: number;
  end: number;
}
