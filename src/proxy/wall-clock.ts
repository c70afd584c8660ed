/** Seconds by which the two clocks may drift apart before the wall clock wins. */
const MAX_DRIFT = 0.05;
/** Readings between two comparisons with the wall clock. */
const READINGS = 1024;

/**
 * The wall clock in microseconds; Date has milliseconds only. A steady clock counts on from it. Now and then both are
 * compared, in case they have drifted apart or the clock was set.
 */
export class WallClock {
  seconds = 0;
  microseconds = 0;
  #origin = Date.now() - performance.now();
  #readings = 0;

  /** Sets `seconds` and `microseconds` to the present. */
  read(): void {
    const steady = performance.now();
    if (this.#readings++ % READINGS === 0) {
      const origin = Date.now() - steady;
      if (Math.abs(origin - this.#origin) > MAX_DRIFT * 1000) this.#origin = origin;
    }
    const now = this.#origin + steady;
    this.seconds = Math.floor(now / 1000);
    this.microseconds = Math.floor((now - this.seconds * 1000) * 1000);
  }
}
