/** Files that are read whole: keys, certificates, settings. */
import { createReadStream } from "node:fs";

/**
 * The octets of a file, or of a pipe up to its end; null where there are more than `most`: it is another file, or has no
 * end (/dev/zero). A thread waits for the pipe's writer, and cannot be called back: the caller must leave Ctrl-C to the
 * operating system meanwhile.
 *
 * @throws what the operating system reports
 */
export async function readAtMost(path: string, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, octets);
}
