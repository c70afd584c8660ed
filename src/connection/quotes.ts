/** Octets as a peer quotes them in a text: Erlang's binaries, <<"abc">> or <<97,98,99>>. */

/** A reply text holds 255 octets: the quote may be cut. */
export const QUOTES = /<<[^>].*?(?:>>|$)/gs;

const UTF_8 = new TextEncoder();

/** The octets that a quote stands for. */
export function quotedOctets(quote: string): Uint8Array {
  const bare = quote.slice(2, quote.endsWith(">>") ? -2 : undefined);
  return /^[\d,\s.]*$/.test(bare) ? Uint8Array.from(bare.split(","), Number) : UTF_8.encode(bare);
}
