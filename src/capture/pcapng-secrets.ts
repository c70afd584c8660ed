/**
 * Decryption secrets block (draft-ietf-opsawg-pcapng §4.7): the key log of TLS sessions, among the packets they encrypt.
 *
 *      0  block type 10     4          12  secrets length   4
 *      4  block length      4          16  secrets, padded to 4 octets; options
 *      8  secrets type      4           …  block length     4
 */
import { word } from "./byte-order.ts";

/** Octets of the block without secrets and options. */
export const DECRYPTION_SECRETS = 20;
/** Longer blocks are passed over: thousands of sessions fit. */
export const MAX_SECRETS_OCTETS = 8 << 20;

/** "TLSK": the text of an NSS key log. */
const TLS_KEY_LOG = 0x544c534b;

/** Receives the text of a key log that a capture carries. */
export type SecretsSink = (keyLog: string) => void;

/** The key log in the block at bytes[at, at + length), or null if it has other secrets, or a wrong length. */
export function readSecrets(bytes: Uint8Array, at: number, length: number, littleEndian: boolean): string | null {
  const size = word(bytes, at + 12, littleEndian);
  if (word(bytes, at + 8, littleEndian) !== TLS_KEY_LOG || size > length - DECRYPTION_SECRETS) return null;
  return new TextDecoder("latin1").decode(bytes.subarray(at + 16, at + 16 + size));
}
