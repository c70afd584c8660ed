/** What was not read of an input: packets by kind, and connections on AMQP's ports. */
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

/** Kinds that may be AMQP on any port: they are, or what would show it was cut off. */
const ON_ANY_PORT: ReadonlySet<LeftAlone["protocol"]> = new Set(["segments cut", "frames cut", "boundary refuted"]);

/** Whether connections left alone may be AMQP, of any version. */
export function isUnread({ protocol, onAmqpPort }: LeftAlone): boolean {
  return protocol !== "unfinished" && (onAmqpPort || ON_ANY_PORT.has(protocol));
}

export function leftAloneSentence({ protocol, connections, ports }: LeftAlone): string {
  const one = connections === 1;
  const inPart = protocol === "frames cut" || protocol === "boundary refuted" || protocol === "unfinished";
  const name = protocol === "TLS" || protocol === "AMQP 1.0" ? `${protocol} ` : inPart ? "AMQP " : "";
  const what = `${name}connection${one ? " was" : "s were"} ${inPart ? "read in part" : "left alone"}`;
  const where = ports.slice(0, MAX_PORTS_NAMED).join(", ");
  const more = ports.length > MAX_PORTS_NAMED ? ", …" : "";
  return `${grouped(connections)} ${what} (server port ${where}${more}): ${why(protocol, one)}.`;
}

function why(protocol: LeftAlone["protocol"], one: boolean): string {
  switch (protocol) {
    case "TLS":
      return "its octets are encrypted, or its handshake was not answered";
    case "AMQP 1.0":
      return "ghostframe reads AMQP 0-9-1";
    case "another protocol":
      return "it begins neither as AMQP nor as TLS does";
    case "segments cut":
      return `segments lack octets that their headers count, and what is left shows no protocol. ${WHOLE_PACKETS}`;
    case "frames cut":
      return `segments lack octets that their headers count, and where a frame begins behind them is not known. ${WHOLE_PACKETS}`;
    case "boundary refuted":
      return `the capture begins in the middle of ${one ? "it" : "them"}, and what seemed to be frames broke off: it lay in a message body, or a frame is torn. Capture from the beginning`;
    case "unfinished":
      return `the capture ends inside a frame of ${one ? "it" : "each"}. Whether that frame is whole is not known`;
    case null:
      return "the capture begins in the middle or lacks its octets, and no AMQP frame was found";
  }
}

const WHOLE_PACKETS = "Capture whole packets (tcpdump -s 0)";
