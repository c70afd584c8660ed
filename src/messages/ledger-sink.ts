import type { LostBoundaries } from "./lost-boundaries.ts";
import type { Message, MessageConnection } from "./message.ts";

/** A synchronous method of a channel with the server's answer (§1.4). */
export interface CallFacts {
  readonly connection: MessageConnection;
  readonly channel: number;
  /** `queue.declare` */
  readonly method: string;
  /** When its frame began. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Seconds from there to its answer. */
  readonly latency: number;
}

/** Receives a channel's messages when their outcome is known, and its calls when they are answered. */
export interface LedgerSink {
  emit(message: Message): void;
  emitCall(call: Omit<CallFacts, "connection" | "channel">): void;
  readonly lost: LostBoundaries;
  /** Whether it is known by now that the broker does not read a publish. */
  isUnread(message: Message): boolean;
  /** Whether the broker reads a method of the client at this stream offset; null if nobody knows. */
  isRead(streamOffset: number): boolean | null;
  /** Whether octets of a direction wait for missing ones: what the other one sends meanwhile may answer these. */
  isHeld(isClient: boolean): boolean;
}

/** The same for all channels of a connection. */
export interface ConnectionSink {
  readonly lost: LostBoundaries;
  emit(message: Message): void;
  emitCall(channel: number, call: Omit<CallFacts, "connection" | "channel">): void;
  isUnread(message: Message): boolean;
  isRead(method: Pick<Message, "channel" | "streamOffset">): boolean | null;
  isHeld(isClient: boolean): boolean;
}
