/**
 * What a load balancer or a client sends in front of the actual protocol:
 *
 * ```text
 * PROXY protocol v1   PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672 CR LF
 *   and v2            0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | 2, command | family | length 2 | addresses, ports, more
 * HTTP CONNECT        CONNECT host:port HTTP/1.1 … an empty line; the answer likewise (RFC 9110 §9.3.6)
 * SOCKS5 (RFC 1928)   5 | n | methods n; or 1 | user and password (RFC 1929); then 5 1 0 | address kind 1 | address | port 2
 *   answers           5 | method; or 1 | status; then 5 | reply | 0 | address kind 1 | address | port 2
 * SOCKS4              4 | 1 | port 2 | address 4 | user | 0; the answer: 0 | 5A | 6 more
 * ```
 *
 * PROXY protocol: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 *
 * Each side is read by itself, by a generator that gets octet by octet: two directions of a capture may be out of step.
 * Only addresses and ports are kept: users and passwords stand there as well.
 */
import { addressOctets } from "../net/address-octets.ts";
import { ipv4Text, ipv6Text } from "../net/ip-address.ts";

/** Something in front of the protocol. */
export interface Prelude {
  protocol: "PROXY v1" | "PROXY v2" | "HTTP CONNECT" | "SOCKS4" | "SOCKS5";
  /** Octets of the client's stream that it takes. */
  octets: number;
  /** From a PROXY header: which client connected to the load balancer, and where. */
  source?: { address: string; port: number };
  destination?: { address: string; port: number };
  /** The port that a proxy is asked for. */
  port?: number;
}

type Found = Omit<Prelude, "octets">;
/** Gets octets one by one; returns what they were, or null if they are no prelude. */
export type PreludeReading<Result> = Generator<undefined, Result | null, number>;
/** Reads the server's answer: true if the stream is open behind it. */
export type AnswerReading = Generator<undefined, boolean, number>;

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] as const;
/** With its line's end (§2.1). */
const LONGEST_PROXY_LINE = 107;
/** Octets of an HTTP message's head, and of an answer's body, that are skipped. */
const MAX_HEAD = 65_536;
/** The characters of a head that are read. */
const MAX_LINE = 512;
/** Octets of addresses and ports in a PROXY v2 header, by family and transport. */
const ADDRESSES: Readonly<Record<number, number>> = { 17: 12, 33: 36 };
const CR_LF_CR_LF = 0x0d0a0d0a;

/** Reads the client's octets from their first one on. */
export function* readPrelude(): PreludeReading<Found> {
  switch (yield) {
    case 0x50:
      return yield* proxyLine();
    case SIGNATURE[0]:
      return yield* proxyOctets();
    case 0x43:
      return yield* connectRequest();
    case 4:
      return yield* socks4();
    case 5:
      return yield* socks5();
    default:
      return null;
  }
}

/** Reads a PROXY header, and nothing else, from its first octet on. */
export function* readProxyHeader(): PreludeReading<Found> {
  const first: number = yield;
  if (first === 0x50) return yield* proxyLine();
  return first === SIGNATURE[0] ? yield* proxyOctets() : null;
}

/** The reader of the server's answer, by the client's first octet; null if no answer to a prelude is expected. */
export function answerReader(first: number): AnswerReading | null {
  if (first === 0x43) return connectAnswers();
  if (first === 4) return socks4Answer();
  return first === 5 ? socks5Answers() : null;
}

function* proxyLine(): PreludeReading<Found> {
  let line = "P";
  while (!line.endsWith("\r\n")) {
    if (line.length === LONGEST_PROXY_LINE || !("PROXY ".startsWith(line) || line.startsWith("PROXY "))) return null;
    line += String.fromCharCode(yield);
  }
  const [, family, source = "", destination = "", from = "", to = ""] = line.trimEnd().split(" ");
  if (family === "UNKNOWN") return { protocol: "PROXY v1" };
  if (family !== "TCP4" && family !== "TCP6") return null;
  const ends = [addressText(source), addressText(destination)];
  if (ends.includes(null) || ![from, to].every(port => /^\d{1,5}$/.test(port) && Number(port) <= 65_535)) return null;
  return {
    protocol: "PROXY v1",
    source: { address: ends[0]!, port: Number(from) },
    destination: { address: ends[1]!, port: Number(to) },
  };
}

function addressText(text: string): string | null {
  const octets = addressOctets(text);
  return octets === null ? null : textOf(octets);
}

