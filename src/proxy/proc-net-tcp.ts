/**
 * Lines of /proc/net/tcp and /proc/net/tcp6 (proc_net(5)): one socket each, numbers in hexadecimal.
 *
 *       sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
 *        0: 0100007F:AF25 0100007F:DD98 01 00000000:00000000 00:00000000 00000000  0       0  1341547 …
 *
 * An address is one 32-bit word, or four, each as the kernel's processor reads the octets that are on the wire: on a
 * little-endian host they stand in reverse. The port is a number.
 */
import { ipv4Text, ipv6Text } from "../net/ip-address.ts";
import type { Endpoint } from "../report/report.ts";
import { plainAddress } from "./address.ts";

/** A socket, by the number that `socket:[…]` links of /proc/PID/fd name. */
export interface OpenSocket {
  local: Endpoint;
  remote: Endpoint;
  inode: string;
}

const ENDPOINT = /^(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}$/i;
/** The state TIME-WAIT, as a field. No process has such a socket open, and a busy host has thousands of them. */
const TIME_WAIT = " 06 ";
/** 0 stands where no process can have the socket open any more. */
const INODE = /^[1-9]\d{0,19}$/;

/** The socket of one line; null for the heading, for a socket that no process has open, and for any other text. */
export function openSocket(line: string, littleEndian: boolean): OpenSocket | null {
  if (line.includes(TIME_WAIT)) return null;
  const fields = line.trim().split(/\s+/, 10);
  const [, local, remote] = fields;
  const inode = fields[9];
  if (inode === undefined || !INODE.test(inode) || !ENDPOINT.test(local!) || !ENDPOINT.test(remote!)) return null;
  return { local: endpoint(local!, littleEndian), remote: endpoint(remote!, littleEndian), inode };
}

function endpoint(text: string, littleEndian: boolean): Endpoint {
  const [address, port] = text.split(":");
  const words = (address!.match(/.{8}/g) ?? []).map(digits => word(digits, littleEndian));
  const [word0, word1, word2, word3] = words;
  return {
    address: words.length === 1 ? ipv4Text(word0!) : plainAddress(ipv6Text(word0!, word1!, word2!, word3!)),
    port: Number.parseInt(port!, 16),
  };
}

/** In network order. */
function word(digits: string, littleEndian: boolean): number {
  const inOrder = littleEndian ? digits.replace(/(..)(..)(..)(..)/, "$4$3$2$1") : digits;
  return Number.parseInt(inOrder, 16);
}
