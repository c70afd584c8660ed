/** Copies of captures in one file, with comments, for `ghostframe annotate`. */
import { packetComments } from "../annotate/packet-comments.ts";
import { plural } from "../bytes/words.ts";
import { AnnotatedCopy, type OctetSink } from "../capture/annotated-copy.ts";
import { annotatingReader } from "../capture/annotating-reader.ts";
import type { CaptureReading } from "../capture/capture-reading.ts";
import { readCapture } from "../capture/capture-source.ts";
import { InputError } from "../capture/input-error.ts";
import type { PacketComment } from "../capture/packet-comment.ts";
import type { Report } from "../report/report.ts";
import { NewFile, type NewFileOptions } from "./new-file.ts";

/** The result of a copy. */
export interface Copied {
  packets: number;
  /** Packets with comments. */
  commented: number;
  /** Simple packet blocks, which became enhanced ones. */
  enhanced: number;
  problems: string[];
}

/** The comments of input `i`, by number of the packet; `before[i]` packets stand before it in the file. */
type CommentsOf = (i: number, before: readonly number[]) => ReadonlyMap<number, readonly PacketComment[]>;
type OnProgress = (path: string, read: number, total: number | null) => void;

const NO_COMMENTS: ReadonlyMap<number, readonly PacketComment[]> = new Map();

/**
 * The captures are copied without comments while they are inspected; if nothing is found, that is the result. Otherwise
 * they are copied once more, from the first comment on.
 */
export class CaptureCopies {
  readonly #paths: readonly string[];
  readonly #path: string;
  readonly #options: NewFileOptions;
  #file: NewFile;
  readonly #stop = new AbortController();
  readonly #failed = new AbortController();
  /** The copy without comments; null if there is none: then what it writes could not be taken back. */
  #plain: Promise<Copied> | null = null;
  /** The inspection is over: the progress of the copy is shown. */
  #onProgress: OnProgress = () => {};
  #isOver = false;

  private constructor(paths: readonly string[], path: string, options: NewFileOptions, file: NewFile) {
    this.#paths = paths;
    this.#path = path;
    this.#options = options;
    this.#file = file;
  }

  /** @throws OutputFileError if the file cannot be begun */
  static async create(paths: readonly string[], path: string, options: NewFileOptions): Promise<CaptureCopies> {
    return new CaptureCopies(paths, path, options, await NewFile.create(path, options));
  }

  /** Begins the copy without comments. */
  begin(signal: AbortSignal): void {
    if (!this.#file.isNew) return;
    const stopped = AbortSignal.any([signal, this.#stop.signal]);
    this.#plain = this.#copy(() => NO_COMMENTS, stopped);
    this.#plain.catch(() => this.#failed.abort());
  }

  /** Ends an inspection that is of no use any more, because the copy cannot be written. */
  stopsInspection(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#failed.signal]);
  }

  /** The copy without comments is of no use: there will be some. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Completes the copy, with comments where the report has something on a packet.
   *
   * @throws OutputFileError
   */
  async finish(report: Report, signal: AbortSignal, onProgress: OnProgress): Promise<Copied> {
    this.#onProgress = onProgress;
    const says = report.findings.length > 0;
    if (says) this.stop();
    const plain = await this.#plain;
    if (plain !== null && !this.#stop.signal.aborted) return plain;
    // What was copied up to the first comment stays.
    if (plain !== null && !(await this.#file.repeat())) {
      await this.#file.discard();
      this.#file = await NewFile.create(this.#path, this.#options);
    }
    // Where later files begin is an estimate that the next turn corrects: few comments name a later packet.
    return this.#copy((i, before) => packetComments(report, before)[i]!, signal);
  }

  /** @throws OutputFileError */
  async commit(): Promise<void> {
    this.#isOver = true;
    await this.#file.commit();
  }

  /** Nothing is left of what was not committed. */
  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.stop();
    await this.#plain?.catch(() => {});
    await this.#file.discard();
  }

  async #copy(commentsOf: CommentsOf, signal: AbortSignal): Promise<Copied> {
    const file = this.#file;
    const before = [0];
    const copied: Copied = { packets: 0, commented: 0, enhanced: 0, problems: [] };
    for (const [i, path] of this.#paths.entries()) {
      if (signal.aborted) break;
      const write: OctetSink = (bytes, start, end) => file.append(bytes, start, end);
      const copy = new AnnotatedCopy(write, commentsOf(i, before), () => file.differ());
      const reading = await copyOne(path, copy, signal, async (read, total) => {
        this.#onProgress(path, read, total);
        await file.flush();
      });
      await file.takeBack(copy.surplus);
      copied.problems.push(...problemsOf(path, reading, copy));
      before.push(before[i]! + copy.lastNumber);
      copied.commented += copy.commented;
      copied.enhanced += copy.enhanced;
      copied.packets += reading instanceof InputError ? 0 : reading.packets;
    }
    return copied;
  }
}

/** Throws an error if nothing could be read. */
async function copyOne(
  path: string,
  copy: AnnotatedCopy,
  signal: AbortSignal,
  onProgress: (read: number, total: number | null) => Promise<void>,
): Promise<CaptureReading | InputError> {
  try {
    return await readCapture(path, () => {}, { signal, open: annotatingReader(copy), onProgress });
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

function problemsOf(path: string, reading: CaptureReading | InputError, { unsound }: AnnotatedCopy): string[] {
  if (reading instanceof InputError) return [reading.message];
  const { error, truncated } = reading;
  const problems: string[] = [];
  if (error !== null) problems.push(`${error.message}; the copy ends in front of that`);
  if (truncated !== null) problems.push(`${path}: ${truncated.message}; the copy ends in front of that`);
  if (unsound > 0) {
    problems.push(`${path}: ${plural(unsound, "packet")} could not be given a comment: their options do not decode`);
  }
  return problems;
}
