/** `: did you mean "failOn"?`, or nothing if no name is near. */
export function didYouMean(name: string, names: readonly string[]): string {
  let nearest = "";
  let least = Math.max(1, Math.floor(name.length * MAX_SHARE)) + 1;
  for (const candidate of names) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (edits < least) {
      least = edits;
      nearest = candidate;
    }
  }
  return nearest === "" ? "" : `: did you mean "${nearest}"?`;
}

/** Wrong letters that a name may have, as a share of its length. */
const MAX_SHARE = 0.4;

/** Letters to insert, remove or change (Levenshtein); `limit` if there are as many or more. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(change, above[column]! + 1, line[column - 1]! + 1));
    }
    above = line;
  }
  return Math.min(above[b.length]!, limit);
}
