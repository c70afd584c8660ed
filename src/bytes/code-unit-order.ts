/** The order of UTF-16 code units, the same on every machine: for lists that must not depend on where they are made. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
