/** What of an input was not read: packets by kind, and connections on AMQP's ports. */
import { grouped } from "../../bytes/grouped.ts";
import { unreadPackets } from "../../net/unread-packets.ts";
import type { Unread } from "../report.ts";
import { fileFinding } from "./finding-part.ts";
import type { FindingPart, InputPart, LeftAlone } from "./partial-result.ts";

const MAX_PORTS_NAMED = 8;

/** By kind; what may hold AMQP first. */
export function unreadOf({ file, traffic }: InputPart): Unread[] {
  const connections = traffic.leftAlone.filter(isUnread).map((left): Unread => {
    const reason = (left.protocol ?? "no frame found").toLowerCase().replaceAll(" ", "-");
    return { reason, connections: left.connections, mayHoldAmqp: true, message: leftAloneSentence(left) };
  });
  return [...connections, ...unreadPackets(new Map(file.unread))];
}

/** A finding for each kind that may hold AMQP. */
export function unreadFindings(input: InputPart): FindingPart[] {
  return unreadOf(input)
    .filter(({ mayHoldAmqp }) => mayHoldAmqp)
    .map(({ reason, message }) => ({ ...fileFinding("unread", message, null), identity: `unread ${reason}` }));
}

/** Whether connections left alone may be AMQP, of whatever version. */
export function isUnread({ onAmqpPort }: LeftAlone): boolean {
  return onAmqpPort;
}

export function leftAloneSentence({ protocol, connections, ports }: LeftAlone): string {
  const named = protocol !== null && protocol !== "another protocol";
  const what = `${named ? `${protocol} ` : ""}connection${connections === 1 ? " was" : "s were"}`;
  const where = ports.slice(0, MAX_PORTS_NAMED).join(", ");
  const more = ports.length > MAX_PORTS_NAMED ? ", …" : "";
  return `${grouped(connections)} ${what} left alone (server port ${where}${more}): ${why(protocol)}.`;
}

function why(protocol: LeftAlone["protocol"]): string {
  if (protocol === "TLS") return "its octets are encrypted, or its handshake was not answered";
  if (protocol === null) return "the capture begins in the middle or lacks its octets, and no AMQP frame was found";
  return protocol === "AMQP 1.0" ? "ghostframe reads AMQP 0-9-1" : "it begins neither as AMQP nor as TLS does";
}
