/** Octets of which some may be unknown, as in a log line: type, channel and size may each be given or not. */

/** An octet, or null if it is not known. */
export type MaybeOctet = number | null;

export type HeaderWindow = readonly MaybeOctet[];

/** The seven octets of a frame header. */
export function headerWindow(type: number | null, channel: number | null, size: number | null): HeaderWindow {
  return [type, ...bigEndian(channel, 2), ...bigEndian(size, 4)];
}

function bigEndian(value: number | null, octets: number): MaybeOctet[] {
  return Array.from({ length: octets }, (_, at) =>
    value === null ? null : Math.floor(value / 2 ** (8 * (octets - 1 - at))) % 256,
  );
}

/** `08 00 ?? ce`: the octets window[from, to). */
export function hexOf(window: HeaderWindow, from = 0, to: number = window.length): string {
  return window
    .slice(from, to)
    .map(octet => (octet === null ? "??" : octet.toString(16).padStart(2, "0")))
    .join(" ");
}

/** `octet 3` or `octets 3–6`, counted from the first octet that was read as the header. */
export function octetsFrom(from: number, to: number): string {
  return to - from === 1 ? `octet ${from}` : `octets ${from}–${to - 1}`;
}

/** The number in octets [from, to), or null if one of them is not known. */
export function numberAt(window: HeaderWindow, from: number, to: number): number | null {
  let value = 0;
  for (let at = from; at < to; at++) {
    const octet = window[at];
    if (octet === null || octet === undefined) return null;
    value = value * 256 + octet;
  }
  return value;
}

export function knownOctets(window: HeaderWindow): number {
  return window.filter(octet => octet !== null).length;
}
