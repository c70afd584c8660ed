/** Where the proxy listens and where it connects to, as written on a command line. */
import { isIPv6, type Socket } from "node:net";
import { printable } from "../bytes/printable.ts";
import type { Endpoint } from "../report/report.ts";
import { ProxyError } from "./proxy-error.ts";

export interface ListenAddress {
  host: string;
  /** 0 for any free port. */
  port: number;
}

export interface UpstreamAddress {
  host: string;
  port: number;
  /** Whether the broker speaks TLS: `amqps`. */
  tls: boolean;
  /** `amqps://broker:5671`: to be printed, without user, password, virtual host and parameters. */
  shown: string;
}

/** Used if no address is given: only this machine can connect. */
const LOOPBACK = "127.0.0.1";
const DEFAULT_PORT = { amqp: 5672, amqps: 5671 } as const;

const LISTEN_FORMS = "expected 5673, 127.0.0.1:5673 or [::1]:5673";
const UPSTREAM_FORMS = "expected broker, broker:5672, [::1]:5672, amqp://broker:5672 or amqps://broker";

/** `127.0.0.1:5673`, `5673` and `:5673` (both loopback), `[::1]:5673`, `0.0.0.0:5673`, `[::]:5673`. */
export function parseListen(text: string): ListenAddress {
  if (text.includes("@")) throw new ProxyError(withoutCredentials(text), LISTEN_FORMS);
  const shown = printable(text, 120);
  if (/^\d+$/.test(text)) return { host: LOOPBACK, port: portOf(text, 0, shown) };
  const { host, port } = hostAndPort(text, shown, LISTEN_FORMS);
  if (port === null) throw new ProxyError(shown, `${LISTEN_FORMS}, found no port`);
  return { host: host === "" ? LOOPBACK : host, port: portOf(port, 0, shown) };
}

/**
 * An AMQP URI, or a host with or without a port. User, password, virtual host and parameters are the client's matter.
 */
export function parseUpstream(text: string): UpstreamAddress {
  const shown = withoutCredentials(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  const name = scheme === null ? "amqp" : scheme[1]!.toLowerCase();
  if (name !== "amqp" && name !== "amqps") {
    throw new ProxyError(shown, `expected amqp:// or amqps://, found "${printable(name, 40)}://"`);
  }
  const { start, end } = hostAndPortIn(text, scheme === null ? 0 : scheme[0].length);
  const { host, port } = hostAndPort(text.slice(start, end), shown, UPSTREAM_FORMS);
  if (host === "") throw new ProxyError(shown, `${UPSTREAM_FORMS}, found no host`);
  if (port !== null && !/^\d+$/.test(port)) {
    // If the host was forgotten, this is a password: it must not be printed.
    throw new ProxyError(shown, "expected a port from 1 to 65535 behind the colon, found no number");
  }
  const number = port === null ? DEFAULT_PORT[name] : portOf(port, 1, shown);
  return { host, port: number, tls: name === "amqps", shown: `${name}://${endpointText(host, number)}` };
}

const HOST_AND_PORT = /^(?:\[[^\]]*\]|[^:@]*)(?::\d*)?$/;

/**
 * Where host and port are in a URL whose scheme ends at `schemeEnd`. RFC 3986 §3.2 ends the authority at the first
 * slash; but passwords are written with slashes and @ in them that should have been escaped.
 *
 * @throws ProxyError if it can be read in two ways
 */
export function hostAndPortIn(text: string, schemeEnd: number): { start: number; end: number } {
  const end = delimiterFrom(text, schemeEnd);
  const start = text.slice(0, end).lastIndexOf("@", end) + 1;
  const last = text.lastIndexOf("@");
  if (start > schemeEnd) {
    // There is a user; any other @ belongs to the virtual host, or to a parameter.
    if (last < end || HOST_AND_PORT.test(text.slice(start, end))) return { start, end };
    throw ambiguous(text);
  }
  if (last < end) return { start: schemeEnd, end };
  const opening = text.slice(schemeEnd, end);
  // A user name without a password does not hold a slash.
  if (!opening.includes(":") || opening.startsWith("[")) return { start: schemeEnd, end };
  const first = text.indexOf("@");
  if (HOST_AND_PORT.test(opening)) {
    if (/\?[^?]*=/.test(text.slice(end, first))) return { start: schemeEnd, end };
    // `a:1/b@c` can be read in two ways: port 1 of host a, or password 1/b of user a.
    throw ambiguous(text);
  }
  // If a slash stands between two @, either of them may end the password.
  if (delimiterFrom(text, first) < last) throw ambiguous(text);
  return { start: last + 1, end: delimiterFrom(text, last) };
}

function delimiterFrom(text: string, start: number): number {
  const at = text.slice(start).search(/[/?#]/);
  return at < 0 ? text.length : start + at;
}

function ambiguous(text: string): ProxyError {
  const problem = "expected one @ before the host and one slash after it, found more: write %40 and %2F for the others";
  return new ProxyError(withoutCredentials(text), problem);
}

/** `127.0.0.1:5672`, `[::1]:5672`. */
export function endpointText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * An address as it stands in the packets: without an interface's name; an IPv4-mapped one as its IPv4 address.
 */
export function plainAddress(address: string): string {
  const [unscoped] = address.toLowerCase().split("%", 1);
  return unscoped!.replace(/^::ffff:(?=[\d.]+$)/, "");
}

/** The peer's end of a connection. A socket that is closed already has forgotten it. */
export function remoteEndpoint(socket: Socket): Endpoint {
  return { address: plainAddress(socket.remoteAddress ?? ""), port: socket.remotePort ?? 0 };
}

/** Our end of a connection. */
export function localEndpoint(socket: Socket): Endpoint {
  return { address: plainAddress(socket.localAddress ?? ""), port: socket.localPort ?? 0 };
}

function hostAndPort(text: string, shown: string, forms: string): { host: string; port: string | null } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    const [, host = "", port = null] = bracketed;
    if (!isIPv6(host))
      throw new ProxyError(shown, `expected an IPv6 address in brackets, found "${printable(host, 60)}"`);
    return { host, port };
  }
  if (isIPv6(text)) throw new ProxyError(shown, `${forms}, found an IPv6 address without brackets`);
  const match = /^([a-z0-9_.-]*)(?::(.*))?$/is.exec(text);
  if (match === null) throw new ProxyError(shown, forms);
  return { host: match[1]!, port: match[2] ?? null };
}

function portOf(text: string, least: number, shown: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < least || port > 65535) {
    throw new ProxyError(shown, `expected a port from ${least} to 65535, found "${printable(text, 20)}"`);
  }
  return port;
}

/**
 * A URL as it was given, safe to print: without anything before an @, without anything after a colon that is not a port
 * (it may be a password), and without virtual host and parameters.
 */
function withoutCredentials(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const at = text.lastIndexOf("@") + 1;
  const start = Math.max(at, scheme.length);
  const place = text.slice(start, delimiterFrom(text, start));
  const plain = place.startsWith("[") || isIPv6(place) ? place : place.replace(/:(?!\d+$).*$/s, ":…");
  return printable(`${scheme}${at > 0 ? "…@" : ""}${plain}`, 120);
}
