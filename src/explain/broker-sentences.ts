/** The broker's own sentences about broken frames, as data: how each is recognised, and the error it stands for. */
import { readBinary } from "./erlang-binary.ts";
import type { BrokerError, Snippet } from "./error-report.ts";

/** A pattern of the broker's, and how a match is read. Null if the match turns out to be none. */
export interface Sentence {
  pattern: RegExp;
  make: (match: RegExpExecArray, text: string) => { error: BrokerError; to?: number } | null;
}

const number = (digits: string | undefined): number => Number(digits ?? "0");
/** Between the parts of a term: spaces, or what is left of a wrap. */
const GAP = String.raw`(?:\s|\\{1,8}n){0,200}`;
const term = (source: string): RegExp => new RegExp(source.replaceAll("~", GAP), "g");

/** The earlier one wins if two match the same place. */
export const SENTENCES: readonly Sentence[] = [
  {
    pattern: /\btype (\d{1,3}),\s{1,200}(all|first \d{1,2}) octets\s?=\s{0,200}(?=<<)/g,
    make: (match, text) => {
      const from = match.index + match[0].length;
      return quotedFrame(number(match[1]), match[2] === "all", text, match.index, from);
    },
  },
  {
    // Its end may be cut off: what stands before a comma or the bracket is whole.
    pattern: term(String.raw`frame_too_large~,~(\d{1,10})~(?:\}|,(?:~(\d{1,10})~\})?)`),
    make: match => {
      const size = number(match[1]);
      const limit = match[2] === undefined ? null : number(match[2]);
      // The reader never writes this for a size within its limit.
      if (size > 0xffffffff || (limit !== null && size <= limit)) return null;
      return { error: { kind: "frame-too-large", type: null, size, limit } };
    },
  },
  {
    pattern: term(String.raw`invalid_frame_end_marker~,~(?:(\d{1,3})~\}|(\d{3}))`),
    make: match => frameEnd(null, number(match[1] ?? match[2]), null),
  },
  // LavinMQ.
  {
    pattern: /\bframe size (\d{1,10}) exceeded max (\d{1,10}) bytes/gi,
    make: match => ({
      error: { kind: "frame-too-large", type: null, size: number(match[1]), limit: number(match[2]), strict: true },
    }),
  },
  {
    pattern:
      /expected (method frame|content header|content body)(?: for class \d{1,5})?, got (?:non|one for class (\d{1,5}))/g,
    make: match => ({
      error: {
        kind: "content-order",
        expected:
          match[1] === "method frame" ? "method" : match[1] === "content body" ? "content-body" : "content-header",
        otherClass: match[2] === undefined ? null : number(match[2]),
      },
    }),
  },
  {
    pattern: /cannot decode (?=<<)/g,
    make: (match, text) => {
      const read = readBinary(text, match.index + match[0].length);
      // Cut to fit a reply text: the rest of it is enough.
      const octets = read?.octets ?? numbersFrom(text, match.index + match[0].length + 2);
      return { error: { kind: "cannot-decode", octets }, ...(read === null ? {} : { to: read.end }) };
    },
  },
  { pattern: /Malformed UTF-8 in shortstr/g, make: () => ({ error: { kind: "bad-utf8" } }) },
  {
    pattern: /content body frame exceeds remaining content size/g,
    make: () => ({ error: { kind: "body-overrun" } }),
  },
  {
    pattern: /content body size (\d{1,20}) exceeds maximum allowed size (\d{1,20})/g,
    make: match => ({ error: { kind: "body-too-large", size: number(match[1]), limit: number(match[2]) } }),
  },
  {
    pattern: term(String.raw`unknown_method_id~,~\{~(\d{1,5})~,~(\d{1,5})~\}`),
    make: match => ({ error: { kind: "unknown-method", classId: number(match[1]), methodId: number(match[2]) } }),
  },
  { pattern: /expected '?channel\.open'?/g, make: () => ({ error: { kind: "channel-not-open" } }) },
  { pattern: /second '?channel\.open'? seen/g, make: () => ({ error: { kind: "channel-opened-twice" } }) },
  {
    pattern: /unexpected method in connection state (\w{1,20})/g,
    make: match => ({ error: { kind: "wrong-state", state: match[1] ?? "" } }),
  },
  {
    pattern: /number of channels opened \((\d{1,6})\) has reached the negotiated channel_max \((\d{1,6})\)/g,
    make: match => ({ error: { kind: "channel-limit", open: number(match[1]), limit: number(match[2]) } }),
  },
  {
    // Other protocols have unimplemented methods, too.
    pattern:
      /(?:command_invalid|not_implemented)[^\w\n]{1,20}(unimplemented method|immediate=true|active=false|prefetch_size!=0)/gi,
    make: match => ({ error: { kind: "unsupported", what: match[1]! } }),
  },
  {
    pattern: /TLS client detected on non-TLS AMQP port|detected_(?:unexpected_)?tls/g,
    make: () => ({ error: { kind: "protocol-header", octets: null, named: "tls" } }),
  },
  {
    pattern: /HTTP GET request detected on AMQP port|detected_http_get/g,
    make: () => ({ error: { kind: "protocol-header", octets: null, named: "http" } }),
  },
  {
    pattern: term(String.raw`(?:bad_header~,~|did not start with AMQP protocol header:\s{0,40})(?=<<)`),
    make: (match, text) => {
      const read = readBinary(text, match.index + match[0].length);
      if (read === null) return null;
      return { error: { kind: "protocol-header", octets: read.octets, named: "octets" }, to: read.end };
    },
  },
  {
    pattern: term(String.raw`bad_version~,~\{?~(\d{1,3})~,~(\d{1,3})~,~(\d{1,3})~,~(\d{1,3})~\}`),
    make: match => {
      const version = match.slice(1, 5).map(number);
      if (version.some(octet => octet > 255)) return null;
      const octets = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, ...version);
      return { error: { kind: "protocol-header", octets, named: "version" } };
    },
  },
  {
    pattern: /amqp1_0_plugin_not_enabled/g,
    make: () => ({ error: { kind: "protocol-header", octets: null, named: "amqp-1-0" } }),
  },
  {
    // The limit itself first: 4.1.0's broken format and the nested terms of old brokers contain it, too.
    pattern:
      /negotiated (?:frame_max|channel_max) = \d{1,10} is (?:lower|higher|greater) than[^\n"(]{1,80}\(\d{1,10}\)/g,
    make: match => ({ error: { kind: "negotiation", problem: match[0] } }),
  },
  {
    pattern: /failed to negotiate connection parameters(?::\s{0,40}([^\n"]{1,200}))?/g,
    make: match => ({ error: { kind: "negotiation", problem: match[1] ?? "" } }),
  },
  {
    pattern: /rabbit_binary_parser/g,
    // One crash contains it many times: in its reason, in its stack, in its report.
    make: (match, text) => ({ error: { kind: "bad-table", ...dumpBehind(text, match.index) }, to: text.length }),
  },
  { pattern: /\bunknown_frame\b/g, make: () => ({ error: { kind: "unknown-frame", type: null, snippet: null } }) },
];

/** The value that a crash of the table's parser dumps: `parse_table(<<…>>)`, `[{rabbit_binary_parser,parse_table,[<<…>>]`. */
function dumpBehind(text: string, from: number): { octets?: Uint8Array } {
  const open = text.indexOf("<<", from);
  if (open < 0 || open - from > 200) return {};
  const octets = readBinary(text, open)?.octets ?? numbersFrom(text, open + 2);
  return octets.length === 0 ? {} : { octets };
}

/** What follows `type 3, first 16 octets = `: the binary at `from`, and what was wrong with the frame. */
function quotedFrame(type: number, whole: boolean, text: string, start: number, from: number) {
  const read = readBinary(text, from);
  if (type > 255 || read === null) return null;
  const snippet: Snippet = { octets: read.octets, whole };
  const behind = text.slice(read.end, read.end + 300);
  const reason = REASON.exec(behind);
  const to = read.end + (reason?.[0].length ?? 0);
  if (reason === null) {
    // A text that is cut before the reason shows no more than the code in front of it.
    if (/frame_error/i.test(text.slice(Math.max(0, start - 200), start))) return null;
    return { error: { kind: "misplaced-frame", type, snippet } as const, to };
  }
  const [, size, limit, end, cutEnd] = reason;
  const endOctet = end ?? cutEnd;
  if (endOctet !== undefined) {
    const made = frameEnd(type, number(endOctet), snippet);
    return made === null ? null : { ...made, to };
  }
  if (size === undefined) return { error: { kind: "unknown-frame", type, snippet } as const, to };
  if (number(size) > 0xffffffff) return null;
  return {
    error: {
      kind: "frame-too-large",
      type,
      size: number(size),
      limit: limit === undefined ? null : number(limit),
    } as const,
    to,
  };
}

const REASON = new RegExp(
  String.raw`^~:~(?:\{~frame_too_large~,~(\d{1,10})~,(?:~(\d{1,10})~\})?|\{~invalid_frame_end_marker~,~(?:(\d{1,3})~\}|(\d{3}))|unknown_frame)`.replaceAll(
    "~",
    GAP,
  ),
);

function frameEnd(type: number | null, endOctet: number, snippet: Snippet | null) {
  return endOctet > 255 ? null : { error: { kind: "frame-end", type, endOctet, snippet } as const };
}

function numbersFrom(text: string, from: number): Uint8Array {
  const numbers = /^[\d,\s]{0,1000}/.exec(text.slice(from, from + 1000))?.[0] ?? "";
  const octets = numbers.split(",").map(part => Number(part.trim() || Number.NaN));
  return Uint8Array.from(octets.filter(octet => octet >= 0 && octet < 256));
}
