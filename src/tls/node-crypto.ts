/** Decryption by node:crypto: the one file of this folder that knows a cryptographic library. */
import { createDecipheriv, createHmac } from "node:crypto";
import { type CipherSuite, tagSize } from "./cipher-suites.ts";
import type { TlsCrypto } from "./crypto.ts";

export const nodeCrypto: TlsCrypto = {
  hmac(hash, key, data) {
    const hmac = createHmac(hash, key);
    for (const piece of data) hmac.update(piece);
    return hmac.digest();
  },

  open({ suite, key, nonce, additionalData, bytes, start, end }) {
    const tag = tagSize(suite);
    const size = end - start - tag;
    if (size < 0) return null;
    const decipher = begun(suite, key, nonce, additionalData, size);
    decipher.setAuthTag(bytes.subarray(end - tag, end));
    try {
      const plaintext = decipher.update(bytes.subarray(start, end - tag));
      decipher.final();
      // A Buffer's slice would be no copy.
      return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
    } catch {
      // The one way to learn that a tag does not fit.
      return null;
    }
  },

  decryptCbc(key, iv, blocks, out) {
    const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv).setAutoPadding(false);
    out.set(decipher.update(blocks));
  },
};

/** Options take a fifth of the time of a small record: GCM needs none. */
function begun(suite: CipherSuite, key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, size: number) {
  const name = algorithm(suite);
  if (suite.protection === "gcm") return createDecipheriv(name as "aes-128-gcm", key, nonce).setAAD(additionalData);
  const decipher = createDecipheriv(name as "aes-128-ccm", key, nonce, { authTagLength: tagSize(suite) });
  return decipher.setAAD(additionalData, { plaintextLength: size });
}

function algorithm({ protection, keySize }: CipherSuite): string {
  switch (protection) {
    case "gcm":
      return keySize === 16 ? "aes-128-gcm" : "aes-256-gcm";
    case "ccm":
    case "ccm-8":
      return keySize === 16 ? "aes-128-ccm" : "aes-256-ccm";
    case "chacha20-poly1305":
      return "chacha20-poly1305";
    case "cbc":
      return keySize === 16 ? "aes-128-cbc" : "aes-256-cbc";
  }
}
