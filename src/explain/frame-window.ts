/** The octets of a frame that an error text shows: its header, the first of its payload, its end. */
import { likelyMeanings } from "../forensics/octet-reading.ts";
import type { Snippet } from "./error-report.ts";
import { type HeaderWindow, headerWindow, type MaybeOctet } from "./header-window.ts";

/** Header, first octets of the payload and, if all of it was printed, the octet behind it. */
export function frameWindow(
  type: number | null,
  channel: number | null,
  snippet: Snippet | null,
  endOctet: number | null,
): HeaderWindow {
  const whole = snippet?.whole === true;
  const header: MaybeOctet[] = [...headerWindow(type, channel, whole ? snippet.octets.length : null)];
  // It passed the size check: no frame_max reaches 16 MiB.
  header[3] ??= snippet === null ? null : 0;
  return [...header, ...(snippet?.octets ?? []), ...(whole && endOctet !== null ? [endOctet] : [])];
}

/** `97 (0x61, “a”)`. */
export function endOctetWords(octet: number): string {
  const hex = `0x${octet.toString(16).padStart(2, "0")}`;
  return `${octet} (${hex}${octet > 0x20 && octet < 0x7f ? `, “${String.fromCharCode(octet)}”` : ""})`;
}

/** Each octet's likely meaning if no reading gave one: known octets in a row are read by themselves. */
export function meaningsOf(window: HeaderWindow): string[] {
  const meanings = Array.from(window, () => "");
  for (let from = 0; from < window.length; ) {
    let to = from;
    while (to < window.length && window[to] !== null) to++;
    if (to > from) {
      const run = Uint8Array.from(window.slice(from, to), octet => octet ?? 0);
      for (const [i, meaning] of likelyMeanings(run).entries()) meanings[from + i] = meaning;
    }
    from = to + 1;
  }
  return meanings;
}
