/** Names that tell that what they name authenticates somebody, and where a text says what it is. */

/** In names of headers, properties and the like, however they are spelled: `api_key`, `x-api-key`, `apiKey`, `api.key`. */
export const SECRET_NAME =
  /pass[-_. ]?(?:w|phrase|code)|pwd|secret|token|authorization|(?:api|private)[-_. ]?key|cookie|credential|bearer/i;
/** Octets of the shortest such name. */
export const SHORTEST_SECRET_NAME = "pwd".length;

/**
 * `invalid secret 'abc'`, `password: Bearer abc`, `"token" = <<"abc">>`: what stands in quotes behind such a name, or behind a
 * colon or an equals sign, or is carried by a bearer.
 */
const NAMED_SECRET = (() => {
  const name = String.raw`(?:${SECRET_NAME.source})[\w.-]{0,20}["']?`;
  const scheme = String.raw`(?:(?:Bearer|Basic|Digest)\s{1,3})?`;
  const quoted = `<<"?[^>"]{1,500}|"[^"]{1,500}|'[^']{1,500}`;
  const bare = String.raw`[^\s"'<>,;()[\]{}]{1,500}`;
  return new RegExp(
    [
      String.raw`(${name}\s{0,3}[:=]\s{0,3}${scheme})(?:${quoted}|${bare})`,
      String.raw`(${name}\s{1,3}${scheme})(?:${quoted})`,
      String.raw`(\bBearer\s{1,3})(?=[\w.~+/=-]{0,500}\d)[\w.~+/=-]{5,500}`,
    ].join("|"),
    "gi",
  );
})();
const OPENING = /^(?:<<"?|["'])/;

/** Where a text says what a secret is that it names: stretches [from, to), without quotes around them, in order. */
export function namedSecretSpans(text: string): [from: number, to: number][] {
  if (!SECRET_NAME.test(text)) return [];
  return Array.from(text.matchAll(NAMED_SECRET), ({ index, 0: whole, 1: colon, 2: blank, 3: bearer }) => {
    const before = (colon ?? blank ?? bearer)!.length;
    const opening = OPENING.exec(whole.slice(before))?.[0].length ?? 0;
    return [index + before + opening, index + whole.length];
  });
}
