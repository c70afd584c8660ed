/** The built command as a user runs it: a process of its own, a bare environment, no terminal. */
import { type ChildProcessWithoutNullStreams, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { FIXTURES } from "./golden.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The command's program and first arguments: Node with the built command, or an executable, as test/executable/run.mjs names it. */
const [PROGRAM, ...BEFORE] =
  process.env.GHOSTFRAME_EXECUTABLE === undefined
    ? ([process.execPath, join(ROOT, "bin", "ghostframe.js")] as const)
    : ([process.env.GHOSTFRAME_EXECUTABLE] as const);

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** What the command reads on standard input, which is empty otherwise. */
  input?: string | Uint8Array;
  /** Variables to add to the bare environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Another user to run as; only root may. */
  uid?: number;
}

/** Runs `ghostframe ARGS…` to its end. */
export async function ghostframe(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options);
  child.stdin.end(options.input ?? "");
  return ended(child);
}

/** Starts `ghostframe ARGS…`; whoever asked for it closes its standard input. */
export function start(args: readonly string[], options: RunOptions = {}): ChildProcessWithoutNullStreams {
  const child = startCommand(PROGRAM, [...BEFORE, ...args], options);
  // A command that is done before it has read everything is no failure of the test.
  child.stdin.on("error", () => {});
  return child;
}

export function startCommand(
  command: string,
  args: readonly string[],
  { env, cwd = FIXTURES, uid }: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const bare: Record<string, string | undefined> = { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot };
  const options: SpawnOptions = { cwd, env: { ...bare, ...env }, ...(uid === undefined ? {} : { uid, gid: uid }) };
  return spawn(command, [...args], { ...options, stdio: "pipe" });
}

/** Waits for a process to end; what it wrote until then is in the result. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** A folder that is gone when the test is over; `onTestFinished` is its context's, as tests here run side by side. */
export function temporaryFolder(onTestFinished: TestContext["onTestFinished"]): string {
  const folder = mkdtempSync(join(tmpdir(), "ghostframe-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
