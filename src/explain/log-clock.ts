/** The times of a log's lines. */
import type { LogTime } from "./error-report.ts";

/** Turns clock times into points in time. Lines of a log come many to a second: the last one is remembered. */
export class LogClock {
  #secondOf = { seconds: "", epoch: Number.NaN };
  /** The same in UTC. */
  #utcOf = { seconds: "", zone: "", shift: 0, iso: "" };

  /** A clock time `2026-11-21T18:20:02.73` of a zone that is not known. */
  local(clock: string): LogTime | null {
    const { epoch } = this.#split(clock);
    return Number.isNaN(epoch) ? null : { epoch, zoned: false, iso: clock };
  }

  zoned(clock: string, zone: string): LogTime | null {
    const { seconds, fraction, epoch } = this.#split(clock);
    if (Number.isNaN(epoch)) return null;
    if (seconds !== this.#utcOf.seconds || zone !== this.#utcOf.zone) {
      const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
      const minutes =
        parts === null ? 0 : (Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * (parts[1] === "-" ? -1 : 1);
      const shift = minutes * 60_000;
      this.#utcOf = { seconds, zone, shift, iso: new Date(this.#secondOf.epoch - shift).toISOString().slice(0, 19) };
    }
    return { epoch: epoch - this.#utcOf.shift, zoned: true, iso: `${this.#utcOf.iso}${fraction}Z` };
  }

  /** A clock time in parts: to the second, its fraction with the point, and milliseconds since the epoch with theirs. */
  #split(clock: string): { seconds: string; fraction: string; epoch: number } {
    const seconds = clock.slice(0, 19);
    if (seconds !== this.#secondOf.seconds) this.#secondOf = { seconds, epoch: Date.parse(`${seconds}Z`) };
    const fraction = clock.slice(19);
    // Date.parse would drop all beyond three digits.
    return {
      seconds,
      fraction,
      epoch: fraction === "" ? this.#secondOf.epoch : this.#secondOf.epoch + Number(`0${fraction}`) * 1000,
    };
  }
}
