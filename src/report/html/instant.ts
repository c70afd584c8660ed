/** Times of a report, which have more digits than a Date. */

/** Milliseconds since the epoch, with a fraction; NaN if the text is no time. */
export function instant(time: string): number {
  const [, whole = "", digits = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return Date.parse(`${whole}Z`) + Number(`0.${digits || "0"}`) * 1000;
}
