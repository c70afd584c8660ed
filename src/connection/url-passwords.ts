/** What authenticates somebody in URLs, wherever a text holds them. */

/**
 * `amqp://user:password@host`: what stands between. A password may hold what ought to be percent-encoded, and either may
 * hold blanks; a port and what follows it is none. A scheme is what stands in front of `://`, and no more than 21 characters: a
 * letter or digit before it may be the length of its field.
 */
const USER_INFO =
  /([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^\s'"<>]{1,500}|[^'"<>:/\n]{0,255}:(?!\d{1,5}(?:[\s/?#]|$))[^'"<>\n]{1,500}?)@/gi;
/** `amqp://user:password`, cut or written without a host: what no port is. An IPv6 address stands in brackets. */
const NO_PORT =
  /([a-z][a-z0-9+.-]{0,20}:\/\/)(?!…@)[^\s'"<>:/@[\]]{0,255}:(?!\d{0,5}(?![^\s'"<>/?#,;)\]}]))[^\s'"<>@]{1,500}/gi;

/** A text without the users and passwords of its URLs. */
export function withoutUrlPasswords(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(USER_INFO, "$1…@").replace(NO_PORT, "$1…");
}

/** Where the users and passwords stand that withoutUrlPasswords leaves out: stretches [from, to) of the text. */
export function urlPasswordSpans(text: string): [from: number, to: number][] {
  const spans: [number, number][] = [];
  const masked = text.replace(USER_INFO, (whole, scheme: string, at: number) => {
    spans.push([at + scheme.length, at + whole.length - 1]);
    return `${scheme}${"…".repeat(whole.length - 1 - scheme.length)}@`;
  });
  for (const { index, 0: whole, 1: scheme } of masked.matchAll(NO_PORT))
    spans.push([index + scheme!.length, index + whole.length]);
  return spans;
}
