/**
 * The lanes of an incident's picture: one for each writer in the order in which they appear, then one for each kind of
 * octets of no writer. If there are too many writers, the torn and the tearing have their lanes first, and the others
 * share one.
 */

import { grouped } from "../../../bytes/grouped.ts";
import { printable } from "../../../bytes/printable.ts";
import type { Diagnosis, Span, TornFrame, Writer } from "../../report.ts";
import { channelList, counted, messageName } from "../wording.ts";
import { endOf, tidy } from "./spans.ts";

/** Writers with a lane of their own. */
export const MAX_WRITER_LANES = 8;

export interface Lane {
  /** What stands before it: `A ch 2`, `unexplained`. */
  label: string;
  /** The text behind it if there is room. */
  tail: string;
  /** Index of the writer, for its colour; null for a lane of no single writer. */
  writer: number | null;
  fill: "frames" | "stretch" | "unknown";
  /** The octets in it: tidy. */
  spans: readonly Span[];
  /** Those of them that are pieces of torn frames. */
  torn: readonly Span[];
  /** From each piece of a torn frame to its next one: the frame stands open. */
  open: readonly Span[];
  /** Offset and octets: what was never written would have gone here. */
  missing: ReadonlyMap<number, number>;
}

/** No lane if nothing is known of any octet. */
export function lanesOf(diagnosis: Diagnosis): Lane[] {
  return [...writerLanes(diagnosis), ...stretchLanes(diagnosis)].filter(
    ({ spans, missing }) => spans.length > 0 || missing.size > 0,
  );
}

function writerLanes(diagnosis: Diagnosis): Lane[] {
  const { writers, torn } = diagnosis;
  const tornOf = new Map<string, TornFrame[]>();
  for (const frame of torn) {
    const frames = tornOf.get(frame.writer);
    if (frames) frames.push(frame);
    else tornOf.set(frame.writer, [frame]);
  }
  const absent = absentAt(diagnosis);
  const known = new Set(writers.map(({ name }) => name));
  const all = [...writers, ...[...tornOf].filter(([name]) => !known.has(name)).map(stranger)];
  const chosen = new Set(chosenWriters(all, torn));
  const lanes: Lane[] = [];
  for (const [at, writer] of all.entries()) {
    if (chosen.has(writer)) lanes.push(writerLane(writer, at, tornOf.get(writer.name) ?? [], absent));
  }
  const others = all.filter(writer => !chosen.has(writer));
  if (others.length > 0) {
    const frames = others.flatMap(({ name }) => tornOf.get(name) ?? []);
    const spans = others.flatMap(writer => writer.spans);
    const shared = { name: `${others.length} more`, channels: [], spans, messages: [] };
    lanes.push({ ...writerLane(shared, 0, frames, absent), writer: null });
  }
  return lanes;
}

/** Those torn, then those that go on where another's frame was cut, then by appearance. */
function chosenWriters(writers: readonly Writer[], torn: readonly TornFrame[]): readonly Writer[] {
  if (writers.length <= MAX_WRITER_LANES) return writers;
  const victims = new Set(torn.map(({ writer }) => writer));
  const cuts = new Set(torn.flatMap(({ spans }) => spans.map(endOf)));
  const weight = ({ name, spans }: Writer) => (victims.has(name) ? 2 : spans.some(([at]) => cuts.has(at)) ? 1 : 0);
  return writers
    .map((writer, at) => ({ writer, at, weight: weight(writer) }))
    .sort((a, b) => b.weight - a.weight || a.at - b.at)
    .slice(0, MAX_WRITER_LANES)
    .map(({ writer }) => writer);
}

/** A torn frame whose writer is not among the writers still has its lane. */
function stranger([name, frames]: [string, TornFrame[]]): Writer {
  return { name, channels: frames.map(({ channel }) => channel), spans: [], messages: [] };
}

/** By offset, the octets that were never written there. */
function absentAt({ missing }: Diagnosis): Map<number, number> {
  const absent = new Map<number, number>();
  for (const { streamOffset, octets } of missing) {
    if (octets > 0) absent.set(streamOffset, (absent.get(streamOffset) ?? 0) + octets);
  }
  return absent;
}

function writerLane(
  writer: Writer,
  index: number,
  frames: readonly TornFrame[],
  absent: ReadonlyMap<number, number>,
): Lane {
  const pieces = frames.flatMap(({ spans }) => spans);
  const missing = new Map<number, number>();
  for (const frame of frames) {
    const end = missingAt(frame);
    const octets = end === null ? undefined : absent.get(end);
    if (end !== null && octets !== undefined) missing.set(end, octets);
  }
  const label = [printable(writer.name, 8), channelList(writer.channels)].filter(part => part !== "").join(" ");
  return {
    label: label === "" ? "?" : label,
    tail: fates(writer),
    writer: index,
    fill: "frames",
    spans: tidy([...writer.spans, ...pieces]),
    torn: tidy(pieces),
    open: tidy(frames.flatMap(openStretches)),
    missing,
  };
}

/** Where the rest of a frame that was never completed should be. */
function missingAt({ complete, spans }: TornFrame): number | null {
  const last = spans.at(-1);
  return complete || !last ? null : endOf(last);
}

function openStretches({ spans }: TornFrame): Span[] {
  return spans.slice(1).map((span, at): Span => {
    const end = endOf(spans[at]!);
    return [end, span[0] - end];
  });
}

/** `torn t1-3, 4 more lost`: the list shows how each was lost. */
function fates({ messages }: Writer): string {
  const torn = messages.filter(({ fate }) => fate === "torn");
  const others = messages.filter(({ fate }) => fate !== "torn" && fate !== "delivered").length;
  return [
    torn.length === 0 ? "" : torn.length === 1 ? `torn ${messageName(torn[0]!)}` : `${grouped(torn.length)} torn`,
    others === 0 ? "" : `${grouped(others)} ${torn.length === 0 ? "" : "more "}lost`,
  ]
    .filter(part => part !== "")
    .join(", ");
}

function stretchLanes(diagnosis: Diagnosis): Lane[] {
  const { torn, overwritten, replayed, foreign, unexplained } = diagnosis;
  const ends = new Set(torn.map(missingAt));
  const ownerless = [...absentAt(diagnosis)].filter(([streamOffset]) => !ends.has(streamOffset));
  const lane = (label: string, spans: readonly Span[], fill: Lane["fill"] = "stretch"): Lane => {
    const own = tidy(spans);
    const tail = counted(
      own.reduce((sum, [, octets]) => sum + octets, 0),
      "octet",
    );
    return { label, tail, writer: null, fill, spans: own, torn: [], open: [], missing: new Map() };
  };
  const protocols = [...new Set(foreign.map(({ protocol }) => protocol))];
  return [
    {
      ...lane("missing", []),
      tail: counted(
        ownerless.reduce((sum, [, octets]) => sum + octets, 0),
        "octet",
      ),
      missing: new Map(ownerless),
    },
    lane(
      "overwritten",
      overwritten.map(({ span }) => span),
    ),
    lane(
      "replayed",
      replayed.map(({ span }) => span),
    ),
    lane(
      protocols.length === 1 ? printable(protocols[0]!, 11) || "foreign" : "foreign",
      foreign.map(({ span }) => span),
    ),
    lane("unexplained", unexplained, "unknown"),
  ];
}
