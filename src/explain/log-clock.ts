/** The times of a log's lines. */
import type { LogTime } from "./error-report.ts";

/** Turns clock times into points in time. Lines of a log come many to a minute: the last one is remembered. */
export class LogClock {
  #minuteOf = { minute: "", epoch: Number.NaN };
  #zoneOf = { zone: "", shift: 0 };

  /** A clock time `2026-11-21T18:20:02.73` of a zone that is not known. */
  local(clock: string): LogTime | null {
    const epoch = this.#epochOf(clock);
    return Number.isNaN(epoch) ? null : { epoch, zoned: false, iso: clock };
  }

  zoned(clock: string, zone: string): LogTime | null {
    const epoch = this.#epochOf(clock);
    if (Number.isNaN(epoch)) return null;
    if (zone !== this.#zoneOf.zone) this.#zoneOf = { zone, shift: shiftOf(zone) };
    const { shift } = this.#zoneOf;
    if (shift === 0) return { epoch, zoned: true, iso: `${clock}Z` };
    // A zone shifts whole minutes: seconds and fraction stay as they were written.
    const minute = new Date(this.#minuteOf.epoch - shift).toISOString().slice(0, 16);
    return { epoch: epoch - shift, zoned: true, iso: `${minute}${clock.slice(16)}Z` };
  }

  /** Milliseconds since the epoch, fractions kept: Date.parse would drop all beyond three digits. */
  #epochOf(clock: string): number {
    const minute = clock.slice(0, 16);
    if (minute !== this.#minuteOf.minute) this.#minuteOf = { minute, epoch: Date.parse(`${minute}Z`) };
    const seconds = Number(clock.slice(17));
    return seconds < 60 ? this.#minuteOf.epoch + seconds * 1000 : Number.NaN;
  }
}

/** Milliseconds by which a zone is ahead of UTC: `Z`, `+02`, `+02:00`, `-0330`. */
function shiftOf(zone: string): number {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (parts === null) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return minutes * (parts[1] === "-" ? -60_000 : 60_000);
}
