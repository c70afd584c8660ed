/*
 *     0      1    2    3    4
 *   type |   length     |  body …       Handshake (RFC 5246 §7.4, RFC 8446 §4)
 *
 * What both ends send before they encrypt. Lengths are the wire's: everything is read by the bounded cursor.
 */
import { Cursor } from "../bytes/cursor.ts";

export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
export const CERTIFICATE = 11;
export const CLIENT_KEY_EXCHANGE = 16;
/** Of TLS 1.3, and always encrypted. */
export const KEY_UPDATE = 24;

export const RANDOM_SIZE = 32;

// Extensions (IANA's registry).
const SERVER_NAME = 0;
const ALPN = 16;
const ENCRYPT_THEN_MAC = 22;
const EARLY_DATA = 42;
const SUPPORTED_VERSIONS = 43;

/** Names of certificates that are kept, and characters of a name. */
const MAX_NAMES = 16;
const MAX_NAME_LENGTH = 255;

export interface ClientHello {
  random: Uint8Array;
  sessionId: Uint8Array;
  /** Versions offered, as the extension lists them, or the one of the old field. */
  versions: number[];
  serverName: string | null;
  /** Application protocols offered (RFC 7301). */
  protocols: string[];
  /** Sends application data before the server has answered (0-RTT). */
  earlyData: boolean;
}

export interface ServerHello {
  random: Uint8Array;
  sessionId: Uint8Array;
  version: number;
  cipherSuite: number;
  /** Asks for another ClientHello (RFC 8446 §4.1.4). */
  isRetryRequest: boolean;
  /** Chosen in the clear: of TLS 1.2 and earlier. */
  protocol: string | null;
  /** RFC 7366. */
  encryptThenMac: boolean;
}

/** A ClientHello's body; throws PayloadOverrun if a length reaches beyond it. */
export function readClientHello(body: Uint8Array): ClientHello {
  const cursor = new Cursor().over(body, 0, body.length);
  const legacyVersion = cursor.short();
  const random = octets(cursor, RANDOM_SIZE);
  const sessionId = octets(cursor, cursor.octet());
  cursor.skip(cursor.short());
  cursor.skip(cursor.octet());
  const hello: ClientHello = {
    random,
    sessionId,
    versions: [legacyVersion],
    serverName: null,
    protocols: [],
    earlyData: false,
  };
  for (const [type, extension] of extensions(cursor)) {
    if (type === SERVER_NAME) hello.serverName = readServerName(extension);
    else if (type === ALPN) hello.protocols = readProtocols(extension);
    else if (type === EARLY_DATA) hello.earlyData = true;
    else if (type === SUPPORTED_VERSIONS) {
      const list = new Cursor().over(extension.bytes, extension.at, extension.end);
      const end = list.octet();
      hello.versions = Array.from({ length: Math.min(end, list.left) >> 1 }, () => list.short());
    }
  }
  return hello;
}

/** A ServerHello's body; throws PayloadOverrun if a length reaches beyond it. */
export function readServerHello(body: Uint8Array): ServerHello {
  const cursor = new Cursor().over(body, 0, body.length);
  let version = cursor.short();
  const random = octets(cursor, RANDOM_SIZE);
  const sessionId = octets(cursor, cursor.octet());
  const cipherSuite = cursor.short();
  cursor.skip(1);
  let protocol: string | null = null;
  let encryptThenMac = false;
  for (const [type, extension] of extensions(cursor)) {
    if (type === SUPPORTED_VERSIONS) version = extension.short();
    else if (type === ALPN) protocol = readProtocols(extension)[0] ?? null;
    else if (type === ENCRYPT_THEN_MAC) encryptThenMac = true;
  }
  const isRetryRequest = random.every((octet, i) => octet === RETRY_RANDOM[i]);
  return { random, sessionId, version, cipherSuite, isRetryRequest, protocol, encryptThenMac };
}

/** SHA-256 of "HelloRetryRequest", which stands in the place of the random (RFC 8446 §4.1.3). */
const RETRY_RANDOM = Uint8Array.from(
  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c".match(/../g) ?? [],
  pair => Number.parseInt(pair, 16),
);

/** Names of the first certificate of a Certificate message of TLS 1.2 and earlier: subject and alternative names. */
export function readCertificateNames(body: Uint8Array): string[] {
  const cursor = new Cursor().over(body, 0, body.length);
  cursor.skip(3);
  const size = triple(cursor);
  const start = cursor.skip(size);
  return certificateNames(body.subarray(start, start + size));
}

function octets(cursor: Cursor, size: number): Uint8Array {
  const at = cursor.skip(size);
  return cursor.bytes.slice(at, at + size);
}

function triple(cursor: Cursor): number {
  return (cursor.octet() << 16) | cursor.short();
}

function* extensions(cursor: Cursor): Generator<[type: number, extension: Cursor]> {
  if (cursor.left === 0) return;
  const end = cursor.short();
  const list = new Cursor().over(cursor.bytes, cursor.at, cursor.skip(end) + end);
  while (list.left > 0) {
    const type = list.short();
    const size = list.short();
    const start = list.skip(size);
    yield [type, new Cursor().over(list.bytes, start, start + size)];
  }
}

function readServerName(extension: Cursor): string | null {
  if (extension.left < 5) return null;
  extension.skip(2);
  return extension.octet() === 0 ? extension.text(extension.short()).slice(0, MAX_NAME_LENGTH) : null;
}

function readProtocols(extension: Cursor): string[] {
  const names: string[] = [];
  extension.skip(2);
  while (extension.left > 0 && names.length < MAX_NAMES) names.push(extension.shortstr());
  return names;
}

/**
 * Names in an X.509 certificate (RFC 5280): the subject's common name, then DNS names and addresses of subjectAltName.
 * Only the parts of DER that lead there are read: objects identified as 2.5.4.3 and 2.5.29.17, wherever they stand in
 * it.
 */
function certificateNames(der: Uint8Array): string[] {
  const names: string[] = [];
  let commonName: string | null = null;
  const add = (name: string) => {
    if (names.length < MAX_NAMES && !names.includes(name)) names.push(name.slice(0, MAX_NAME_LENGTH));
  };
  for (let at = 0; at + 5 < der.length; at++) {
    if (der[at] !== 6 || der[at + 1] !== 3 || der[at + 2] !== 0x55) continue;
    const value = new Cursor().over(der, at + 5, der.length);
    if (der[at + 3] === 4 && der[at + 4] === 3) {
      // The issuer's name comes first, the subject's last.
      value.skip(1);
      commonName = value.text(derLength(value));
    } else if (der[at + 3] === 29 && der[at + 4] === 17) {
      for (const name of alternativeNames(value)) add(name);
    }
  }
  if (commonName !== null && !names.includes(commonName)) names.unshift(commonName.slice(0, MAX_NAME_LENGTH));
  return names;
}

function* alternativeNames(value: Cursor): Generator<string> {
  if (value.bytes[value.at] === 1) value.skip(3);
  value.skip(1);
  derLength(value);
  value.skip(1);
  const size = derLength(value);
  value.end = Math.min(value.end, value.at + size);
  while (value.left > 0) {
    const tag = value.octet();
    const length = derLength(value);
    if (tag === 0x82) yield value.text(length);
    else if (tag === 0x87 && length === 4) yield [...octets(value, 4)].join(".");
    else value.skip(length);
  }
}

function derLength(cursor: Cursor): number {
  const first = cursor.octet();
  if (first < 0x80) return first;
  let length = 0;
  for (let i = 0; i < Math.min(first & 0x7f, 4); i++) length = length * 256 + cursor.octet();
  return length;
}
