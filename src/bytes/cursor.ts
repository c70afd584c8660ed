import { exactLonglong, long, longlong, octet, short } from "./big-endian.ts";

/**
 * Thrown when a length inside a payload reaches beyond it. Caught only where the payload is decoded, and turned into a
 * fault: it never reaches a caller of that decoder.
 */
export class PayloadOverrun extends Error {
  override name = "PayloadOverrun";
  wanted = 0;
  left = 0;
}

/** The one that is thrown each time: a stack for each of a thousand hostile payloads costs more than to read them. */
const OVERRUN = new PayloadOverrun();

/** What to throw if `wanted` octets are needed, and `left` are left. */
export function overrun(wanted: number, left: number): PayloadOverrun {
  OVERRUN.message = `${wanted} octets wanted, ${left} left`;
  OVERRUN.wanted = wanted;
  OVERRUN.left = left;
  return OVERRUN;
}

/**
 * A reader over one payload. It cannot leave it: a wrong length inside cannot reach the next frame. One instance is
 * reused for payload after payload, in place. Methods are named in the AMQP specification's types (§4.2.5).
 */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** Index of the next octet. */
  at = 0;
  /** Index behind the last octet of the payload. */
  end = 0;

  /** Reads bytes[start, end) from now on. */
  over(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  octet(): number {
    return octet(this.bytes, this.skip(1));
  }
  short(): number {
    return short(this.bytes, this.skip(2));
  }
  long(): number {
    return long(this.bytes, this.skip(4));
  }
  longlong(): number {
    return longlong(this.bytes, this.skip(8));
  }
  exactLonglong(): bigint {
    return exactLonglong(this.bytes, this.skip(8));
  }
  shortstr(): string {
    return this.text(this.octet());
  }
  longstr(): string {
    return this.text(this.long());
  }

  /** `size` octets as text; octets that are not UTF-8 become U+FFFD. */
  text(size: number): string {
    return textAt(this.bytes, this.skip(size), size);
  }

  /** Steps over `size` octets and returns the index of the first of them. Throws PayloadOverrun. */
  skip(size: number): number {
    const at = this.at;
    if (size > this.end - at) throw overrun(size, this.end - at);
    this.at = at + size;
    return at;
  }
}

/** The octets bytes[at, at + size) as text; those that are not UTF-8 become U+FFFD. */
export function textAt(bytes: Uint8Array, at: number, size: number): string {
  return (size <= SHORT_TEXT ? asciiAt(bytes, at, size) : null) ?? UTF8.decode(bytes.subarray(at, at + size));
}

/** Text up to this long is put together by its letters: a decoder takes longer to begin. Names are, and most values. */
const SHORT_TEXT = 24;

/** Octets as text, or null where one is no ASCII. */
function asciiAt(bytes: Uint8Array, at: number, size: number): string | null {
  let text = "";
  for (let i = at; i < at + size; i++) {
    const octet = bytes[i] ?? 0x80;
    if (octet >= 0x80) return null;
    text += String.fromCharCode(octet);
  }
  return text;
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
