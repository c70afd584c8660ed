import { stat } from "node:fs/promises";
import { complain } from "./output.ts";

/** Whether this cannot be read twice, which is reported. A missing file is reported when it is read. */
export async function unreadableTwice(path: string): Promise<boolean> {
  const found = path === "-" ? null : await stat(path).catch(() => undefined);
  if (found === undefined || found?.isFile() === true || found?.isDirectory() === true) return false;
  complain(`${path === "-" ? "standard input" : path}: captures are read twice here, expected a file`);
  return true;
}
