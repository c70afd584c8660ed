import { Command, Option } from "commander";
import { jsonLine } from "../report/json.ts";
import { CSV_HEADER, csvRow } from "../report/message-csv.ts";
import { messageLine } from "../report/message-line.ts";
import type { MessageReaders } from "../report/message-output.ts";
import type { MessageRecord } from "../report/message-record.ts";
import { MessageStory } from "../report/message-story.ts";
import { MessageTrace } from "../report/message-trace.ts";
import { outcomeLevel, rowStyle } from "../report/row-style.ts";
import { MESSAGES } from "../report/tables.ts";
import { EXIT } from "./exit-codes.ts";
import { keepHeapTight } from "./memory.ts";
import { addReadingOptions, type ReadingOptions, readMessages } from "./message-reading.ts";
import { complain, rowOptions } from "./output.ts";
import { addTableOptions, complaining, type TableFlags, tableFolder } from "./table-output.ts";
import { filesRead } from "./taken-files.ts";
import { addTelemetryOptions, CaptureSession, TelemetryError, type TelemetryOptions } from "./telemetry-options.ts";

interface Options extends ReadingOptions, TelemetryOptions, TableFlags {
  format: "text" | "ndjson" | "csv" | "perfetto" | "parquet";
}

export function messagesCommand(): Command {
  const command = new Command("messages")
    .description(
      `Prints every message of captures on a line of its own, when its outcome is known: time of its first octet (UTC), connection, channel, operation (publish, deliver, get), outcome with its latency, octets of body, exchange and routing key, id, trace. "unknown" stands where octets that were not captured could say it.`,
    )
    .argument("<file...>", "captures")
    .addOption(
      new Option("--format <format>", "how to print")
        .choices(["text", "ndjson", "csv", "perfetto", "parquet"])
        .default("text"),
    )
    .option("--follow <id>", "only messages with this message, correlation or trace id, on whatever connections");
  return addTelemetryOptions(addReadingOptions(addTableOptions(command)))
    .addHelpText(
      "after",
      `
Exit status: 0 done, 1 nothing has an id, channel, … that was asked for, 2 an
input could not be read, or a connection asked for is not there, 130 stopped by
Ctrl-C.

Examples:
  $ ghostframe messages trace.pcapng | head
  $ ghostframe messages trace.pcapng --outcome returned,unconfirmed,torn
  $ ghostframe messages trace.pcapng --slower-than 100ms --connection my-service
  $ ghostframe messages trace.pcapng --follow 4bf92f3577b34da6a3ce929d0e0e4736
  $ ghostframe messages trace.pcapng --format ndjson | jq 'select(.outcome == "returned")'
  $ ghostframe messages trace.pcapng --format perfetto > trace.json  # ui.perfetto.dev opens it
  $ ghostframe messages ring_*.pcapng --format parquet -o messages
  $ ghostframe messages trace.pcapng --follow order-7 --otlp=http://collector:4318
  $ tcpdump -i any -U -w - port 5672 | ghostframe messages -`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  try {
    filesRead(paths, options).refuseTelemetry(options.otlp, process.env);
    await complaining(printMessages(paths, options));
  } catch (error) {
    if (!(error instanceof TelemetryError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  }
}

async function printMessages(paths: string[], { format, otlp, otlpMessages, ...options }: Options): Promise<void> {
  keepHeapTight();
  const table = await tableFolder(format, MESSAGES, paths, options);
  const telemetry = await CaptureSession.open({ otlp, otlpMessages, captures: paths });
  const trace = new MessageTrace();
  const row = rowStyle(rowOptions(process.stdout, process.env));
  const story = new MessageStory();
  let rest = (): string => (format === "perfetto" ? trace.end : "");
  const readers = (print: (text: string) => void): MessageReaders => {
    const text = (record: MessageRecord): string => `${row(messageLine(record), outcomeLevel(record.outcome))}\n`;
    if (table !== null) {
      rest = () => {
        for (const record of story.inOrder()) table.add(record);
        return "";
      };
      const of = (record: MessageRecord) => (options.follow === undefined ? [record] : story.add(record));
      return {
        onMessage: record => {
          for (const each of of(record)) table.add(each);
        },
      };
    }
    if (options.follow !== undefined && format !== "perfetto" && format !== "parquet") {
      if (format === "csv") print(CSV_HEADER);
      const line = { text, csv: csvRow, ndjson: (record: MessageRecord) => `${jsonLine(record)}\n` }[format];
      rest = () => story.inOrder().map(line).join("");
      return { onMessage: record => print(story.add(record).map(line).join("")) };
    }
    switch (format) {
      case "text":
        return { onMessage: record => print(text(record)) };
      case "ndjson":
        return { onMessageLine: line => print(`${line}\n`) };
      case "csv":
        print(CSV_HEADER);
        return { onMessage: record => print(csvRow(record)) };
      case "perfetto":
        print(trace.begin);
        return { onMessage: record => print(trace.event(record)) };
      case "parquet":
        return {};
    }
  };
  await readMessages(paths, options, readers, () => rest(), { telemetry, table });
}
