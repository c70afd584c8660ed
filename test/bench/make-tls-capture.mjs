/**
 * Captures of the same AMQP octets in three ways, for the benchmark of TLS: in the clear, in records of TLS 1.3, and
 * those same records in a protocol that nobody knows, which is read as TCP only. The secrets are given, so that a key
 * log decrypts the records; no handshake behind the two hellos is needed for that.
 */
import { createCipheriv, createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { CaptureFile, TcpConnection } from "./capture-file.mjs";
import { Connection, Conversation } from "./make-capture.mjs";

const CONNECTIONS = 8;
export const SUITES = {
  "aes-128-gcm": { id: 0x1301, keySize: 16, hash: "sha256", secretSize: 32 },
  "aes-256-gcm": { id: 0x1302, keySize: 32, hash: "sha384", secretSize: 48 },
  "chacha20-poly1305": { id: 0x1303, keySize: 32, hash: "sha256", secretSize: 32 },
};
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
/** The first octet of a stream that is neither AMQP nor TLS. */
const UNKNOWN = 1;

const short = value => [value >>> 8, value & 0xff];
const sized = octets => [...short(octets.length), ...octets];

/** A hello message in its record: what stands behind the random value and the session id, and the extension of versions. */
function hello(type, random, choice, versions) {
  const body = [3, 3, ...random, 0, ...choice, ...sized([0, 43, ...sized(versions)])];
  return Buffer.from([HANDSHAKE, 3, 3, ...sized([type, 0, ...sized(body)])]);
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1). */
function expandLabel(hash, secret, label, octets) {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.from([...short(octets), name.length, ...name, 0, 1]);
  return createHmac(hash, secret).update(info).digest().subarray(0, octets);
}

/** Seals the records of one direction. */
class Sealing {
  #algorithm;
  #key;
  #iv;
  #number = 0;

  constructor(algorithm, secret) {
    const { keySize, hash } = SUITES[algorithm];
    this.#algorithm = algorithm;
    this.#key = expandLabel(hash, secret, "key", keySize);
    this.#iv = expandLabel(hash, secret, "iv", 12);
  }

  seal(octets) {
    const nonce = Buffer.from(this.#iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#number++) >>> 0, 8);
    const header = Buffer.from([APPLICATION_DATA, 3, 3, ...short(octets.length + 17)]);
    const cipher = createCipheriv(this.#algorithm, this.#key, nonce, { authTagLength: 16 });
    cipher.setAAD(header, { plaintextLength: octets.length + 1 });
    const body = [cipher.update(octets), cipher.update(Buffer.of(APPLICATION_DATA)), cipher.final()];
    return Buffer.concat([header, ...body, cipher.getAuthTag()]);
  }
}

/** What the connection sends goes into all three captures, gathered into larger writes. */
class ThreeWays {
  #clear;
  #tls;
  #opaque;
  #suite;
  #sealings;
  #options;
  #random;
  /** @type {[Buffer[], Buffer[]]} */
  #pending = [[], []];
  #octets = [0, 0];

  constructor(number, files, keys, options) {
    const tcp = file => new TcpConnection(file, number, options.segmentOctets);
    [this.#clear, this.#tls, this.#opaque] = files.map(tcp);
    this.#options = options;
    this.#suite = SUITES[options.suite];
    const { secretSize } = this.#suite;
    this.#random = Buffer.alloc(32, 0x40 + number);
    const secrets = [Buffer.alloc(secretSize, 0x10 + number), Buffer.alloc(secretSize, 0x20 + number)];
    this.#sealings = secrets.map(secret => new Sealing(options.suite, secret));
    for (const [i, name] of ["CLIENT", "SERVER"].entries()) {
      keys.push(`${name}_TRAFFIC_SECRET_0 ${this.#random.toString("hex")} ${secrets[i].toString("hex")}\n`);
    }
  }

  open() {
    for (const tcp of [this.#clear, this.#tls, this.#opaque]) tcp.open();
    const suite = short(this.#suite.id);
    const client = hello(1, this.#random, [...sized(suite), 1, 0], [2, 3, 4]);
    const server = hello(2, this.#random, [...suite, 0], [3, 4]);
    this.#sendRecords(0, client, Buffer.from([UNKNOWN, ...client.subarray(1)]));
    this.#sendRecords(1, server, server);
  }

  send(side, octets) {
    // Delivery tags are written into the octets, again and again.
    this.#pending[side].push(Buffer.from(octets));
    this.#octets[side] += octets.length;
    if (this.#octets[side] < this.#options.gathered) return;
    // A client acknowledges what it has got.
    this.#flush(1);
    if (side === 0) this.#flush(0);
  }

  #flush(side) {
    const octets = Buffer.concat(this.#pending[side]);
    this.#pending[side] = [];
    this.#octets[side] = 0;
    this.#clear.send(side, octets);
    const records = [];
    for (let at = 0; at < octets.length; at += this.#options.recordOctets) {
      records.push(this.#sealings[side].seal(octets.subarray(at, at + this.#options.recordOctets)));
    }
    const joined = Buffer.concat(records);
    this.#sendRecords(side, joined, joined);
  }

  #sendRecords(side, tls, opaque) {
    this.#tls.send(side, tls);
    this.#opaque.send(side, opaque);
  }
}

/**
 * Writes OUT.clear, OUT.tls and OUT.opaque with the same octets of AMQP, and their key log OUT.keys. `recordOctets`: of
 * plaintext in a record; `gathered`: octets of AMQP that are written at once; `segmentOctets`: of a packet.
 * @param {string} out
 * @param {number} megabytes of the capture in the clear
 */
export function makeTlsCaptures(out, megabytes, { recordOctets, gathered, segmentOctets, suite = "aes-128-gcm" }) {
  const paths = { clear: `${out}.clear`, tls: `${out}.tls`, opaque: `${out}.opaque`, keys: `${out}.keys` };
  const files = [paths.clear, paths.tls, paths.opaque].map(path => new CaptureFile(path, "pcap"));
  /** @type {string[]} */
  const keys = [];
  const options = { recordOctets, gathered, segmentOctets, suite };
  const connections = Array.from(
    { length: CONNECTIONS },
    (_, number) => new Connection(files[0], number, new ThreeWays(number, files, keys, options)),
  );
  const conversation = new Conversation();
  for (const connection of connections) connection.open();
  while (files[0].size < megabytes * 1e6) conversation.turn(connections);
  for (const file of files) file.close();
  writeFileSync(paths.keys, keys.join(""));
  return paths;
}
