import { Argument, Command } from "commander";
import { write } from "./output.ts";
import type { CommandUsage } from "./usage/command-usage.ts";
import { completionScripts, SHELLS, type Shell } from "./usage/completion-scripts.ts";

/** `usages`: every command as its --help describes it. */
export function completionCommand(usages: () => Promise<CommandUsage[]>): Command {
  return new Command("completion")
    .description("Prints a script that completes commands, options and their choices in a shell.")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .addHelpText(
      "after",
      `
Exit status: 0, or 2 where the shell is none of these.

Examples:
  $ source <(ghostframe completion bash)
  $ ghostframe completion bash > ~/.local/share/bash-completion/completions/ghostframe
  $ ghostframe completion zsh > "\${fpath[1]}/_ghostframe"
  $ ghostframe completion fish > ~/.config/fish/completions/ghostframe.fish`,
    )
    .action(async (shell: Shell) => {
      await write(completionScripts[shell](await usages()));
    });
}
