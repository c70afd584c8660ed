/** The command's entry. It imports as little as each call needs: Node loads all imports before anything runs. */
import { VERSION } from "../version.ts";

/** Runs the command line, and sets the process's exit status. */
export async function main(): Promise<void> {
  const [asked, ...more] = process.argv.slice(2);
  if ((asked === "--version" || asked === "-V") && more.length === 0) process.stdout.write(`${VERSION}\n`);
  else await (await import("./program.ts")).run();
}
