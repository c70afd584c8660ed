/** One proxy for each folder of recordings: two would delete each other's files. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../capture/system-error.ts";
import { ProxyError } from "../proxy/proxy-error.ts";

const LOCK = "ghostframe.lock";

export class RecordingLock {
  readonly #path: string;

  /**
   * Takes the folder's lock. A lock whose process is gone is taken over.
   *
   * @throws ProxyError if another proxy records there
   */
  constructor(directory: string) {
    this.#path = join(directory, LOCK);
    for (let tries = 0; tries < 2; tries++) {
      try {
        writeFileSync(this.#path, String(process.pid), { flag: "wx" });
        return;
      } catch (cause) {
        if (codeOf(cause) !== "EEXIST") throw cause;
        const holder = holderOf(this.#path);
        if (holder !== null) {
          const problem = `expected a folder for this proxy alone, found that process ${holder} records there (${LOCK})`;
          throw new ProxyError(directory, problem, { cause });
        }
        rmSync(this.#path, { force: true });
      }
    }
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

/** The process that holds a lock, or null if it is gone. */
function holderOf(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    // A process with our own number is one of another container, or from before a restart of the machine.
    if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return null;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return codeOf(error) === "EPERM" ? Number(readFileSync(path, "utf8")) : null;
  }
}
