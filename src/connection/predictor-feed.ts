import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import type { Method } from "../amqp/method-registry.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import type { Predictor } from "./observers.ts";

/** Hands the client's frames to the predictor of the broker's verdict, until the verdict is settled. */
export class PredictorFeed {
  /** Null if there is none, or its verdict is settled. A plain field: it is read for every frame. */
  predictor: Predictor | null;
  /** The predictor that goes on when the frames are known again. */
  #suspended: Predictor | null = null;
  /** A broken envelope that the predictor gets when it is clear what broke. */
  #unsettled: EnvelopeFault | null = null;

  constructor(predictor: Predictor | null) {
    this.predictor = predictor;
  }

  /** Whether a broken envelope is not settled yet. */
  get awaitsEvidence(): boolean {
    return this.#unsettled !== null;
  }

  /** As Predictor.frame. Called only if there is a predictor. */
  // oxlint-disable-next-line max-params -- hot path: once for every frame
  frame(
    type: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    method: Method | undefined,
    decodes: boolean,
    behind: number,
  ): void {
    if (this.#unsettled !== null) {
      // The broker still waits for the end of a frame whose header broke: what looks like frames is inside it.
      this.settle();
      return;
    }
    const predictor = this.predictor!;
    predictor.frame(type, channel, bytes, start, size, method, decodes, behind);
    if (predictor.settled) this.predictor = null;
  }

  /** As Predictor.message; true if there is no predictor. */
  message(message: WholeMessage, bytes: Uint8Array, behind: number): boolean {
    const { predictor } = this;
    if (predictor === null) return true;
    if (!predictor.message(message, bytes, behind)) return false;
    if (predictor.settled) this.predictor = null;
    return true;
  }

  brokenEnvelope(fault: EnvelopeFault): void {
    this.#unsettled = this.predictor === null ? null : fault;
    this.settle();
  }

  /** Reports a broken envelope, if it is clear by now what broke. Nothing behind it is looked at. */
  settle(): void {
    if (this.#unsettled === null || this.#unsettled.rule === "undecided") return;
    this.predictor?.brokenEnvelope(this.#unsettled);
    this.predictor = null;
    this.#unsettled = null;
  }

  /** What follows may be no frames: the predictor does not get them until `resume`. */
  suspend(): void {
    if (this.predictor === null) return;
    this.#suspended = this.predictor;
    this.predictor = null;
  }

  /** What follows is frames again; some may have been missed. */
  resume(): void {
    if (this.#suspended === null) return;
    this.predictor = this.#suspended;
    this.#suspended = null;
    this.predictor.uncertain();
  }

  /** Goes on with another predictor, or ends. */
  handOver(predictor: Predictor | null): void {
    // What broke before may be settled since the last frame.
    if (predictor === null) this.settle();
    if (this.#suspended === null) this.predictor = predictor;
    else this.#suspended = predictor;
  }
}
