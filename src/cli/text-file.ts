/** Texts for a command besides captures: config, baseline, key logs. */
import { grouped } from "../bytes/grouped.ts";
import { InputError, inputErrorOf } from "../capture/input-error.ts";
import { readAtMost } from "../proxy/bounded-file.ts";
import { encodingOf } from "./text-lines.ts";

/** Octets of such a text: a longer one is another file, or has no end (/dev/zero). */
const MAX_TEXT_OCTETS = 64 << 20;
/** Of a config or a baseline: some seconds to read, whatever it holds. */
export const MAX_SETTINGS_OCTETS = 16 << 20;

/**
 * The whole text of a file, or of a pipe. It waits for the pipe's writer: the caller must leave Ctrl-C to the operating
 * system meanwhile, since a thread that waits cannot be called back.
 *
 * @param encoding utf8: or UTF-16, which is recognised; a byte order mark is no part of the text
 * @param expected what the file should be: "a key log"
 * @param most octets that it may have
 * @throws InputError
 */
export async function readText(
  path: string,
  encoding: "utf8" | "latin1",
  expected: string,
  most = MAX_TEXT_OCTETS,
): Promise<string> {
  let whole: Buffer | null;
  try {
    whole = await readAtMost(path, most);
  } catch (cause) {
    throw inputErrorOf(path, cause, expected);
  }
  if (whole === null) throw new InputError(path, `is longer than ${grouped(most)} octets, expected ${expected}`);
  return encoding === "latin1" ? whole.toString(encoding) : textOf(whole);
}

/** Octets as text: editors and shells of Windows write UTF-16, or a byte order mark. */
export function textOf(octets: Buffer): string {
  return new TextDecoder(encodingOf(octets)).decode(octets);
}
