/** Programs of other languages beside this file, run as processes with a deadline. */
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { type Ended, ended, startCommand } from "../../support/command.ts";
import { PATIENCE } from "../../support/proxied.ts";
import { commandOrSkip } from "./live-tools.ts";

export interface ClientProgram {
  library: string;
  /** Debian's package of the library. */
  debian: string;
  command: string;
  /** What ends well where the library is there. */
  probe: readonly string[];
  ending: "py" | "rb" | "php" | "mjs";
}

/** The system's Python: that is where Debian's packages go. */
export const PIKA: ClientProgram = {
  library: "pika",
  debian: "python3-pika",
  command: "/usr/bin/python3",
  probe: ["-c", "import pika"],
  ending: "py",
};
export const BUNNY: ClientProgram = {
  library: "bunny",
  debian: "ruby-bunny",
  command: "ruby",
  probe: ["-e", "require 'bunny'"],
  ending: "rb",
};
export const PHP_AMQPLIB: ClientProgram = {
  library: "php-amqplib",
  debian: "php-amqplib",
  command: "php",
  probe: ["-r", "require 'PhpAmqpLib/autoload.php';"],
  ending: "php",
};

export function programOrSkip(suite: string, { library, debian, command, probe }: ClientProgram): boolean {
  return commandOrSkip(suite, `${library} (Debian: ${debian})`, command, ...probe);
}

/** Runs `NAME.ENDING ARGS…`; a program that hangs is killed. */
export async function runProgram(
  { command, ending }: ClientProgram,
  name: string,
  args: readonly string[],
  onTestFinished: TestContext["onTestFinished"],
  within = PATIENCE,
): Promise<Ended> {
  const child = startCommand(command, [fileURLToPath(new URL(`${name}.${ending}`, import.meta.url)), ...args]);
  child.stdin.end();
  onTestFinished(() => void child.kill("SIGKILL"));
  const timer = setTimeout(() => child.kill("SIGKILL"), within);
  try {
    return await ended(child);
  } finally {
    clearTimeout(timer);
  }
}
