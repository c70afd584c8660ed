/** The manual page `ghostframe(1)`, in the macros of man(7). The package has it as dist/man/ghostframe.1. */
import type { CommandUsage, OptionUsage } from "./command-usage.ts";

export function manualPage(commands: readonly CommandUsage[], version: string, about: string): string {
  return [
    `.TH GHOSTFRAME 1 "" "ghostframe ${version}" "User Commands"`,
    ".SH NAME",
    `ghostframe \\- ${plain(about.replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    ...commands.flatMap(({ name, takes }) => [".br", `\\fBghostframe ${name}\\fR ${plain(takes)}`]).slice(1),
    ".SH COMMANDS",
    ...commands.flatMap(({ name, summary }) => [".TP", `\\fB${name}\\fR`, line(`${summary}.`)]),
    ...commands.flatMap(section),
    ".SH EXIT STATUS",
    line(
      "0 nothing wrong, 1 something was found, 2 something could not be read, or the command was used wrongly, 130 stopped by Ctrl-C.",
    ),
    ".SH ENVIRONMENT",
    line(
      "NO_COLOR and FORCE_COLOR decide about colours. GHOSTFRAME_DEBUG=1 shows where an error of ghostframe's own is.",
    ),
    "",
  ].join("\n");
}

function section({ name, takes, description, options, after }: CommandUsage): string[] {
  return [
    `.SH ${name.toUpperCase()}`,
    `\\fBghostframe ${name}\\fR ${plain(takes)}`,
    ".PP",
    line(description),
    ...options.flatMap(option => [".TP", flags(option), line(described(option))]),
    ...(after === "" ? [] : [".PP", ".nf", ...after.split("\n").map(line), ".fi"]),
  ];
}

function flags({ long, short, value }: OptionUsage): string {
  const named = [...(short === null ? [] : [short]), long].map(name => `\\fB${plain(name)}\\fR`).join(", ");
  return value === null ? named : `${named} \\fI${plain(value)}\\fR`;
}

function described({ description, choices, defaults }: OptionUsage): string {
  const more = [
    choices.length === 0 ? "" : `one of ${choices.join(", ")}`,
    defaults === "" ? "" : `default: ${defaults}`,
  ].filter(part => part !== "");
  return `${description}${more.length === 0 ? "" : ` (${more.join("; ")})`}`;
}

/** A line that is no request, with any beginning. */
function line(text: string): string {
  return plain(text).replace(/^(?=[.'])/, "\\&");
}

function plain(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}
