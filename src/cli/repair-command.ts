import { Command } from "commander";
import { grouped } from "../bytes/grouped.ts";
import { plural } from "../bytes/words.ts";
import { PcapngWriter } from "../capture/pcapng-writer.ts";
import { Inspection, type InspectOptions, inspect } from "../inspect.ts";
import type { Side } from "../net/connection-observer.ts";
import { isoTime } from "../net/place.ts";
import type { TcpConnection } from "../net/tcp-connection.ts";
import { readAll } from "../read-all.ts";
import { type PlannedConnection, planKey, repairPlan } from "../repair/repair-plan.ts";
import { RepairedConnection, type RepairOutput } from "../repair/repaired-connection.ts";
import type { Report } from "../report/report.ts";
import { endpoint } from "../report/text/wording.ts";
import { KeyLog } from "../tls/key-log.ts";
import { nodeCrypto } from "../tls/node-crypto.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";
import { NewFile } from "./new-file.ts";
import { complain, write } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { ownFailures, printStack } from "./own-failure.ts";
import { Progress } from "./progress.ts";
import { unreadableTwice } from "./read-twice.ts";
import { filesRead } from "./taken-files.ts";

interface Options extends CaptureFlags {
  output: string;
  force: boolean;
}

export function repairCommand(): Command {
  const command = new Command("repair")
    .description(
      `Writes each broken connection again, as pcapng in which every frame decodes: what stands outside of its incidents as one TCP connection, and each writer of an incident as another, with torn frames put together. A packet's comment tells where its octets stood. Octets that nothing explains are left out, and counted. Credentials are masked.`,
    )
    .argument("<file...>", "captures: files, because they are read more than once")
    .requiredOption("-o, --output <file>", "what is written (.gz: compressed)")
    .option("--force", "replace a file that is there already", false);
  return addCaptureOptions(command)
    .addHelpText(
      "after",
      `
Exit status: 0 done, 2 an input could not be read, or the file not written, 130
stopped by Ctrl-C (nothing is written then).

Examples:
  $ ghostframe repair trace.pcapng -o meant.pcapng
  $ tshark -r meant.pcapng -d tcp.port==5672,amqp -Y amqp.method.method==40 -T fields -e frame.comment`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  process.exitCode = EXIT.FAILED;
  for (const path of paths) if (await unreadableTwice(path)) return;
  const captures = await captureOptions(options);
  if (captures === null) return;
  const interruption = onInterrupt(0, () => {});
  const progress = new Progress(process.stderr, performance);
  try {
    process.exitCode = await repair(paths, options, {
      ...captures,
      signal: interruption.signal,
      onFailure: printStack,
      onProgress: (path, read, total) => progress.update(path, read, total),
    });
  } catch (error) {
    if (!(error instanceof OutputFileError)) throw error;
    complain(error.message);
  } finally {
    progress.clear();
    interruption.release();
  }
}

/** Returns the exit status. */
async function repair(paths: readonly string[], options: Options, captures: InspectOptions): Promise<number> {
  const { signal, onProgress } = captures;
  const isStopped = (): boolean => signal?.aborted === true;
  const { output: name, force } = options;
  const file = await NewFile.create(name, { force, gzip: name.endsWith(".gz"), taken: filesRead(paths, options) });
  let isDone = false;
  try {
    const report = await inspect(paths, captures);
    const problems = report.inputs.flatMap(({ path, error }) => (error === undefined ? [] : [`${path}: ${error}`]));
    problems.push(...ownFailures(report));
    problems.forEach(complain);
    if (isStopped()) return EXIT.INTERRUPTED;
    const plan = repairPlan(report);
    if (plan.size === 0) {
      complain("no connection was found in which frames of several writers can be told apart: nothing is written");
      return EXIT.FAILED;
    }
    const output = repairOutput(file);
    await readPlanned(paths, report, plan, output, {
      ...captures,
      onProgress: async (path, read, total) => {
        await onProgress?.(path, read, total);
        await file.flush();
      },
    });
    if (isStopped()) return EXIT.INTERRUPTED;
    await file.commit();
    isDone = true;
    const left =
      output.leftOut === 0
        ? ""
        : `; ${grouped(output.leftOut)} octets of clients are left out: they make no whole frame or message, or nothing explains them`;
    await write(
      `${options.output}: ${plural(plan.size, "broken connection")} as ${plural(output.connections, "connection")}${left}\n`,
    );
    return problems.length > 0 ? EXIT.FAILED : EXIT.CLEAN;
  } finally {
    if (!isDone) await file.discard();
  }
}

function repairOutput(file: NewFile): RepairOutput {
  const writer = new PcapngWriter();
  writer.begin("ghostframe repair");
  let port = 0;
  return {
    writer,
    leftOut: 0,
    connections: 0,
    nextPort: () => (port = (port % 0xffff) + 1),
    written: () => {
      file.append(writer.bytes, 0, writer.length);
      writer.clear();
    },
  };
}

async function readPlanned(
  paths: readonly string[],
  { inputs }: Report,
  plan: ReadonlyMap<string, PlannedConnection>,
  output: RepairOutput,
  options: InspectOptions,
): Promise<void> {
  const { keyLogs = [], signal, onProgress, ...rest } = options;
  const keys = { log: new KeyLog(), crypto: nodeCrypto };
  for (const text of keyLogs) keys.log.add(text);
  const repaired: RepairedConnection[] = [];
  const inspection = new Inspection({
    ...rest,
    keys,
    explain: false,
    only: tcp => planned(tcp, plan) !== null,
    tap: tcp => {
      const [connection, client] = planned(tcp, plan)!;
      const each = new RepairedConnection(connection, client, tcp.last, output);
      repaired.push(each);
      return each;
    },
  });
  const reading = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
  await readAll(
    paths,
    inspection,
    reading,
    inputs.map(({ packets }) => ({ from: 0, to: packets })),
  );
  for (const each of repaired) each.finish();
}

/** This connection in the plan, and which side is the client; null for none. */
function planned(tcp: TcpConnection, plan: ReadonlyMap<string, PlannedConnection>): [PlannedConnection, Side] | null {
  const ends = ([0, 1] as const).map(side => endpoint({ address: tcp.address(side), port: tcp.port(side) }));
  const start = isoTime(tcp.first);
  for (const side of [0, 1] as const) {
    const found = plan.get(planKey(ends[side]!, ends[1 - side]!, start));
    if (found !== undefined) return [found, side];
  }
  return null;
}
