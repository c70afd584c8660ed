/** From untangled octets to a diagnosis: which writer tore which, what is missing, and the numbers that prove it. */
import { FRAME_ENVELOPE, FRAME_HEADER_SIZE, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Diagnosis, DiagnosisKind, Message, TornFrame, Writer } from "./diagnosis.ts";
import {
  comesAgain,
  isBeginningOfNext,
  lengthOf,
  overwrittenPlace,
  sortLeftovers,
  type Tail,
} from "./leftover-octets.ts";
import type { OctetWindow } from "./octet-window.ts";
import { type ReadFrame, readFrame, wholeFrameAt } from "./read-frames.ts";
import { sharedRests } from "./shared-rest.ts";
import { type Parts, SHOWN_FRAMES, summarise } from "./summary.ts";
import type { Untangling } from "./untangle/result.ts";
import { joined, separateWriters, writerName } from "./writers.ts";

/** A diagnosis without its remedy, which depends on the client library. */
export type Finding = Omit<Diagnosis, "remedy">;

/** The second history of a message that was cut and comes again. */
const COMES_AGAIN =
  " The message comes again right behind it, from its method on: it was sent again, or it was written over another message of as many octets in a shared buffer.";

/**
 * Makes the diagnosis of one untangling while the window still holds its octets. `before` are the stream offsets of the
 * frames before the broken one, which show the message it belongs to; `fault` is where the broker found the fault.
 */
export function explain(
  window: OctetWindow,
  untangling: Untangling,
  before: readonly number[],
  fault: { streamOffset: number; sizeLimit: number },
): Finding {
  const faultOffset = fault.streamOffset;
  const { frames: owned, rests: shared } = sharedRests(window, untangling.frames);
  const begins = Math.min(faultOffset, untangling.frames[0]?.spans[0]?.[0] ?? faultOffset);
  const context = framesBefore(window, before, begins);
  const frames = owned.map(frame => readFrame(window, frame));
  const { writers, of } = separateWriters([...context, ...frames], begins, faultOffset);
  const oversize = frames.find(({ size, spans }) => size > fault.sizeLimit && spans.length === 1);
  if (oversize !== undefined) return genuineOversize(oversize, fault.sizeLimit, writers);

  const reachesEnd = ({ spans }: ReadFrame): boolean => spans.at(-1)![0] + spans.at(-1)![1] >= window.end;
  const cutOff = (frame: ReadFrame): boolean => untangling.open && reachesEnd(frame);
  // What is open at a gap, or where the search ends, may have been written but not seen: its spans may be incomplete.
  const mayGoOn = ({ complete }: ReadFrame): boolean =>
    (untangling.beforeGap === true || untangling.spent) && untangling.open && !complete;
  const isOverwritten = (frame: ReadFrame): boolean =>
    (!frame.complete && frame.spans.length === 1 && frame.spans[0]![1] === frame.size + FRAME_ENVELOPE) ||
    isBeginningOfNext(window, frame);
  const interrupted = frames.filter(
    frame => !isOverwritten(frame) && (frame.spans.length > 1 || (!frame.complete && !cutOff(frame))),
  );
  const broken = interrupted.filter(frame => !mayGoOn(frame));
  const restUnseen = interrupted.filter(mayGoOn).map(frame => tornFrame(frame, of.get(frame) ?? ""));
  const torn = broken.map(frame => tornFrame(frame, of.get(frame) ?? ""));
  const isShared = ({ spans }: ReadFrame): boolean => shared.some(({ frame }) => frame === spans[0]![0]);
  const missing = broken.filter(frame => !frame.complete && !cutOff(frame) && !isShared(frame)).flatMap(missingOctets);
  const around = [...context, ...frames];
  const tails: Tail[] = [];
  const overwritten = frames.filter(isOverwritten).map(frame => ({ span: frame.spans[0]! }));
  for (const { span } of shared) overwritten.push({ span });
  const rests = untangling.unexplained.filter(span => {
    const place = overwrittenPlace(window, span, around);
    if (place !== null) overwritten.push({ span: place });
    return place === null;
  });
  const { replayed, foreign, unexplained, areRepetitive } = sortLeftovers(window, rests, around, tails);
  for (const tail of tails) missing.push({ streamOffset: tail.span[0], octets: tail.missing });
  const { doubts, doubtOdds } = untangling;
  const doubtful = doubts.length === 0 ? {} : { doubtful: doubts };
  const parts = { torn, missing, overwritten, replayed, foreign, unexplained, writers, ...doubtful };
  const kind = kindOf(parts, restUnseen.length > 0);
  const again = broken.some(frame => comesAgain(window, frame, around));
  const names = new Map(frames.map(frame => [frame.spans[0]![0], of.get(frame)]));
  const writerAt = (frameAt: number): string | undefined => names.get(frameAt);
  const isGuessed =
    again || areRepetitive || restUnseen.length > 0 || untangling.spent || hasGuessedPiece(window, frames);
  return {
    kind,
    confidence: Math.min(confidenceOf(parts, isGuessed), confidenceBeside(doubtOdds)),
    summary: summarise({ ...parts, restUnseen, shared }, tails, untangling, writerAt) + (again ? COMES_AGAIN : ""),
    ...parts,
  };
}

