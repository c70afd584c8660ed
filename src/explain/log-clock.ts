/** The times of a log's lines. */
import type { LogTime } from "./error-report.ts";

/** A clock time as its parts stand in a line: `2026-11-21`, `18:20`, `02` or `02.731572`. */
export interface ClockTime {
  day: string;
  minute: string;
  seconds: string;
}

/** Turns clock times into points in time. A log has many lines a minute: the last minute is remembered. */
export class LogClock {
  #minuteOf = { day: "", minute: "", epoch: Number.NaN };
  #zoneOf = { zone: "", shift: 0 };

  /** A clock time of a zone that is not known; null if there is no such time. */
  local(clock: ClockTime): LogTime | null {
    const epoch = this.#epochOf(clock);
    return Number.isNaN(epoch) ? null : { epoch, zoned: false, iso: isoOf(clock) };
  }

  zoned(clock: ClockTime, zone: string): LogTime | null {
    const epoch = this.#epochOf(clock);
    if (Number.isNaN(epoch)) return null;
    if (zone !== this.#zoneOf.zone) this.#zoneOf = { zone, shift: shiftOf(zone) };
    const { shift } = this.#zoneOf;
    if (shift === 0) return { epoch, zoned: true, iso: `${isoOf(clock)}Z` };
    // A zone shifts whole minutes: seconds and fraction stay as they were written.
    const minute = new Date(this.#minuteOf.epoch - shift).toISOString().slice(0, 16);
    return { epoch: epoch - shift, zoned: true, iso: `${minute}:${clock.seconds}Z` };
  }

  /** Milliseconds since the epoch, fractions kept: Date.parse would drop all beyond three digits. */
  #epochOf({ day, minute, seconds }: ClockTime): number {
    const known = this.#minuteOf;
    if (minute !== known.minute || day !== known.day)
      this.#minuteOf = { day, minute, epoch: Date.parse(`${day}T${minute}Z`) };
    const count = Number(seconds);
    return count < 60 ? this.#minuteOf.epoch + count * 1000 : Number.NaN;
  }
}

function isoOf({ day, minute, seconds }: ClockTime): string {
  return `${day}T${minute}:${seconds}`;
}

/** Milliseconds by which a zone is ahead of UTC: `Z`, `+02`, `+02:00`, `-0330`. */
function shiftOf(zone: string): number {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (parts === null) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return minutes * (parts[1] === "-" ? -60_000 : 60_000);
}
