import { Command, Option } from "commander";
import { type FramesEvent, frameLine } from "../report/frame-event.ts";
import { jsonLine } from "../report/json.ts";
import { frameLevel, rowStyle } from "../report/row-style.ts";
import { FRAMES } from "../report/tables.ts";
import { absentChannels } from "./asked-values.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { ChosenFrames, choosesByContent } from "./chosen-frames.ts";
import { FrameEvents } from "./frame-events.ts";
import { collectTypes, FrameFilter } from "./frame-filter.ts";
import { addFilterOptions, type FilterFlags, filterOf, unknownConnections } from "./message-filter-options.ts";
import { rowOptions } from "./output.ts";
import { type PrintedReading, readPrinting } from "./printed-reading.ts";
import { unreadableTwice } from "./read-twice.ts";
import { addTableOptions, complaining, type TableFlags, tableFolder } from "./table-output.ts";
import { UsageError } from "./usage-error.ts";

interface Options extends CaptureFlags, FilterFlags, TableFlags {
  format: "text" | "ndjson" | "parquet";
  type?: string[];
}

export function framesCommand(): Command {
  const command = new Command("frames")
    .description(
      `Prints every AMQP 0-9-1 frame of captures on a line of its own, as they are read: time (UTC), packet, connection, direction (-> from the client), stream offset, channel, type, octets of payload, method with its important arguments. "!!" marks a broken frame, "==" the place from which frames can be read again. In a capture that begins in mid-stream, ?> and <? stand in place of -> and <- until a method shows which end is the client.`,
    )
    .argument("<file...>", "captures")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "ndjson", "parquet"]).default("text"))
    .option("--type <type>", "only this type of frame, or this method: body, basic.publish", collectTypes);
  return addCaptureOptions(addFilterOptions(addTableOptions(command)))
    .addHelpText(
      "after",
      `
With --exchange, --routing-key, --queue, --message-id, --trace, --outcome and
--slower-than: the frames of such messages. For these, --user, --vhost and a
client's name for a connection, files are read twice.

Exit status: 0 done, 1 nothing has the channel, id, exchange, user, … asked for,
2 an input could not be read, or a connection asked for is not there, 130
stopped by Ctrl-C.

Examples:
  $ ghostframe frames trace.pcapng | head
  $ ghostframe frames trace.pcapng --connection c2 --channel 1 --from 18:20:03
  $ ghostframe frames trace.pcapng --type basic.publish --format ndjson | jq .
  $ ghostframe frames trace.pcapng --format parquet -o frames
  $ tcpdump -i any -U -w - port 5672 | ghostframe frames -`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  await complaining(chosenIn(paths, options).then(chosen => printFrames(paths, options, chosen)));
}

/** The frames that are chosen by properties known only after all was read; null if all that pass the filter are. */
async function chosenIn(paths: readonly string[], options: Options): Promise<ChosenFrames | null> {
  const { format: _, type: __, ...flags } = options;
  const filter = filterOf(flags);
  if (!choosesByContent(filter)) return null;
  const captures = await captureOptions(options);
  if (captures === null) throw new UsageError("without the key logs nothing can be chosen");
  const unreadable = await Promise.all(paths.map(unreadableTwice));
  if (unreadable.includes(true))
    throw new UsageError("leave out what chooses messages, or write the capture to a file");
  return ChosenFrames.read(paths, captures, filter);
}

async function printFrames(paths: readonly string[], options: Options, chosen: ChosenFrames | null): Promise<void> {
  const table = await tableFolder(options.format, FRAMES, paths, options);
  const reading = (print: (text: string) => void): PrintedReading => {
    const row = rowStyle(rowOptions(process.stdout, process.env));
    const line = (event: FramesEvent): string =>
      options.format === "ndjson" ? jsonLine(event) : row(frameLine(event), frameLevel(event));
    const events = new FrameEvents(new FrameFilter({ ...options, chosen }), event => {
      if (table === null) print(`${line(event)}\n`);
      else if (event.event !== "connection" && event.event !== "endpoints") table.add(event);
    });
    return {
      absent: report => chosen?.absent ?? absentChannels(report, options),
      options: {
        explain: false,
        channels: options.channel,
        listener: events,
        onConnection: (number, tcp, clientKnown) => events.connection(number, tcp, clientKnown),
      },
      finish: report => {
        if (chosen === null) events.finish();
        return unknownConnections(options.connection, report);
      },
    };
  };
  await readPrinting(paths, options, reading, { table });
}
