/** Every command with its options, as --help tells them: completion and the manual page are made of this. */
import type { EventEmitter } from "node:events";
import type { Command } from "commander";

export interface CommandUsage {
  name: string;
  summary: string;
  /** As it stands behind the name: `[options] <file...>`. */
  takes: string;
  description: string;
  options: OptionUsage[];
  /** Exit status and examples, as --help ends with them. */
  after: string;
  /** What its arguments are; a list where they are one of these. */
  operands: "files" | "command" | "text" | "none" | readonly string[];
}

export interface OptionUsage {
  /** With both dashes: `--format`. */
  long: string;
  /** With one dash, where there is such. */
  short: string | null;
  /** `<format>`, `[url]`; null where it takes none. */
  value: string | null;
  /** It need not have its value. */
  isOptional: boolean;
  description: string;
  choices: readonly string[];
  /** What stands there where nothing is said; "" where that is nothing to tell. */
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

/** What `addHelpText("after", …)` was given: commander keeps it in a listener only. */
function textAfter(command: Command): string {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  const context = { error: false, command, write };
  // It is one, although its type does not say so.
  (command as unknown as EventEmitter).emit("afterHelp", context);
  return text.trim();
}
