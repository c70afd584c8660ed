/** Reads the PROXY protocol's header as a broker would, from the specification and not from our writer. */
export interface ReadHeader {
  family: "TCP4" | "TCP6";
  source: string;
  destination: string;
  /** Octets that the header took. */
  size: number;
}

export function readProxyHeader(octets: Buffer): ReadHeader {
  if (octets.subarray(0, 12).equals(Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"))) return readBinary(octets);
  const line = /^PROXY (TCP[46]) (\S+) (\S+) (\d+) (\d+)\r\n/.exec(octets.toString("latin1", 0, 107));
  if (line === null) throw new Error("no PROXY header");
  const [whole, family, source, destination, sourcePort, destinationPort] = line as unknown as string[];
  return {
    family: family as "TCP4" | "TCP6",
    source: `${source} ${sourcePort}`,
    destination: `${destination} ${destinationPort}`,
    size: whole!.length,
  };
}

function readBinary(octets: Buffer): ReadHeader {
  if (octets[12] !== 0x21) throw new Error(`version and command ${octets[12]}`);
  const family = ({ 17: "TCP4", 33: "TCP6" } as const)[octets[13]!];
  const width = family === "TCP4" ? 4 : 16;
  const length = octets.readUInt16BE(14);
  if (family === undefined || length !== 2 * width + 4) throw new Error(`family ${octets[13]}, length ${length}`);
  const address = (at: number): string => {
    if (width === 4) return [...octets.subarray(at, at + 4)].join(".");
    const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(at + 2 * index).toString(16));
    // The URL class writes IPv6 addresses in their short form.
    return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
  };
  return {
    family,
    source: `${address(16)} ${octets.readUInt16BE(16 + 2 * width)}`,
    destination: `${address(16 + width)} ${octets.readUInt16BE(18 + 2 * width)}`,
    size: 16 + length,
  };
}
