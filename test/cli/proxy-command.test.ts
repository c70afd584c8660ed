/** What `ghostframe proxy` refuses before it listens. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ended, start, temporaryFolder } from "../support/command.ts";

const LINUX = process.platform === "linux";
const NOBODY = 65_534;

describe("no place for the recording", { concurrent: true }, () => {
  it.for<[what: string, directory: string, code: string, isPossible: boolean]>([
    ["a file", "file", "ENOTDIR", true],
    ["in a file", "file/a", "ENOTDIR", true],
    ["where nobody can make anything", "/proc", "ENOENT", LINUX],
    ["below where nobody can make anything", "/proc/x/y", "ENOENT", LINUX],
    ["where this user can make nothing", "theirs", "EACCES", process.getuid?.() === 0],
    ["where this user can make no folder", "theirs/a/b", "EACCES", process.getuid?.() === 0],
  ])("%s", async ([, directory, code, isPossible], { onTestFinished, skip }) => {
    if (!isPossible) skip();
    const cwd = temporaryFolder(onTestFinished);
    chmodSync(cwd, 0o755);
    writeFileSync(join(cwd, "file"), "");
    mkdirSync(join(cwd, "theirs"), 0o700);
    const args = ["proxy", "--listen", "0", "--upstream", "amqp://127.0.0.1:1", "--record", directory];
    const child = start(args, { cwd, ...(code === "EACCES" ? { uid: NOBODY } : {}) });
    onTestFinished(() => void child.kill("SIGKILL"));
    const { stdout, stderr, code: status } = await ended(child);
    expect(stdout).toBe("");
    expect(stderr).toMatch(new RegExp(`^ghostframe: [^\\n]*: nothing can be recorded there \\(${code}\\)\\n$`));
    expect(status).toBe(2);
    expect(readdirSync(cwd)).toEqual(["file", "theirs"]);
  });
});
