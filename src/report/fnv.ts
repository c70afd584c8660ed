/**
 * FNV-1a, 64 bits, over UTF-8 (draft-eastlake-fnv): short, and the same on every machine. It is not cryptographic:
 * two texts with the same hash can be made on purpose.
 */

const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

const UTF8 = new TextEncoder();

/** Hexadecimal, 16 digits. */
export function fnv1a64(text: string): string {
  let hash = OFFSET_BASIS;
  for (const octet of UTF8.encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(octet)) * PRIME);
  return hash.toString(16).padStart(16, "0");
}
