/** What a broker logged about one connection. */
import type { Broker } from "../../support/private-broker.ts";

const LINE = /^\S+ \S+ \[(\w+)\] (<[\d.]+>) ?(.*)$/;

/** The lines of the process that read the connection with this name, without the time: `[error] fatal_frame_error`. */
export function loggedAbout(broker: Broker, name: string): string[] {
  const lines = broker
    .readLog()
    .split("\n")
    .map(line => LINE.exec(line))
    .filter(line => line !== null);
  const named = lines.find(([, , , text]) => text!.endsWith(` has a client-provided name: ${name}`));
  if (named === undefined) throw new Error(`no connection named ${name} in the broker's log`);
  return lines.filter(([, , process]) => process === named[2]).map(([, level, , text]) => `[${level}] ${text}`);
}

/** Erlang's pretty-printer breaks long terms into lines and indents them; in a log the break is printed as it is quoted. */
export function unwrapped(text: string): string {
  return text.replaceAll(/(?:\n|\\n) +/g, "");
}
