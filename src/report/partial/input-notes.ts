import { grouped } from "../../bytes/grouped.ts";
import type { InputPart } from "./partial-result.ts";
import { isUnread, leftAloneSentence } from "./unread.ts";

/** Sentences on an input as a whole: its reader's notes, what was left out, and what had to be decided. */
export function inputNotes({ file, traffic }: InputPart): string[] {
  const notes = [...file.notes, ...traffic.leftAlone.filter(left => !isUnread(left)).map(leftAloneSentence)];
  const say = (count: number, what: string) => {
    if (count > 0) notes.push(`${grouped(count)} ${what}.`);
  };
  say(traffic.excluded, `TCP connection${traffic.excluded === 1 ? "" : "s"} on other ports left out`);
  say(traffic.resynchronisations, "times a TCP stream went on at unrelated sequence numbers");
  say(traffic.evictedConnections, "connections were given up because there are too many at a time");
  return notes;
}
