/**
 * A line that brokers or clients are known to write, as data: how it is recognised, which end read the octets that it
 * is about, what it means, what usually causes it. A new line is a new row in one of the tables beside this file; text,
 * tests and docs/errors.md are made from the rows.
 */
import type { LibraryId } from "../../connection/client-libraries.ts";
import type { Weighed } from "../reading.ts";

/** Which end read the octets, or had the error: what a client read came from the broker's side. */
export type SeenBy = "broker" | "client";

/** What it concerns. `frames`: octets, or whole frames, in the wrong place. */
export type About = "frames" | "transport" | "heartbeat" | "handshake" | "channel" | "limits";

/** What was wrong with a frame that a client read. */
export type ReadProblem = "frame-end" | "frame-type" | "too-large" | "unreadable" | "order" | "cut-short" | "refused";

export interface KnownLine {
  /** Stable: programs may look for it. */
  id: string;
  /**
   * Matched against the text with quoting and wrapping undone. No part of it may be read in two ways (time must grow
   * with length). Named groups are values for `says`; `type`, `channel`, `size`, `end`, `version` are octets that were
   * read; `logged` is `reason` in a log's wording; `method_number` is a class-id and a method-id in one number, and
   * gives `method`.
   */
  pattern: RegExp;
  /** The name people look it up by. */
  name: string;
  /** The AMQP reply code it comes with; null for none. */
  code: number | null;
  /** Null only if the text does not show it. */
  seenBy: SeenBy | null;
  about: About | null;
  /** What happened. `{group}` stands for a named group. */
  says: string;
  /** For octets that a client read: what was wrong with them. Causes then depend on the octets, too. */
  problem?: ReadProblem;
  /** The usual causes, with the evidence for each. */
  causes: readonly Weighed[];
  library: LibraryId | null;
  /** Project and issue, or the source file that writes it. */
  source: string;
  /** A text that this row explains. */
  example: string;
  /** It reports only that something failed: any other row that matches the same text goes before it. */
  generic?: true;
  /** It reports no error, or none with AMQP: a note. */
  note?: true;
  /** So general that in a broker's own log it means something else. */
  ofClients?: true;
  /** One event makes several such messages, within a second or two. */
  repeated?: true;
  /** Other programs than AMQP's write the same: it counts only if the text is about AMQP, or is all there is. */
  anybody?: true;
  /** Every program on a network writes it: it counts only if the text is about AMQP, or contains nothing else. */
  everyday?: true;
}
