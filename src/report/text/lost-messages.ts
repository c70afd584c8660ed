/** What an incident cost: the messages the broker did not take, by what became of them, and the octets nobody will get. */
import { grouped } from "../../bytes/grouped.ts";
import type { Finding, LostCounts, LostMessage, Message, Writer } from "../report.ts";
import { type Page, row, unbroken } from "./page.ts";
import { counted, messageName, traceOf } from "./wording.ts";

/** Messages told by name. */
const MAX_NAMES = 8;
const MAX_TRACES = 3;

/** In the order in which they are told: what became of a message, in words. */
const FATES: readonly [fate: LostMessage["fate"], words: string][] = [
  ["torn", "torn"],
  ["swallowed", "swallowed by another's frame"],
  ["unread", "sent but never read"],
  ["refused", "refused by the broker's close"],
  ["unconfirmed", "sent but not confirmed"],
];

/** The finding's list; where there is none, the writers' messages of the diagnosis tell what they can. */
export function lostLines({ lost, diagnosis }: Finding, counts: LostCounts, page: Page): string[] {
  const messages = lost ?? (diagnosis?.writers ?? []).flatMap(writer => writer.messages);
  const absent = (diagnosis?.missing ?? []).reduce((sum, { octets }) => sum + octets, 0);
  const lines = FATES.flatMap(([fate, words]) => {
    const those = messages.filter(each => each.fate === fate);
    return those.length === 0 ? [] : [`${counted(those.length, "message")} ${words}: ${names(those, page)}`];
  });
  if (lines.length === 0 && counts.messages > 0) lines.push(counted(counts.messages, "message"));
  if (lines.length > 0 && counts.atLeast) lines.push("perhaps more: not every message of this stream is known");
  if (absent > 0) lines.push(`${counted(absent, "octet")} never written`);
  return [
    ...lines.flatMap((line, at) => page.labelled(at === 0 ? "lost" : "", line)),
    ...traces(diagnosis?.writers ?? [], page),
  ];
}

/** Where to look torn messages up. */
function traces(writers: readonly Writer[], page: Page): string[] {
  const torn = writers.flatMap(({ messages }) => messages.filter(({ fate }) => fate === "torn"));
  const traced = torn.flatMap(message => {
    const trace = traceOf(message.traceparent);
    return trace === null ? [] : [{ message, trace }];
  });
  return traced
    .slice(0, page.all ? traced.length : MAX_TRACES)
    .flatMap(({ message, trace }, at) =>
      page.labelled(
        at === 0 ? "trace" : "",
        row([trace.traceId, `span ${trace.spanId}`, traced.length === 1 ? "" : messageName(message)]),
      ),
    );
}

function names(messages: readonly (Message | LostMessage)[], page: Page): string {
  const shown = page.all ? messages : messages.slice(0, MAX_NAMES);
  const rest = messages.length - shown.length;
  const told = shown.map(message => unbroken("streamOffset" in message ? lostName(message) : messageName(message)));
  return `${told.join(", ")}${rest > 0 ? ` and ${grouped(rest)} more` : ""}`;
}

function lostName({ messageId, traceId, streamOffset }: LostMessage): string {
  const traceparent = traceId === undefined ? {} : { traceparent: `00-${traceId}-${"0".repeat(15)}1-00` };
  const id = messageId === undefined ? {} : { messageId };
  return messageName({ ...id, ...traceparent, spans: [[streamOffset, 0]] });
}
