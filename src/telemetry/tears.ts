import { FRAME_ENVELOPE } from "../amqp/spec/constants.ts";
import type { Diagnosis, Message, TornFrame } from "../forensics/diagnosis.ts";
import type { Message as PublishedMessage } from "../messages/message.ts";
import type { Finding } from "../report/report.ts";

/** A message of no diagnosis that was lost. */
export type LostMessage = Pick<PublishedMessage, "streamOffset" | "traceId" | "channel" | "outcome">;
/** A message whose frame was torn, or that tore one. */
type TearMessage = Message | LostMessage;

/** What is needed of a finding. */
type TearFinding = Pick<Finding, "rule" | "direction" | "streamOffset" | "frame" | "diagnosis">;

/** Which message tore which. */
interface Tear {
  torn: TearMessage;
  /** The message whose octets stand between those of the torn message. */
  tearing: TearMessage;
}

/** The other messages that one must be linked to. */
export interface TearsOfMessage {
  tornBy: TearMessage[];
  tore: TearMessage[];
  /** Those beyond MAX_LINKS. */
  dropped: number;
}

/** Tears reported for one message. */
const MAX_LINKS = 128;

/** The tears of a connection, by where the messages begin: several incidents may tell of one message. */
export class Tears {
  readonly #of = new Map<number, TearsOfMessage>();

  constructor(findings: readonly TearFinding[], lost: readonly LostMessage[]) {
    const begins = new Map(lost.map(each => [each.streamOffset, each]));
    for (const finding of findings) {
      const tears = finding.diagnosis === undefined ? [] : tearsOf(finding.diagnosis, begins);
      for (const { torn, tearing } of [...tears, ...contentTear(finding, begins)]) {
        this.#add(torn, "tornBy", tearing);
        this.#add(tearing, "tore", torn);
      }
    }
  }

  /** null: it tore none, and was torn by none. */
  of(streamOffset: number): TearsOfMessage | null {
    return this.#of.get(streamOffset) ?? null;
  }

  #add(message: TearMessage, how: "tornBy" | "tore", other: TearMessage): void {
    const begin = beginOf(message);
    const known = this.#of.get(begin) ?? { tornBy: [], tore: [], dropped: 0 };
    this.#of.set(begin, known);
    if (known[how].some(each => beginOf(each) === beginOf(other))) return;
    if (known.tornBy.length + known.tore.length < MAX_LINKS) known[how].push(other);
    else known.dropped++;
  }
}

/**
 * The tears of an incident. Every message that has octets between those of a torn frame tore it. Behind the last octets
 * of a frame that never became whole, only a message that goes on at that very octet tore it: one of the diagnosis, or
 * one that was lost and begins there, as behind a write that was cut; `begins` has these by their first octet. Heartbeats
 * and octets of no frame are not reported.
 */
export function* tearsOf(
  { torn, writers }: Diagnosis,
  begins: ReadonlyMap<number, LostMessage> = new Map(),
): Generator<Tear> {
  const stretches = writers
    .flatMap(({ name, messages }) =>
      messages.flatMap(message => message.spans.map(([from, octets]) => ({ message, name, from, to: from + octets }))),
    )
    .sort((a, b) => a.from - b.from);
  const frames = new Map<Message, TornFrame[]>();
  for (const frame of torn) {
    const begin = frame.spans[0]![0];
    const owner = stretches.find(({ name, from, to }) => name === frame.writer && from <= begin && begin < to)?.message;
    if (owner !== undefined) frames.set(owner, [...(frames.get(owner) ?? []), frame]);
  }
  for (const [owner, its] of frames) {
    const tearing = new Set<TearMessage>();
    for (const [from, to] of its.flatMap(holesOf)) {
      const { size } = tearing;
      for (let i = indexOf(stretches, from); i < stretches.length && stretches[i]!.from < to; i++) {
        const { message } = stretches[i]!;
        if (message !== owner) tearing.add(message);
      }
      const behind = tearing.size > size || to > from + 1 ? undefined : begins.get(from);
      if (behind !== undefined) tearing.add(behind);
    }
    for (const each of tearing) yield { torn: owner, tearing: each };
  }
}

/**
 * The tear by frames that are whole: a publish begins inside the content of another one of its channel (§4.2.6 of AMQP
 * 0-9-1: that one was given up, or another producer shares the channel). The one under way is the last before it there.
 */
function contentTear(
  { rule, direction, streamOffset, frame }: TearFinding,
  begins: ReadonlyMap<number, LostMessage>,
): Tear[] {
  const tearing = begins.get(streamOffset ?? -1);
  const isInside = rule === "content-order" && direction === "client-to-server";
  if (!isInside || tearing === undefined || tearing.channel !== frame?.channel) return [];
  let torn: LostMessage | null = null;
  for (const each of begins.values()) {
    const isBefore = each.channel === tearing.channel && each.streamOffset < tearing.streamOffset;
    if (isBefore && each.streamOffset > (torn?.streamOffset ?? -1)) torn = each;
  }
  return torn?.outcome === "torn" ? [{ torn, tearing }] : [];
}

/** Where others' octets stand: from the offset of the first up to that of the last. */
function holesOf({ size, spans }: TornFrame): [from: number, to: number][] {
  const ends = spans.map(([offset, octets]) => offset + octets);
  const holes = ends.slice(0, -1).map((end, i): [number, number] => [end, spans[i + 1]![0]]);
  // A frame may have all its octets, and some of them wrong: then it is not complete, and nothing stands in it.
  const isWhole = spans.reduce((sum, [, octets]) => sum + octets, 0) >= size + FRAME_ENVELOPE;
  return isWhole ? holes : [...holes, [ends.at(-1)!, ends.at(-1)! + 1]];
}

/** Index of the first one that begins at that offset or behind it. */
function indexOf(stretches: readonly { from: number }[], offset: number): number {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stretches[middle]!.from < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a message's method frame begins. */
export function beginOf(message: TearMessage): number {
  return "spans" in message ? message.spans[0]![0] : message.streamOffset;
}
