/**
 * The places of an incident: sets of torn frames that overlap. Every output numbers them in the same way, from 1.
 */
import type { Diagnosis, IncidentPlace, Span } from "../report.ts";

/** Octets between two torn frames that still make them one place. */
const NEAR = 512;
/** Pieces that places may have together and still be joined, and an incident of one place. */
const MOST_PIECES = 14;
const ONE_PLACE = 18;

/** In the order of the stream; none if nothing is torn, sent again, missing, overwritten or foreign. */
export function placesOf(diagnosis: Diagnosis): IncidentPlace[] {
  const stretches = stretchesOf(diagnosis);
  if (stretches.length === 0) return [];
  const pieces = stretches.reduce((sum, stretch) => sum + stretch.pieces, 0);
  const sorted = stretches.toSorted((a, b) => a.from - b.from);
  const places: Stretch[] = [];
  for (const stretch of sorted) {
    const last = places.at(-1);
    const overlaps = last !== undefined && stretch.from < last.to;
    const near = last !== undefined && stretch.from - last.to <= NEAR && last.pieces + stretch.pieces <= MOST_PIECES;
    if (last !== undefined && (pieces <= ONE_PLACE || overlaps || near)) {
      last.to = Math.max(last.to, stretch.to);
      last.pieces += stretch.pieces;
      last.torn.push(...stretch.torn);
    } else places.push({ ...stretch, torn: [...stretch.torn] });
  }
  return places.map(({ from, to, torn }) => ({ from, to, torn }));
}

interface Stretch extends IncidentPlace {
  pieces: number;
}

function stretchesOf({ torn, replayed, overwritten, foreign, missing }: Diagnosis): Stretch[] {
  const ofSpans = (spans: readonly Span[], frames: number[]): Stretch[] =>
    spans.length === 0
      ? []
      : [
          {
            from: Math.min(...spans.map(([offset]) => offset)),
            to: Math.max(...spans.map(([offset, octets]) => offset + octets)),
            torn: frames,
            pieces: spans.length,
          },
        ];
  return [
    ...torn.flatMap(({ spans }, index) => ofSpans(spans, [index])),
    ...replayed.flatMap(({ span }) => ofSpans([span], [])),
    ...overwritten.flatMap(({ span }) => ofSpans([span], [])),
    ...foreign.flatMap(({ span }) => ofSpans([span], [])),
    ...missing.flatMap(({ streamOffset }) => ofSpans([[streamOffset, 0]], [])),
  ];
}
