import type { BrokerChoice } from "../broker/versions.ts";
import type { Incident } from "../connection/incident.ts";
import type { Carrier } from "../inspection/carrier.ts";
import type { ConnectionInspection } from "../inspection/connection-inspection.ts";
import { Engine } from "../inspection/engine.ts";
import type { InspectionEvent } from "../inspection/event.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import type { ConnectionGuard } from "./connection-tap.ts";

/** Octets of a frame that are held back until its end is seen: eight times the usual frame-max. */
const MAX_HELD = 1 << 20;

/** What a guard does besides holding octets back. None of these may throw. */
export interface GuardListener {
  /** The client's stream has broken: nothing more of it passes. Once, before `admit` returns. */
  broken(incident: Incident): void;
  /** The client that was stopped has ended its stream. */
  clientEnded?(): void;
  /** The broker's stream has broken. Once, before `admit` returns. */
  brokerBroken?(incident: Incident): void;
}

/**
 * Lets whole frames pass, and none from the first broken one of the client on. Frames of the broker are held until they
 * are whole, too: then the client's stream is at a frame boundary when it gets the reason. From a frame that the broker
 * itself breaks on, its octets pass as they come; the client is still guarded.
 *
 * It sees octets before the broker does, on the relay's own thread: it only finds the break, and leaves the explanation
 * to the inspector. A frame longer than MAX_HELD passes before its end is seen.
 *
 * Bound: of each side MAX_HELD and a chunk are held, in a buffer of at most twice that.
 */
export class Guard implements ConnectionGuard {
  readonly #connection: ConnectionInspection;
  /** The first error of each side. */
  readonly #errors: [Incident | null, Incident | null] = [null, null];
  readonly #held: readonly [HeldOctets, HeldOctets] = [new HeldOctets(), new HeldOctets()];
  readonly #listener: GuardListener;
  #stopped = false;
  /** An error of our own, which ended the inspection: the relay must know that it has no guard. */
  #failure: { error: unknown } | null = null;
  /** Sides whose octets pass without inspection: both if it is no AMQP 0-9-1; the broker's after a break. */
  readonly #idle: [boolean, boolean] = [false, false];

  constructor(broker: BrokerChoice, listener: GuardListener) {
    this.#listener = listener;
    const engine = new Engine({
      broker,
      moment: NOW,
      predicts: false,
      explains: false,
      searchOctets: 0,
      sink: event => this.#take(event),
    });
    this.#connection = engine.connection(NOBODY, { sawBeginning: true, forced: false, expected: true });
  }

  /** No more octets of the client pass. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether all that the client got ends with a whole frame, so that another may follow. */
  get clientAtBoundary(): boolean {
    return !this.#idle[1] && this.#held[1].passedWhole;
  }

  admit(side: Side, chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#stopped && side === 0) return [];
    const held = this.#held[side];
    // If this throws, the relay passes the chunk on: it must not be held as well.
    if (!this.#idle[side]) this.#connection.data(side, chunk, 0, chunk.length);
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#idle[side]) return held.passAll(chunk, false);
    const incident = this.#errors[side];
    if (incident !== null) return side === 0 ? this.#stop(incident, chunk) : this.#leaveBroker(incident, chunk);
    const { partial } = this.#connection.amqp.directions[side].scanner;
    if (partial === null || held.octets + chunk.length > MAX_HELD) return held.passAll(chunk, partial === null);
    return held.passUntil(partial.streamOffset, chunk);
  }

  rest(side: Side): readonly Uint8Array[] {
    if (!this.#stopped || side === 1) return this.#held[side].passAll(NOTHING, false);
    this.#listener.clientEnded?.();
    return [];
  }

  #take(event: InspectionEvent): void {
    if (event.kind === "uninspected" && event.connection.givenUp) {
      this.#leave();
      if (event.why === "failed") this.#failure = { error: event.error };
    }
    if (event.kind !== "incident-opened" && event.kind !== "finding") return;
    const { severity, side, rule } = event.incident;
    // A close is a whole frame, whatever caused it.
    if (severity === "error" && side !== null && rule !== "broker-close") this.#errors[side] ??= event.incident;
  }

  /** From a broken frame on nothing passes. A client's wrong opening does pass: the broker refuses it. */
  #stop(incident: Incident, chunk: Uint8Array): readonly Uint8Array[] {
    const held = this.#held[0];
    if (incident.rule === "handshake" && incident.streamOffset === 0) {
      this.#leave();
      return held.passAll(chunk, false);
    }
    this.#stopped = true;
    const good = held.passUntil(incident.streamOffset, chunk);
    held.drop();
    this.#listener.broken(incident);
    return good;
  }

  /** What the broker sends is not guarded any more. */
  #leaveBroker(incident: Incident, chunk: Uint8Array): readonly Uint8Array[] {
    this.#idle[1] = true;
    const all = this.#held[1].passAll(chunk, false);
    this.#listener.brokerBroken?.(incident);
    return all;
  }

  #leave(): void {
    this.#idle.fill(true);
  }
}

const NOTHING = new Uint8Array(0);
const NOW = new Moment();
/** Only the relay knows what carries the octets. */
const NOBODY: Carrier = {
  first: NOW,
  last: NOW,
  ended: "open",
  address: () => "",
  port: () => 0,
  tunnels: () => [],
  octets: () => 0,
};

/** The octets of one direction that have come and not passed: one buffer, even for many small chunks. */
class HeldOctets {
  octets = 0;
  /** What has passed ends with a frame's end. */
  passedWhole = true;
  #buffer: Uint8Array = NOTHING;
  /** Stream offset behind the last octet that passed. */
  #passed = 0;

  /** Lets pass what is held, and `chunk` behind it. `whole`: the last of it ends a frame. */
  passAll(chunk: Uint8Array, whole: boolean): Uint8Array[] {
    const passing = this.#pass(chunk, this.octets + chunk.length);
    this.passedWhole = whole;
    return passing;
  }

  /** Lets pass what stands before a stream offset at which a frame begins, and holds the rest. */
  passUntil(streamOffset: number, chunk: Uint8Array): Uint8Array[] {
    const count = streamOffset - this.#passed;
    this.passedWhole = count >= 0;
    return this.#pass(chunk, Math.min(Math.max(count, 0), this.octets + chunk.length));
  }

  drop(): void {
    this.#buffer = NOTHING;
    this.octets = 0;
  }

  /** The next `count` octets of those held and of `chunk` behind them. What passes is never written to again. */
  #pass(chunk: Uint8Array, count: number): Uint8Array[] {
    const before = this.#buffer.subarray(0, Math.min(count, this.octets));
    const after = this.#buffer.subarray(before.length, this.octets);
    const fromChunk = count - before.length;
    if (before.length > 0) {
      this.drop();
      this.#hold(after);
    }
    this.#hold(chunk.subarray(fromChunk));
    this.#passed += count;
    return [before, chunk.subarray(0, fromChunk)].filter(({ length }) => length > 0);
  }

  #hold(octets: Uint8Array): void {
    const needed = this.octets + octets.length;
    if (needed > this.#buffer.length) {
      const buffer = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      buffer.set(this.#buffer.subarray(0, this.octets));
      this.#buffer = buffer;
    }
    this.#buffer.set(octets, this.octets);
    this.octets = needed;
  }
}
