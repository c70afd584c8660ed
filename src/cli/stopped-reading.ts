import { printable } from "../bytes/printable.ts";
import { STOPPED } from "../report/partial/partial-sink.ts";
import type { Report } from "../report/report.ts";

/** What was not read of each input because Ctrl-C came: for commands that do not print the notes on files. */
export function stoppedReadings({ findings, inputs }: Report): string[] {
  return findings
    .filter(({ rule, connection, message }) => rule === "unread" && connection === null && message.startsWith(STOPPED))
    .map(({ input, message }) => `${printable(inputs[input]?.path ?? "", 300)}: ${message.replace(/\.$/, "")}`);
}
