import type { SearchBudget } from "../amqp/frame-boundary-search.ts";
import { BROKER_VERSIONS, type BrokerId } from "../broker/versions.ts";
import { AmqpConnection } from "../connection/amqp-connection.ts";
import type { Incident } from "../connection/incident.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import type { Gate } from "./connection-tap.ts";

/** Octets of a frame that are held back until its end is seen: eight times the usual frame-max. */
const MAX_HELD = 1 << 20;

/**
 * Lets whole frames pass, and none from the first broken one of the client on. Frames of the broker are held until they
 * are whole, too, so that the client can be told why where its stream is at a frame boundary.
 *
 * It sees octets before the broker does, on the relay's own thread: it only looks, and leaves explaining to the
 * inspector. A frame longer than MAX_HELD passes before its end is seen.
 */
export class Guard implements Gate {
  readonly #amqp: AmqpConnection;
  readonly #held: readonly [HeldOctets, HeldOctets] = [new HeldOctets(), new HeldOctets()];
  readonly #broken: (incident: Incident) => void;
  /** What of the client is stopped. */
  #stopped = false;
  /** It is not AMQP 0-9-1: everything passes. */
  #idle = false;

  /** `broken` is called once, when the client's stream has broken, before `admit` returns. */
  constructor(broker: BrokerId, broken: (incident: Incident) => void) {
    this.#broken = broken;
    const budget: SearchBudget = { octets: 0, limit: 0 };
    this.#amqp = new AmqpConnection({
      judge: null,
      forensics: null,
      initialFrameMax: BROKER_VERSIONS[broker].initialFrameMax,
      sawBeginning: true,
      forced: false,
      expected: true,
      moment: new Moment(),
      budget,
      listener: null,
      recognised: () => 1,
      leave: () => {
        this.#idle = true;
      },
    });
  }

  /** Whether all that the client was sent ends with a whole frame, so that another may follow. */
  get clientAtBoundary(): boolean {
    return !this.#idle && this.#held[1].passedWhole;
  }

  admit(side: Side, chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#stopped && side === 0) return [];
    const held = this.#held[side];
    // Should this throw, the chunk is the relay's to pass on: it must not be held as well.
    if (!this.#idle) this.#amqp.data(side, chunk, 0, chunk.length);
    held.add(chunk);
    if (this.#idle) return held.passAll(false);
    const { scanner, openIncident, incidents } = this.#amqp.directions[side];
    const incident = openIncident ?? incidents.find(({ severity }) => severity === "error") ?? null;
    // What the client opened with is the broker's to refuse, and what the broker sends is not guarded.
    if (incident !== null && (side === 1 || isOpening(incident))) {
      this.#idle = true;
      return held.passAll(false);
    }
    if (incident?.severity === "error") {
      this.#stopped = true;
      const good = held.passUntil(incident.streamOffset);
      held.drop();
      this.#broken(incident);
      return good;
    }
    const partial = scanner.partial;
    if (partial === null || held.octets > MAX_HELD) return held.passAll(partial === null);
    return held.passUntil(partial.streamOffset);
  }

  rest(side: Side): readonly Uint8Array[] {
    return this.#stopped && side === 0 ? [] : this.#held[side].passAll(false);
  }
}

function isOpening({ rule, streamOffset }: Incident): boolean {
  return rule === "handshake" && streamOffset === 0;
}

/** The octets of one direction that have come and not passed. */
class HeldOctets {
  octets = 0;
  /** What has passed ends with a frame's end. */
  passedWhole = true;
  #chunks: Uint8Array[] = [];
  /** Stream offset behind the last octet that passed. */
  #passed = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.octets += chunk.length;
  }

  /** `whole`: the last of it ends a frame. */
  passAll(whole: boolean): Uint8Array[] {
    const chunks = this.#chunks;
    this.passedWhole = whole;
    this.#passed += this.octets;
    this.drop();
    return chunks;
  }

  /** Lets pass what stands before a stream offset at which a frame begins. */
  passUntil(streamOffset: number): Uint8Array[] {
    const passing: Uint8Array[] = [];
    let left = streamOffset - this.#passed;
    this.passedWhole = left >= 0;
    while (left > 0) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      const piece = chunk.subarray(0, left);
      if (piece.length < chunk.length) this.#chunks.unshift(chunk.subarray(left));
      passing.push(piece);
      left -= piece.length;
      this.#passed += piece.length;
      this.octets -= piece.length;
    }
    return passing;
  }

  drop(): void {
    this.#chunks = [];
    this.octets = 0;
  }
}
