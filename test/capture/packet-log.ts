/** Reads a capture as tests want to see it: a line for every packet, whatever the chunks it came in. */
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import type { CaptureReader, Truncation } from "../../src/capture/capture-reader.ts";
import type { PacketRecord } from "../../src/capture/packet-record.ts";

export interface PacketLog {
  lines: string[];
  reader: CaptureReader | null;
  /** undefined when an error was thrown before the end. */
  truncated: Truncation | null | undefined;
  error: unknown;
}

/** "#1 12.000345000/6 link 1, 2 of 60: dead". */
export function packetLine(record: PacketRecord): string {
  const { number, seconds, nanoseconds, timeDigits, linkType, bytes, start, end, originalLength } = record;
  const time = `${seconds}.${String(nanoseconds).padStart(9, "0")}/${timeDigits}`;
  const data = Buffer.from(bytes.subarray(start, end)).toString("hex");
  return `#${number} ${time} link ${linkType}, ${end - start} of ${originalLength}: ${data}`;
}

/** Feeds the capture in chunks of `chunkOctets`, each at a byteOffset of its own and gone when the next one comes. */
export function packetLog(capture: Uint8Array, chunkOctets = capture.length): PacketLog {
  const log: PacketLog = { lines: [], reader: null, truncated: undefined, error: null };
  const feed = new CaptureFeed(record => log.lines.push(packetLine(record)));
  try {
    for (let at = 0; at < capture.length; at += chunkOctets) {
      const chunk = capture.subarray(at, at + chunkOctets);
      const window = new Uint8Array(chunk.length + 5).fill(0x5a).subarray(2);
      window.set(chunk, 1);
      feed.push(window, 1, 1 + chunk.length);
      window.fill(0xff);
    }
    log.truncated = feed.finish();
  } catch (error) {
    log.error = error;
  }
  log.reader = feed.reader;
  return log;
}