/** The frames at those stream offsets that are before `end`. */
function framesBefore(window: OctetWindow, offsets: readonly number[], end: number): ReadFrame[] {
  const frames: ReadFrame[] = [];
  for (const offset of offsets) {
    if (offset >= end) break;
    const frame = wholeFrameAt(window, offset);
    if (frame !== null) frames.push(readFrame(window, frame));
  }
  return frames;
}

/** Odds of all other readings, beyond which the reported one is as good as a guess, or is not near certain. */
const NEAR_ODDS = 0.08;
const SOME_ODDS = 0.02;

/** The highest confidence of a reading beside others. */
function confidenceBeside(odds: number): number {
  return odds > NEAR_ODDS ? 0.6 : odds > SOME_ODDS ? 0.9 : 1;
}

function tornFrame({ type, channel, size, spans, packets, complete }: ReadFrame, writer: string): TornFrame {
  return { type, channel, size, spans, packets, complete, writer };
}

/** What a frame that never became whole lacks. Its length is not known if its header is not whole. */
function missingOctets({ size, spans }: ReadFrame): Diagnosis["missing"] {
  const octets = size + FRAME_ENVELOPE - lengthOf(spans);
  if (lengthOf(spans) < FRAME_HEADER_SIZE || octets <= 0) return [];
  const [offset, length] = spans.at(-1)!;
  return [{ streamOffset: offset + length, octets }];
}

/** Messages of several findings: of a message in both, the one with more known octets stays. */
function together(messages: readonly Message[], more: readonly Message[]): Message[] {
  const all = new Map(messages.map(message => [message.spans[0]![0], message]));
  for (const message of more) {
    const known = all.get(message.spans[0]![0]);
    if (known === undefined || lengthOf(known.spans) < lengthOf(message.spans)) all.set(message.spans[0]![0], message);
  }
  return [...all.values()];
}

/** Several findings of one incident as one; writers with the same channels are the same. */
export function merged(findings: readonly Finding[]): Finding {
  const [first, ...rest] = findings;
  if (first === undefined) throw new RangeError("nothing to merge");
  if (rest.length === 0) return first;
  const writers: Writer[] = [];
  const renamed = findings.map(finding => {
    const names = new Map<string, string>();
    const taken = new Set<Writer>();
    for (const writer of finding.writers) {
      let known = writers.find(each => !taken.has(each) && each.channels[0] === writer.channels[0]);
      if (known === undefined) {
        known = { name: writerName(writers.length), channels: writer.channels, spans: [], messages: [] };
        writers.push(known);
      }
      taken.add(known);
      names.set(writer.name, known.name);
      known.spans = joined([...known.spans, ...writer.spans]);
      known.messages = together(known.messages, writer.messages);
    }
    return finding.torn.map(frame => ({ ...frame, writer: names.get(frame.writer) ?? frame.writer }));
  });
  const parts: Parts = {
    torn: renamed.flat(),
    missing: findings.flatMap(({ missing }) => missing),
    overwritten: findings.flatMap(({ overwritten }) => overwritten),
    replayed: findings.flatMap(({ replayed }) => replayed),
    foreign: findings.flatMap(({ foreign }) => foreign),
    unexplained: findings.flatMap(({ unexplained }) => unexplained),
    writers,
    ...(findings.some(({ doubtful }) => doubtful !== undefined)
      ? { doubtful: findings.flatMap(({ doubtful }) => doubtful ?? []) }
      : {}),
  };
  const summary = findings
    .slice(0, SHOWN_FRAMES)
    .map(finding => finding.summary)
    .join(" ");
  const kind = kindOf(
    parts,
    findings.some(each => each.kind === "torn-frame"),
  );
  return { kind, confidence: Math.min(...findings.map(each => each.confidence)), summary, ...parts };
}

