/** Every command with its options, as --help describes them: completion and the manual page are made of this. */
import type { EventEmitter } from "node:events";
import type { Command } from "commander";

export interface CommandUsage {
  name: string;
  summary: string;
  /** The text behind the name: `[options] <file...>`. */
  takes: string;
  description: string;
  options: OptionUsage[];
  /** Exit status and examples, the end of --help. */
  after: string;
  /** The kind of its arguments; a list if they are one of these. */
  operands: "files" | "command" | "text" | "none" | readonly string[];
}

export interface OptionUsage {
  /** With both dashes: `--format`. */
  long: string;
  /** With one dash, if there is one. */
  short: string | null;
  /** `<format>`, `[url]`; null if it takes none. */
  value: string | null;
  /** Its value may be left out. */
  isOptional: boolean;
  description: string;
  choices: readonly string[];
  /** The default value; "" if there is none to mention. */
  defaults: string;
}

/** Arguments that are no files. */
const OPERANDS: Readonly<Record<string, "command" | "text" | "none">> = {
  run: "command",
  explain: "text",
  proxy: "none",
  init: "none",
};

export function usageOf(command: Command, summary: string): CommandUsage {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary,
    takes: command.usage(),
    description: command.description(),
    options: help.visibleOptions(command).map(option => ({
      long: option.long ?? "",
      short: option.short ?? null,
      value: /(?:<.+>|\[.+\])$/.exec(option.flags)?.[0] ?? null,
      isOptional: option.optional,
      description: option.description,
      choices: option.argChoices ?? [],
      defaults: defaultOf(option.defaultValue),
    })),
    after: textAfter(command),
    operands: command.registeredArguments[0]?.argChoices ?? OPERANDS[command.name()] ?? "files",
  };
}

function defaultOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What `addHelpText("after", …)` was given: commander keeps it only in a listener. */
function textAfter(command: Command): string {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  const context = { error: false, command, write };
  // It is one, although its type does not show it.
  (command as unknown as EventEmitter).emit("afterHelp", context);
  return text.trim();
}
