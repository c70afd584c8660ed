import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";
import { explainCommand } from "./explain-command.ts";
import { framesCommand } from "./frames-command.ts";
import { inspectCommand } from "./inspect-command.ts";
import { complain } from "./output.ts";

const program = new Command("ghostframe")
  .description(
    "Frame integrity inspector for AMQP 0-9-1: what is corrupt in a capture, and what the broker says to it.",
  )
  .version(VERSION)
  .showHelpAfterError("(--help shows how it is used)")
  .addHelpText(
    "after",
    `
Examples:
  $ ghostframe inspect trace.pcapng
  $ ghostframe frames trace.pcapng | head`,
  )
  .exitOverride();

for (const command of [inspectCommand(), framesCommand(), explainCommand()])
  program.addCommand(command.copyInheritedSettings(program));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what was wrong. Help and version are no failure.
    process.exitCode = error.exitCode === 0 ? EXIT.CLEAN : EXIT.FAILED;
  } else {
    // Ours to mend, and still no reason to show a user a stack trace.
    const { message } = error instanceof Error ? error : { message: String(error) };
    complain(`internal error: ${message}. Please report it with the command that led to it.`);
    if (process.env["GHOSTFRAME_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = EXIT.FAILED;
  }
}
