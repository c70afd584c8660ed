/**
 * What was found in a part of the traffic: plain data that a worker can post and a file can hold. Parts are merged in any
 * order (merge.ts); ids are given when a report is made of them (build-report.ts).
 */
import type { Place, Range } from "../../net/place.ts";
import type { Connection, Finding, Input } from "../report.ts";

export interface PartialResult {
  inputs: InputPart[];
  connections: ConnectionPart[];
}

/** One capture. Parts with the same position, path and beginning belong to the same file. */
export interface InputPart {
  /** Its position among the inputs of the whole job, from 0. */
  position: number;
  path: string;
  /** Time of its first packet; null if it has none. */
  begin: string | null;
  file: FileFacts;
  traffic: TrafficCounts;
}

/** What a reading of the whole file finds out. Of two parts, those of the one that read further count. */
export interface FileFacts {
  format: Input["format"];
  packets: number;
  octets: number;
  /** The reader's sentences on the file. */
  notes: string[];
  error: string | null;
  /** Packets that were not read: by protocol number or packet outcome, as net/unread-packets.ts has them. */
  unread: [kind: number, packets: number][];
  /** Findings on the file itself; their places are in input 0, for any input. */
  findings: FindingPart[];
}

/** Counts over the connections of a part: those of two parts are added up. */
export interface TrafficCounts {
  /** Connections on other ports than those asked for. */
  excluded: number;
  leftAlone: LeftAlone[];
  resynchronisations: number;
  evictedConnections: number;
}

/** Connections that were left alone, or read in part, of one kind. */
export interface LeftAlone {
  /**
   * null: one that began before the capture, and showed no frame. "segments cut": what was captured of its segments
   * shows no protocol. Read in part: "frames cut", the beginning of a frame behind a cut segment is not known;
   * "boundary refuted", supposed frames in mid-stream broke off; "unfinished", the capture ends inside a frame.
   */
  protocol:
    | "TLS"
    | "AMQP 1.0"
    | "another protocol"
    | "segments cut"
    | "frames cut"
    | "boundary refuted"
    | "unfinished"
    | null;
  /** They use a port on which AMQP is expected. */
  onAmqpPort: boolean;
  connections: number;
  /** Ports of the servers, the lowest first. */
  ports: number[];
}

/** One AMQP connection. */
export interface ConnectionPart {
  /** With the input of `first`: the identity of a connection over parts. */
  key: string;
  /** Where it begins. Inputs of places are indices into the part's own. */
  first: Place;
  /** How far the timeline had been read when it turned out to be AMQP: gives connections their order. */
  recognised: { input: number; packet: number };
  /** Its octets were kept, and what broke is explained. Of two parts the explained one counts. */
  explained: boolean;
  counts: Pick<
    Connection,
    | "start"
    | "end"
    | "ended"
    | "midStream"
    | "frames"
    | "channels"
    | "octets"
    | "gaps"
    | "tls"
    | "tunnels"
    | "preludes"
    | "injectedReset"
  >;
  /** null if only the counts were wanted. */
  details: Pick<
    Connection,
    "client" | "server" | "clientProperties" | "user" | "virtualHost" | "negotiated" | "verdict" | "broker"
  > | null;
  /** Something in it could not be explained, because too much is broken. */
  unexplained?: true;
  findings: FindingPart[];
  /** Ranges of its octets that are not shown; absent if there are none. */
  masked?: number;
}

/** A finding before it has an id. */
export interface FindingPart {
  /** Unique within its connection. */
  identity: string;
  /** Identity of the finding of the same connection that led to it. */
  cause: string | null;
  /** Its fingerprint: the kind of the finding; "" if that is of no use. */
  group: string;
  /** Its octets and diagnosis are left out: others of its kind have theirs. */
  brief?: true;
  at: Range;
  finding: Omit<Finding, "id" | "input" | "connection" | "packets" | "time" | "at" | "cause" | "group" | "sameAs">;
}

/** A file from which nothing could be read. */
export function unreadableInput(path: string, error: string): InputPart {
  const none = { unread: [], findings: [] };
  return {
    position: 0,
    path,
    begin: null,
    file: { format: "unknown", packets: 0, octets: 0, notes: [], error, ...none },
    traffic: NO_TRAFFIC,
  };
}

/** No connection was counted. */
export const NO_TRAFFIC: TrafficCounts = {
  excluded: 0,
  leftAlone: [],
  resynchronisations: 0,
  evictedConnections: 0,
};
