import type { UnixTime } from "./records.ts";

/** The time of a moment; the beginning of 1970 if 64 bits of nanoseconds cannot hold it. */
export function unixTime({ seconds, nanoseconds }: { seconds: number; nanoseconds: number }): UnixTime {
  return seconds >= 0 && seconds < MAX_SECONDS ? [seconds, nanoseconds] : [0, 0];
}

/** A time as reports have it (ISO 8601, UTC); null if it is none. */
export function timeOf(iso: string | null): UnixTime | null {
  const [, whole = "", fraction = ""] = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(iso ?? "") ?? [];
  const seconds = Date.parse(`${whole}Z`) / 1000;
  if (Number.isNaN(seconds)) return null;
  return unixTime({ seconds, nanoseconds: Number(fraction.padEnd(9, "0")) });
}

/** The unix time of milliseconds since the epoch, with a fraction. */
export function unixTimeOf(milliseconds: number): UnixTime {
  const seconds = Math.floor(milliseconds / 1000);
  return unixTime({ seconds, nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1000) * 1000 });
}

/** `seconds` later, which is not negative. */
export function later([whole, nanoseconds]: UnixTime, seconds: number): UnixTime {
  const sum = nanoseconds + Math.round((seconds % 1) * 1e9);
  const carry = Math.floor(sum / 1e9);
  return [whole + Math.floor(seconds) + carry, sum - carry * 1e9];
}

/** Which is later: negative where `a` is before `b`. */
export function compareTimes(a: UnixTime, b: UnixTime): number {
  return a[0] - b[0] || a[1] - b[1];
}

const MAX_SECONDS = 2 ** 63 / 1e9;
