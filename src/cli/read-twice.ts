import { stat } from "node:fs/promises";
import { complain } from "./output.ts";

/** Whether this is something that cannot be read twice, which is told. What is not there is told by the reading. */
export async function unreadableTwice(path: string): Promise<boolean> {
  const found = path === "-" ? null : await stat(path).catch(() => undefined);
  if (found === undefined || found?.isFile() === true || found?.isDirectory() === true) return false;
  complain(`${path === "-" ? "standard input" : path}: captures are read twice here, expected a file`);
  return true;
}
