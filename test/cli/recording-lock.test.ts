/** Two proxies must not record in one folder. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RecordingLock } from "../../src/cli/recording-lock.ts";
import { temporaryFolder } from "../support/command.ts";

it("is refused where a process holds it, and taken over where that is gone", ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const path = join(folder, "ghostframe.lock");
  writeFileSync(path, String(process.ppid));
  expect(() => new RecordingLock(folder)).toThrow(`found that process ${process.ppid} records there`);
  // Linux gives no process such a number.
  writeFileSync(path, "4194305");
  const lock = new RecordingLock(folder);
  expect(existsSync(path)).toBe(true);
  lock.release();
  expect(existsSync(path)).toBe(false);
});
