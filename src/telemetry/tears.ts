import { FRAME_ENVELOPE } from "../amqp/spec/constants.ts";
import type { Diagnosis, Message, TornFrame } from "../forensics/diagnosis.ts";
import type { Message as PublishedMessage } from "../messages/message.ts";

/** A message of no diagnosis that was lost. */
export type LostMessage = Pick<PublishedMessage, "streamOffset" | "traceId">;
/** A message whose frame was torn, or that tore one. */
type TearMessage = Message | LostMessage;

/** Which message tore which. */
interface Tear {
  torn: Message;
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

  constructor(diagnoses: readonly Diagnosis[], lost: readonly LostMessage[]) {
    for (const diagnosis of diagnoses) {
      for (const { torn, tearing } of tearsOf(diagnosis, lost)) {
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
 * one of `lost` that begins there, as behind a write that was cut. Heartbeats and octets of no frame are not reported.
 */
export function* tearsOf({ torn, writers }: Diagnosis, lost: readonly LostMessage[] = []): Generator<Tear> {
  const stretches = writers
    .flatMap(({ name, messages }) =>
      messages.flatMap(message => message.spans.map(([from, octets]) => ({ message, name, from, to: from + octets }))),
    )
    .sort((a, b) => a.from - b.from);
  const begins = new Map(lost.map(each => [each.streamOffset, each]));
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