function* proxyOctets(): PreludeReading<Found> {
  for (const octet of SIGNATURE.slice(1)) if ((yield) !== octet) return null;
  const command: number = yield;
  const family: number = yield;
  const length = yield* short();
  const addresses = ADDRESSES[family] ?? 0;
  if (command !== 0x20 && command !== 0x21) return null;
  const known = yield* octets(Math.min(length, addresses));
  yield* skip(length - known.length);
  if (command === 0x20 || addresses === 0 || known.length < addresses) return { protocol: "PROXY v2" };
  const size = (addresses - 4) / 2;
  const portAt = 2 * size;
  const port = (at: number) => (known[at]! << 8) | known[at + 1]!;
  return {
    protocol: "PROXY v2",
    source: { address: textOf(known.subarray(0, size)), port: port(portAt) },
    destination: { address: textOf(known.subarray(size, portAt)), port: port(portAt + 2) },
  };
}

function textOf(address: Uint8Array): string {
  const view = new DataView(address.buffer, address.byteOffset);
  if (address.length === 4) return ipv4Text(view.getInt32(0));
  return ipv6Text(view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12));
}

function* connectRequest(): PreludeReading<Found> {
  const head = yield* httpHead("C", "CONNECT ");
  const port = head === null ? undefined : /^CONNECT \S*:(\d{1,5}) HTTP\/1/.exec(head)?.[1];
  return port === undefined ? null : { protocol: "HTTP CONNECT", port: Number(port) };
}

/** A proxy that first asks for a password answers more than once. */
function* connectAnswers(): AnswerReading {
  for (;;) {
    const head = yield* httpHead("", "HTTP/1.");
    const status = head === null ? undefined : /^HTTP\/1\.\d (\d\d\d)/.exec(head)?.[1];
    if (status === undefined) return false;
    if (status.startsWith("2")) return true;
    const body = Number(/\r\ncontent-length: *(\d{1,5})\r\n/i.exec(head!)?.[1] ?? (status === "100" ? 0 : MAX_HEAD));
    if (body >= MAX_HEAD) return false;
    yield* skip(body);
  }
}

/** An HTTP head up to its empty line: it begins with `begun`, and must begin with `start`; null if it does not. */
function* httpHead(begun: string, start: string): Generator<undefined, string | null, number> {
  let head = begun;
  let last = 0;
  for (let count = 0; last !== CR_LF_CR_LF; count++) {
    if (count === MAX_HEAD) return null;
    const octet: number = yield;
    last = (last << 8) | octet;
    if (head.length < MAX_LINE) head += String.fromCharCode(octet);
    if (!start.startsWith(head.slice(0, start.length))) return null;
  }
  return head;
}

function* socks4(): PreludeReading<Found> {
  if ((yield) !== 1) return null;
  const port = yield* short();
  const address = yield* octets(4);
  yield* untilZero();
  // SOCKS4a: 0.0.0.x announces a name.
  if (address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0) yield* untilZero();
  return { protocol: "SOCKS4", port };
}

function* socks4Answer(): AnswerReading {
  if ((yield) !== 0) return false;
  if ((yield) !== 0x5a) return false;
  yield* skip(6);
  return true;
}

function* socks5(): PreludeReading<Found> {
  const methods: number = yield;
  if (methods === 0) return null;
  yield* skip(methods);
  let version: number = yield;
  if (version === 1) {
    yield* skip(yield);
    yield* skip(yield);
    version = yield;
  }
  // Only the command to connect opens a stream.
  if (version !== 5) return null;
  if ((yield) !== 1) return null;
  if ((yield) !== 0) return null;
  if (!(yield* address())) return null;
  return { protocol: "SOCKS5", port: yield* short() };
}

function* socks5Answers(): AnswerReading {
  if ((yield) !== 5) return false;
  yield; // the method chosen; how a client is asked for a password shows next
  let version: number = yield;
  if (version === 1) {
    if ((yield) !== 0) return false;
    version = yield;
  }
  if (version !== 5) return false;
  if ((yield) !== 0) return false;
  if ((yield) !== 0) return false;
  if (!(yield* address())) return false;
  yield* short();
  return true;
}

/** An address of SOCKS5 behind its kind: IPv4, a name, IPv6. */
function* address(): Generator<undefined, boolean, number> {
  const kind: number = yield;
  if (kind === 1) yield* skip(4);
  else if (kind === 4) yield* skip(16);
  else if (kind === 3) yield* skip(yield);
  else return false;
  return true;
}

function* skip(count: number): Generator<undefined, void, number> {
  for (let i = 0; i < count; i++) yield;
}

function* octets(count: number): Generator<undefined, Uint8Array, number> {
  const taken = new Uint8Array(count);
  for (let i = 0; i < count; i++) taken[i] = yield;
  return taken;
}

function* short(): Generator<undefined, number, number> {
  const high: number = yield;
  return (high << 8) | (yield);
}

function* untilZero(): Generator<undefined, void, number> {
  for (let i = 0; i < MAX_LINE && (yield) !== 0; i++);
}
