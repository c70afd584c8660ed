/** How the events of `ghostframe proxy` are written. */
import { jsonLine } from "./json.ts";
import type { LiveEvent } from "./live-event.ts";
import { LiveText } from "./live-text.ts";
import type { FormatOptions } from "./report-format.ts";

export interface EventWriting {
  format: "text" | "ndjson";
  options: FormatOptions;
}

/** Writes events one by one, as whole lines; "" where there is nothing to say. */
export function eventWriter({ format, options }: EventWriting): (event: LiveEvent) => string {
  if (format === "ndjson") return event => `${jsonLine(event)}\n`;
  const text = new LiveText(options);
  return event => text.write(event);
}
