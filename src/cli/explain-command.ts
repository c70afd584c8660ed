import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { printable } from "../bytes/printable.ts";
import { refuseDirectory } from "../capture/capture-source.ts";
import { InputError, inputErrorOf } from "../capture/input-error.ts";
import { IncidentCounts } from "../explain/incident-counts.ts";
import { type ExplanationReport, explainAll } from "../report/explain.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, terminalOptions, widthOption, write } from "./output.ts";
import { eachLine } from "./text-lines.ts";

interface Options {
  format: "text" | "json";
  all: boolean;
  width?: number;
}

const EXAMPLE = "ghostframe explain '{frame_too_large,1544254578,131064}'";

export function explainCommand(): Command {
  return new Command("explain")
    .description(
      "Takes lines of a RabbitMQ log (text or JSON; UTF-8 or UTF-16, gzipped or not), a client's exception, {frame_too_large,…} or {invalid_frame_end_marker,…}, a size in decimal or hex, the seven octets of a frame header, or the name of a rule. Says what it is and who read it (broker or client), what the octets are, what usually causes that, what would confirm it, and what to do. Without arguments it reads standard input: a line, or a whole log.",
    )
    .argument("[text...]", "what to explain; - for standard input")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"))
    .option("--all", "explain every error of a log in full", false)
    .addOption(widthOption())
    .addHelpText(
      "after",
      `
Exit status: 0 explained, 2 nothing in it that ghostframe knows.

Examples:
  $ ghostframe explain 134217728
  $ ghostframe explain 0x5c0b7472
  $ ghostframe explain type 65, channel 19793, size 1342177289
  $ ghostframe explain '{invalid_frame_end_marker,97}'
  $ ghostframe explain 14 00 0a 00 ce 08 00
  $ ghostframe explain "(505) UNEXPECTED_FRAME - expected content body, got …"
  $ ghostframe explain "Received 0x00 while expecting 0xce"
  $ ghostframe explain frame-end
  $ ghostframe explain "missed heartbeats from client, timeout: 60s"
  $ ghostframe explain < /var/log/rabbitmq/rabbit@host.log`,
    )
    .action(run);
}

async function run(texts: string[], options: Options): Promise<void> {
  const fromStdin = texts.length === 0 || (texts.length === 1 && texts[0] === "-");
  if (fromStdin && process.stdin.isTTY) {
    complain(`nothing to explain: give a text, as in ${EXAMPLE}, or a log on standard input`);
    process.exitCode = EXIT.FAILED;
    return;
  }
  const file = texts.length === 1 && namesFile(texts[0]!) ? texts[0]! : null;
  if (file !== null) {
    complain(`“${printable(file, 60)}” is the name of a file, and is not read: write ghostframe explain < FILE`);
    process.exitCode = EXIT.FAILED;
    return;
  }
  if (texts.length === 1 && /^[a-z]+(?:-[a-z]+){0,3}$/.test(texts[0]!)) {
    const { ruleHelp } = await import("./rule-help.ts");
    const help = ruleHelp(texts[0]!, options);
    if (help !== null) {
      await write(help);
      process.exitCode = EXIT.CLEAN;
      return;
    }
  }
  const counts = fromStdin ? await countsOf(process.stdin) : countsOfArguments(texts);
  if (counts === null) return;
  const report = explainAll(counts);
  if (report.incidents.length === 0) {
    complain(notUnderstood(fromStdin ? null : texts.join(" "), counts.lines));
    process.exitCode = EXIT.FAILED;
    return;
  }
  await write(await written(report, options));
  process.exitCode = EXIT.CLEAN;
}

/** A path, and no other text: its file may be meant. */
function namesFile(text: string): boolean {
  return /^[^\s{}()]+$/.test(text) && (/\.(?:log(?:\.\d+)?|txt|json|gz|pcap|pcapng)$/i.test(text) || existsSync(text));
}

async function countsOf(stream: NodeJS.ReadStream): Promise<IncidentCounts | null> {
  const counts = new IncidentCounts();
  try {
    refuseDirectory("a log");
    await eachLine(stream, line => counts.line(line));
  } catch (error) {
    complain(error instanceof InputError ? error.message : inputErrorOf("standard input", error, "a log").message);
    process.exitCode = EXIT.FAILED;
    return null;
  }
  counts.end();
  return counts;
}

/** Arguments that each make sense alone are several things to explain; otherwise they are the words of one. */
function countsOfArguments(texts: readonly string[]): IncidentCounts {
  const whole = countsInText(texts.join(" "));
  const octets = texts.every(text => /^(?:[0-9a-f]{2}|\?\?)$/i.test(text));
  const alone = octets ? [whole] : texts.map(countsInText);
  if (alone.length === 1 || alone.some(({ incidents }) => incidents.length === 0)) {
    // The lines of a log, an argument each.
    return whole.incidents.length > 0 ? whole : countsInText(texts.join("\n"));
  }
  const [first, ...others] = alone;
  for (const other of others) first!.absorb(other);
  return first!;
}

function countsInText(text: string): IncidentCounts {
  const counts = new IncidentCounts();
  for (const line of text.split("\n")) counts.line(line);
  counts.end();
  return counts;
}

async function written(report: ExplanationReport, { format, all, width }: Options): Promise<string> {
  if (format === "json") return (await import("../report/json.ts")).json(report);
  const { explainText } = await import("../report/explain-text.ts");
  const options = terminalOptions(process.stdout, process.env, { all, width });
  const text = explainText(report, options);
  return options.ascii === true ? (await import("../report/text/ascii.ts")).inAscii(text) : text;
}

function notUnderstood(text: string | null, lines: number): string {
  if (/^\d{10,}$/.test(text?.trim() ?? "")) {
    return `${printable(text!.trim(), 60)} is no size of a frame: that has 32 bits, at most 4,294,967,295 (a message's body size and a delivery tag have 64; for octets in hexadecimal put blanks between them)`;
  }
  const what = text === null ? `${lines} line${lines === 1 ? "" : "s"} of standard input` : `“${printable(text, 60)}”`;
  return `nothing to explain in ${what}: give a RabbitMQ log line, a client's exception, an error term or a size, as in ${EXAMPLE} (for a file: ghostframe explain < FILE)`;
}
