/** An incident in one sentence that a tired person can read aloud, and what it cost in another. Printable text. */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Diagnosis, Finding, LostCounts, Message, Span, TornFrame, Writer } from "../report.ts";
import { counted, joined, messageName } from "../text/wording.ts";
import type { Incident } from "./incident.ts";
import { FATES, type Fate } from "./lost.ts";
import { writerName } from "./writer-identity.ts";

const NAME_COLUMNS = 40;
const MESSAGE_COLUMNS = 1_000;
/** Below it the sentence counts what is not explained. */
const LIKELY = 0.75;

/** `letters`: writers by their letters, as in the picture beside it; otherwise by their own names. */
export function incidentSentence({ finding }: Pick<Incident, "finding">, letters = false): string {
  const { diagnosis } = finding;
  const plain = printable(joined(finding.message), MESSAGE_COLUMNS);
  if (diagnosis === undefined) return plain;
  const named = (writer: string): string => {
    const known = diagnosis.writers.find(({ name }) => name === writer);
    return printable(known === undefined || letters ? writer : writerName(known), NAME_COLUMNS);
  };
  return sentenceOf(diagnosis, finding, named) ?? plain;
}

type Named = (writer: string) => string;

function sentenceOf(diagnosis: Diagnosis, finding: Finding, named: Named): string | null {
  const { kind, confidence, torn, unexplained } = diagnosis;
  switch (kind) {
    case "torn-frame":
      return confidence < LIKELY && torn.length > 1 ? weak(diagnosis) : tornSentence(diagnosis, named);
    case "missing-octets":
      return torn.length === 0 ? missing(diagnosis) : cutShort(torn);
    case "replayed-octets":
      return replayed(diagnosis);
    case "overwritten-octets": {
      const octets = total(diagnosis.overwritten.map(({ span }) => span));
      return `${counted(octets, "octet")} of a frame ${octets === 1 ? "was" : "were"} overwritten before ${octets === 1 ? "it was" : "they were"} sent.`;
    }
    case "foreign-protocol": {
      const protocols = [...new Set(diagnosis.foreign.map(({ protocol }) => printable(protocol, 20)))];
      const octets = total(diagnosis.foreign.map(({ span }) => span));
      return `${counted(octets, "octet")} of ${protocols.join(" and ") || "another protocol"} ${octets === 1 ? "stands" : "stand"} between the frames.`;
    }
    case "unexplained": {
      const octets = total(unexplained);
      if (octets === 0) return null;
      return `${counted(octets, "octet")} at ${grouped(unexplained[0]![0])} that no writer’s frames explain.`;
    }
    case "genuine-oversize":
      return finding.frame === null
        ? null
        : `A frame of ${counted(finding.frame.size, "octet")} is larger than frame-max allows.`;
    default:
      return null;
  }
}

function tornSentence(diagnosis: Diagnosis, named: Named): string | null {
  const { torn, writers } = diagnosis;
  if (torn.length === 0) return null;
  const single = torn.length === 1 ? torn[0]! : null;
  if (single !== null) return single.spans.length === 1 ? cutShort(torn) : cutInto(single, writers, named);
  const victims = [...new Set(torn.map(({ writer }) => writer))];
  const places = torn.length;
  if (victims.length === 1) {
    const others = writers.filter(({ name }) => name !== victims[0]);
    const by = others.length === 1 ? named(others[0]!.name) : counted(others.length, "writer");
    return `${by} cut into the frames of ${named(victims[0]!)}: ${grouped(places)} torn.`;
  }
  return `${crowd(victims, named)} cut into each other’s frames: ${grouped(places)} torn.`;
}

/** `A, B and C`, or their number if these are more than three. */
function crowd(writers: readonly string[], named: Named): string {
  const names = writers.map(named);
  // Several letters may stand for one thread.
  if (names.length > 3 || new Set(names).size < names.length) return `${grouped(names.length)} writers`;
  return and(names);
}

