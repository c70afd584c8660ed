/** Where a reader looks at the octets of an incident: a requested offset or packet, and the stops on the way. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Finding, Range } from "../../report.ts";
import { packetRange } from "../../text/wording.ts";
import { type Piece, piecesOf } from "../layout/wire.ts";
import { pieceTip } from "./piece-words.ts";

export interface OctetJump {
  asked: string;
  /** Stream offset that is shown; null if there is none. */
  offset: number | null;
  /** What stands there, or why nothing can be shown. */
  words: string;
  /** Another finding of the report that has what was requested. */
  elsewhere?: Finding;
}

/**
 * `asked`: a stream offset (`213065`, `213,065`, `0x34049`), or `p31` for a packet of the finding's file. `others`:
 * findings of the same report, which may have what this one has not.
 */
export function octetJump(asked: string, finding: Finding, others: readonly Finding[]): OctetJump {
  return { asked, ...jumpTo(asked.trim(), finding, others) };
}

type Jump = Omit<OctetJump, "asked">;

function jumpTo(text: string, finding: Finding, others: readonly Finding[]): Jump {
  const packet = /^p(?:acket)?\s*(\d{1,15})$/i.exec(text);
  if (packet !== null) return toPacket(Number(packet[1]), finding, others);
  const digits = text.replace(/[,_.\s]/g, "");
  if (/^(?:\d{1,15}|0x[\da-f]{1,12})$/i.test(digits)) return toOffset(Number(digits), finding, others);
  return {
    offset: null,
    words: `“${text.slice(0, 40)}” is neither an offset nor a packet: write 213065, 0x34049, or p31 for packet 31.`,
  };
}

/** Stream offsets at which something begins, in order: the broken frame, each piece, the octet where the broker stops. */
export function stopsOf(finding: Finding): number[] {
  const { streamOffset, octets } = finding;
  const wrong = octets.find(isWrongEnd)?.streamOffset ?? null;
  const all = [streamOffset, wrong, ...pieces(finding).map(({ from }) => from)];
  return [...new Set(all.filter(offset => offset !== null))].sort((a, b) => a - b);
}

/** Whether an octet stands where a frame had to end, and is no frame-end octet. */
export function isWrongEnd({ takenFor, hex }: Finding["octets"][number]): boolean {
  return takenFor === "frame-end octet" && hex.toLowerCase() !== "ce";
}

function toOffset(offset: number, finding: Finding, others: readonly Finding[]): Jump {
  const at = grouped(offset);
  const kept = finding.octets.find(({ streamOffset }) => streamOffset === offset);
  const piece = pieces(finding).find(({ from, to }) => from <= offset && offset < to);
  const whose = piece === undefined ? "" : ` ${named(piece, finding)}.`;
  if (kept !== undefined) return { offset, words: `Offset ${at}: read as ${kept.takenFor}.${whose}` };
  if (piece !== undefined) return { offset, words: `Offset ${at}:${whose} The octet itself is not kept here.` };
  const { streamOffset, length } = finding;
  if (streamOffset !== null && streamOffset <= offset && offset < streamOffset + (length ?? 0))
    return { offset, words: `The octet at ${at} is of this incident, and is not kept here.` };
  const elsewhere = others.find(
    other =>
      other !== finding &&
      other.connection === finding.connection &&
      other.direction === finding.direction &&
      toOffset(offset, other, []).offset !== null,
  );
  const reach = streamOffset === null ? "" : `, which begins at ${grouped(streamOffset)}`;
  return { offset: null, words: `Offset ${at} is not of this incident${reach}.`, ...found(elsewhere) };
}

function toPacket(packet: number, finding: Finding, others: readonly Finding[]): Jump {
  const ranges = rangesOf(finding).filter(
    ({ from, to }) =>
      from.input === finding.input &&
      from.packet !== null &&
      from.packet <= packet &&
      // What goes on in another file goes on behind all packets of this one.
      (to.input !== from.input || packet <= (to.packet ?? from.packet)),
  );
  // What begins in the packet is more specific than what passes through it.
  const range = ranges.find(({ from }) => from.packet === packet) ?? ranges[0];
  const offset = range?.from.streamOffset ?? null;
  if (range !== undefined && offset !== null) {
    const since = range.from.packet === packet ? "" : `, which began in packet ${range.from.packet}`;
    const piece =
      range === finding.at ? undefined : pieces(finding).find(({ from, to }) => from <= offset && offset < to);
    const what = piece === undefined ? `the incident, at ${grouped(offset)}` : named(piece, finding);
    return { offset, words: `Packet ${packet}: ${what}${since}.` };
  }
  const elsewhere = others.find(
    other => other !== finding && other.input === finding.input && toPacket(packet, other, []).offset !== null,
  );
  const reach = finding.packets.length === 0 ? "" : `, which is in ${packetRange(finding.packets)}`;
  return {
    offset: null,
    words: `Nothing is known here of packet ${packet} in this incident${reach}.`,
    ...found(elsewhere),
  };
}

/** Where each part came, as far as is known, in the order of the stream; and last the incident as a whole. */
function rangesOf({ diagnosis, at }: Finding): Range[] {
  const whole = at === undefined ? [] : [at];
  if (diagnosis === undefined) return whole;
  const { writers, torn, replayed, overwritten, foreign } = diagnosis;
  const messages = writers.flatMap(writer => writer.messages);
  const parts = [
    ...[...messages, ...torn].flatMap(({ at: ranges = [] }) => ranges),
    ...[...replayed, ...overwritten, ...foreign].flatMap(({ at: range }) => range ?? []),
  ];
  return [...parts.sort((a, b) => (a.from.streamOffset ?? 0) - (b.from.streamOffset ?? 0)), ...whole];
}

function found(elsewhere: Finding | undefined): Pick<OctetJump, "elsewhere"> {
  return elsewhere === undefined ? {} : { elsewhere };
}

function pieces({ diagnosis }: Finding): Piece[] {
  return diagnosis === undefined ? [] : piecesOf(diagnosis);
}

function named(piece: Piece, { diagnosis }: Finding): string {
  return pieceTip(piece, diagnosis!);
}
