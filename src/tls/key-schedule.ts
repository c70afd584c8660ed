/** From a session's secrets to the keys of records: the pseudo-random functions of TLS 1.0 to 1.2, and HKDF of 1.3. */
import { joinOctets } from "../bytes/octets.ts";
import type { CipherSuite } from "./cipher-suites.ts";
import type { HashName, TlsCrypto } from "./crypto.ts";
import { TLS_1_2 } from "./record-layer.ts";

/** What protects the records of one direction. */
export interface RecordKeys {
  /** Of HMAC; empty for an AEAD. */
  mac: Uint8Array;
  key: Uint8Array;
  /** The implicit part of the nonce, or the first record's IV (TLS 1.0). */
  iv: Uint8Array;
}

export const MAC_SIZES = { sha1: 20, sha256: 32, sha384: 48 } as const;

/** The keys of TLS 1.2 and earlier are made of this. */
export interface MasterSecret {
  version: number;
  master: Uint8Array;
  clientRandom: Uint8Array;
  serverRandom: Uint8Array;
}

/** Keys of client and server from the master secret of TLS 1.2 and earlier (RFC 5246 §6.3). */
export function keysOfMaster(
  crypto: TlsCrypto,
  suite: CipherSuite,
  { version, master, clientRandom, serverRandom }: MasterSecret,
): [client: RecordKeys, server: RecordKeys] {
  const macSize = suite.mac === undefined ? 0 : MAC_SIZES[suite.mac];
  const ivSize = suite.protection === "cbc" ? 16 : suite.protection === "chacha20-poly1305" ? 12 : 4;
  const seed = joinOctets([text("key expansion"), serverRandom, clientRandom]);
  const block = new Uint8Array(2 * (macSize + suite.keySize + ivSize));
  if (version >= TLS_1_2) expand(crypto, suite.hash, master, seed, block);
  else expandOld(crypto, master, seed, block);
  let at = 0;
  const next = (size: number) => {
    at += size;
    return block.slice(at - size, at);
  };
  const [clientMac, serverMac] = [next(macSize), next(macSize)];
  const [clientKey, serverKey] = [next(suite.keySize), next(suite.keySize)];
  const [clientIv, serverIv] = [next(ivSize), next(ivSize)];
  return [
    { mac: clientMac, key: clientKey, iv: clientIv },
    { mac: serverMac, key: serverKey, iv: serverIv },
  ];
}

/** Keys of one direction from a traffic secret of TLS 1.3 (RFC 8446 §7.3). */
export function keysOfTrafficSecret(crypto: TlsCrypto, suite: CipherSuite, secret: Uint8Array): RecordKeys {
  return {
    mac: new Uint8Array(0),
    key: expandLabel(crypto, suite.hash, secret, "key", suite.keySize),
    iv: expandLabel(crypto, suite.hash, secret, "iv", 12),
  };
}

/** The traffic secret behind a key update (RFC 8446 §7.2). */
export function nextTrafficSecret(crypto: TlsCrypto, suite: CipherSuite, secret: Uint8Array): Uint8Array {
  return expandLabel(crypto, suite.hash, secret, "traffic upd", MAC_SIZES[suite.hash]);
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1), of no more octets than the hash has. */
function expandLabel(crypto: TlsCrypto, hash: HashName, secret: Uint8Array, label: string, octets: number): Uint8Array {
  const name = text(`tls13 ${label}`);
  const info = joinOctets([Uint8Array.of(octets >> 8, octets & 255, name.length), name, Uint8Array.of(0, 1)]);
  return crypto.hmac(hash, secret, [info]).subarray(0, octets);
}

/** The pseudo-random function of TLS 1.0 and 1.1 (RFC 2246 §5): MD5 with half of the secret, SHA-1 with the other. */
function expandOld(crypto: TlsCrypto, secret: Uint8Array, seed: Uint8Array, out: Uint8Array): void {
  const half = Math.ceil(secret.length / 2);
  const md5 = new Uint8Array(out.length);
  expand(crypto, "md5", secret.subarray(0, half), seed, md5);
  expand(crypto, "sha1", secret.subarray(secret.length - half), seed, out);
  for (let i = 0; i < out.length; i++) out[i]! ^= md5[i]!;
}

/** P_hash (RFC 5246 §5): fills `out`. */
function expand(crypto: TlsCrypto, hash: HashName, secret: Uint8Array, seed: Uint8Array, out: Uint8Array): void {
  let a = crypto.hmac(hash, secret, [seed]);
  for (let at = 0; at < out.length; ) {
    const piece = crypto.hmac(hash, secret, [a, seed]);
    out.set(piece.subarray(0, out.length - at), at);
    at += piece.length;
    a = crypto.hmac(hash, secret, [a]);
  }
}

function text(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, character => character.charCodeAt(0));
}
