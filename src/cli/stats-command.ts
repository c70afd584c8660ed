import { Command, Option } from "commander";
import { MessageStatistics } from "../messages/message-statistics.ts";
import { ConnectionReadings, connectionSummaries, steps } from "../report/connection-line.ts";
import { json } from "../report/json.ts";
import { takesConnection } from "../report/selection.ts";
import { statisticsJson, statisticsText } from "../report/statistics.ts";
import { inAscii } from "../report/text/ascii.ts";
import { addReadingOptions, type ReadingOptions, readMessages } from "./message-reading.ts";
import { rowOptions } from "./output.ts";

interface Options extends ReadingOptions {
  format: "text" | "json";
}

export function statsCommand(): Command {
  const command = new Command("stats")
    .description(
      `Counts the messages of captures by outcome, and measures how long confirms and acknowledgments take: p50, p90, p99 (to within 1.5 %) and the maximum, by exchange, queue and connection; a heat map of latencies over time; errors by their text.`,
    )
    .argument("<file...>", "captures")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"));
  return addReadingOptions(command)
    .addHelpText(
      "after",
      `
Exit status: 0 done, 1 nothing has an id, channel, user, … that was asked for,
2 an input could not be read, or a connection asked for is not there, 130
stopped by Ctrl-C.

Examples:
  $ ghostframe stats trace.pcapng
  $ ghostframe stats trace.pcapng --exchange orders --from 18:20 --to 18:25
  $ ghostframe stats trace.pcapng --format json | jq '.latencies[] | select(.p99 > 0.1)'`,
    )
    .action(run);
}

async function run(paths: string[], { format, ...options }: Options): Promise<void> {
  const statistics = new MessageStatistics();
  const readings = new ConnectionReadings();
  await readMessages(
    paths,
    options,
    () => ({
      onMessageFacts: message => statistics.add(message),
      onCallFacts: call => statistics.addCall(call),
      onConnectionFacts: readings.readers.onConnectionFacts,
    }),
    report => {
      for (const summary of connectionSummaries(report, readings)) {
        if (takesConnection(summary, options))
          for (const [phase, latency] of steps(summary)) statistics.addPhase(phase, latency);
      }
      if (format === "json") return json(statisticsJson(statistics, report));
      const { columns, ascii } = rowOptions(process.stdout, process.env);
      const text = statisticsText(statistics, report, columns);
      return ascii ? inAscii(text) : text;
    },
  );
}
