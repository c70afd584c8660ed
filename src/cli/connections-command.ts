import { Command, Option } from "commander";
import {
  ConnectionReadings,
  type ConnectionSummary,
  connectionLine,
  connectionSummaries,
} from "../report/connection-line.ts";
import { jsonLine } from "../report/json.ts";
import { rowStyle } from "../report/row-style.ts";
import { takesConnection } from "../report/selection.ts";
import { CONNECTIONS } from "../report/tables.ts";
import { addReadingOptions, type ReadingOptions, readMessages } from "./message-reading.ts";
import { rowOptions } from "./output.ts";
import { addTableOptions, complaining, type TableFlags, tableFolder } from "./table-output.ts";

interface Options extends ReadingOptions, TableFlags {
  format: "text" | "ndjson" | "parquet";
}

export function connectionsCommand(): Command {
  const command = new Command("connections")
    .description(
      `Prints every AMQP 0-9-1 connection of captures on a line: client and server, name, library, user and virtual host, TLS, time from the first packet to open-ok, frames of each side, messages published and delivered, how it ended and why; then each step from SYN to RST, with the time since the one before.`,
    )
    .argument("<file...>", "captures")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "ndjson", "parquet"]).default("text"));
  return addReadingOptions(addTableOptions(command))
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
  $ ghostframe connections trace.pcapng --user orders --format ndjson | jq .ending
  $ ghostframe connections ring_*.pcapng --format parquet -o connections`,
    )
    .action((paths: string[], options: Options) => complaining(run(paths, options)));
}

async function run(paths: string[], { format, ...options }: Options): Promise<void> {
  const table = await tableFolder(format, CONNECTIONS, paths, options);
  const readings = new ConnectionReadings();
  const { columns, ascii } = rowOptions(process.stdout, process.env);
  const row = rowStyle({ columns, colour: false, ascii });
  const line = (summary: ConnectionSummary): string =>
    format === "ndjson" ? jsonLine(summary) : row(connectionLine(summary, columns), null);
  await readMessages(
    paths,
    options,
    () => readings.readers,
    report => {
      const chosen = connectionSummaries(report, readings).filter(summary => takesConnection(summary, options));
      if (table === null) return chosen.map(summary => `${line(summary)}\n`).join("");
      for (const summary of chosen) table.add(summary);
      return "";
    },
    { table },
  );
}
