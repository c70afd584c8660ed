/**
 * A send buffer that two writers share. One is interrupted; the other writes its frame into the same buffer, and is interrupted after as
 * many octets; then the first one sends what it has left of the buffer, in which the rest of the other's frame stands by now.
 */
import { FRAME_END, FRAME_ENVELOPE } from "../amqp/spec/constants.ts";
import type { Span } from "./diagnosis.ts";
import type { OctetWindow } from "./octet-window.ts";
import type { UntangledFrame } from "./untangle/result.ts";

/** A frame whose rest another one overwrote: `frame` and `other` are their stream offsets. */
export interface SharedRest {
  readonly frame: number;
  readonly other: number;
  /** What the other frame's rest took of it. */
  readonly span: Span;
}

/** The same frames, each with the octets that are its own: a frame that was written over is whole no more, the other one is. */
export function sharedRests(
  window: Pick<OctetWindow, "bytes" | "base">,
  frames: readonly UntangledFrame[],
): { frames: UntangledFrame[]; rests: SharedRest[] } {
  const rests: SharedRest[] = [];
  const own = new Map<UntangledFrame, UntangledFrame>();
  for (const frame of frames) {
    const [first, second] = frame.spans;
    if (frame.spans.length !== 2) continue;
    const [from, octets] = second!;
    if (!frame.complete) {
      const rest = restBefore(window, frame, frames);
      if (rest !== null) rests.push(rest);
      continue;
    }
    const other = frames.find(each => !each.complete && each.spans.length === 1 && endOf(each) === from);
    if (other === undefined || other.spans[0]![1] !== first![1]) continue;
    const lacks = other.size + FRAME_ENVELOPE - first![1];
    if (lacks <= 0 || lacks >= octets || window.bytes[from + lacks - 1 - window.base] !== FRAME_END) continue;
    const [begin] = other.spans[0]!;
    rests.push({ frame: first![0], other: begin, span: [from, lacks] });
    own.set(frame, { ...frame, spans: [first!, [from + lacks, octets - lacks]], complete: false });
    own.set(other, { ...other, spans: [[begin, first![1] + lacks]], complete: true });
  }
  return { frames: frames.map(frame => own.get(frame) ?? frame), rests };
}

/** The rest of another frame, that is whole, in place of what a frame lacks: it stands before its last piece. */
function restBefore(
  window: Pick<OctetWindow, "bytes" | "base">,
  { size, spans }: UntangledFrame,
  frames: readonly UntangledFrame[],
): SharedRest | null {
  const [[begin, there], [from, octets]] = spans as [Span, Span];
  const lacks = size + FRAME_ENVELOPE - there - octets;
  if (lacks <= 0 || window.bytes[from + octets - 1 - window.base] !== FRAME_END) return null;
  const other = frames.find(each => each.complete && each.spans.length === 1 && endOf(each) === from);
  if (other === undefined || other.spans[0]![1] !== there + lacks) return null;
  return { frame: begin, other: other.spans[0]![0], span: [from - lacks, lacks] };
}

function endOf({ spans }: UntangledFrame): number {
  const [offset, octets] = spans.at(-1)!;
  return offset + octets;
}
