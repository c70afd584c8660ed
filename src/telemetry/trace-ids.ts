import type { SpanContext } from "./records.ts";

/** Hexadecimal digits, 64 of them, of a text: the same for the same text, and practically never for two. */
export type Digest = (text: string) => string;

/** The trace of a connection. */
export interface ConnectionTrace extends SpanContext {
  /** Of its parent span; null if it has a trace of its own. */
  readonly parentSpanId: string | null;
  /** What its ids and those of its messages are derived from. */
  readonly key: string;
}

/** The two ends of a connection, and what distinguishes it from others between the same ends. */
export interface ConnectionEnds {
  /** ISO 8601, UTC. */
  readonly start: string;
  /** `address port` of both ends. */
  readonly ends: readonly [string, string];
  readonly tunnels: readonly string[];
}

/**
 * Ids of traces and spans. They are derived from what was captured, not random: if you send the same capture twice,
 * each span is there once.
 */
export class TraceIds {
  readonly #digest: Digest;
  readonly #parent: SpanContext | null;

  /** `parent`: the parent span of connections, if they are to be part of its trace. */
  constructor(digest: Digest, parent: SpanContext | null) {
    this.#digest = digest;
    this.#parent = parent;
  }

  connection({ start, ends, tunnels }: ConnectionEnds): ConnectionTrace {
    // In mid-stream it is not certain which end is the client.
    const key = [start, ...ends.toSorted(), ...tunnels].join("\n");
    const { traceId, spanId } = this.#derived(key);
    return {
      traceId: this.#parent?.traceId ?? traceId,
      spanId,
      traceState: this.#parent?.traceState,
      parentSpanId: this.#parent?.spanId ?? null,
      key,
    };
  }

  /** For a part of a connection; `traceId` is the part's if it has a trace of its own. */
  part({ key }: ConnectionTrace, name: string): SpanContext {
    return this.#derived(`${key}\n${name}`);
  }

  #derived(text: string): SpanContext {
    const digits = this.#digest(text);
    return { traceId: digits.slice(0, 32), spanId: digits.slice(32, 48) };
  }
}
