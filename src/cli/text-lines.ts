/** A stream of text as lines: UTF-8 or UTF-16, gzipped or not. Only the beginning of a long line is kept. */
import { PassThrough, pipeline, Readable } from "node:stream";
import { TextDecoder } from "node:util";
import { createGunzip } from "node:zlib";

/** Characters of a line that are kept. */
const MAX_CHARACTERS = 65_536;

/** Calls `line` for every line of the stream, without its line feed; the last one need not end in one. */
export async function eachLine(stream: AsyncIterable<Buffer | string>, line: (text: string) => void): Promise<void> {
  let begun = "";
  const take = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      line(withoutReturn(begun + text.slice(from, Math.min(end, from + MAX_CHARACTERS))));
      begun = "";
      from = end + 1;
    }
    if (begun.length < MAX_CHARACTERS) begun += text.slice(from, from + MAX_CHARACTERS);
  };
  await eachText(octetsOf(stream), take);
  if (begun !== "") line(withoutReturn(begun));
}

/** The stream's octets, unpacked if they are gzip (RFC 1952: 1f 8b). */
async function* octetsOf(stream: AsyncIterable<Buffer | string>): AsyncIterable<Buffer> {
  const chunks = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < 4 && !ended) {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else head = Buffer.concat([head, Buffer.from(next.value)]);
  }
  const whole = (async function* () {
    if (head.length > 0) yield head;
    for (let next = ended ? null : await chunks.next(); next !== null && next.done !== true; next = await chunks.next())
      yield Buffer.from(next.value);
  })();
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const unpacked = new PassThrough();
  // A failure reaches the reader as the stream's error.
  pipeline(Readable.from(whole), createGunzip(), unpacked, () => undefined);
  for await (const chunk of unpacked) yield chunk as Buffer;
}

async function eachText(octets: AsyncIterable<Buffer>, take: (text: string) => void): Promise<void> {
  let decoder: TextDecoder | null = null;
  for await (const chunk of octets) {
    decoder ??= new TextDecoder(encodingOf(chunk));
    take(decoder.decode(chunk, { stream: true }));
  }
  if (decoder !== null) take(decoder.decode());
}

/** The encoding of a text that begins so: by its byte order mark, else by the zeros of UTF-16's ASCII. */
export function encodingOf(start: Buffer): "utf-8" | "utf-16le" | "utf-16be" {
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  const looked = Math.min(start.length, 64) & ~1;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < looked; at += 2) {
    if (start[at] === 0) even++;
    if (start[at + 1] === 0) odd++;
  }
  // Plain text has no zeros at all.
  if (looked >= 4 && odd > looked / 3 && even === 0) return "utf-16le";
  if (looked >= 4 && even > looked / 3 && odd === 0) return "utf-16be";
  return "utf-8";
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
