import { Moment, type Side } from "../net/connection-observer.ts";
import type { RepeatedNonce } from "./key-stream-reuse.ts";
import type { TornRecord } from "./torn-record.ts";

/** What was found in the records of one direction. */
export class TlsFinding {
  readonly rule: "tls-record" | "tls-shared-session";
  readonly side: Side;
  /** Stream offset of the first wrong octet, and behind the last one. */
  readonly streamOffset: number;
  endOffset: number;
  readonly from = new Moment();
  readonly to = new Moment();
  /** Broken headers, records sent twice, or repeated nonces. */
  faults = 1;
  evidence: BrokenHeader | RecordSentTwice | SharedSession | UnfinishedRecord;

  constructor(side: Side, streamOffset: number, moment: Moment, evidence: TlsFinding["evidence"]) {
    this.rule = evidence.kind === "shared-session" ? "tls-shared-session" : "tls-record";
    this.side = side;
    this.streamOffset = streamOffset;
    this.endOffset = streamOffset;
    this.from.set(moment);
    this.to.set(moment);
    this.evidence = evidence;
  }
}

/** No header stands where a record ends. */
export interface BrokenHeader {
  kind: "broken-header";
  header: Uint8Array;
  /** The record before it, as its header gives it. */
  before: { streamOffset: number; length: number; packet: number } | null;
  /** Where a boundary was found again; −1 for nowhere. */
  foundAt: number;
  /** What the octets are, if they were kept. */
  tear: TornRecord | null;
  /** First and last packet of each of the tear's spans. */
  packets: [first: number, last: number][];
  insertedPackets: [first: number, last: number] | null;
}

/** The same record stands twice in the stream, octet for octet. */
export interface RecordSentTwice {
  kind: "sent-twice";
  pair: RepeatedNonce;
}

/** The stream ends inside a record. */
export interface UnfinishedRecord {
  kind: "unfinished";
  /** Octets of its body that came, and that its header announces. */
  octets: number;
  announced: number;
}

/** Records that differ, encrypted with the same nonce and key. */
export interface SharedSession {
  kind: "shared-session";
  /** The first of them, in the order of the second record; none if only keys show what happened. */
  pairs: RepeatedNonce[];
  /** Pairs in all. */
  count: number;
  /** Pairs among them that are the same octet for octet. */
  identical: number;
  /** The number that a record of a copy was opened with, if only keys show that it was used before; else null. */
  numberUsedAgain: number | null;
}
