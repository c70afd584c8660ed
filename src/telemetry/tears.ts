import type { Diagnosis, Message, TornFrame } from "../forensics/diagnosis.ts";

/** Who tore whom, by the stream offsets at which the messages begin. */
export interface Tear {
  torn: Message;
  /** Whose octets stand where the torn message's next octets should. */
  tearing: Message;
}

/** Tears of one incident that are told. */
const MAX_TEARS = 256;

/**
 * The tears of an incident. A torn frame stops at an octet where octets of another message go on: that message tore it. Where
 * those are a heartbeat's or nobody's, none is told.
 */
export function tearsOf({ torn, writers }: Diagnosis): Tear[] {
  const messages = writers.flatMap(writer => writer.messages.map(message => ({ message, writer: writer.name })));
  const tears: Tear[] = [];
  for (const frame of torn) {
    const owner = messages.find(({ message, writer }) => writer === frame.writer && holds(message, frame.spans[0]![0]));
    if (owner === undefined) continue;
    for (const cut of cutsOf(frame)) {
      const other = messages.find(({ message }) => message !== owner.message && beginsAt(message, cut));
      const isTold = tears.some(tear => tear.torn === owner.message && tear.tearing === other?.message);
      if (other !== undefined && !isTold && tears.length < MAX_TEARS) {
        tears.push({ torn: owner.message, tearing: other.message });
      }
    }
  }
  return tears;
}

/** Where its octets stop before it is whole. */
function cutsOf({ spans, complete }: TornFrame): number[] {
  const ends = spans.map(([offset, octets]) => offset + octets);
  return complete ? ends.slice(0, -1) : ends;
}

function holds({ spans }: Message, offset: number): boolean {
  return spans.some(([begin, octets]) => begin <= offset && offset < begin + octets);
}

function beginsAt({ spans }: Message, offset: number): boolean {
  return spans.some(([begin]) => begin === offset);
}
