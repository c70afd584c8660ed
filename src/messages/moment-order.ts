import { Moment } from "../net/connection-observer.ts";

type Instant = Pick<Moment, "seconds" | "nanoseconds">;

/** Whether one was captured later than the other. */
export function isAfter({ seconds, nanoseconds }: Instant, moment: Instant): boolean {
  return seconds > moment.seconds || (seconds === moment.seconds && nanoseconds > moment.nanoseconds);
}

/** A moment that stays what it is: scanners overwrite theirs. */
export function copyOf(at: Moment): Moment {
  const copy = new Moment();
  copy.set(at);
  return copy;
}
