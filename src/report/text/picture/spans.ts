/** Arithmetic on stretches of a stream. */

import type { Span } from "../../report.ts";

/** Spans in order; those that touch or overlap become one, empty ones are left out. */
export function tidy(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const [offset, octets] of spans.toSorted((a, b) => a[0] - b[0])) {
    if (!(octets > 0)) continue;
    const last = result.at(-1);
    if (last && offset <= endOf(last)) last[1] = Math.max(last[1], offset + octets - last[0]);
    else result.push([offset, octets]);
  }
  return result;
}

/** Offset behind the span's last octet. */
export function endOf([offset, octets]: Span): number {
  return offset + octets;
}

/** True when a tidy span holds an octet of [from, to). */
export function touches(spans: readonly Span[], from: number, to: number): boolean {
  const span = spans[firstBehind(spans, from)];
  return span !== undefined && from < to && span[0] < to;
}

/** Index of the first tidy span that ends behind the offset. */
function firstBehind(spans: readonly Span[], offset: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(spans[middle]!) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}
