/** What an incident's octets are: the tears in a line, the picture, the proof, the remedy, and what was lost. */

import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Diagnosis, DiagnosisKind, Span, TornFrame } from "../report.ts";
import { type Page, row, unbroken } from "./page.ts";
import { endOf, tidy, touches } from "./picture/spans.ts";
import { type Marks, picture } from "./picture.ts";
import { channelList, confidence, counted } from "./wording.ts";

const SUMMARY_COLUMNS = 1_200;
const REMEDY_COLUMNS = 800;
/** Tears named in the line above the picture, and repetitions named by place. */
const MAX_TEARS = 3;
const MAX_REPEATS = 8;

const KINDS: Readonly<Record<DiagnosisKind, string>> = {
  "torn-frame": "torn frame",
  "missing-octets": "octets missing",
  "replayed-octets": "octets sent twice",
  "overwritten-octets": "octets overwritten",
  "foreign-protocol": "another protocol on the connection",
  "misordered-frames": "frames out of order",
  "genuine-oversize": "a frame that is really too large",
  "torn-record": "a TLS record torn",
  "replayed-record": "a TLS record sent twice",
  "unfinished-record": "a TLS record without its end",
  "shared-session": "one TLS session, two writers",
  unexplained: "not explained",
};

export function diagnosisName(kind: DiagnosisKind): string {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : printable(kind, 40);
}

/** Which writer tore which in a line, and the picture under it. */
export function diagnosisPicture(diagnosis: Diagnosis, marks: Marks, page: Page): string[] {
  const { kind } = diagnosis;
  const verdict = row([diagnosisName(kind), confidence(diagnosis.confidence), ...tears(diagnosis)]);
  return [...page.prose(verdict, page.paint.strong), ...picture(diagnosis, marks, page)];
}

/** The numbers that prove it, and what stands a second time. */
export function proof(diagnosis: Diagnosis, page: Page): string[] {
  const { summary } = diagnosis;
  const long = page.all ? undefined : SUMMARY_COLUMNS;
  return [...(summary === "" ? [] : page.labelled("proof", printable(summary, long))), ...repeats(diagnosis, page)];
}

export function remedy({ remedy: text }: Diagnosis, page: Page): string[] {
  return text === "" ? [] : page.labelled("remedy", printable(text, page.all ? undefined : REMEDY_COLUMNS));
}

/** `A (ch 2) torn by B (ch 1)`, `C (ch 3) never completed`. */
function tears(diagnosis: Diagnosis): string[] {
  const counts = new Map<string, number>();
  const owners = ownersOf(diagnosis);
  for (const frame of diagnosis.torn) {
    for (const tear of tearsOf(frame, owners)) counts.set(tear, (counts.get(tear) ?? 0) + 1);
  }
  const lines = [...counts].map(([tear, count]) =>
    count > 1 ? `${tear} ${count === 2 ? "twice" : `${grouped(count)} times`}` : tear,
  );
  if (lines.length <= MAX_TEARS) return lines;
  return [...lines.slice(0, MAX_TEARS), `and ${counted(lines.length - MAX_TEARS, "more tear")}`];
}

function tearsOf(frame: TornFrame, owners: readonly Owner[]): string[] {
  const victim = called(frame.writer, [frame.channel]);
  const last = frame.spans.length - 1;
  return frame.spans.flatMap((span, at) => {
    // A writer that goes on where a frame was given up need not have torn it.
    if (at === last) return frame.complete ? [] : [`${victim} never completed`];
    const offset = endOf(span);
    const by = owners.find(({ name, spans }) => name !== frame.writer && touches(spans, offset, offset + 1));
    return [by ? `${victim} torn by ${by.called}` : `${victim} torn`];
  });
}

/** What may have torn a frame: `name` is the writer's, if it is one. */
interface Owner {
  name: string | null;
  called: string;
  spans: readonly Span[];
}

function ownersOf({ writers, foreign, replayed }: Diagnosis): Owner[] {
  const repeats = tidy(replayed.map(({ span }) => span));
  return [
    ...writers.map(({ name, channels, spans }) => ({ name, called: called(name, channels), spans: tidy(spans) })),
    ...foreign.map(({ span, protocol }) => ({ name: null, called: printable(protocol, 20), spans: tidy([span]) })),
    { name: null, called: "octets sent before", spans: repeats },
  ];
}

function called(name: string, channels: readonly number[]): string {
  const where = channelList(channels);
  return unbroken(`${printable(name, 8) || "?"}${where === "" ? "" : ` (${where})`}`);
}

/** Octets that stand a second time. */
function repeats({ replayed }: Diagnosis, page: Page): string[] {
  if (replayed.length === 0) return [];
  const shown = replayed
    .slice(0, MAX_REPEATS)
    .map(({ span, of }) => `the ${grouped(span[1])} at ${span[0]} of ${of[0]}`);
  return page.labelled("repeats", `${shown.join(", ")}${replayed.length > MAX_REPEATS ? ", …" : ""}`);
}
