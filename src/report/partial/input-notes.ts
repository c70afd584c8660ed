import { grouped } from "../../bytes/grouped.ts";
import type { InputPart, TrafficCounts } from "./partial-result.ts";

const MAX_PORTS_NAMED = 8;

/** Sentences about an input as a whole: what its reader says, and what of its packets and connections was not read. */
export function inputNotes({ file, traffic }: InputPart): string[] {
  const notes = [...file.notes, ...traffic.leftAlone.map(leftAloneNote)];
  const say = (count: number, what: string) => {
    if (count > 0) notes.push(`${grouped(count)} ${what}.`);
  };
  for (const [linkType, count] of file.linkTypes) {
    say(count, `packets of link type ${linkType} were not read: ghostframe does not know it`);
  }
  say(traffic.excluded, `TCP connection${traffic.excluded === 1 ? "" : "s"} on other ports left out`);
  say(file.fragments, "IP fragments were left alone; they are not put together");
  say(file.headersCut, "packets were cut by the snap length inside their headers");
  say(file.malformed, "packets have headers that contradict themselves");
  say(traffic.differingOverlaps, "TCP segments brought other octets for a place already filled; the first were kept");
  say(traffic.resynchronisations, "times a TCP stream went on at unrelated sequence numbers");
  say(traffic.evictedConnections, "connections were given up because there are too many at a time");
  return notes;
}

function leftAloneNote({ protocol, connections, ports }: TrafficCounts["leftAlone"][number]): string {
  const what = connections === 1 ? `${protocol} connection was` : `${protocol} connections were`;
  const where = ports.slice(0, MAX_PORTS_NAMED).join(", ");
  const more = ports.length > MAX_PORTS_NAMED ? ", …" : "";
  const why = protocol === "TLS" ? "its octets are encrypted" : "it is not AMQP 0-9-1";
  return `${grouped(connections)} ${what} left alone (server port ${where}${more}): ${why}.`;
}
