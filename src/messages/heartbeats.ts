/** When each end of a connection sent heartbeat frames (§4.2.7). */
import type { Moment } from "../net/connection-observer.ts";

/** Times that are kept of each end; beyond this, an even sample. */
const MAX_TIMES = 256;

export class Heartbeats {
  readonly client = new SampledTimes();
  readonly broker = new SampledTimes();

  take(isClient: boolean, moment: Moment): void {
    (isClient ? this.client : this.broker).take(moment.seconds * 1000 + Math.floor(moment.nanoseconds / 1e6));
  }
}

class SampledTimes {
  /** Milliseconds since the epoch. */
  times: number[] = [];
  /** How many there were in all. */
  count = 0;
  /** One of this many is kept. */
  #stride = 1;

  take(time: number): void {
    if (this.count++ % this.#stride !== 0) return;
    this.times.push(time);
    if (this.times.length < MAX_TIMES) return;
    this.times = this.times.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }
}
