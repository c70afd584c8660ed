/**
 * The PROXY protocol's header: gives the broker the client's address, in the first octets of the proxy's connection to
 * it.
 * https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt; RabbitMQ takes both versions with `proxy_protocol = true`.
 *
 * ```
 * v1  PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672\r\n
 *
 * v2  +-----------------------------+-----------+-----------+--------+-----------+-----------+---------+---------+
 *     | 0D 0A 0D 0A 00 0D 0A 51 ... | 21        | 11 or 21  | length | source    | dest.     | source  | dest.   |
 *     | signature, 12 octets        | v2, PROXY | TCP4, 6   | 2      | 4 or 16   | 4 or 16   | port, 2 | port, 2 |
 *     +-----------------------------+-----------+-----------+--------+-----------+-----------+---------+---------+
 * ```
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Endpoint } from "../report/report.ts";

export type ProxyProtocol = "v1" | "v2";

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const VERSION_2_PROXY = 0x21;
const STREAM_OVER = { 4: 0x11, 6: 0x21 } as const;

/** The header for a client that connected from `source` to `destination`, our listener. */
export function proxyHeader(version: ProxyProtocol, source: Endpoint, destination: Endpoint): Uint8Array {
  const family = isIPv4(source.address) && isIPv4(destination.address) ? 4 : 6;
  return version === "v1" ? headerAsText(family, source, destination) : headerAsOctets(family, source, destination);
}

function headerAsText(family: 4 | 6, source: Endpoint, destination: Endpoint): Uint8Array {
  const addresses = `${withoutZone(source.address)} ${withoutZone(destination.address)}`;
  return new TextEncoder().encode(`PROXY TCP${family} ${addresses} ${source.port} ${destination.port}\r\n`);
}

function headerAsOctets(family: 4 | 6, source: Endpoint, destination: Endpoint): Uint8Array {
  const address = family === 4 ? ipv4Octets : ipv6Octets;
  const addresses = [...address(source.address), ...address(destination.address)];
  const length = addresses.length + 4;
  const head = [...SIGNATURE, VERSION_2_PROXY, STREAM_OVER[family], ...short(length)];
  return Uint8Array.from([...head, ...addresses, ...short(source.port), ...short(destination.port)]);
}

function short(value: number): number[] {
  return [value >>> 8, value & 0xff];
}

function ipv4Octets(address: string): number[] {
  return address.split(".").map(Number);
}

/** The sixteen octets of an IPv6 address; of an IPv4 address beside one, its mapped form. */
function ipv6Octets(address: string): number[] {
  const text = isIPv6(address) ? withoutZone(address) : `::ffff:${address}`;
  const [before = "", after] = text.split("::");
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail];
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text
    .split(":")
    .flatMap(group => (group.includes(".") ? ipv4Octets(group) : short(Number.parseInt(group, 16))));
}

/** The zone in `fe80::1%eth0` has a meaning on this machine only. */
function withoutZone(address: string): string {
  return address.split("%")[0]!;
}
