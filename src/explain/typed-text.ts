/** Short input instead of a log line: numbers of a frame, its octets, a reply code. */
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import { MASKED } from "../connection/discretion.ts";
import { withoutCredential, withoutLogins, withoutPasswords } from "./credentials-in-text.ts";
import type { BrokerError, ErrorReport } from "./error-report.ts";
import { errorsIn } from "./error-text.ts";
import { headerWindow, type MaybeOctet } from "./header-window.ts";

/** Characters of a text; a longer one is not typed. */
const MAX_CHARACTERS = 600;

/**
 * Short input: a size in decimal or hex, `type 0 size 1544254578 channel 0`, seven octets in hex, a reply code, `bad
 * end 97`. Null if the text is none of these.
 */
export function readLoose(raw: string): ErrorReport | null {
  const text = raw.trim().slice(0, MAX_CHARACTERS);
  const found = looseError(text);
  if (found === null) return null;
  const octets = found.kind === "header-octets" ? withoutCredential(found.octets) : [];
  const hides = found.kind === "header-octets" && octets.length < found.octets.length;
  const error = hides ? { ...found, octets } : found;
  const quote = hides ? MASKED : withoutLogins(withoutPasswords(text));
  return {
    error,
    channel: channelWord(text),
    operation: null,
    quote,
    site: null,
    library: null,
    runtime: "threads",
    between: null,
    masked: quote !== text,
    typed: true,
  };
}

const NUMBER = String.raw`(0x[0-9a-f]{1,8}|\d{1,3}(?:[,_']\d{3})+|\d{1,10})`;

/** Words around the numbers of a frame. In a text with other words the numbers are something else. */
const FRAME_WORDS =
  /\b(?:(?:bad|got|with|and|of|the|a|in|on|is|was|at) |0x[0-9a-f]+|[0-9a-f]{2}|frame|header|type|channel|size|length|end|octets?|bytes?|marker|limit|max|frame_max|payload|snippet|too|large|first|all|amqp|rabbitmq)\b/gi;

function looseError(text: string): BrokerError | null {
  const octets = hexOctets(text) ?? mixedOctets(text);
  if (octets !== null) return { kind: "header-octets", octets };
  // `size(1)` is a call, `size/1` a function's name.
  if (/[a-z]/i.test(text.replace(FRAME_WORDS, "")) || /[a-z][(/]\d/i.test(text)) return null;

  const alone = new RegExp(`^[={]?\\s*${NUMBER}\\s*(?:octets|bytes)?\\s*[}]?$`, "i").exec(text);
  if (alone !== null) {
    const value = readNumber(alone[1]!);
    if (value === null) return null;
    const code = /^\d{3}$/.test(text) ? REPLY_CODES[value] : undefined;
    if (code !== undefined) {
      // The lower codes are better known by their names, as a log has them; 200 comes with a normal close.
      const words = `reply-code=${value}, reply-text=${value === 200 ? "Goodbye" : code.name}`;
      const known = value < 500 ? errorsIn(words, "broker")[0]?.error : undefined;
      return known ?? { kind: "code-only", code: value };
    }
    return { kind: "frame-too-large", type: null, size: value, limit: null };
  }
  const end = new RegExp(`\\bend(?:[ _-](?:octet|marker))?\\b[ :=,]{0,3}${NUMBER}`, "i").exec(text);
  const type = word("type", text);
  if (end !== null) {
    const endOctet = readNumber(end[1]!);
    if (endOctet === null || endOctet > 255) return null;
    const payload = /\b(?:payload|octets|snippet)\b[ :=]{0,3}((?:[0-9a-f]{2}[ ,]){2,40}[0-9a-f]{2})/i.exec(text)?.[1];
    const snippet = payload === undefined ? null : hexOctets(payload);
    return {
      kind: "frame-end",
      type,
      endOctet,
      snippet: snippet === null ? null : { octets: Uint8Array.from(snippet, octet => octet ?? 0), whole: false },
    };
  }
  const size = word("size", text);
  if (type !== null && type > 255) return null;
  if (size === null)
    return type === null ? null : { kind: "header-octets", octets: [...headerWindow(type, channelWord(text), null)] };
  return { kind: "frame-too-large", type, size, limit: word("limit", text) ?? word("frame_max", text) };
}

/** The channel that a text names; null if it names none that is possible. */
export function channelWord(text: string): number | null {
  const channel = word("channel", text);
  return channel !== null && channel <= 65_535 ? channel : null;
}

/** The number behind a word: `size 1,342,177,289`, `type=65`, `size ≥ 134217728`. */
function word(name: string, text: string): number | null {
  const match = new RegExp(`\\b${name}[^\\w\\n]{1,4}${NUMBER}`, "i").exec(text);
  return match === null ? null : readNumber(match[1]!);
}

function readNumber(text: string): number | null {
  const value = Number(text.replace(/[,_']/g, ""));
  return value <= 0xffffffff ? value : null;
}

/**
 * `14 00 0A 00 CE 08 00`, `02 ?? ?? CE 03 00 01`: a header, and what follows it if there are more than seven; four
 * octets are the size. Blanks between them may be missing.
 */
function hexOctets(text: string): MaybeOctet[] | null {
  // In one run, or in groups as hex dumps have them.
  // Digits alone are a number, unless they begin with a nought.
  const run =
    !/^[1-9]\d*$/.test(text) &&
    /^(?:[0-9a-f]{2}){1,64}(?: (?:[0-9a-f]{2}){1,64}){0,63}$/i.test(text.replace(/\b0x/gi, ""))
      ? text.replace(/\b0x| /gi, "")
      : "";
  if (run.length >= 14 && run.length <= 128 && /[0-9a-f]{4}/i.test(text))
    return Array.from(run.matchAll(/../g), ([octet]) => Number.parseInt(octet, 16));
  if (!/^(?:0x)?(?:[0-9a-f]{2}|\?\?)(?:[ ,:-]{1,2}(?:0x)?(?:[0-9a-f]{2}|\?\?)){3,63}$/i.test(text)) return null;
  const octets = Array.from(text.matchAll(/(?:0x)?([0-9a-f]{2}|\?\?)/gi), ([, octet]) =>
    octet === "??" ? null : Number.parseInt(octet!, 16),
  );
  if (octets.length === 4) return [null, null, null, ...octets];
  while (octets.length < 7) octets.push(null);
  return octets.some(octet => octet !== null) ? octets : null;
}

/** `AMQP 00 00 09`, `m CE 03 00 01 00 00`: a header in hex, its text as text. */
function mixedOctets(text: string): MaybeOctet[] | null {
  const tokens = text.split(/ +/);
  const isHex = (token: string): boolean => /^(?:[0-9a-f]{2}|\?\?)$/i.test(token);
  if (tokens.filter(isHex).length < 3 || !tokens.every(token => isHex(token) || /^[!-~]{1,4}$/.test(token)))
    return null;
  const octets = tokens.flatMap((token): MaybeOctet[] => {
    if (token === "??") return [null];
    return isHex(token) ? [Number.parseInt(token, 16)] : Array.from(token, character => character.charCodeAt(0));
  });
  return octets.length === 7 || octets.length === 8 ? octets : null;
}
