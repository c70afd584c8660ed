import { type ChildProcess, spawn } from "node:child_process";

/**
 * Waits for the end of its standard input, then ends the process or the group $1: SIGTERM first, SIGKILL $2 seconds
 * later. The kernel closes our end of that pipe in any case.
 */
const SCRIPT = `
cat > /dev/null
kill -TERM "$1" 2> /dev/null
waited=0
while [ "$waited" -lt "$2" ] && kill -0 "$1" 2> /dev/null; do
  sleep 1
  waited=$((waited + 1))
done
kill -KILL "$1" 2> /dev/null
`;

/** Ensures that a command does not outlive us for long if we are killed (SIGKILL) and cannot end it ourselves. */
export class CommandWatcher {
  readonly #shell: ChildProcess | null;

  /**
   * @param target a process id, or a process group's with a minus before it
   * @param killAfter seconds
   */
  constructor(target: number, killAfter: number) {
    this.#shell = process.platform === "win32" ? null : shell(target, killAfter);
  }

  /** The command has ended. */
  end(): void {
    this.#shell?.kill("SIGKILL");
  }
}

function shell(target: number, killAfter: number): ChildProcess {
  const args = ["-c", SCRIPT, "ghostframe-run", String(target), String(killAfter)];
  // Not in our process group: what kills that group must not kill the watcher.
  const child = spawn("/bin/sh", args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  // Without a shell there is no watcher.
  child.on("error", () => {}).unref();
  child.stdin!.on("error", () => {});
  return child;
}
