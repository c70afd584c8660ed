/** What an incident cost: messages that the broker did not accept, by fate, and octets that are lost for good. */
import { grouped } from "../../bytes/grouped.ts";
import { FATES, type Fate } from "../incidents/lost.ts";
import { fateWords } from "../incidents/sentence.ts";
import type { Finding, LostCounts, LostMessage, Message } from "../report.ts";
import { type Page, row, unbroken } from "./page.ts";
import { counted, messageName, traceOf } from "./wording.ts";

/** Messages that are named. */
const MAX_NAMES = 8;
const MAX_TRACES = 3;

/** Messages of one fate: how many, and the names of those that are named. */
export interface LostOfFate {
  fate: Fate;
  count: number;
  names: string[];
  /** What is inferred about them, with a comma before it; else "". */
  doubt: string;
}

/** By their fate: from the finding's list; without one, from the writers' messages. */
export function lostByFate({ rule, lost, lostFates, diagnosis }: Finding, all: boolean): LostOfFate[] {
  const messages = lost ?? (diagnosis?.writers ?? []).flatMap(writer => writer.messages);
  return FATES.flatMap(fate => {
    const those = messages.filter(each => each.fate === fate);
    const named = all ? those : those.slice(0, MAX_NAMES);
    // The list may be incomplete.
    const count = Math.max(lostFates?.[fate] ?? 0, those.length);
    const doubt = fate === "refused" && rule === "broker-close" ? doubtOf(those, lost ?? []) : "";
    return named.length === 0 ? [] : [{ fate, count, names: named.map(lostName), doubt }];
  });
}

/** A broker that refuses a publish names only its exchange: the first to it is likely, but any may be meant. */
function doubtOf(refused: readonly (Message | LostMessage)[], lost: readonly LostMessage[]): string {
  const isBehind = (one: LostMessage) =>
    lost.some(({ fate, exchange }) => fate === "unread" && exchange === one.exchange && exchange !== "");
  const isAny = refused.some(one => "streamOffset" in one && isBehind(one));
  return isAny ? ", or a later one to that exchange: the broker names no more" : "";
}

/** `2 messages never read: m1, m2`. */
export function lostWords({ fate, count, names, doubt }: LostOfFate): string {
  return `${counted(count, "message")} ${fateWords(fate)}: ${list(count, names)}${doubt}`;
}

export function lostLines(finding: Finding, counts: LostCounts, page: Page): string[] {
  const absent = (finding.diagnosis?.missing ?? []).reduce((sum, { octets }) => sum + octets, 0);
  const lines = lostByFate(finding, page.all).map(lostWords);
  if (lines.length === 0 && counts.messages > 0) lines.push(counted(counts.messages, "message"));
  if (lines.length > 0 && counts.atLeast) lines.push("perhaps more: not every message of this stream is known");
  if (absent > 0) lines.push(`${counted(absent, "octet")} never written`);
  return [
    ...lines.flatMap((line, at) => page.labelled(at === 0 ? "lost" : "", line)),
    ...tornTraces(finding, page.all).flatMap(({ trace, span, message }, at) =>
      page.labelled(at === 0 ? "trace" : "", row([trace, `span ${span}`, message])),
    ),
  ];
}

function list(count: number, names: readonly string[]): string {
  const rest = count - names.length;
  return `${names.map(unbroken).join(", ")}${rest > 0 ? ` and ${grouped(rest)} more` : ""}`;
}

/** Where to look torn messages up: ids of trace and span, and the message if there are several. */
export function tornTraces({ diagnosis }: Finding, all: boolean): { trace: string; span: string; message: string }[] {
  const torn = (diagnosis?.writers ?? []).flatMap(({ messages }) => messages.filter(({ fate }) => fate === "torn"));
  const traced = torn.flatMap(message => {
    const trace = traceOf(message.traceparent);
    return trace === null ? [] : [{ message, trace }];
  });
  return traced.slice(0, all ? traced.length : MAX_TRACES).map(({ message, trace: { traceId, spanId } }) => ({
    trace: traceId,
    span: spanId,
    message: traced.length === 1 ? "" : messageName(message),
  }));
}

function lostName(message: Message | LostMessage): string {
  if (!("streamOffset" in message)) return messageName(message);
  const { messageId, traceId, streamOffset } = message;
  const traceparent = traceId === undefined ? {} : { traceparent: `00-${traceId}-${"0".repeat(15)}1-00` };
  const id = messageId === undefined ? {} : { messageId };
  return messageName({ ...id, ...traceparent, spans: [[streamOffset, 0]] });
}