/** One frame that others wrote into, once or more often. */
function cutInto(frame: TornFrame, writers: readonly Writer[], named: Named): string {
  const victim = named(frame.writer);
  const own = writers.find(({ name }) => name === frame.writer);
  const torn = own?.messages.find(message => overlaps(message.spans, frame.spans));
  const what = torn === undefined ? `a frame of ${counted(frame.size, "octet")}` : messageName(torn);
  const gaps = frame.spans.slice(1).map(([offset], at): Span => {
    const end = frame.spans[at]![0] + frame.spans[at]![1];
    return [end, offset - end];
  });
  const inside = writers.filter(({ name, spans }) => name !== frame.writer && overlaps(spans, gaps));
  const goesOn = frame.complete ? "" : ` ${victim} never went on.`;
  if (inside.length === 0) return `${victim} was writing ${what}. Other octets stand in the middle of it.${goesOn}`;
  const messages = inside.flatMap(writer => writer.messages.filter(({ spans }) => overlaps(spans, gaps)));
  const wrote =
    messages.length === 0 ? "" : `${messages.length === 1 ? one(messages[0]!) : counted(messages.length, "message")} `;
  const who = inside.length > 3 ? counted(inside.length, "writer") : and(inside.map(({ name }) => named(name)));
  return `${victim} was writing ${what}. ${who} wrote ${wrote}into the middle of it.${goesOn}`;
}

function one(message: Message): string {
  return message.messageId === undefined ? "a message" : messageName(message);
}

function cutShort(torn: readonly TornFrame[]): string {
  const frame = torn[0]!;
  if (torn.length > 1) return `${grouped(torn.length)} frames were cut short: their ends were never written.`;
  const written = total(frame.spans);
  return `A frame was cut short: ${grouped(written)} of ${counted(frame.size + 8, "octet")} ${written === 1 ? "was" : "were"} written.`;
}

function missing(diagnosis: Diagnosis): string | null {
  const octets = diagnosis.missing.reduce((sum, each) => sum + each.octets, 0);
  // Whole frames are missing: their intended length is not known.
  if (octets === 0) return null;
  return `${counted(octets, "octet")} of a frame ${octets === 1 ? "was" : "were"} never written.`;
}

function replayed(diagnosis: Diagnosis): string {
  const again = total(diagnosis.replayed.map(({ span }) => span));
  const never = diagnosis.missing.reduce((sum, each) => sum + each.octets, 0);
  const rest = never === 0 ? "." : `; ${grouped(never)} never came.`;
  return `${counted(again, "octet")} that had been sent came again${rest}`;
}

/** What is not explained is counted with what is. */
function weak({ torn, unexplained }: Diagnosis): string {
  const short = torn.filter(({ complete }) => !complete).length;
  const cut = short === 0 ? "" : `, ${grouped(short)} of them cut short`;
  const rest =
    unexplained.length === 0
      ? ""
      : ` ${counted(unexplained.length, "stretch").replace(/stretchs$/, "stretches")} cannot be explained.`;
  return `${grouped(torn.length)} frames broken${cut}.${rest}`;
}

const FATE_WORDS: Readonly<Record<Fate, string>> = {
  torn: "torn",
  swallowed: "swallowed by another’s frame",
  unread: "never read",
  refused: "refused",
  unconfirmed: "not confirmed",
};

export function fateWords(fate: Fate): string {
  return FATE_WORDS[fate];
}

/** `6 messages: 1 torn, 5 never read`; null if none is known to be lost. */
export function lostSentence(lost: LostCounts): string | null {
  if (lost.messages === 0) return null;
  const known = FATES.filter(fate => lost[fate] > 0);
  const count = `${lost.atLeast ? "at least " : ""}${counted(lost.messages, "message")}`;
  if (known.length === 1 && lost[known[0]!] === lost.messages) return `${count}, ${FATE_WORDS[known[0]!]}`;
  return known.length === 0
    ? count
    : `${count}: ${known.map(fate => `${grouped(lost[fate])} ${FATE_WORDS[fate]}`).join(", ")}`;
}

/** The broker's reaction, in a few words; "" if nothing is known. */
export function brokerWords({ connection, afterStop }: Pick<Incident, "connection" | "afterStop">): string {
  if (connection === null) return "";
  if (afterStop) return "the broker had already stopped reading";
  const { observed, predicted } = connection.verdict;
  const verdict = observed ?? predicted;
  if (verdict === null) return "";
  const guess = observed === null && connection.broker?.basis === "guessed" ? " (a guess)" : "";
  if (verdict.outcome === "reset") {
    return observed === null ? `the broker will reset the connection${guess}` : "connection reset";
  }
  const verb = observed === null ? "broker will close with" : "broker closed with";
  return `${verb} ${verdict.code} ${printable(verdict.name, 30)}${guess}`;
}

function overlaps(spans: readonly Span[], others: readonly Span[]): boolean {
  return spans.some(([from, octets]) => others.some(([at, length]) => from < at + length && at < from + octets));
}

function total(spans: readonly Span[]): number {
  return spans.reduce((sum, [, octets]) => sum + octets, 0);
}

function and(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
