/**
 * Octets as Erlang's io_lib prints a binary. With `~p` a binary whose octets are all printable Latin-1 is a quoted
 * string, any other a list of numbers; with `~tp`, which RabbitMQ uses from 3.12 on, valid UTF-8 of printable
 * characters is a quoted string marked /utf8. Erlang's wrapping of long terms (a line feed and spaces) is left out:
 * compare real texts after folding it away.
 */

/** A binary as `~p` prints it, or as `~tp` does where `unicode` is set. */
export function binary(octets: Uint8Array, unicode = false): string {
  if (octets.length === 0) return "<<>>";
  if (unicode) {
    const text = validUtf8(octets);
    if (text !== null) {
      const printable = Array.from(text).every(character => isPrintable(character.codePointAt(0)!));
      if (!printable) return decimals(octets);
      const wide = octets.some(octet => octet > 127);
      return `<<"${quoted(text)}"${wide ? "/utf8" : ""}>>`;
    }
  }
  if (!octets.every(isPrintable)) return decimals(octets);
  return `<<"${quoted(String.fromCharCode(...octets))}">>`;
}

/** A binary as `~w` prints it: always numbers. */
export function decimals(octets: Uint8Array): string {
  return `<<${octets.join(",")}>>`;
}

/** A string as `~p` prints it. */
export function string(text: string): string {
  return `"${quoted(text)}"`;
}

/** io_lib:printable_latin1_list/1: Latin-1's visible characters, and the control characters that have an escape. */
function isPrintable(codePoint: number): boolean {
  return (
    (codePoint >= 32 && codePoint <= 126) ||
    (codePoint >= 160 && codePoint <= 255) ||
    (codePoint >= 8 && codePoint <= 13) ||
    codePoint === 27
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
};

function quoted(text: string): string {
  return Array.from(text, character => ESCAPES[character] ?? character).join("");
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function validUtf8(octets: Uint8Array): string | null {
  try {
    return STRICT.decode(octets);
  } catch {
    return null;
  }
}
