import { FRAME_HEARTBEAT } from "../amqp/spec/constants.ts";

/** How far the handshake has come, by what one direction has sent (§2.2.4). */
const OPENING = 0;
const STARTED = 1;
const TUNED = 2;
const RUNNING = 3;
/** Octets were missed before it was over: whatever method comes next is in turn. */
const UNSURE = 4;

/**
 * The handshake as one direction goes through it: start, secure, tune and open, or the answers to them. Where octets
 * were missed it takes what comes for right, and learns from it.
 */
export class Handshake {
  /** The client's direction: it sends the answers. May turn out only in mid-stream. */
  isClient: boolean;
  #stage = OPENING;
  /** It is past its tune-ok, where the stage is UNSURE. */
  #pastTune = false;

  constructor(isClient: boolean) {
    this.isClient = isClient;
  }

  /** Nothing has been sent yet. */
  get opening(): boolean {
    return this.#stage === OPENING;
  }

  /** It is over, as far as can be known. */
  get over(): boolean {
    return this.#stage === RUNNING;
  }

  get unsure(): boolean {
    return this.#stage === UNSURE;
  }

  /** From its start-ok to its tune-ok the client's octets may hold its credentials. */
  get authenticates(): boolean {
    return this.isClient && (this.#stage < TUNED || (this.#stage === UNSURE && !this.#pastTune));
  }

  /** Octets were missed: nobody knows how far it has come, unless it was over. */
  miss(): void {
    if (this.#stage === RUNNING) return;
    if (this.#stage === TUNED) this.#pastTune = true;
    this.#stage = UNSURE;
  }

  /** The beginning was not seen, or a method came out of turn. */
  doubt(): void {
    this.#stage = UNSURE;
  }

  /** Learns from a frame: channels are used in a running connection only, heartbeats are sent from tune-ok on. */
  learn(type: number, channel: number): void {
    if (channel !== 0) this.#stage = RUNNING;
    else if (type === FRAME_HEARTBEAT) this.#pastTune = true;
  }

  /** Moves on by a method of class connection, other than close; false when it is out of turn. */
  advances(methodId: number): boolean {
    // Only blocked and unblocked, update-secret and its answer belong into a running connection.
    if (this.#stage === RUNNING) return methodId >= 60;
    const [start, secure, tune, open] = this.isClient ? [11, 21, 31, 40] : [10, 20, 30, 41];
    switch (this.#stage) {
      case OPENING:
        this.#stage = STARTED;
        return methodId === start;
      case STARTED:
        if (methodId === secure) return true;
        this.#stage = TUNED;
        return methodId === tune;
      case TUNED:
        this.#stage = RUNNING;
        return methodId === open;
      default: {
        const runs = methodId === open || methodId >= 60;
        this.#stage = runs ? RUNNING : methodId === tune ? TUNED : STARTED;
        return runs || methodId === start || methodId === secure || methodId === tune;
      }
    }
  }
}
