import type { ConnectionFate } from "./connection-fate.ts";
import type { ConnectionPhases } from "./connection-phases.ts";
import type { CallFacts } from "./ledger-sink.ts";
import type { Message, MessageConnection } from "./message.ts";
import type { MessageBudget } from "./message-budget.ts";
import type { PublishMatches } from "./publish-matches.ts";
import type { TextCache } from "./text-cache.ts";

/**
 * Which messages of a connection are reported. Captures are read a second time to explain what broke: then the first
 * reading reports those whose outcome was known when the client's frames broke, and the second one all others.
 */
export type LedgerPart = "all" | "until-break" | "from-break";

/** What the ledger knows of a connection besides its messages, when it is over. */
export interface ConnectionFacts {
  readonly number: number;
  readonly phases: ConnectionPhases;
  readonly fate: ConnectionFate;
  /** Whole messages that the client sent, and that it received, before its frames broke. */
  readonly published: number;
  readonly delivered: number;
}

/** Shared by all connections of a ledger. */
export interface LedgerContext {
  readonly part: LedgerPart;
  readonly budget: MessageBudget;
  readonly texts: TextCache;
  /** Null if not all connections are read: then it is not known which matches are unambiguous. */
  readonly matches: PublishMatches | null;
  readonly emit: (message: Message) => void;
  readonly emitConnection: (connection: ConnectionFacts) => void;
  readonly emitCall: (call: CallFacts) => void;
  /** The first of two readings reports no more of a connection. */
  readonly suspend: (connection: MessageConnection) => void;
}
