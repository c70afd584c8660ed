import { Command, Option } from "commander";
import { ConnectionReadings, connectionLine, connectionSummaries } from "../report/connection-line.ts";
import { jsonLine } from "../report/json.ts";
import { rowStyle } from "../report/row-style.ts";
import { takesConnection } from "../report/selection.ts";
import { addReadingOptions, type ReadingOptions, readMessages } from "./message-reading.ts";
import { rowOptions } from "./output.ts";

interface Options extends ReadingOptions {
  format: "text" | "ndjson";
}

export function connectionsCommand(): Command {
  const command = new Command("connections")
    .description(
      `Prints every AMQP 0-9-1 connection of captures on a line: client and server, name, library, user and virtual host, TLS, time from the first packet to open-ok, frames of each side, messages published and delivered, how it ended and why; then each step from SYN to RST, with the time since the one before.`,
    )
    .argument("<file...>", "captures")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "ndjson"]).default("text"));
  return addReadingOptions(command)
    .addHelpText(
      "after",
      `
On a narrow terminal how it ended is kept, and what matters least is left out.
Messages are counted as the other options choose them; connections are chosen by
--connection, --user and --vhost.

Exit status: 0 done, 1 nothing has an id, channel, user, … that was asked for,
2 an input could not be read, or a connection asked for is not there, 130
stopped by Ctrl-C.

Examples:
  $ ghostframe connections trace.pcapng
  $ ghostframe connections trace.pcapng --user orders --format ndjson | jq .ending`,
    )
    .action(run);
}

async function run(paths: string[], { format, ...options }: Options): Promise<void> {
  const readings = new ConnectionReadings();
  const { columns, ascii } = rowOptions(process.stdout, process.env);
  const row = rowStyle({ columns, colour: false, ascii });
  await readMessages(
    paths,
    options,
    () => readings.readers,
    report =>
      connectionSummaries(report, readings)
        .filter(summary => takesConnection(summary, options))
        .map(summary => `${format === "ndjson" ? jsonLine(summary) : row(connectionLine(summary, columns), null)}\n`)
        .join(""),
  );
}
