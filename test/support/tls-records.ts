/**
 * Builds octets of TLS: records, the two hellos, and application data sealed under secrets of the test's own. It takes no
 * number and no layout from src/, so that it can be its oracle.
 */
import { createCipheriv, createHmac } from "node:crypto";
import { hex, join, type Octets, short, text } from "./wire.ts";

export const APPLICATION = 23;
export const HANDSHAKE = 22;

/** A record (RFC 8446 §5.1); `length` where it lies. */
export function record(type: number, body: Octets, lies: { length?: number; version?: number } = {}): Uint8Array {
  return join([type], short(lies.version ?? 0x0303), short(lies.length ?? body.length), body);
}

function message(type: number, body: Octets): Uint8Array {
  return join([type, 0], short(body.length), body);
}

function extension(type: number, body: Octets): Uint8Array {
  return join(short(type), short(body.length), body);
}

export const CLIENT_RANDOM = Uint8Array.from({ length: 32 }, (_, i) => 0xc0 ^ i);
export const SERVER_RANDOM = Uint8Array.from({ length: 32 }, (_, i) => 0x50 ^ i);

export interface Hello {
  /** The version agreed on. */
  version: 0x0303 | 0x0304;
  suite: number;
  serverName?: string;
}

/** The client's first record. */
export function clientHello({ version, suite, serverName = "broker.example" }: Hello): Uint8Array {
  const name = join([0], short(serverName.length), text(serverName));
  const extensions = join(
    extension(0, join(short(name.length), name)),
    version === 0x0304 ? extension(43, [4, 3, 4, 3, 3]) : [],
  );
  const body = join(
    short(0x0303),
    CLIENT_RANDOM,
    [0],
    short(2),
    short(suite),
    [1, 0],
    short(extensions.length),
    extensions,
  );
  return record(HANDSHAKE, message(1, body), { version: 0x0301 });
}

/** The server's answer. */
export function serverHello({ version, suite }: Hello): Uint8Array {
  const extensions = version === 0x0304 ? extension(43, [3, 4]) : extension(23, []);
  const body = join(short(0x0303), SERVER_RANDOM, [0], short(suite), [0], short(extensions.length), extensions);
  return record(HANDSHAKE, message(2, body));
}

export const CHANGE_CIPHER_SPEC = record(20, [1]);

/** AEADs by the number of a suite: OpenSSL's name, octets of the key, the hash, whether the nonce is sent. */
const SUITES = {
  4865: ["aes-128-gcm", 16, "sha256"],
  4866: ["aes-256-gcm", 32, "sha384"],
  4867: ["chacha20-poly1305", 32, "sha256"],
  49199: ["aes-128-gcm", 16, "sha256"],
  52392: ["chacha20-poly1305", 32, "sha256"],
} as const;

type Suite = keyof typeof SUITES;

/** Seals application data as one side of TLS 1.3 does (RFC 8446 §5.2, §7.3). */
export class Writer13 {
  number: number;
  #secret: Uint8Array;
  readonly #suite: Suite;

  constructor(secret: Uint8Array, suite: Suite = 0x1301, number = 0) {
    this.#secret = secret;
    this.#suite = suite;
    this.number = number;
  }

  /** A process that inherited this session: it counts on alone. */
  fork(): Writer13 {
    return new Writer13(this.#secret, this.#suite, this.number);
  }

  seal(plaintext: Octets, type: number = APPLICATION, padding = 0): Uint8Array {
    const [algorithm, keySize] = SUITES[this.#suite];
    const inner = join(plaintext, [type], new Uint8Array(padding));
    const nonce = xored(this.#expand("iv", 12), this.number++);
    const header = join([APPLICATION, 3, 3], short(inner.length + 16));
    return join(header, seal(algorithm, this.#expand("key", keySize), nonce, header, inner));
  }

  /** A KeyUpdate message, and other keys behind it (RFC 8446 §4.6.3, §7.2). */
  keyUpdate(): Uint8Array {
    const sealed = this.seal(message(24, [0]), HANDSHAKE);
    this.#secret = this.#expand("traffic upd", this.#secret.length);
    this.number = 0;
    return sealed;
  }

  #expand(label: string, octets: number): Uint8Array {
    const info = join(short(octets), [label.length + 6], text(`tls13 ${label}`), [0, 1]);
    return createHmac(SUITES[this.#suite][2], this.#secret).update(info).digest().subarray(0, octets);
  }
}

/** Seals application data as one side of TLS 1.2 with AES-GCM or ChaCha20-Poly1305 does (RFC 5288, RFC 7905). */
export class Writer12 {
  number: number;
  readonly #master: Uint8Array;
  readonly #suite: Suite;
  readonly #side: 0 | 1;

  constructor(master: Uint8Array, suite: 0xc02f | 0xcca8 = 0xc02f, side: 0 | 1 = 0, number = 0) {
    this.#master = master;
    this.#suite = suite;
    this.#side = side;
    this.number = number;
  }

  fork(): Writer12 {
    return new Writer12(this.#master, this.#suite as 0xc02f, this.#side, this.number);
  }

  seal(plaintext: Octets, type: number = APPLICATION): Uint8Array {
    const [algorithm, keySize, hash] = SUITES[this.#suite];
    const isGcm = algorithm !== "chacha20-poly1305";
    const ivSize = isGcm ? 4 : 12;
    const block = expansion(this.#master, 2 * (keySize + ivSize), hash);
    const at = this.#side;
    const key = block.subarray(at * keySize, (at + 1) * keySize);
    const iv = block.subarray(2 * keySize + at * ivSize, 2 * keySize + (at + 1) * ivSize);
    const number = hex(this.number.toString(16).padStart(16, "0"));
    const explicit = isGcm ? xored(hex("0000 0000 4a5c 029e 0000 0000"), this.number).subarray(4) : [];
    const nonce = isGcm ? join(iv, explicit) : xored(iv, this.number);
    this.number++;
    const additional = join(number, [type, 3, 3], short(plaintext.length));
    return record(type, join(explicit, seal(algorithm, key, nonce, additional, plaintext)));
  }
}

/** A key log's lines for sessions of these hellos. */
export function keyLogLine(label: string, secret: Uint8Array): string {
  return `${label} ${Buffer.from(CLIENT_RANDOM).toString("hex")} ${Buffer.from(secret).toString("hex")}\n`;
}

function seal(algorithm: string, key: Uint8Array, nonce: Uint8Array, additional: Uint8Array, plaintext: Octets) {
  const cipher = createCipheriv(algorithm as "aes-128-gcm", key, nonce, { authTagLength: 16 });
  cipher.setAAD(additional);
  const sealed = cipher.update(Uint8Array.from(plaintext));
  cipher.final();
  return join(sealed, cipher.getAuthTag());
}

function xored(iv: Uint8Array, number: number): Uint8Array {
  const octets = Uint8Array.from(iv);
  for (let i = 0; i < 4; i++) octets[11 - i]! ^= (number >>> (8 * i)) & 255;
  return octets;
}

/** The key block of TLS 1.2 (RFC 5246 §5, §6.3). */
function expansion(master: Uint8Array, octets: number, hash: string): Uint8Array {
  const hmac = (data: Uint8Array) => createHmac(hash, master).update(data).digest();
  const seed = join(text("key expansion"), SERVER_RANDOM, CLIENT_RANDOM);
  let out = new Uint8Array(0);
  for (let a = hmac(seed); out.length < octets; a = hmac(a)) out = join(out, hmac(join(a, seed))) as typeof out;
  return out;
}