/** A whole frame with one fault: its writer made it larger than was agreed. */
function genuineOversize(frame: ReadFrame, sizeLimit: number, writers: Writer[]): Finding {
  const { type, channel, size, spans, complete } = frame;
  const [offset] = spans[0]!;
  const name = `The ${frameTypeName(type)} frame at ${offset} on channel ${channel}`;
  const proof = complete
    ? `is whole: its frame-end octet stands at ${offset + FRAME_HEADER_SIZE + size}, where its size of ${grouped(size)} octets says, and the stream goes on in order`
    : `is what its content header announced, and the stream ends inside it`;
  return {
    kind: "genuine-oversize",
    confidence: complete ? 0.95 : 0.8,
    summary: `${name} ${proof}. Nothing tore it: it is ${grouped(size - sizeLimit)} octets larger than the negotiated frame-max of ${grouped(sizeLimit)} lets it be.`,
    torn: [],
    replayed: [],
    missing: [],
    overwritten: [],
    foreign: [],
    unexplained: [],
    writers,
  };
}

function kindOf({ torn, missing, overwritten, replayed, foreign }: Parts, isTorn: boolean): DiagnosisKind {
  if (foreign.length > 0) return "foreign-protocol";
  if (replayed.length > 0) return "replayed-octets";
  if (torn.some(frame => frame.complete)) return "torn-frame";
  if (overwritten.length > 0) return "overwritten-octets";
  if (missing.length > torn.length || (missing.length > 0 && torn.length === missing.length)) return "missing-octets";
  return isTorn || torn.length > 0 ? "torn-frame" : "unexplained";
}

/** Torn frames in an incident, beyond which one of them may be put together wrongly, or almost certainly is. */
const FEW_TORN = 3;
const MANY_TORN = 12;
/** Torn frames compared with one another. */
const COMPARED_TORN = 200;

function confidenceOf({ torn, unexplained, missing, overwritten, replayed, foreign }: Parts, guessed: boolean): number {
  if (unexplained.length > 0) return 0.5;
  if (guessed || torn.length > MANY_TORN || sharesChannel(torn)) return 0.6;
  if (overwritten.length > 0) return 0.8;
  if (missing.length > 0 || replayed.length > 0) return 0.9;
  if (foreign.length > 0) return 0.95;
  if (torn.length > FEW_TORN) return 0.9;
  return torn.length > 0 ? 0.99 : 0.5;
}

/**
 * A piece in the middle of a frame begins at no visible place: no segment begins there, and no frame ends. Neither
 * arithmetic nor a start gives that place, only what is usual.
 */
function hasGuessedPiece(window: OctetWindow, frames: readonly ReadFrame[]): boolean {
  const middles = frames.flatMap(({ spans }) => spans.slice(1, -1).map(([offset]) => offset));
  if (middles.length === 0) return false;
  const seen = new Set(window.segmentsFrom(frames[0]!.spans[0]![0]));
  for (const { spans } of frames) seen.add(spans.at(-1)![0] + spans.at(-1)![1]);
  return middles.some(offset => !seen.has(offset));
}

/** Frames of one channel are torn at the same time: which of them goes on where is hard to decide. */
function sharesChannel(all: readonly TornFrame[]): boolean {
  const torn = all.slice(0, COMPARED_TORN);
  return torn.some((frame, i) =>
    torn.some((other, j) => {
      if (j <= i || other.channel !== frame.channel) return false;
      const [begin] = other.spans[0]!;
      const [last, octets] = frame.spans.at(-1)!;
      return begin < last + octets;
    }),
  );
}
