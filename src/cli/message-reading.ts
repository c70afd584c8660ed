/** How `messages`, `connections` and `stats` read captures. */
import type { Command } from "commander";
import type { MessageReaders } from "../report/message-output.ts";
import type { Report } from "../report/report.ts";
import { AskedValues } from "./asked-values.ts";
import { addCaptureOptions, type CaptureFlags } from "./capture-options.ts";
import { addFilterOptions, type FilterFlags, filterOf, unknownConnections } from "./message-filter-options.ts";
import { type Besides, readPrinting } from "./printed-reading.ts";

export interface ReadingOptions extends FilterFlags, CaptureFlags {}

export function addReadingOptions(command: Command): Command {
  return addCaptureOptions(addFilterOptions(command));
}

/**
 * Reads captures and writes the result for their messages: `readers` get them and print, `finish` makes the rest of the
 * report. Sets the exit status.
 */
export async function readMessages(
  paths: readonly string[],
  flags: ReadingOptions,
  readers: (print: (text: string) => void) => MessageReaders,
  finish: (report: Report) => string,
  besides: Besides = {},
): Promise<void> {
  const filter = filterOf(flags);
  const asked = new AskedValues(filter);
  await readPrinting(
    paths,
    flags,
    print => ({
      absent: report => asked.absent(report),
      options: {
        messages: filter,
        channels: flags.channel,
        // Telemetry gets everything.
        onlyTheirConnections: !besides.telemetry,
        onAnyMessage: message => asked.see(message),
        ...readers(print),
        ...besides.telemetry?.readers(),
      },
      finish: report => {
        print(finish(report));
        return unknownConnections(flags.connection, report);
      },
    }),
    besides,
  );
}
