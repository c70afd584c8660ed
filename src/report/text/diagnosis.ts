/** What an incident's octets are: who tore whom in a line, the picture, the proof, the remedy, and what was lost. */

import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Diagnosis, DiagnosisKind, Message, Span, TornFrame } from "../report.ts";
import { type Page, row, unbroken } from "./page.ts";
import { endOf, tidy, touches } from "./picture/spans.ts";
import { type Marks, picture } from "./picture.ts";
import { channelList, confidence, counted, messageName } from "./wording.ts";

const SUMMARY_COLUMNS = 1_200;
const REMEDY_COLUMNS = 800;
/** Tears told in the line above the picture, and messages lost told by name. */
const MAX_TEARS = 3;
const MAX_NAMES = 8;

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

/** Blocks of lines, in the order in which they are read; none of them is empty. */
export function diagnosisBlocks(diagnosis: Diagnosis, marks: Marks, page: Page): string[][] {
  const { kind, summary, remedy } = diagnosis;
  const long = page.all ? undefined : SUMMARY_COLUMNS;
  const verdict = row([diagnosisName(kind), confidence(diagnosis.confidence), ...tears(diagnosis)]);
  return [
    [...page.prose(verdict, page.paint.strong), ...picture(diagnosis, marks, page)],
    [
      ...(summary === "" ? [] : page.labelled("proof", printable(summary, long))),
      ...(remedy === "" ? [] : page.labelled("remedy", printable(remedy, page.all ? undefined : REMEDY_COLUMNS))),
      ...lost(diagnosis, page),
    ],
  ].filter(lines => lines.length > 0);
}

/** `A (ch 2) torn by B (ch 1)`, `C (ch 3) never completed`. */
function tears(diagnosis: Diagnosis): string[] {
  const counts = new Map<string, number>();
  const owners = ownersOf(diagnosis);
  for (const frame of diagnosis.torn) {
    for (const tear of tearsOf(frame, owners)) counts.set(tear, (counts.get(tear) ?? 0) + 1);
  }
  const told = [...counts].map(([tear, count]) =>
    count > 1 ? `${tear} ${count === 2 ? "twice" : `${grouped(count)} times`}` : tear,
  );
  if (told.length <= MAX_TEARS) return told;
  return [...told.slice(0, MAX_TEARS), `and ${counted(told.length - MAX_TEARS, "more tear")}`];
}

function tearsOf(frame: TornFrame, owners: readonly Owner[]): string[] {
  const victim = called(frame.writer, [frame.channel]);
  const last = frame.spans.length - 1;
  return frame.spans.flatMap((span, at) => {
    // Who goes on where a frame was given up need not have torn it.
    if (at === last) return frame.complete ? [] : [`${victim} never completed`];
    const offset = endOf(span);
    const by = owners.find(({ name, spans }) => name !== frame.writer && touches(spans, offset, offset + 1));
    return [by ? `${victim} torn by ${by.called}` : `${victim} torn`];
  });
}

/** Whoever may have torn a frame: `name` is the writer's, if it is one. */
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

/** The messages the broker did not get, by what became of them, and the octets nobody will get. */
function lost({ writers, missing, replayed }: Diagnosis, page: Page): string[] {
  const messages = writers.flatMap(writer => writer.messages);
  const torn = messages.filter(({ fate }) => fate === "torn");
  const unread = messages.filter(({ fate }) => fate === "unread");
  const absent = missing.reduce((sum, { octets }) => sum + octets, 0);
  const lines = [
    torn.length === 0 ? "" : `${counted(torn.length, "message")} torn: ${names(torn, page)}`,
    unread.length === 0 ? "" : `${counted(unread.length, "message")} sent but never read: ${names(unread, page)}`,
    absent === 0 ? "" : `${counted(absent, "octet")} never written`,
  ].filter(line => line !== "");
  const repeats = replayed
    .slice(0, MAX_NAMES)
    .map(({ span, of }) => `the ${grouped(span[1])} at ${span[0]} of ${of[0]}`);
  return [
    ...lines.flatMap((line, at) => page.labelled(at === 0 ? "lost" : "", line)),
    ...(repeats.length === 0
      ? []
      : page.labelled("repeats", `${repeats.join(", ")}${replayed.length > MAX_NAMES ? ", …" : ""}`)),
  ];
}

function names(messages: readonly Message[], page: Page): string {
  const all = messages.map(message => unbroken(messageName(message)));
  const shown = page.all ? all : all.slice(0, MAX_NAMES);
  const rest = all.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${grouped(rest)} more` : ""}`;
}
