/**
 * UTF-8 as RabbitMQ's rabbit_binary_parser checks it (is_valid_utf8, up to 4.2): shortest forms of one to four octets.
 * It checks no more than that: surrogates and code points beyond U+10FFFF (to F7 BF BF BF) pass, which
 * TextDecoder refuses.
 */
export function isErlangUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    const lead = bytes[at++]!;
    if (lead < 0x80) continue;
    // Continuation octets, and the least code point that needs as many.
    let more: number;
    let least: number;
    if (lead >= 0xc0 && lead < 0xe0) {
      more = 1;
      least = 0x80;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      more = 2;
      least = 0x800;
    } else if (lead >= 0xf0 && lead < 0xf8) {
      more = 3;
      least = 0x10000;
    } else return false;
    let codePoint = lead & (0x3f >> more);
    for (; more > 0; more--) {
      if (at >= to || (bytes[at]! & 0xc0) !== 0x80) return false;
      codePoint = (codePoint << 6) | (bytes[at++]! & 0x3f);
    }
    if (codePoint < least) return false;
  }
  return true;
}

const STRICT = new TextDecoder("utf-8", { fatal: true });

/** UTF-8 as Unicode defines it (RFC 3629), which 4.3 requires. */
export function isUnicodeUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  try {
    STRICT.decode(bytes.subarray(from, to));
    return true;
  } catch {
    return false;
  }
}
