import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { plainAddress } from "../../src/proxy/address.ts";
import { openSocket } from "../../src/proxy/proc-net-tcp.ts";

/** A line as the kernel writes it, padded to 149 columns. */
function line(local: string, remote: string, inode: string, state = "01"): string {
  const counters = "00000000:00000000 00:00000000 00000000     0        0";
  return `   7: ${local} ${remote} ${state} ${counters} ${inode} 2 0000000048855756 20 0 0 10 -1`.padEnd(149);
}

const cases = [
  {
    what: "IPv4: one word, its octets in reverse",
    line: line("0100007F:AF25", "0200000A:1628", "1341547"),
    socket: "127.0.0.1 44837 → 10.0.0.2 5672, 1341547",
  },
  {
    what: "IPv6: four words, the octets of each in reverse",
    line: line("B80D0120000000000000000001000000:D431", "000080FE000000000000000001020304:1628", "12"),
    socket: "2001:db8::1 54321 → fe80::403:201 5672, 12",
  },
  {
    what: "IPv6 loopback",
    line: line("00000000000000000000000001000000:D431", "00000000000000000000000001000000:1628", "12"),
    socket: "::1 54321 → ::1 5672, 12",
  },
  {
    what: "an IPv4-mapped address is the IPv4 address",
    line: line("0000000000000000FFFF00000100007F:B3CD", "0000000000000000FFFF00000200007F:CCA6", "1341548"),
    socket: "127.0.0.1 46029 → 127.0.0.2 52390, 1341548",
  },
  {
    what: "a big-endian host writes them as they are on the wire",
    littleEndian: false,
    line: line("7F000001:AF25", "0A000002:1628", "1341547"),
    socket: "127.0.0.1 44837 → 10.0.0.2 5672, 1341547",
  },
  {
    what: "the highest numbers",
    line: line("FFFFFFFF:FFFF", "FFFFFFFF:FFFF", "18446744073709551615", "08"),
    socket: "255.255.255.255 65535 → 255.255.255.255 65535, 18446744073709551615",
  },
  {
    what: "a serial number that fills its column",
    line: line("0100007F:AF25", "0200000A:1628", "3").replace("   7:", "123456:"),
    socket: "127.0.0.1 44837 → 10.0.0.2 5672, 3",
  },
  { what: "TIME-WAIT: no process has it", line: line("0100007F:AF25", "0100007F:DD98", "0", "06"), socket: null },
  { what: "an address of no known length", line: line("0100007F00:AF25", "0100007F:DD98", "1"), socket: null },
  { what: "no port", line: line("0100007F", "0100007F:DD98", "1"), socket: null },
  { what: "an inode that is no number", line: line("0100007F:AF25", "0100007F:DD98", "1]x"), socket: null },
  { what: "a line that is cut", line: "   7: 0100007F:AF25 0100007F:DD98 01 00000000:0000", socket: null },
  { what: "an empty line", line: "", socket: null },
  {
    what: "the heading",
    line: "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    socket: null,
  },
];

test.each(cases)("$what", ({ line: text, littleEndian = true, socket }) => {
  const found = openSocket(text, littleEndian);
  expect(
    found &&
      `${found.local.address} ${found.local.port} → ${found.remote.address} ${found.remote.port}, ${found.inode}`,
  ).toBe(socket);
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::FFFF:10.1.2.3", "10.1.2.3"],
  ["FE80::1%eth0", "fe80::1"],
  ["::ffff:0:1", "::ffff:0:1"],
  ["::1", "::1"],
])("%s is plainly %s", (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});

test.runIf(process.platform === "linux")("every line of this host's table is a socket's, or nobody's", () => {
  for (const text of readFileSync("/proc/net/tcp", "latin1").trimEnd().split("\n").slice(1)) {
    expect(openSocket(text, true) === null, text).toBe(text.trim().split(/ +/)[9] === "0");
  }
});
