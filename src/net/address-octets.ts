/** IP addresses from text to octets in network order; ip-address.ts goes the other way. */

/** Of `::ffff:0:0/96`, IPv4 addresses in IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/**
 * Four octets of an IPv4 address, sixteen of an IPv6 address, with or without a zone (`fe80::1%eth0`); an IPv4-mapped
 * address is the IPv4 address it stands for. null for any other text.
 */
export function addressOctets(text: string): Uint8Array | null {
  const octets = text.includes(":") ? ipv6Octets(text.split("%", 1)[0]!) : ipv4Octets(text);
  if (octets === null) return null;
  const mapped = octets.length === 16 && MAPPED.every((octet, i) => octets[i] === octet);
  return Uint8Array.from(mapped ? octets.slice(12) : octets);
}

/** An address of sixteen octets, whatever family it is of. */
export function asIpv6(octets: Uint8Array): Uint8Array {
  return octets.length === 16 ? octets : Uint8Array.of(...MAPPED, ...octets);
}

function ipv4Octets(text: string): number[] | null {
  const parts = text.split(".");
  const octets = parts.map(Number);
  return parts.length === 4 && parts.every((part, i) => /^\d{1,3}$/.test(part) && octets[i]! < 256) ? octets : null;
}

function ipv6Octets(text: string): number[] | null {
  const halves = text.split("::");
  // An IPv4 address may only be the last part.
  if (halves.length > 2 || (halves.length === 2 && halves[0]!.includes("."))) return null;
  const [front, back] = halves.map(half => (half === "" ? [] : groupOctets(half.split(":"))));
  if (!front || back === null) return null;
  const zeros = 16 - front.length - (back?.length ?? 0);
  if (back === undefined) return zeros === 0 ? front : null;
  return zeros >= 2 ? [...front, ...Array<number>(zeros).fill(0), ...back] : null;
}

/** Groups of four hexadecimal digits, the last of which may be an IPv4 address. */
function groupOctets(groups: readonly string[]): number[] | null {
  const octets: number[] = [];
  for (const [i, group] of groups.entries()) {
    const embedded = i === groups.length - 1 ? ipv4Octets(group) : null;
    if (embedded !== null) octets.push(...embedded);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      octets.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return null;
  }
  return octets;
}
