import type { BoundaryHypothesis } from "./boundary-hypothesis.ts";
import type { Gaps } from "./gaps.ts";

interface ReadConnection {
  readonly midStream: boolean;
  readonly directions: readonly { readonly hypothesis: BoundaryHypothesis }[];
  readonly gaps: readonly Gaps[];
}

/**
 * Why frames of a connection may not have been read although they passed the place of capture: segments were cut off,
 * or a boundary guessed in mid-stream was refuted. null if neither is so: octets that are missing completely are a gap.
 */
export function unreadFrames({ midStream, directions, gaps }: ReadConnection): "cut" | "refuted" | null {
  const isCut = gaps.some(({ cut, lostBoundary }, side) => {
    return lostBoundary || (cut > 0 && directions[side]!.hypothesis.losses > 0);
  });
  if (isCut) return "cut";
  return midStream && directions.some(({ hypothesis }) => hypothesis.wasRefuted) ? "refuted" : null;
}
