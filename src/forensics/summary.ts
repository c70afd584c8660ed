/** The explanation of an incident in words, with the numbers that prove it. */
import { FRAME_ENVELOPE, FRAME_HEADER_SIZE, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import { plural } from "../bytes/words.ts";
import type { Diagnosis, Doubtful, Span, TornFrame } from "./diagnosis.ts";
import { lengthOf, type Tail } from "./leftover-octets.ts";
import type { SharedRest } from "./shared-rest.ts";
import type { Untangling } from "./untangle/result.ts";

/** Frames of a kind that a summary names; the others are counted. */
export const SHOWN_FRAMES = 3;
const SHOWN_GAPS = 3;

/** All that a diagnosis contains except what follows from it. */
export type Parts = Pick<
  Diagnosis,
  "torn" | "missing" | "overwritten" | "replayed" | "foreign" | "unexplained" | "writers" | "doubtful"
>;

/** `writerOf` names the writer of the frame that begins at a stream offset. */
export function summarise(
  parts: Parts & { restUnseen: readonly TornFrame[]; shared: readonly SharedRest[] },
  tails: readonly Tail[],
  untangling: Untangling,
  writerOf: (frameAt: number) => string | undefined,
): string {
  const sentences: string[] = [];
  for (const frame of parts.torn.slice(0, SHOWN_FRAMES)) {
    const rest = parts.shared.find(({ frame: at }) => at === frame.spans[0]![0]);
    if (rest !== undefined) sentences.push(overwrittenInBuffer(frame, rest, writerOf));
    else sentences.push(frame.complete ? interrupted(frame, untangling, writerOf) : neverCompleted(frame));
  }
  const more = parts.torn.length - SHOWN_FRAMES;
  if (more > 0) sentences.push(`${plural(more, "more frame")} ${more === 1 ? "was" : "were"} torn.`);
  for (const frame of parts.restUnseen.slice(0, SHOWN_FRAMES)) sentences.push(restUnseen(frame, untangling.spent));
  const isReported = (at: number): boolean => parts.shared.some(({ span }) => span[0] === at);
  for (const { span } of parts.overwritten.filter(({ span: [at] }) => !isReported(at)).slice(0, SHOWN_FRAMES)) {
    sentences.push(
      untangling.frames.some(({ spans: [first], size }) => first![0] === span[0] && size + FRAME_ENVELOPE > span[1])
        ? `The ${grouped(span[1])} octets at ${span[0]} are the beginning of the frame behind them, which comes again as a whole: it was written into the buffer of another frame of ${grouped(span[1])} octets before that was sent.`
        : `The frame at offset ${span[0]} has the right length, ${grouped(span[1])} octets, and other octets in it than it must: its buffer was overwritten before it was sent.`,
    );
  }
  for (const { span, of } of parts.replayed.slice(0, SHOWN_FRAMES)) {
    sentences.push(`${grouped(span[1])} octets at ${span[0]} repeat those at ${of[0]}: a buffer was sent twice.`);
  }
  for (const tail of tails) {
    sentences.push(
      `The ${grouped(tail.span[1])} octets at ${tail.span[0]} are the end of the body frame of ${grouped(tail.whole)} octets that channel ${tail.channel} awaits: its first ${grouped(tail.missing)} octets were never written.`,
    );
  }
  for (const { span, protocol } of parts.foreign.slice(0, SHOWN_FRAMES)) {
    sentences.push(`${grouped(span[1])} octets at ${span[0]} are another protocol's: ${protocol}.`);
  }
  if (parts.unexplained.length > 0) {
    const octets = lengthOf(parts.unexplained);
    sentences.push(
      `${grouped(octets)} octets between ${parts.unexplained[0]![0]} and ${untangling.boundary} stay unexplained.`,
    );
  }
  if (untangling.spent) sentences.push("The search ended early, all its steps spent: others may fit better.");
  if (parts.doubtful !== undefined) sentences.push(fitsAsWell(parts.doubtful, writerOf));
  return sentences.join(" ");
}

/** The second reading, in this many of its stretches. */
const SHOWN_DOUBTS = 2;

function fitsAsWell(doubtful: readonly Doubtful[], writerOf: (frameAt: number) => string | undefined): string {
  const whose = (frame: number): string => {
    const writer = writerOf(frame);
    return frame < 0 ? "nobody's" : `of the frame at ${frame}${writer === undefined ? "" : ` (writer ${writer})`}`;
  };
  const doubts = doubtful.slice(0, SHOWN_DOUBTS).map(({ span: [at, octets], frame, other }) => {
    return `the ${grouped(octets)} octets at ${at}, told as ${whose(frame)}, are ${whose(other)}`;
  });
  const more = doubtful.length - doubts.length;
  const others = more > 0 ? `; and ${grouped(more)} more ${more === 1 ? "stretch" : "stretches"} likewise` : "";
  return `Another reading fits as well, or nearly so: ${doubts.join("; ")}${others}.`;
}

/** A frame that others came into: which ones, and the proof that they do not belong to it. */
function interrupted(
  { type, channel, size, writer, spans }: TornFrame,
  { frames, boundary, open }: Untangling,
  writerOf: (frameAt: number) => string | undefined,
): string {
  const [begin, there] = spans[0]!;
  const [last, rest] = spans.at(-1)!;
  const gaps = spans.slice(1).map(([offset], i): Span => {
    const behind = spans[i]![0] + spans[i]![1];
    return [behind, offset - behind];
  });
  const inside = frames.filter(({ spans: [first] }) =>
    gaps.some(([at, octets]) => first![0] >= at && first![0] < at + octets),
  );
  const channels = [...new Set(inside.map(frame => frame.channel))].sort((a, b) => a - b);
  const names = new Set(inside.map(frame => writerOf(frame.spans[0]![0]) ?? writer));
  names.delete(writer);
  const whose = names.size === 0 ? "" : ` of ${list("writer", [...names].sort())}`;
  const who =
    inside.length === 0
      ? "octets of others"
      : `${plural(inside.length, "frame")}${whose} on ${list("channel", channels)}`;
  const shown = gaps.slice(0, SHOWN_GAPS).map(([at]) => at);
  const where =
    gaps.length > SHOWN_GAPS ? `${shown.join(", ")} and ${gaps.length - SHOWN_GAPS} more places` : and(shown);
  const times = gaps.length > 1 ? ` (and ${plural(gaps.length - 1, "more time")})` : "";
  const end = last + rest;
  const next = frames.some(frame => frame.spans[0]![0] === end) || (end === boundary && !open);
  const behind = next ? " and the stream goes on in order" : "";
  return `The ${frameTypeName(type)} frame of writer ${writer} on channel ${channel} (${grouped(size)} octets, offset ${begin}) was interrupted after ${plural(there, "octet")}${times}: taking out ${grouped(lengthOf(gaps))} octets at ${where}, ${who}, its end octet lands on 0xce at ${end - 1}${behind}.`;
}

function neverCompleted({ type, channel, size, writer, spans }: TornFrame): string {
  const there = lengthOf(spans);
  const whole = size + FRAME_ENVELOPE;
  const [begin] = spans[0]!;
  if (there < FRAME_HEADER_SIZE) {
    const known = there < 3 ? "" : ` on channel ${channel}`;
    return `Of a ${frameTypeName(type)} frame of writer ${writer}${known} only ${plural(there, "octet")} of its header stand${there === 1 ? "s" : ""} in the stream (offset ${begin}): nobody can tell how long it was to be.`;
  }
  const name = `The ${frameTypeName(type)} frame of writer ${writer} on channel ${channel} (${grouped(size)} octets, offset ${begin})`;
  if (there === whole) {
    return `${name} was interrupted and has all its octets, but the last one is no frame-end octet: its buffer was overwritten before it was sent.`;
  }
  return `${name} was cut after ${grouped(there)} of ${grouped(whole)} octets and never completed: ${grouped(whole - there)} octets of it were never written.`;
}

/** A frame that went on out of a buffer into which another one was written by then. */
function overwrittenInBuffer(
  { type, channel, size, writer, spans }: TornFrame,
  { other, span: [at, octets] }: SharedRest,
  writerOf: (frameAt: number) => string | undefined,
): string {
  const [begin, there] = spans[0]!;
  const by = writerOf(other) ?? "another one";
  return `The ${frameTypeName(type)} frame of writer ${writer} on channel ${channel} (${grouped(size)} octets, offset ${begin}) was interrupted after ${plural(there, "octet")} and went on at ${at}, out of a send buffer into which writer ${by} had written the frame at ${other} by then: the ${grouped(octets)} octets there are the rest of that one, and those of this one were overwritten before they were sent.`;
}

/** A frame that others came into, and that was open at octets not captured, or where the search ended (`spent`). */
function restUnseen({ type, channel, size, writer, spans }: TornFrame, spent: boolean): string {
  const there = lengthOf(spans);
  const [[begin, first]] = spans as [Span];
  const of = there < FRAME_HEADER_SIZE ? "" : ` of ${grouped(size + FRAME_ENVELOPE)}`;
  const where = there < 3 ? "" : ` on channel ${channel}`;
  return `The ${frameTypeName(type)} frame of writer ${writer}${where} (offset ${begin}) was interrupted after ${plural(first, "octet")}: ${grouped(there)}${of} octets of it stand before octets that were not ${spent ? "looked at" : "captured"}; the rest may be among those.`;
}

function list(noun: string, names: readonly (number | string)[]): string {
  return names.length === 1 ? `${noun} ${names[0]}` : `${noun}s ${and(names)}`;
}

function and(names: readonly (number | string)[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
