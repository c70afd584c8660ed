/** What comes of reading a capture, however the reading ended. */
import { CaptureError } from "./capture-error.ts";
import type { CaptureFeed } from "./capture-feed.ts";
import type { CaptureFormat, Truncation } from "./capture-reader.ts";
import { InputError } from "./input-error.ts";

/** All of a capture, or as much as there was before something went wrong. */
export interface CaptureReading {
  format: CaptureFormat;
  /** Packet records handed to the sink. */
  packets: number;
  /** Octets of the capture that were read, after decompression. */
  octets: number;
  /** See CaptureReader.notes. */
  notes: readonly string[];
  /** See CaptureReader.passedOver. */
  passedOver?: string;
  /** Not null when the file ends inside a record. What came before it is good. */
  truncated: Truncation | null;
  /** Not null when the rest of the file could not be read. What came before it is good, and has been handed on. */
  error: InputError | null;
  /** Whether the reading was stopped before the file was at its end. */
  stopped: boolean;
  /** If it was stopped: whether it is a file, whose end is known. A pipe may have had no more octets. */
  hasEnd?: boolean;
}

/** How the reading ended: at the end of the file, by order, or by an error of ours or of the file. */
export type ReadingEnd = "end of file" | "stopped" | InputError | CaptureError;

/**
 * The result of a reading that ended so.
 *
 * @throws InputError when an error came before the first packet: such a file has nothing to report.
 */
export function conclude(name: string, feed: CaptureFeed, end: ReadingEnd): CaptureReading {
  let truncated: Truncation | null = null;
  let error: InputError | null = null;
  if (end === "end of file") {
    try {
      truncated = feed.finish();
    } catch (cause) {
      error = toInputError(name, feed, cause);
    }
  } else if (end !== "stopped") error = toInputError(name, feed, end);

  const reader = feed.reader;
  if (error !== null && (reader === null || reader.packets === 0)) throw error;
  if (reader === null) throw new InputError(name, "reading was stopped before a capture began");
  if (truncated?.atOctet === 0) throw new InputError(name, truncated.message);
  const { format, packets, notes, passedOver } = reader;
  const unknown = passedOver === null ? {} : { passedOver };
  return { format, packets, octets: feed.octets, notes, ...unknown, truncated, error, stopped: end === "stopped" };
}

function toInputError(name: string, feed: CaptureFeed, cause: unknown): InputError {
  if (cause instanceof InputError) return cause;
  if (!(cause instanceof CaptureError)) throw cause;
  return new InputError(name, feed.octets === 0 ? "is empty, expected a capture" : cause.message, { cause });
}
