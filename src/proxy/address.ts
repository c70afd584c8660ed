/** Where the proxy listens and where it connects to, as they are written on a command line. */
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

/** Named by no address: only this machine may connect. */
const LOOPBACK = "127.0.0.1";
const DEFAULT_PORT = { amqp: 5672, amqps: 5671 } as const;

const LISTEN_FORMS = "expected 5673, 127.0.0.1:5673 or [::1]:5673";
const UPSTREAM_FORMS = "expected broker, broker:5672, [::1]:5672, amqp://broker:5672 or amqps://broker";

/** `127.0.0.1:5673`, `5673` and `:5673` (both loopback), `[::1]:5673`, `0.0.0.0:5673`, `[::]:5673`. */
export function parseListen(text: string): ListenAddress {
  const shown = withoutCredentials(text);
  if (/^\d+$/.test(text)) return { host: LOOPBACK, port: portOf(text, 0, shown) };
  const { host, port } = hostAndPort(text, shown, LISTEN_FORMS);
  if (port === null) throw new ProxyError(shown, `${LISTEN_FORMS}, found no port`);
  return { host: host === "" ? LOOPBACK : host, port: portOf(port, 0, shown) };
}

/** An AMQP URI, or a host with or without a port. User, password, virtual host and parameters are the client's matter. */
export function parseUpstream(text: string): UpstreamAddress {
  const shown = withoutCredentials(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  const name = scheme === null ? "amqp" : scheme[1]!.toLowerCase();
  if (name !== "amqp" && name !== "amqps") {
    throw new ProxyError(shown, `expected amqp:// or amqps://, found "${printable(name, 40)}://"`);
  }
  const rest = scheme === null ? text : text.slice(scheme[0].length);
  // A password may hold any character that its writer forgot to escape: the last @ ends it.
  const authority = rest.slice(rest.lastIndexOf("@") + 1).split(/[/?#]/)[0]!;
  const { host, port } = hostAndPort(authority, shown, UPSTREAM_FORMS);
  if (host === "") throw new ProxyError(shown, `${UPSTREAM_FORMS}, found no host`);
  const number = port === null ? DEFAULT_PORT[name] : portOf(port, 1, shown);
  return { host, port: number, tls: name === "amqps", shown: `${name}://${endpointText(host, number)}` };
}

/** `127.0.0.1:5672`, `[::1]:5672`. */
export function endpointText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** An IPv4 address that a socket for both families shows as `::ffff:192.0.2.1`, as it stands in the packets. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice("::ffff:".length) : address;
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

/** What was given, fit to be printed: everything before an @ may be a password. */
function withoutCredentials(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return printable(text.split("?")[0]!, 120);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  return printable(`${scheme}…@${text.slice(at + 1).split("?")[0]}`, 120);
}
