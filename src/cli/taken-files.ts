/** What is read must not be written, nor two outputs into one file, whatever links lead there. */
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { OutputFile } from "./output-option.ts";
import { UsageError } from "./usage-error.ts";

/** Files that nothing else may be written to, by what they are. */
export class TakenFiles {
  readonly #taken = new Map<string, string>();

  /** Of several names of one file the last `what` holds. */
  take(path: string, what: string): void {
    this.#taken.set(identity(path), what);
  }

  /** What the file is, where it is taken. */
  is(path: string): string | undefined {
    return this.#taken.get(identity(path));
  }

  /** @throws UsageError where an output is taken, or goes where another one goes */
  takeOutputs(outputs: readonly OutputFile[]): void {
    for (const { path, format } of outputs) {
      const other = this.is(path);
      if (other !== undefined) throw new UsageError(`the output ${format} cannot go to ${path}: it is ${other}`);
      this.take(path, "another output");
    }
  }
}

/** The captures that a command reads; "-" is no file. */
export function takenCaptures(paths: readonly string[]): TakenFiles {
  const taken = new TakenFiles();
  for (const path of paths) if (path !== "-") taken.take(path, "a capture");
  return taken;
}

/** The same for two names of a file, be it that their folders or they themselves are links; it need not be there. */
function identity(name: string): string {
  const path = resolve(name);
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(identity(folder), basename(path));
  }
}
