/** `ghostframe completion SHELL`: scripts that complete every command, option and choice. */
import type { CommandUsage, OptionUsage } from "./command-usage.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const completionScripts: Readonly<Record<Shell, (commands: readonly CommandUsage[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** `ghostframe help COMMAND` is commander's own. */
const HELP = "help";

/** The forms of an option on the command line. */
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
  const all = [...commands.map(({ name }) => name), HELP].join(" ");
  return `# bash completion of ghostframe: source <(ghostframe completion bash)
_ghostframe() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" i
  # An equals sign is a word of its own: of --format=json, or of --output html=FILE.
  if [[ "$cur" == "=" ]]; then
    cur=""
  elif [[ "$prev" == "=" ]]; then
    prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  if [[ "\${COMP_WORDS[COMP_CWORD]}" == "=" || "\${COMP_WORDS[COMP_CWORD-1]}" == "=" ]] && [[ "$prev" != -* ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
    return
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  COMPREPLY=()
  if [[ -z "$command" ]]; then
    COMPREPLY=($(compgen -W "${all} --help --version" -- "$cur"))
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
    ${HELP}) COMPREPLY=($(compgen -W "${all}" -- "$cur")) ;;
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
  const offered = `COMPREPLY=($(compgen -W "${offers({ choices, value }).join(" ")}" -- "$cur"))`;
  if (isKeyed(value)) return `compopt -o nospace 2> /dev/null; ${offered}; return`;
  if (choices.length > 0) return `${offered}; return`;
  return isPath(value) ? 'COMPREPLY=($(compgen -f -- "$cur")); return' : "return";
}

/** `<format=file>`: one of the choices, an equals sign, and any text. */
function isKeyed(value: string | null): boolean {
  return value?.includes("=") === true;
}

function offers({ choices, value }: Pick<OptionUsage, "choices" | "value">): readonly string[] {
  return isKeyed(value) ? choices.map(choice => `${choice}=`) : choices;
}

function isPath(value: string | null): boolean {
  return value !== null && /file|dir|folder/.test(value);
}

function zsh(commands: readonly CommandUsage[]): string {
  const listed = [...commands, { name: HELP, summary: "what a command does" }].map(
    ({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`,
  );
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
  if [[ $command == ${HELP} ]]; then
    _describe command commands
    return
  fi
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
  const escaped = description.replace(/[[\]:\\]/g, sign => `\\${sign}`);
  const listed = offers(option).join(" ");
  const keyed = `{compset -P "*=" && _files || compadd -S "" - ${listed}}`;
  const action = isKeyed(value) ? keyed : choices.length > 0 ? `(${listed})` : isPath(value) ? "_files" : " ";
  const message = value === null ? "" : value.replace(/[<>[\]:\\]/g, "");
  const takes = value === null ? "" : `:${message}:${action}`;
  // An optional value is accepted only behind an equals sign.
  return names(option).map(name => `*${name}${isOptional ? "=-" : ""}[${escaped}]${isOptional ? `:${takes}` : takes}`);
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
  const all = commands.map(({ name }) => name).join(" ");
  lines.push(
    `complete -c ghostframe -n __fish_use_subcommand -f -a ${HELP} -d ${quoted("what a command does")}`,
    `complete -c ghostframe -n '__fish_seen_subcommand_from ${HELP}' -f -a ${quoted(all)}`,
  );
  return `# fish completion of ghostframe: ghostframe completion fish > ~/.config/fish/completions/ghostframe.fish\n${lines.join("\n")}\n`;
}

function fishOption(option: OptionUsage): string {
  const { long, short, value, isOptional, choices } = option;
  const flags = [`-l ${long.slice(2)}`, ...(short === null ? [] : [`-s ${short.slice(1)}`])];
  if (choices.length > 0) return [...flags, "-x", `-a ${quoted(offers(option).join(" "))}`].join(" ");
  if (value === null || isOptional) return flags.join(" ");
  return [...flags, isPath(value) ? "-r" : "-x"].join(" ");
}

/** In single quotes, as all three shells accept it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
