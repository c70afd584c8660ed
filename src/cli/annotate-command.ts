import { join } from "node:path";
import { Command } from "commander";
import { wiresharkProfile } from "../annotate/wireshark-profile.ts";
import { plural } from "../bytes/words.ts";
import { inspect } from "../inspect.ts";
import type { Report } from "../report/report.ts";
import { brokerOption } from "./broker-option.ts";
import { CaptureCopies, type Copied } from "./capture-copies.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";
import { keepHeapSmall } from "./memory.ts";
import { NewFile } from "./new-file.ts";
import { complain, write } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { ownFailures, printStack } from "./own-failure.ts";
import { Progress } from "./progress.ts";
import { unreadableTwice } from "./read-twice.ts";
import { filesRead } from "./taken-files.ts";

interface Options extends CaptureFlags {
  output?: string;
  force: boolean;
  wiresharkProfile?: string;
}

export function annotateCommand(): Command {
  const command = new Command("annotate")
    .description(
      `Writes a copy of captures as pcapng, every packet and block as it was, with comments where something was found: the finding at its first packet, each piece of a torn frame, each message that was lost. Wireshark shows them ("packet comments", frame.comment). Several files are read as one timeline and become sections of one file.`,
    )
    .argument("[file...]", "captures: files, because they are read twice")
    .option("-o, --output <file>", "the copy (.gz: compressed)")
    .option("--force", "replace a file that is there already", false)
    .option("--wireshark-profile <folder>", "write colouring rules and filters for Wireshark into this folder");
  return addCaptureOptions(command)
    .addOption(brokerOption())
    .addHelpText(
      "after",
      `
Exit status: 0 done, 2 an input could not be read, or not to its end, or the
copy could not be written, 130 stopped by Ctrl-C (nothing is written then).

Examples:
  $ ghostframe annotate trace.pcapng -o sick.pcapng
  $ tshark -r sick.pcapng -Y frame.comment -T fields -e frame.number -e frame.comment
  $ ghostframe annotate --wireshark-profile ~/.config/wireshark/profiles/ghostframe
  $ wireshark -C ghostframe sick.pcapng`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const { output, wiresharkProfile: folder } = options;
  process.exitCode = EXIT.FAILED;
  if (output === undefined && folder === undefined)
    complain("expected --output with the file to write (-o sick.pcapng)");
  else if ((output === undefined) !== (paths.length === 0)) {
    complain(output === undefined ? "expected --output with the file to write" : "expected captures to copy");
  } else {
    try {
      if (folder !== undefined) await writeProfile(folder, options.force);
      process.exitCode = output === undefined ? EXIT.CLEAN : await annotate(paths, output, options);
    } catch (error) {
      if (!(error instanceof OutputFileError)) throw error;
      complain(error.message);
    }
  }
}

async function writeProfile(folder: string, force: boolean): Promise<void> {
  for (const { name, text } of wiresharkProfile()) {
    const file = await NewFile.create(join(folder, name), { force });
    const octets = new TextEncoder().encode(text);
    file.append(octets, 0, octets.length);
    await file.commit();
  }
  await write(`${folder}: colouring rules, filters and filter buttons for Wireshark\n`);
}

/** Returns the exit status. */
async function annotate(paths: readonly string[], output: string, options: Options): Promise<number> {
  for (const path of paths) if (await unreadableTwice(path)) return EXIT.FAILED;
  const captures = await captureOptions(options);
  if (captures === null) return EXIT.FAILED;
  const { force } = options;
  // Before the long work: there may be such a file.
  const taken = filesRead(paths, options);
  const copies = await CaptureCopies.create(paths, output, { force, gzip: output.endsWith(".gz"), taken });
  const interruption = onInterrupt(0, () => {});
  const progress = new Progress(process.stderr, performance);
  const onProgress = (path: string, read: number, total: number | null): void => progress.update(path, read, total);
  try {
    // Most captures need no comment: they are copied while they are inspected.
    copies.begin(interruption.signal);
    const report = await inspect(paths, {
      ...captures,
      signal: copies.stopsInspection(interruption.signal),
      onFailure: printStack,
      onFinding: () => copies.stop(),
      onExplaining: keepHeapSmall,
      onProgress,
    });
    const unreadable = report.inputs.filter(({ error, packets }) => error !== undefined && packets === 0);
    for (const { path, error } of unreadable) complain(`${path}: ${error}`);
    if (unreadable.length > 0) return EXIT.FAILED;
    const copied = await copies.finish(report, interruption.signal, onProgress);
    progress.clear();
    if (interruption.signal.aborted) return EXIT.INTERRUPTED;
    await copies.commit();
    await write(`${output}: ${sentence(copied, report)}\n`);
    const problems = [...copied.problems, ...ownFailures(report)];
    problems.forEach(complain);
    return problems.length > 0 ? EXIT.FAILED : EXIT.CLEAN;
  } finally {
    progress.clear();
    interruption.release();
    await copies.discard();
  }
}

function sentence({ packets, commented, enhanced }: Copied, { findings }: Report): string {
  const more =
    enhanced === 0
      ? ""
      : `; ${plural(enhanced, "simple packet block")} became enhanced ones, which alone hold comments, with the time 0`;
  return `${plural(packets, "packet")}, ${commented} with comments, of ${plural(findings.length, "finding")}${more}`;
}
