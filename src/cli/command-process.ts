/** The command that `ghostframe run` runs: started with an environment, signalled, awaited. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

/** Signals that are passed on. Those of the keyboard reach the command by itself: it is in the same process group. */
const PASSED_ON = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
const FROM_KEYBOARD = ["SIGINT", "SIGQUIT"] as const;

/** The command could not be started. The message names it. */
export class CommandError extends Error {
  override name = "CommandError";
}

/**
 * Runs a command with our own standard streams until it ends. Returns its exit status: where a signal ended it 128 and
 * the signal's number, as shells do.
 *
 * @throws CommandError
 */
export async function runCommand(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [file, ...rest] = command;
  const child = spawn(file!, rest, { stdio: "inherit", env: environment });
  const ignored = (): void => {};
  const passing = PASSED_ON.map(signal => [signal, () => child.kill(signal)] as const);
  const handlers = [...passing, ...FROM_KEYBOARD.map(signal => [signal, ignored] as const)];
  for (const [signal, handle] of handlers) process.on(signal, handle);
  try {
    return await ended(child, file!);
  } finally {
    for (const [signal, handle] of handlers) process.off(signal, handle);
  }
}

async function ended(child: ChildProcess, file: string): Promise<number> {
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = code === "ENOENT" ? "no such command" : code === "EACCES" ? "it may not be executed" : code;
    throw new CommandError(`${file}: cannot be started: ${why}`, { cause: error });
  }
}
