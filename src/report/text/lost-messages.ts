/** What an incident cost: the messages the broker did not take, by what became of them, and the octets nobody will get. */
import { grouped } from "../../bytes/grouped.ts";
import type { Diagnosis, LostMessage, Message } from "../report.ts";
import { type Page, unbroken } from "./page.ts";
import { counted, messageName } from "./wording.ts";

/** Messages told by name. */
const MAX_NAMES = 8;

/** In the order in which they are told: what became of a message, in words. */
const FATES: readonly [fate: LostMessage["fate"], words: string][] = [
  ["torn", "torn"],
  ["swallowed", "swallowed by another's frame"],
  ["unread", "sent but never read"],
  ["refused", "refused by the broker's close"],
  ["unconfirmed", "sent but not confirmed"],
];

/** `lost` is the finding's list; where there is none, the writers' messages of the diagnosis tell what they can. */
export function lostLines(
  lost: readonly LostMessage[] | undefined,
  diagnosis: Diagnosis | undefined,
  page: Page,
): string[] {
  const messages = lost ?? (diagnosis?.writers ?? []).flatMap(writer => writer.messages);
  const absent = (diagnosis?.missing ?? []).reduce((sum, { octets }) => sum + octets, 0);
  const lines = FATES.flatMap(([fate, words]) => {
    const those = messages.filter(each => each.fate === fate);
    return those.length === 0 ? [] : [`${counted(those.length, "message")} ${words}: ${names(those, page)}`];
  });
  if (absent > 0) lines.push(`${counted(absent, "octet")} never written`);
  return lines.flatMap((line, at) => page.labelled(at === 0 ? "lost" : "", line));
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
