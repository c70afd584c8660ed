/** Folders that are to be written into. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder, and first the missing folders above it. Node's own `recursive` never ends where none can be made, as
 * in /proc.
 *
 * @param mode of those that are made
 */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder) && folder !== dirname(folder); folder = dirname(folder)) {
    missing.push(folder);
  }
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, mode);
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (!existsSync(folder)) throw error;
    }
  }
}
