/**
 * Packets that were not read down to a TCP segment: how many of which kind, whether they may hold AMQP, and advice.
 *
 * A kind that is not in the tables (unread-kinds.ts) is unknown, and an unknown kind may hold anything.
 */
import { grouped } from "../bytes/grouped.ts";
import { DSAP, IP_PROTOCOL, numberedName, PPP_PROTOCOL, UDP } from "./layers/protocol-numbers.ts";
import { CLOSED, HARMLESS, type Kind } from "./unread-kinds.ts";

/** One kind of packet that was not read. */
export interface UnreadPackets {
  /** Stable, for programs: "esp", "ethertype-0x88b5", "link-type-147". */
  reason: string;
  packets: number;
  /** Whether AMQP may be in them, of whatever version. */
  mayHoldAmqp: boolean;
  /** One sentence or two, with the number and the advice. */
  message: string;
}

/** Whether it is known that a protocol, or a packet outcome, holds no AMQP. */
export function isHarmless(kind: number): boolean {
  return harmless(kind) !== null;
}

/** ICMP's and ICMPv6's echoes (RFC 792, RFC 4443 §4): their payload is the sender's own, and may be a tunnel's. */
const ECHOES: Readonly<Record<number, readonly number[]>> = {
  [IP_PROTOCOL | 1]: [0, 8],
  [IP_PROTOCOL | 58]: [128, 129],
};

/**
 * Whether a payload that begins with the octet `first` may quote packets without carrying them: ICMP errors do, and
 * over UDP flow records do.
 */
export function mayQuote(protocol: number, first: number): boolean {
  return protocol === UDP || ECHOES[protocol]?.includes(first) === false;
}

/** The kinds counted in `counts` (by protocol number or packet outcome), what may hold AMQP first, the most first. */
export function unreadPackets(counts: ReadonlyMap<number, number>): UnreadPackets[] {
  const all = Array.from(counts, ([kind, packets]) => describe(kind, packets));
  return all.sort((a, b) => Number(b.mayHoldAmqp) - Number(a.mayHoldAmqp) || b.packets - a.packets);
}

function describe(kind: number, packets: number): UnreadPackets {
  const name = harmless(kind);
  if (name !== null) {
    const found = name === "udp" ? "no tunnel found" : "no AMQP";
    const message = `${counted(packets)} of ${name}: ${found} in ${packets === 1 ? "it" : "them"}.`;
    return { reason: name, packets, mayHoldAmqp: false, message };
  }
  const { reason, says, advice } = CLOSED.get(kind) ?? unknown(kind);
  const message = `${counted(packets)} ${inNumber(says, packets)}.${advice === undefined ? "" : ` ${advice}`}`;
  return { reason, packets, mayHoldAmqp: true, message };
}

function unknown(protocol: number): Kind {
  const name = numberedName(protocol);
  const reason = name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return { reason, says: `of ${name} [was|were] not read: ghostframe does not know it` };
}

function harmless(kind: number): string | null {
  const name = HARMLESS.get(kind);
  if (name !== undefined) return name;
  const [registry, number] = [kind & ~0xffff, kind & 0xffff];
  if (kind >= 0 && registry === DSAP) return "802.2";
  // Network and link control protocols (RFC 1661 §2).
  if (kind >= 0 && registry === PPP_PROTOCOL && number >= 0x4000) return "ppp-control";
  return null;
}

/** "[was|were] read" of so many. */
function inNumber(text: string, count: number): string {
  return text.replaceAll(/\[([^|\]]*)\|([^\]]*)\]/g, count === 1 ? "$1" : "$2");
}

function counted(packets: number): string {
  return `${grouped(packets)} packet${packets === 1 ? "" : "s"}`;
}
