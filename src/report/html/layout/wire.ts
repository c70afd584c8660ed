/**
 * The octets of an incident as they are on the wire: pieces edge to edge, each of a block. A block is what its writer
 * meant: a message, a frame, a stretch. It is whole, in any number of pieces.
 */
import type { Diagnosis, Message, Span } from "../../report.ts";
import { counted, messageName } from "../../text/wording.ts";

export type BlockKind = "message" | "frame" | "stretch" | "again" | "overwritten" | "foreign" | "unexplained" | "order";

export interface Block {
  kind: BlockKind;
  /** Index into the diagnosis's writers; null for octets of no writer. */
  writer: number | null;
  label: string;
  message: Message | null;
  spans: Span[];
  /** Others' octets are inside it, or its end was never written. */
  isTorn: boolean;
  /** Octets of it that were never written. */
  missing: number;
}

export interface Piece {
  block: Block;
  from: number;
  to: number;
  /** From 1, of `of`. */
  number: number;
  of: number;
}

/** In the order of the stream; between two of them are frames in order, which are no part of it. */
export function piecesOf(diagnosis: Diagnosis): Piece[] {
  const free: Span[] = [];
  const pieces: Piece[] = [];
  for (const block of blocksOf(diagnosis)) {
    const parts: Span[] = [];
    for (const span of block.spans) {
      const own = without(span, free);
      free.push(...own);
      parts.push(...own);
    }
    const shown = parts.filter(([, octets]) => octets > 0).sort(([a], [b]) => a - b);
    for (const [at, [from, octets]] of shown.entries()) {
      pieces.push({ block, from, to: from + octets, number: at + 1, of: shown.length });
    }
  }
  return pieces.sort((a, b) => a.from - b.from);
}

/** The most reliable first: if two claim the same octets, the first has them. */
function blocksOf(diagnosis: Diagnosis): Block[] {
  const plain = (kind: BlockKind, label: string, spans: Span[]): Block => ({
    kind,
    writer: null,
    label,
    message: null,
    spans,
    isTorn: false,
    missing: 0,
  });
  const { foreign, unexplained, overwritten, replayed } = diagnosis;
  return [
    ...foreign.map(({ span, protocol }) => plain("foreign", protocol, [span])),
    ...unexplained.map(span => plain("unexplained", "?", [span])),
    ...overwritten.map(({ span }) => plain("overwritten", "?", [span])),
    ...copies(replayed).map(({ of, spans }) => plain("again", `octets at ${of[0]}`, [of, ...spans])),
    ...writersBlocks(diagnosis),
  ];
}

/** Copies of the same octets, with these; a copy of a copy is one more of the first. */
function copies(replayed: Diagnosis["replayed"]): { of: Span; spans: Span[] }[] {
  const groups: { of: Span; spans: Span[] }[] = [];
  for (const { span, of } of replayed.toSorted((a, b) => a.span[0] - b.span[0])) {
    const known = groups.find(group => touch([group.of, ...group.spans], [of]));
    if (known === undefined) groups.push({ of, spans: [span] });
    else known.spans.push(span);
  }
  return groups;
}

function writersBlocks(diagnosis: Diagnosis): Block[] {
  const { writers, torn } = diagnosis;
  const messages = writers.flatMap(({ messages }, writer) =>
    messages.map((message): Block => {
      const frames = torn.filter(frame => frame.writer === writers[writer]!.name && touch(frame.spans, message.spans));
      const spans = union([...message.spans, ...frames.flatMap(frame => frame.spans)]);
      return {
        kind: "message",
        writer,
        label: messageName(message),
        message,
        spans,
        isTorn: message.fate === "torn" || spans.length > 1,
        missing: frames.reduce((sum, frame) => sum + missingOf(frame, diagnosis), 0),
      };
    }),
  );
  const frames = torn
    .filter(frame => !messages.some(block => touch(block.spans, frame.spans)))
    .map((frame): Block => {
      const writer = writers.findIndex(({ name }) => name === frame.writer);
      return {
        kind: "frame",
        writer: writer < 0 ? null : writer,
        label: counted(frame.size, "octet"),
        message: null,
        spans: frame.spans,
        isTorn: true,
        missing: missingOf(frame, diagnosis),
      };
    });
  const stretches = writers.flatMap(({ spans }, writer) =>
    spans.map(
      (span): Block => ({
        kind: "stretch",
        writer,
        label: "",
        message: null,
        spans: [span],
        isTorn: false,
        missing: 0,
      }),
    ),
  );
  return [...messages, ...frames, ...stretches];
}

function missingOf({ complete, spans }: Diagnosis["torn"][number], { missing }: Diagnosis): number {
  const last = spans.at(-1);
  if (complete || last === undefined) return 0;
  return missing.find(({ streamOffset }) => streamOffset === last[0] + last[1])?.octets ?? 0;
}

function touch(spans: readonly Span[], others: readonly Span[]): boolean {
  return spans.some(([from, octets]) => others.some(([at, length]) => from < at + length && at < from + octets));
}

/** The same octets as spans that neither touch nor overlap. */
function union(spans: readonly Span[]): Span[] {
  const sorted = spans.filter(([, octets]) => octets > 0).toSorted(([a], [b]) => a - b);
  const merged: Span[] = [];
  for (const [from, octets] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[0] + last[1]) last[1] = Math.max(last[1], from + octets - last[0]);
    else merged.push([from, octets]);
  }
  return merged;
}

/** The octets of a span that are in none of the others. */
function without([from, octets]: Span, others: readonly Span[]): Span[] {
  let rest: Span[] = [[from, octets]];
  for (const [at, length] of others) {
    rest = rest.flatMap(([begin, size]): Span[] => {
      const end = begin + size;
      if (at >= end || at + length <= begin) return [[begin, size]];
      return [
        [begin, Math.max(0, at - begin)],
        [at + length, Math.max(0, end - at - length)],
      ];
    });
    rest = rest.filter(([, size]) => size > 0);
  }
  return rest;
}
