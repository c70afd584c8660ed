/** How the events of `ghostframe proxy` are written. */
import { eventLine } from "./event-line.ts";
import type { EventSelectionOptions } from "./event-selection.ts";
import type { LiveEvent } from "./live-event.ts";
import { LiveText } from "./live-text.ts";
import type { FormatOptions } from "./report-format.ts";

export interface EventWriting extends EventSelectionOptions {
  format: "text" | "ndjson";
  /** For ndjson: with the table of octets at each fault. */
  octets: boolean;
  options: FormatOptions;
}

/** Writes events one by one, as whole lines; "" if there is nothing to write. */
export function eventWriter({ format, octets, options }: EventWriting): (event: LiveEvent) => string {
  if (format === "ndjson") return event => eventLine(event, octets);
  const text = new LiveText(options);
  return event => text.write(event);
}
