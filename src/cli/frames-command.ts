import { Command, Option } from "commander";
import { inspect } from "../inspect.ts";
import { frameLine } from "../report/frame-event.ts";
import { jsonLine } from "../report/json.ts";
import { EXIT } from "./exit-codes.ts";
import { FrameEvents } from "./frame-events.ts";
import {
  collectChannels,
  collectConnections,
  collectTypes,
  FrameFilter,
  parseTimeBound,
  type TimeBound,
} from "./frame-filter.ts";
import { onInterrupt } from "./interrupt.ts";
import { collectKeyLogs, keyLogsFrom } from "./key-log-files.ts";
import { complain, isReaderGone, write } from "./output.ts";
import { ownFailures, tellStack } from "./own-failure.ts";
import { collectPorts } from "./port-option.ts";

interface Options {
  format: "text" | "ndjson";
  connection?: string[];
  channel?: number[];
  type?: string[];
  from?: TimeBound;
  to?: TimeBound;
  port?: number[];
  decodeAs?: number[];
  vxlanPort?: number[];
  tlsKeys?: string[];
}

export function framesCommand(): Command {
  return new Command("frames")
    .description(
      `Prints every AMQP 0-9-1 frame of captures on a line of its own, as they are read: time (UTC), packet, connection, direction (-> from the client), stream offset, channel, type, octets of payload, method with its telling arguments. "!!" marks a broken frame, "==" the place where frames go on. In a capture that begins in mid-stream, ?> and <? stand for frames of the end named first and second until a method shows which one is the client.`,
    )
    .argument("<file...>", "captures")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "ndjson"]).default("text"))
    .option("--connection <id>", "only this connection: c1 (again, or as a list, for more)", collectConnections)
    .option("--channel <number>", "only frames on this channel", collectChannels)
    .option("--type <type>", "only this type of frame, or this method: body, basic.publish", collectTypes)
    .option("--from <time>", "only frames from this time on: 18:20:03.5, or with a date", parseTimeBound)
    .option("--to <time>", "only frames up to this time", parseTimeBound)
    .option("--port <port>", "only connections that use this port", collectPorts)
    .option("--decode-as <port>", "take every connection on this port for AMQP", collectPorts)
    .option("--vxlan-port <port>", "take packets to this UDP port for VXLAN", collectPorts)
    .option(
      "--tls-keys <file>",
      "decrypt TLS with this key log, as SSLKEYLOGFILE names one (repeat it for more)",
      collectKeyLogs,
    )
    .addHelpText(
      "after",
      `
Examples:
  $ ghostframe frames trace.pcapng | head
  $ ghostframe frames trace.pcapng --connection c2 --channel 1 --from 18:20:03
  $ ghostframe frames trace.pcapng --type basic.publish --format ndjson | jq .
  $ tcpdump -i any -U -w - port 5672 | ghostframe frames -`,
    )
    .action(run);
}

/** Characters gathered before they are written. */
const BATCH = 1 << 16;

async function run(paths: string[], options: Options): Promise<void> {
  const keyLogs = await keyLogsFrom(options.tlsKeys);
  if (keyLogs === null) return;
  const { signal: interrupt } = onInterrupt();
  const stop = new AbortController();
  interrupt.addEventListener("abort", () => stop.abort());

  let batch = "";
  let written: Promise<unknown> | undefined;
  const flush = (): void => {
    if (batch === "") return;
    written = write(batch);
    batch = "";
  };
  const events = new FrameEvents(new FrameFilter(options), event => {
    batch += `${options.format === "ndjson" ? jsonLine(event) : frameLine(event)}\n`;
    if (batch.length > BATCH) flush();
  });
  // The capture is read no faster than its lines are: what is written waits in memory otherwise.
  const keepPace = async (): Promise<void> => {
    flush();
    await written;
    if (isReaderGone()) stop.abort();
  };

  const { port, decodeAs, vxlanPort } = options;
  const report = await inspect(paths, {
    ...(port === undefined ? {} : { ports: port }),
    ...(decodeAs === undefined ? {} : { decodeAs }),
    ...(vxlanPort === undefined ? {} : { vxlanPorts: vxlanPort }),
    explain: false,
    keyLogs,
    listener: events,
    onConnection: (number, tcp, clientKnown) => events.connection(number, tcp, clientKnown),
    signal: stop.signal,
    onFailure: tellStack,
    onProgress: keepPace,
  });
  events.finish();
  await keepPace();
  for (const { path, error } of report.inputs) {
    if (error !== undefined) complain(`${path === "-" ? "standard input" : path}: ${error}`);
  }
  const failures = ownFailures(report);
  failures.forEach(complain);
  const failed = (failures.length > 0 || report.inputs.some(input => input.error !== undefined)) && !isReaderGone();
  process.exitCode = interrupt.aborted ? EXIT.INTERRUPTED : failed ? EXIT.FAILED : EXIT.CLEAN;
}
