import { Command, Option } from "commander";
import { printable } from "../bytes/printable.ts";
import { frameLine } from "../report/frame-event.ts";
import { jsonLine } from "../report/json.ts";
import { frameLevel, rowStyle } from "../report/row-style.ts";
import { addCaptureOptions, type CaptureFlags } from "./capture-options.ts";
import { FrameEvents } from "./frame-events.ts";
import {
  collectChannels,
  collectConnections,
  collectTypes,
  FrameFilter,
  parseTimeBound,
  type TimeBound,
} from "./frame-filter.ts";
import { unknownConnections } from "./message-filter-options.ts";
import { rowOptions } from "./output.ts";
import { readPrinting } from "./printed-reading.ts";

interface Options extends CaptureFlags {
  format: "text" | "ndjson";
  connection?: string[];
  channel?: number[];
  type?: string[];
  from?: TimeBound;
  to?: TimeBound;
}

export function framesCommand(): Command {
  const command = new Command("frames")
    .description(
      `Prints every AMQP 0-9-1 frame of captures on a line of its own, as they are read: time (UTC), packet, connection, direction (-> from the client), stream offset, channel, type, octets of payload, method with its important arguments. "!!" marks a broken frame, "==" the place where frames go on. In a capture that begins in mid-stream, ?> and <? stand for frames of the end named first and second until a method shows which one is the client.`,
    )
    .argument("<file...>", "captures")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "ndjson"]).default("text"))
    .option(
      "--connection <id>",
      "only this connection: c1, or address:port (again, or as a list, for more)",
      collectConnections,
    )
    .option("--channel <number>", "only frames on this channel", collectChannels)
    .option("--type <type>", "only this type of frame, or this method: body, basic.publish", collectTypes)
    .option("--from <time>", "only frames from this time on: 18:20:03.5, or with a date", parseTimeBound)
    .option("--to <time>", "only frames up to this time", parseTimeBound);
  return addCaptureOptions(command)
    .addHelpText(
      "after",
      `
Exit status: 0 done, 1 no frame is on the channel asked for, 2 an input could
not be read, or a connection asked for is not there, 130 stopped by Ctrl-C.

Examples:
  $ ghostframe frames trace.pcapng | head
  $ ghostframe frames trace.pcapng --connection c2 --channel 1 --from 18:20:03
  $ ghostframe frames trace.pcapng --type basic.publish --format ndjson | jq .
  $ tcpdump -i any -U -w - port 5672 | ghostframe frames -`,
    )
    .action(run);
}

/** Where no frame was printed: that the channel asked for is not there. By type and time no frame may be an answer. */
function absentChannels({ connection, channel, type, from, to }: Options): string[] {
  if (channel === undefined || type !== undefined || from !== undefined || to !== undefined) return [];
  const of = connection === undefined ? "" : ` of ${connection.map(name => printable(name)).join(", ")}`;
  return [`no frame${of} is on channel ${channel.join(", ")}`];
}

async function run(paths: string[], options: Options): Promise<void> {
  await readPrinting(paths, options, print => {
    const row = rowStyle(rowOptions(process.stdout, process.env));
    let frames = 0;
    const events = new FrameEvents(new FrameFilter(options), event => {
      if (event.event === "frame") frames++;
      print(`${options.format === "ndjson" ? jsonLine(event) : row(frameLine(event), frameLevel(event))}\n`);
    });
    return {
      absent: () => (frames === 0 ? absentChannels(options) : []),
      options: {
        explain: false,
        listener: events,
        onConnection: (number, tcp, clientKnown) => events.connection(number, tcp, clientKnown),
      },
      finish: report => {
        events.finish();
        return unknownConnections(options.connection, report);
      },
    };
  });
}
