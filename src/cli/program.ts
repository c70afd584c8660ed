/** The command line: its commands, and the handling of an error that none of them handled. */
import { Command, CommanderError, Help, Option } from "commander";
import { printable } from "../bytes/printable.ts";
import { systemSentence } from "../capture/system-error.ts";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, OutputError } from "./output.ts";
import { printStack } from "./own-failure.ts";
import type { CommandUsage } from "./usage/command-usage.ts";

interface CommandEntry {
  /** Its description in the list of commands. */
  summary: string;
  /** Its arguments, as in the list of commands. */
  takes: string;
  load: () => Promise<Command>;
}

/** Only the named command is loaded, to save time. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  inspect: {
    summary: "find what is corrupt in captures",
    takes: "<file...>",
    load: async () => (await import("./inspect-command.ts")).inspectCommand(),
  },
  messages: {
    summary: "one line a message: was it confirmed, returned, acknowledged, lost",
    takes: "<file...>",
    load: async () => (await import("./messages-command.ts")).messagesCommand(),
  },
  connections: {
    summary: "one line a connection: who, how long it took to open, how it ended and why",
    takes: "<file...>",
    load: async () => (await import("./connections-command.ts")).connectionsCommand(),
  },
  stats: {
    summary: "rates and latencies of messages, with a heat map",
    takes: "<file...>",
    load: async () => (await import("./stats-command.ts")).statsCommand(),
  },
  frames: {
    summary: "one line a frame, like tcpdump for AMQP",
    takes: "<file...>",
    load: async () => (await import("./frames-command.ts")).framesCommand(),
  },
  annotate: {
    summary: "copy captures, with comments on the packets where something was found",
    takes: "[file...]",
    load: async () => (await import("./annotate-command.ts")).annotateCommand(),
  },
  repair: {
    summary: "write what each writer of broken connections meant, as streams that decode",
    takes: "<file...>",
    load: async () => (await import("./repair-command.ts")).repairCommand(),
  },
  recover: {
    summary: "bring back the messages that broken connections lost",
    takes: "<file...>",
    load: async () => (await import("./recover-command.ts")).recoverCommand(),
  },
  proxy: {
    summary: "inspect live, between clients and a broker",
    takes: "",
    load: async () => (await import("./proxy-command.ts")).proxyCommand(),
  },
  explain: {
    summary: "say what a broker's log line, an error text or a size means",
    takes: "[text...]",
    load: async () => (await import("./explain-command.ts")).explainCommand(),
  },
  check: {
    summary: "inspect recorded traffic in CI, and pass or fail",
    takes: "<file...>",
    load: async () => (await import("./check-command.ts")).checkCommand(),
  },
  merge: {
    summary: "judge what several processes found with check --shard",
    takes: "<part...>",
    load: async () => (await import("./merge-command.ts")).mergeCommand(),
  },
  run: {
    summary: "run a command, and check its AMQP traffic",
    takes: "<command...>",
    load: async () => (await import("./run-command.ts")).runCommand(),
  },
  view: {
    summary: "show captures, or a report, in the browser",
    takes: "<file...>",
    load: async () => (await import("./view-command.ts")).viewCommand(),
  },
  doctor: {
    summary: "say whether this machine, and these captures, are fit for the job",
    takes: "[file...]",
    load: async () => (await import("./doctor-command.ts")).doctorCommand(),
  },
  init: {
    summary: "write a config for check",
    takes: "",
    load: async () => (await import("./init-command.ts")).initCommand(),
  },
  completion: {
    summary: "print what completes commands and options in a shell",
    takes: "<shell>",
    load: async () => (await import("./completion-command.ts")).completionCommand(allUsages),
  },
};

/** Every command as its --help describes it, in the order of the list. */
export async function allUsages(): Promise<CommandUsage[]> {
  const { usageOf } = await import("./usage/command-usage.ts");
  return Promise.all(Object.values(COMMANDS).map(async ({ summary, load }) => usageOf(await load(), summary)));
}

/** What the program is, in a sentence. */
export const ABOUT =
  "Frame integrity inspector for AMQP 0-9-1: finds what is corrupt in a capture, and what the broker answers.";

/** Runs the process's arguments, and sets its exit status. */
export async function run(): Promise<void> {
  try {
    await (await program(process.argv.slice(2))).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed what was wrong. Help and version are no failure.
      process.exitCode = error.exitCode === 0 ? EXIT.CLEAN : EXIT.FAILED;
    } else if (error instanceof OutputError) {
      complain(error.message);
      process.exitCode = EXIT.FAILED;
    } else {
      // An error of the operating system, or a mistake of ours. Users get no stack trace in any case.
      const { message } = error instanceof Error ? error : { message: String(error) };
      complain(
        systemSentence(error) ?? `internal error: ${message}. Please report it with the command that led to it.`,
      );
      printStack(error);
      process.exitCode = EXIT.FAILED;
    }
  }
}

/** The program with the command that is named among the arguments; if none is, with a line for each in the help. */
async function program(args: readonly string[]): Promise<Command> {
  const all = new Command("ghostframe")
    .description(ABOUT)
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
    .configureHelp({ optionDescription: described })
    // Arguments may be pasted from anywhere.
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
  const named = args.find(argument => Object.hasOwn(COMMANDS, argument));
  if (named === undefined) for (const [name, entry] of Object.entries(COMMANDS)) all.addCommand(line(name, entry));
  else {
    const { summary, load } = COMMANDS[named]!;
    all.addCommand((await load()).summary(summary).copyInheritedSettings(all));
  }
  return all;
}

/** An option's text in the help. The default "off" of a switch is not mentioned. */
function described(option: Option): string {
  if (option.defaultValue !== false) return new Help().optionDescription(option);
  return new Help().optionDescription(new Option(option.flags, option.description));
}

/** A command that is only listed: the help shows no more of it than this. */
function line(name: string, { summary, takes }: CommandEntry): Command {
  const listed = new Command(name).summary(summary).option("--any", "whatever it takes");
  return takes === "" ? listed : listed.argument(takes);
}
