/** stdout and stderr as the commands use them: data to one, diagnostics to the other. */
import { once } from "node:events";
import { InvalidArgumentError, Option } from "commander";
import { printable } from "../bytes/printable.ts";
import { codeOf, meaningOf } from "../capture/system-error.ts";
import { disarmed } from "../check/outputs/workflow-command.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "../report/report-format.ts";

/**
 * Writes to stdout, and waits while its reader is slower. Resolves to false when the reader has gone (`| head`): then
 * there is nothing more to write, and nothing is wrong.
 */
export async function write(text: string): Promise<boolean> {
  if (failure !== null) throw failure;
  if (readerGone) return false;
  if (!process.stdout.write(text)) await Promise.race([drained(), gone]);
  if (failure !== null) throw failure;
  return !readerGone;
}

/** Stdout cannot be written: a full disk, an error of the device. */
export class OutputError extends Error {
  override name = "OutputError";
}

/** One wait for all writes: `frames` writes many times before the stream drains. */
function drained(): Promise<unknown> {
  draining ??= once(process.stdout, "drain").finally(() => {
    draining = null;
  });
  return draining;
}

let draining: Promise<unknown> | null = null;
let readerGone = false;
let failure: OutputError | null = null;
let resolveGone: () => void;
const gone = new Promise<void>(resolve => {
  resolveGone = resolve;
});

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") readerGone = true;
  else {
    const problem = meaningOf(codeOf(error), "write") ?? error.message;
    failure = new OutputError(`the output cannot be written: ${problem}`, { cause: error });
  }
  resolveGone();
});

// Stderr has no reader. The exit status still shows what was wrong.
process.stderr.on("error", () => {});

/** Whether the reader of stdout has gone. */
export function isReaderGone(): boolean {
  return readerGone;
}

/** One line on stderr, where CI systems also read commands, as on stdout. */
export function complain(line: string): void {
  process.stderr.write(`${disarmed(`ghostframe: ${printable(line)}`)}\n`);
}

/** Colours: FORCE_COLOR and NO_COLOR decide if they are set, otherwise whether the stream is a terminal. */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const force = environment.FORCE_COLOR;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  const none = environment.NO_COLOR;
  if (none !== undefined && none !== "") return false;
  return stream.isTTY === true && environment.TERM !== "dumb";
}

/** ASCII only: if the environment names a locale, and that is not one of UTF-8. */
export function wantsAscii(environment: NodeJS.ProcessEnv): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = environment;
  const locale = [LC_ALL, LC_CTYPE, LANG].find(value => value !== undefined && value !== "");
  return locale !== undefined && !/utf-?8/i.test(locale);
}

/** The layout of text for this stream; `width` if the user asks for it. */
export function terminalOptions(
  stream: { isTTY?: boolean; columns?: number },
  environment: NodeJS.ProcessEnv,
  { all = false, width }: { all?: boolean; width?: number | undefined } = {},
): FormatOptions {
  return {
    columns: width ?? stream.columns ?? DEFAULT_FORMAT_OPTIONS.columns,
    ascii: wantsAscii(environment),
    colour: wantsColour(stream, environment),
    all,
  };
}

/** The look of lines that are printed one by one: not in a file or a pipe, where a program may read them. */
export function rowOptions(
  stream: { isTTY?: boolean; columns?: number },
  environment: NodeJS.ProcessEnv,
): { columns: number | null; colour: boolean; ascii: boolean } {
  const isTerminal = stream.isTTY === true;
  return {
    columns: isTerminal ? (stream.columns ?? null) : null,
    colour: wantsColour(stream, environment),
    ascii: isTerminal && wantsAscii(environment),
  };
}

/** `--width COLUMNS` */
export function widthOption(): Option {
  return new Option("--width <columns>", "columns of the text (default: the terminal's, or 80)").argParser(value => {
    if (!/^[1-9]\d{1,3}$/.test(value) || Number(value) < 40) throw new InvalidArgumentError("Expected 40 to 9999.");
    return Number(value);
  });
}
