/**
 * The report: every output format is written from it, and `--format json` prints it as it is.
 *
 * Version 1 changes only by addition; report.schema.json beside this file is its published form. Offsets count the
 * octets of one direction's TCP stream from its first captured payload octet; packets are 1-based numbers in the file;
 * times are ISO 8601 UTC with as many digits as the capture has.
 */

import type { BrokerBasis } from "../broker/broker-rules.ts";
import type { Prelude } from "../connection/prelude.ts";
import type { RuleId } from "../connection/rules.ts";
import type { Diagnosis } from "../forensics/diagnosis.ts";
import type { TlsFacts } from "../inspection/tls-facts.ts";
import type { Verdict } from "../inspection/verdict.ts";
import type { Range } from "../net/place.ts";
import type { UnreadPackets } from "../net/unread-packets.ts";

export type { Diagnosis, DiagnosisKind, Doubtful, Message, Span, TornFrame, Writer } from "../forensics/diagnosis.ts";
export type { CloseVerdict, PredictedDetails, ResetVerdict, Verdict } from "../inspection/verdict.ts";
export type { Place, Range } from "../net/place.ts";

export const REPORT_SCHEMA = "ghostframe.report/1";

export type Severity = "error" | "warning" | "note";
export type Direction = "client-to-server" | "server-to-client";

export interface Report {
  schema: typeof REPORT_SCHEMA;
  tool: { name: "ghostframe"; version: string };
  inputs: Input[];
  connections: Connection[];
  findings: Finding[];
  summary: Summary;
  /** The broker's log, if one was given. */
  brokerLog?: BrokerLogReport;
}

/** Findings by severity; and the same in incidents, each counted once, together with a close that it led to. */
export interface Summary {
  errors: number;
  warnings: number;
  notes: number;
  /** Connections with an incident that is an error, and connections with warnings only. */
  sick?: number;
  atRisk?: number;
  /** Incidents that are errors. */
  incidents?: number;
  /** Messages that incidents cost. */
  lost?: LostCounts;
  /** Ranges of octets that are not shown, as they may hold credentials; absent if there are none. */
  masked?: number;
  /** If only some connections or findings were asked for: the number of the others. */
  leftOut?: { connections: number; findings: number; incidents: number };
}

export interface LostCounts extends Record<LostMessage["fate"], number> {
  messages: number;
  /** There may be more: octets are missing or unexplained, or a list was cut. */
  atLeast: boolean;
}

export interface BrokerLogReport {
  path: string;
  lines: number;
  /** Messages on failing connections that belong to a connection of the capture: each connection has its own. */
  tied: number;
  /** Such messages that belong to none, and why. */
  untied: (BrokerLogEntry & { reason: string })[];
  /** Messages that are not listed because there are too many. */
  omitted: number;
  /** Set when the log could not be read, or not to its end. */
  error?: string;
}

/** One message of a broker's log. */
export interface BrokerLogEntry {
  /** ISO 8601, UTC; without the Z if the log does not give its time zone; null if it has no times. */
  time: string | null;
  /** Without the time, level and process in front of them. */
  lines: string[];
}

export interface Input {
  path: string;
  format: "pcap" | "pcapng" | "unknown";
  packets: number;
  /** Octets of the capture that were read, after decompression. */
  octets: number;
  /** Sentences on the file as a whole: connections left alone, fragments, why reading stopped. */
  notes: string[];
  /** What was not read of it, by kind, what may hold AMQP first; left out if all was read. */
  unread?: Unread[];
  /** Set when the file could not be read, or not to its end: what, where, expected, found. */
  error?: string;
}

/** Packets, or connections, of one kind that were not read. */
export interface Unread extends Omit<UnreadPackets, "packets"> {
  packets?: number;
  connections?: number;
}

export interface Endpoint {
  address: string;
  port: number;
}

export interface PerDirection {
  clientToServer: number;
  serverToClient: number;
}

/** Whose RST it claims to be, its 1-based packet number in its file, and what shows that something in between sent it. */
export type InjectedResetRecord = { sender: "client" | "server"; packet: number } & (
  | {
      /** IP time to live or hop limit: the RST's, and that of the sender's packets. */
      timeToLive: number;
      usualTimeToLive: number;
    }
  | {
      /** The packet of the sender's next octets, after the RST. */
      nextPacket: number;
    }
);

