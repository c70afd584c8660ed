/** Changes octets as networks, disks and attackers do: the same from the same numbers. */

/** Numbers that lengths and sizes are compared with. */
const INTERESTING = [0, 1, 2, 3, 7, 8, 10, 0x7f, 0x80, 0xce, 0xff];
const MAX_CHANGES = 8;

/** A copy of `octets` with a few changes; `others` are where pieces may come from. `next` draws from [0, 1). */
export function mutated(octets: Uint8Array, others: readonly Uint8Array[], next: () => number): Uint8Array {
  let changed = octets;
  for (let left = 1 + below(MAX_CHANGES, next); left > 0; left--) changed = changedOnce(changed, others, next);
  return changed;
}

export function below(count: number, next: () => number): number {
  return Math.floor(next() * count);
}

function changedOnce(octets: Uint8Array, others: readonly Uint8Array[], next: () => number): Uint8Array {
  const at = below(octets.length + 1, next);
  // Most changes are small: large ones leave little to look at.
  const length = 1 + Math.floor(next() ** 4 * Math.min(octets.length, 2000));
  const rest = octets.subarray(at + length);
  switch (below(7, next)) {
    case 0:
      return octets.map((octet, i) => (i === at ? octet ^ (1 << below(8, next)) : octet));
    case 1:
      return octets.map((octet, i) => (i === at ? INTERESTING[below(INTERESTING.length, next)]! : octet));
    case 2:
      return joined(octets.subarray(0, at), rest);
    case 3:
      return joined(octets.subarray(0, at), octets.subarray(at, at + length), octets.subarray(at));
    case 4:
      return octets.subarray(0, at);
    case 5: {
      const other = others[below(others.length, next)] ?? octets;
      const from = below(other.length, next);
      return joined(octets.subarray(0, at), other.subarray(from, from + length), octets.subarray(at));
    }
    default: {
      // A number of two or four octets that is at a bound.
      const value = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, octets.length][below(6, next)]!;
      const size = below(2, next) === 0 ? 2 : 4;
      return octets.map((octet, i) =>
        i >= at && i < at + size ? (value >>> (8 * (size - 1 - i + at))) & 0xff : octet,
      );
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A shorter input for which `fails` holds still: pieces are left out for as long as that helps. */
export function minimised(octets: Uint8Array, fails: (octets: Uint8Array) => boolean, tries = 2000): Uint8Array {
  let smallest = octets;
  let left = tries;
  for (let size = Math.ceil(octets.length / 2); size >= 1 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length && left > 0; left--) {
      const shorter = joined(smallest.subarray(0, at), smallest.subarray(at + size));
      if (fails(shorter)) smallest = shorter;
      else at += size;
    }
  }
  return smallest;
}
