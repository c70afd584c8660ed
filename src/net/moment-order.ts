import { Moment } from "./connection-observer.ts";

type Instant = Pick<Moment, "seconds" | "nanoseconds">;

/** Whether one was captured later than the other. */
export function isAfter({ seconds, nanoseconds }: Instant, moment: Instant): boolean {
  return seconds > moment.seconds || (seconds === moment.seconds && nanoseconds > moment.nanoseconds);
}

/** Seconds from one to the other. */
export function secondsBetween(from: Instant, to: Instant): number {
  return to.seconds - from.seconds + (to.nanoseconds - from.nanoseconds) / 1e9;
}

/** A copy of a moment that stays as it is: scanners overwrite theirs. */
export function copyOf(at: Moment): Moment {
  const copy = new Moment();
  copy.set(at);
  return copy;
}
