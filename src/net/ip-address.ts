/** IP addresses as text. IPv6 as RFC 5952 recommends it, IPv4-mapped addresses in the mixed notation of its section 5. */

/** `192.0.2.1`, from the address as one 32-bit word in network order. */
export function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

/** `2001:db8::1`, from the address as four 32-bit words in network order. */
export function ipv6Text(word0: number, word1: number, word2: number, word3: number): string {
  if (word0 === 0 && word1 === 0 && word2 === 0xffff) return `::ffff:${ipv4Text(word3)}`;
  const groups = [word0, word1, word2, word3].flatMap(word => [word >>> 16, word & 0xffff]);
  const zeros = longestZeroRun(groups);
  const text = (part: number[]) => part.map(group => group.toString(16)).join(":");
  // §4.2.2: a single zero group is not shortened.
  if (zeros.length < 2) return text(groups);
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`;
}

/** The first of the longest runs (§4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at++) {
    if (at < groups.length && groups[at] === 0) continue;
    if (at - start > longest.length) longest = { start, length: at - start };
    start = at + 1;
  }
  return longest;
}
