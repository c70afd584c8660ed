/** A stream of text as lines. However long a line is, only its beginning is kept. */
import { StringDecoder } from "node:string_decoder";

/** Characters of a line that are kept. */
const MAX_CHARACTERS = 65_536;

/** Calls `line` for every line of the stream, without its line feed; the last one need not end in one. */
export async function eachLine(stream: AsyncIterable<Buffer | string>, line: (text: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let begun = "";
  const take = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      line(withoutReturn(begun + text.slice(from, end)));
      begun = "";
      from = end + 1;
    }
    if (begun.length < MAX_CHARACTERS) begun += text.slice(from, from + MAX_CHARACTERS);
  };
  for await (const chunk of stream) take(typeof chunk === "string" ? chunk : decoder.write(chunk));
  take(decoder.end());
  if (begun !== "") line(withoutReturn(begun));
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
