import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import type { Side } from "../net/connection-observer.ts";
import { Moment } from "../net/connection-observer.ts";
import type { RuleId, Severity } from "./rules.ts";

/** Octets that may hold part of a SASL response, and must not be shown: those behind the header, or all. */
export type Secret = "none" | "payload" | "all";

/**
 * What was found in one connection, before it becomes a report's finding: from the first broken frame to the point
 * where the stream is understood again, including all octets between.
 */
export class Incident {
  readonly rule: RuleId;
  readonly severity: Severity;
  /** The side whose octets these are, or null for a fact about the connection as a whole. */
  readonly side: Side | null;
  /** Stream offset of the first broken frame, or −1 if there is none. */
  readonly streamOffset: number;
  /** Stream offset behind the incident. */
  endOffset: number;
  readonly from = new Moment();
  readonly to = new Moment();
  frame: { type: number; channel: number; size: number } | null = null;
  /** The envelope's octets, if the envelope broke. */
  envelope: EnvelopeFault | null = null;
  /** One sentence; for a broken envelope it is made when the incident is over. */
  message: string;
  /** Broken frames, the first one included. */
  faults = 1;
  /** Where the boundary was found again after a broken envelope; −1 while it is lost. */
  foundAt = -1;
  /** Frames in good order since the last fault. */
  quiet = 0;
  secret: Secret = "none";
  /** The rule of the finding that caused this one, if it names one: an earlier finding of that rule is the cause. */
  follows: RuleId | null = null;
  /** A close that may have cost messages: the client had published. */
  mayCostMessages = false;
  /** Frames that followed from a guessed boundary broke. */
  isRefutedGuess = false;

  /** `at` is where it begins. With `side` null and offset −1 it concerns the connection, and no octet. */
  constructor(
    rule: RuleId,
    severity: Severity,
    at: { side: Side | null; streamOffset: number; moment: Moment },
    message: string,
  ) {
    const { side, streamOffset, moment } = at;
    this.rule = rule;
    this.severity = severity;
    this.side = side;
    this.streamOffset = streamOffset;
    this.endOffset = streamOffset;
    this.message = message;
    this.from.set(moment);
    this.to.set(moment);
  }
}