export interface Connection {
  id: string;
  /** Index into `inputs`: the file in which the connection was first seen. */
  input: number;
  client: Endpoint;
  server: Endpoint;
  /** Tunnels of its packets, if numbers distinguish them: "VXLAN 42", "GENEVE 7, GRE key 3", "GTP tunnel 11". */
  tunnels?: string[];
  /** What stands in front of AMQP or TLS in the client's stream: PROXY headers and the like. Offsets count it. */
  preludes?: Prelude[];
  start: string;
  end: string;
  ended: "fin" | "rst" | "open";
  /** Its first RST came from something in between: its time to live, or what its sender sent after it, shows that. */
  injectedReset?: InjectedResetRecord;
  /** True when the capture does not hold the connection's beginning. */
  midStream: boolean;
  /** From the client's start-ok; values that are not text are left out. */
  clientProperties: Record<string, string>;
  /** The user who logged in, if the mechanism names the user (PLAIN, AMQPLAIN). */
  user?: string;
  /** From connection.open. */
  virtualHost?: string;
  negotiated: { frameMax: number; channelMax: number; heartbeat: number } | null;
  frames: PerDirection;
  /** If channels were asked for: 0 and those with frames of either side, rising; at most 2,048, and all that were asked for. */
  channels?: number[];
  octets: PerDirection;
  gaps: PerDirection;
  verdict: { predicted: Verdict | null; observed: Verdict | null };
  /** The broker's rules by which the verdict is predicted. Left out if the connection's frames could not be read. */
  broker?: Broker;
  /** What is known of its TLS, if it uses TLS. Offsets of frames count decrypted octets. */
  tls?: TlsFacts;
  /** Something in it is broken, and was not explained: too much is broken in these captures. */
  unexplained?: true;
  /** What the broker logged on this connection, if its log was given and has something. */
  brokerLog?: BrokerLogEntry[];
  /** One sentence, if that is not what was predicted. */
  brokerLogDiffers?: string;
}

export interface Broker {
  /** The broker's name in connection.start; left out if it gives none, or that was not seen. */
  product?: string;
  version?: string;
  /** Which rules: rabbitmq-3.10, as in `--broker`, or lavinmq; null if nothing is predicted for this broker. */
  rules: string | null;
  /** Why these: the user asked for them, the broker gave its name, or it is a guess. */
  basis: BrokerBasis;
}

export interface Finding {
  id: string;
  rule: RuleId;
  /** Section of the AMQP 0-9-1 specification, or "" if the rule is not the specification's. */
  spec: string;
  severity: Severity;
  /** Index into `inputs`: the file `packets` counts in. */
  input: number;
  /** Connection id, or null for a finding about the file itself. */
  connection: string | null;
  direction: Direction | null;
  streamOffset: number | null;
  /** Octets from streamOffset to where the stream is understood again. */
  length: number | null;
  /** First and last packet, or empty. */
  packets: number[];
  time: string | null;
  /** Where it begins and ends, in any files; `packets` counts in the first one. */
  at?: Range;
  /** The frame envelope as it was read. Null if there is none, or if it may hold part of a SASL response. */
  frame: { type: number; channel: number; size: number } | null;
  /** One sentence with the numbers in it. */
  message: string;
  /** Broken frames within the incident, this one included. */
  faults: number;
  /** The octets at the fault, one by one; empty if none apply. */
  octets: OctetReading[];
  /** Id of the finding that led to this one. */
  cause?: string;
  /** What the octets of the incident are, if they could be explained. */
  diagnosis?: Diagnosis;
  /**
   * The messages that the incident cost, those of the diagnosis among them. Left out if none are known, for live
   * findings, and for standard input, which is read only once (unless messages are asked for).
   */
  lost?: LostMessage[];
  /** How many these are, and by fate, if the list is incomplete, or is left out because many findings are alike. */
  lostCount?: number;
  lostFates?: Partial<Record<LostMessage["fate"], number>>;
  /** Its fingerprint: for an incident, and for a finding without octets and diagnosis because many are alike. */
  group?: string;
  /** For an incident: why it happened, as far as is known. */
  likelyCause?: LikelyCause;
  /** For an incident: the one thing to do first. */
  do?: string;
  /** The broker had stopped reading before this was sent. */
  afterStop?: true;
  /** Where frames tore, numbered from 1 in this order: sets of torn frames that overlap. */
  places?: IncidentPlace[];
  /** Id of the first finding with that fingerprint, which has what is left out here. */
  sameAs?: string;
}

/** A message that was sent, and that the broker did not accept as far as is known. */
export interface LostMessage {
  messageId?: string;
  exchange: string;
  routingKey: string;
  /** Where its method frame begins. */
  streamOffset: number;
  /** Octets of its body, as its content header announced them; left out if that was not read. */
  size?: number;
  /** As the outcomes of `ghostframe messages`. */
  fate: "refused" | "torn" | "swallowed" | "unread" | "unconfirmed";
  traceId?: string;
}

/** One octet at a fault: how a decoder reads it, and what it more likely is. */
export interface OctetReading {
  streamOffset: number;
  /** Two hexadecimal digits. */
  hex: string;
  takenFor: string;
  /** Empty if the octet is what it was read as. */
  likely: string;
}

/** Why an incident happened, as far as its octets and the client's own words show it. */
export interface LikelyCause {
  kind: CauseKind;
  /** A clause that can follow "Likely cause:". It begins with a capital letter. */
  words: string;
  /** Of causes reported with 0.9, nine in ten are right; null if no number is known. */
  confidence: number | null;
}

/** writers: threads or processes, which of them is not known. */
export type CauseKind =
  | "fork"
  | "threads"
  | "writers"
  | "timeout"
  | "shared-buffer"
  | "shared-channel"
  | "shared-session"
  | "foreign"
  | "wrong-port"
  | "oversize"
  | "cut-off"
  | "broker"
  | "unknown";

/** One of the places of an incident where frames tore. */
export interface IncidentPlace {
  from: number;
  /** Behind its last octet. */
  to: number;
  /** Indices into the diagnosis's torn frames. */
  torn: number[];
}
