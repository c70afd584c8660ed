/** A moment as ISO 8601 UTC, with as many digits behind the point as its clock has (0 to 9). */
export function isoTime(moment: { seconds: number; nanoseconds: number; timeDigits: number }): string {
  const date = new Date(moment.seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${moment.seconds} s since the epoch`;
  const whole = date.toISOString().slice(0, -5);
  if (moment.timeDigits === 0) return `${whole}Z`;
  return `${whole}.${moment.nanoseconds.toString().padStart(9, "0").slice(0, moment.timeDigits)}Z`;
}
