/** `ghostframe completion SHELL`: scripts that complete every command, option and choice. */
import type { CommandUsage, OptionUsage } from "./command-usage.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const completionScripts: Readonly<Record<Shell, (commands: readonly CommandUsage[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** What stands on the command line for an option. */
function names({ long, short }: OptionUsage): string[] {
  return short === null ? [long] : [short, long];
}

function bash(commands: readonly CommandUsage[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ value, isOptional }) => value !== null && !isOptional)
      .map(
        option =>
          `    ${names(option)
            .map(each => `${name}:${each}`)
            .join("|")}) ${bashValue(option)} ;;`,
      ),
  );
  const words = commands.map(({ name, options }) => `    ${name}) words="${options.flatMap(names).join(" ")}" ;;`);
  const operands = commands
    .filter(({ operands: kind }) => kind !== "files")
    .map(({ name, operands: kind }) => `    ${name}) ${bashOperands(kind)} ;;`);
  return `# bash completion of ghostframe: source <(ghostframe completion bash)
_ghostframe() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  COMPREPLY=()
  if [[ -z "$command" ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$cur"))
    return
  fi
  case "$command:$prev" in
${values.join("\n")}
  esac
  case "$command" in
${words.join("\n")}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "$command" in
${operands.join("\n")}
    *) COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -o filenames -F _ghostframe ghostframe
`;
}

function bashOperands(operands: CommandUsage["operands"]): string {
  if (operands === "command") return 'COMPREPLY=($(compgen -c -- "$cur"))';
  return typeof operands === "string" ? "COMPREPLY=()" : `COMPREPLY=($(compgen -W "${operands.join(" ")}" -- "$cur"))`;
}

function bashValue({ choices, value }: OptionUsage): string {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$cur")); return`;
  return isPath(value) ? 'COMPREPLY=($(compgen -f -- "$cur")); return' : "return";
}

function isPath(value: string | null): boolean {
  return value !== null && /file|dir|folder/.test(value);
}

function zsh(commands: readonly CommandUsage[]): string {
  const listed = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`);
  const cases = commands.map(command => {
    const specs = [...command.options.flatMap(zshSpecs), ...zshOperands(command)];
    return `    ${command.name})\n      _arguments \\\n${specs.map(spec => `        ${quoted(spec)}`).join(" \\\n")}\n      ;;`;
  });
  return `#compdef ghostframe
# zsh completion of ghostframe: ghostframe completion zsh > a folder of $fpath, as _ghostframe
_ghostframe() {
  local -a commands
  commands=(
${listed.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _ghostframe ]]; then _ghostframe "$@"; else compdef _ghostframe ghostframe; fi
`;
}

function zshSpecs(option: OptionUsage): string[] {
  const { description, value, choices, isOptional } = option;
  const told = description.replace(/[[\]:\\]/g, sign => `\\${sign}`);
  const action = choices.length > 0 ? `(${choices.join(" ")})` : isPath(value) ? "_files" : " ";
  const message = value === null ? "" : value.replace(/[<>[\]:\\]/g, "");
  const takes = value === null ? "" : `:${message}:${action}`;
  // What need not have its value takes it behind an equals sign only.
  return names(option).map(name => `*${name}${isOptional ? "=-" : ""}[${told}]${isOptional ? `:${takes}` : takes}`);
}

function zshOperands({ operands }: CommandUsage): string[] {
  if (operands === "files") return ["*:file:_files"];
  if (operands === "command") return ["*::command:_normal"];
  return typeof operands === "string" ? [] : [`1:argument:(${operands.join(" ")})`];
}

function fish(commands: readonly CommandUsage[]): string {
  const lines = commands.flatMap(({ name, summary, options, operands }) => {
    const within = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c ghostframe -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
      ...(operands === "files" ? [] : [`complete -c ghostframe ${within} -f`]),
      ...(operands === "command" ? [`complete -c ghostframe ${within} -a '(__fish_complete_command)'`] : []),
      ...(typeof operands === "string" ? [] : [`complete -c ghostframe ${within} -a ${quoted(operands.join(" "))}`]),
      ...options.map(
        option => `complete -c ghostframe ${within} ${fishOption(option)} -d ${quoted(option.description)}`,
      ),
    ];
  });
  return `# fish completion of ghostframe: ghostframe completion fish > ~/.config/fish/completions/ghostframe.fish\n${lines.join("\n")}\n`;
}

function fishOption({ long, short, value, isOptional, choices }: OptionUsage): string {
  const flags = [`-l ${long.slice(2)}`, ...(short === null ? [] : [`-s ${short.slice(1)}`])];
  if (choices.length > 0) return [...flags, "-x", `-a ${quoted(choices.join(" "))}`].join(" ");
  if (value === null || isOptional) return flags.join(" ");
  return [...flags, isPath(value) ? "-r" : "-x"].join(" ");
}

/** In single quotes, as all three shells take it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
