/**
 * Masks with `*`, in a copy of a server's octets, what would show its client's credentials, over any chunking: the challenge
 * of connection.secure, in the reply text of a close what repeats a secret, with the whole quote around it, and of methods
 * and headers what authenticates somebody in URLs, or by the name of its field.
 *
 * It fails closed: of a text that comes in pieces all is masked where anything of the client was, and where the server's frames
 * cannot be followed whatever repeats a secret is masked wherever it stands.
 */
import { CHANNEL_CLOSE, CONNECTION_CLOSE, CONNECTION_SECURE, idOctets } from "../amqp/method-keys.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  isFrameType,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";
import { withStars } from "./masked-stretch.ts";
import type { PieceSet } from "./piece-set.ts";
import { QUOTES, quotedOctets } from "./quotes.ts";
import { namedSecretSpans } from "./secret-names.ts";
import { SecretSearch } from "./secret-search.ts";

/** Of a frame's header and its method's ids. */
const HEAD = FRAME_HEADER_SIZE + METHOD_IDS_SIZE;
/** Length of the challenge; reply-code and the reply text's length. */
const SECURE_SHOWN = HEAD + 4;
const CLOSE_SHOWN = HEAD + 3;
const SECURE = idOctets(CONNECTION_SECURE);
const CLOSES = [CONNECTION_CLOSE, CHANNEL_CLOSE].map(idOctets);

export class ServerMask {
  /** What was masked of the client. */
  readonly #secrets: PieceSet;
  readonly #head = new Uint8Array(HEAD);
  /** Octets of the present frame that came, and how many it has; 0 while that is not known. */
  #came = 0;
  #size = 0;
  readonly #inTexts = new SecretSearch();
  /** What begins no frame stands where one should. */
  #isLost = false;

  constructor(secrets: PieceSet) {
    this.#secrets = secrets;
  }

  /** Octets are missing: frames can be followed no more. */
  gap(): void {
    this.#isLost = true;
  }

  /** The server's next octets: the same array where nothing is masked, a masked copy otherwise. */
  mask(bytes: Uint8Array): Uint8Array {
    const hidden: [number, number][] = [];
    let at = 0;
    while (at < bytes.length && !this.#isLost) at = this.#goOn(bytes, at, hidden);
    if (this.#isLost) this.#inTexts.search(bytes, at, bytes.length, true);
    for (const span of this.#inTexts.found) hidden.push(span);
    this.#inTexts.found.length = 0;
    if (this.#isLost)
      for (const [from, to] of this.#secrets.spans(bytes.subarray(at))) hidden.push([at + from, at + to]);
    return withStars(bytes, bytes, hidden);
  }

  /** Goes on to the present frame's end, or as far as its octets came; returns the position behind. */
  #goOn(bytes: Uint8Array, at: number, hidden: [number, number][]): number {
    if (this.#came < FRAME_HEADER_SIZE) {
      this.#head[this.#came++] = bytes[at]!;
      if (this.#came === 1 && !isFrameType(bytes[at]!)) this.#isLost = true;
      if (this.#came === FRAME_HEADER_SIZE) this.#size = FRAME_HEADER_SIZE + long(this.#head, 3) + 1;
      return at + 1;
    }
    const end = Math.min(bytes.length, at + this.#size - this.#came);
    const payloadEnd = Math.min(end, at + this.#size - 1 - this.#came);
    for (let i = at; i < payloadEnd && this.#came + i - at < HEAD; i++) this.#head[this.#came + i - at] = bytes[i]!;
    if (this.#head[0] === FRAME_METHOD && this.#came + payloadEnd - at > HEAD)
      this.#hide(bytes, at, payloadEnd, hidden);
    if (this.#head[0] !== FRAME_BODY && payloadEnd > at)
      this.#inTexts.search(bytes, at, payloadEnd, this.#came + payloadEnd - at < this.#size - 1);
    this.#came += end - at;
    if (this.#came < this.#size) return end;
    if (bytes[end - 1] === FRAME_END) this.#inTexts.end();
    else this.#isLost = true;
    this.#came = 0;
    return end;
  }

  /** Looks for what is to be masked in payload [from, to) of a method, of which the ids are known. */
  #hide(bytes: Uint8Array, from: number, to: number, hidden: [number, number][]): void {
    const is = (ids: readonly number[]): boolean =>
      ids.every((octet, i) => this.#head[FRAME_HEADER_SIZE + i] === octet);
    const behind = (octets: number): number => Math.max(from, from + octets - this.#came);
    if (is(SECURE)) {
      if (behind(SECURE_SHOWN) < to) hidden.push([behind(SECURE_SHOWN), to]);
    } else if (CLOSES.some(is)) {
      const first = behind(CLOSE_SHOWN);
      // class-id and method-id end it.
      const last = Math.min(to, from + this.#size - 1 - 4 - this.#came);
      const isWhole = this.#came <= CLOSE_SHOWN && to === from + this.#size - 1 - this.#came;
      if (last <= first) return;
      if (!isWhole) hidden.push([first, last]);
      else
        for (const [start, end] of repeated(bytes.subarray(first, last), this.#secrets))
          hidden.push([first + start, first + end]);
    }
  }
}

/** Where a text repeats secrets, as it stands or in what it quotes, of a quote all of it; and what it names as one. */
function repeated(octets: Uint8Array, secrets: PieceSet): [number, number][] {
  const found = secrets.spans(octets);
  const text = String.fromCharCode(...octets);
  found.push(...namedSecretSpans(text));
  for (const { index, 0: quote } of text.matchAll(QUOTES)) {
    const [from, to] = [index + 2, index + quote.length - (quote.endsWith(">>") ? 2 : 0)];
    const repeats = found.some(([start, end]) => start < to && end > from);
    if (repeats || secrets.spans(quotedOctets(quote)).length > 0) found.push([from, to]);
  }
  return found;
}
