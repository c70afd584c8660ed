import { Command, CommanderError } from "commander";
import { printable } from "../bytes/printable.ts";
import { systemSentence } from "../capture/system-error.ts";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, OutputError } from "./output.ts";
import { tellStack } from "./own-failure.ts";

/** Only the named command is loaded, to save time; all of them for help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  inspect: async () => (await import("./inspect-command.ts")).inspectCommand(),
  messages: async () => (await import("./messages-command.ts")).messagesCommand(),
  connections: async () => (await import("./connections-command.ts")).connectionsCommand(),
  stats: async () => (await import("./stats-command.ts")).statsCommand(),
  frames: async () => (await import("./frames-command.ts")).framesCommand(),
  annotate: async () => (await import("./annotate-command.ts")).annotateCommand(),
  proxy: async () => (await import("./proxy-command.ts")).proxyCommand(),
  explain: async () => (await import("./explain-command.ts")).explainCommand(),
  check: async () => (await import("./check-command.ts")).checkCommand(),
  run: async () => (await import("./run-command.ts")).runCommand(),
};

const program = new Command("ghostframe")
  .description(
    "Frame integrity inspector for AMQP 0-9-1: finds what is corrupt in a capture, and what the broker answers.",
  )
  .version(VERSION)
  // Options behind a command belong to that command: "run" must not take those of COMMAND.
  .enablePositionalOptions()
  .showHelpAfterError("(--help shows how it is used)")
  .addHelpText(
    "after",
    `
Examples:
  $ ghostframe inspect trace.pcapng
  $ ghostframe frames trace.pcapng | head
  $ ghostframe explain '{frame_too_large,1544254578,131064}'`,
  )
  // Arguments may have been pasted from anywhere.
  .configureOutput({
    writeErr: text =>
      process.stderr.write(
        text
          .split("\n")
          .map(line => printable(line))
          .join("\n"),
      ),
  })
  .exitOverride();

const named = process.argv.slice(2).find(argument => Object.hasOwn(COMMANDS, argument));
for (const load of named === undefined ? Object.values(COMMANDS) : [COMMANDS[named]!]) {
  program.addCommand((await load()).copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed what was wrong. Help and version are no failure.
    process.exitCode = error.exitCode === 0 ? EXIT.CLEAN : EXIT.FAILED;
  } else if (error instanceof OutputError) {
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  } else {
    // What the operating system refuses, or a mistake of ours. Users get no stack trace all the same.
    const { message } = error instanceof Error ? error : { message: String(error) };
    complain(systemSentence(error) ?? `internal error: ${message}. Please report it with the command that led to it.`);
    tellStack(error);
    process.exitCode = EXIT.FAILED;
  }
}
