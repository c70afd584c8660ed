/** Small captures of whole conversations, made in memory: the octets of a pcap file of raw IP packets. */
import { pcapHeader, pcapRecord } from "./capture-writer.ts";
import { carrying } from "./segments.ts";
import { join } from "./wire.ts";

export interface Segment {
  side: 0 | 1;
  octets: Uint8Array;
  /** Sent again: the octets of the same side's latest segment, with their old sequence number. */
  again?: boolean;
  /** Sent, and not captured. */
  lost?: boolean;
  /** "PA", if nothing else is said. */
  flags?: string;
}

export interface PlayedConnection {
  /** The client's; its address is 10.0.0.1. */
  port: number;
  /** 5672, if nothing else is said. */
  serverPort?: number;
  segments: readonly Segment[];
  end?: "fin" | "rst" | "open";
  /** Without the packets that open the connection. */
  midStream?: boolean;
}

const LINKTYPE_RAW = 101;

/** One connection behind the other. */
export function conversationCapture(connections: readonly PlayedConnection[]): Uint8Array {
  const records: Uint8Array[] = [];
  for (const { port, serverPort = 5672, segments, end = "fin", midStream = false } of connections) {
    const next = [1000, 5000];
    const send = (
      side: 0 | 1,
      flags: string,
      octets: Uint8Array = new Uint8Array(0),
      sequence = next[side]!,
    ): Uint8Array => {
      const ports = side === 0 ? { from: port, to: serverPort } : { from: serverPort, to: port };
      const address = side === 0 ? {} : { source: "10.0.0.2", destination: "10.0.0.1" };
      const tcp = { ...ports, sequence, acknowledgment: flags === "S" ? 0 : next[1 - side]!, flags };
      return carrying(octets).tcp(tcp).ipv4(address).bytes;
    };
    const keep = (data: Uint8Array): void => {
      records.push(pcapRecord({ seconds: 1_700_000_000 + records.length, data }));
    };
    if (!midStream) {
      keep(send(0, "S", undefined, 999));
      keep(send(1, "SA", undefined, 4999));
      keep(send(0, "A"));
    }
    for (const { side, octets, again = false, lost = false, flags = "PA" } of segments) {
      const sequence = again ? next[side]! - octets.length : next[side]!;
      const packet = send(side, flags, octets, sequence);
      if (!lost) keep(packet);
      if (!again) next[side]! += octets.length;
    }
    if (end === "rst") keep(send(1, "RA"));
    if (end === "fin") for (const side of [0, 1] as const) keep(send(side, "FA"));
  }
  return join(pcapHeader({ linkType: LINKTYPE_RAW }), ...records);
}
