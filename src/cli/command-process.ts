/** The command that `ghostframe run` runs: started with an environment, signalled, awaited. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { codeOf, meaningOf } from "../capture/system-error.ts";
import { CommandWatcher } from "./command-watcher.ts";

const PASSED_ON = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
const FROM_KEYBOARD = ["SIGINT", "SIGQUIT"] as const;

/** The command could not be started. The message names it. */
export class CommandError extends Error {
  override name = "CommandError";
}

/**
 * Runs a command with our own standard streams until it ends. Signals are passed on to it; those of the keyboard reach
 * it directly. `killAfter` after a SIGTERM it is killed, and also `killAfter` after we were killed ourselves: without a
 * terminal with all that it has started, because then it has its own process group. Returns its exit status: if a
 * signal ended it, 128 and the signal's number, as shells do.
 *
 * @param killAfter seconds
 * @throws CommandError
 */
export async function runToEnd(
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
  killAfter: number,
): Promise<number> {
  let child: ChildProcess | null = null;
  let killing: NodeJS.Timeout | null = null;
  let watcher: CommandWatcher | null = null;
  const isInteractive = hasTerminal();
  const passOn = (signal: NodeJS.Signals): void => {
    child?.kill(signal);
    if (signal === "SIGTERM") killing ??= setTimeout(() => kill(child, isInteractive), killAfter * 1000);
  };
  const fromKeyboard = isInteractive ? (): void => {} : passOn;
  const handlers = [
    ...PASSED_ON.map(signal => [signal, passOn] as const),
    ...FROM_KEYBOARD.map(signal => [signal, fromKeyboard] as const),
  ];
  // Before there is a command: it may run for a while before spawn returns, and Ctrl-C must not end us without it.
  for (const [signal, handle] of handlers) process.on(signal, handle);
  try {
    child = started(command, environment, !isInteractive);
    const { pid } = child;
    if (pid !== undefined) watcher = new CommandWatcher(isInteractive ? pid : -pid, killAfter);
    return await ended(child, command[0]!);
  } finally {
    if (killing !== null) clearTimeout(killing);
    watcher?.end();
    for (const [signal, handle] of handlers) process.off(signal, handle);
  }
}

/** Kills the command; with its process group, if it has its own. */
function kill(child: ChildProcess | null, isInteractive: boolean): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(isInteractive ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function started([file, ...rest]: readonly string[], environment: NodeJS.ProcessEnv, ownGroup: boolean): ChildProcess {
  try {
    return spawn(file!, rest, { stdio: "inherit", env: environment, detached: ownGroup });
  } catch (error) {
    throw commandError(file!, error);
  }
}

function ended(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let running = false;
    child.once("spawn", () => {
      running = true;
    });
    // For a command that runs: a signal could not be passed on, as it runs as another user by now.
    child.on("error", error => running || reject(commandError(file, error)));
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

function commandError(file: string, error: unknown): CommandError {
  const code = codeOf(error);
  return new CommandError(
    `${file || '""'}: cannot be started: ${meaningOf(code, "start") ?? (code || String(error))}`,
    { cause: error },
  );
}

/** Whether there is a terminal whose Ctrl-C goes to the whole process group, and so to the command. */
function hasTerminal(): boolean {
  if (process.platform === "win32") return true;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
