/**
 * Workflow commands: what GitHub's runner reads from a step's standard output. `::error file=a.pcap::message` makes an
 * annotation; others mask words of the log or switch commands off, so that text from the wire must never make one.
 */

/** Behind the second `::`. */
export function commandData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** The value of a property. */
export function commandProperty(text: string): string {
  return commandData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** A colour as the text outputs switch them on and off: `\x1b[31m`. */
const COLOUR = `${"\x1b"}\\[\\d+m`;
const LEADING_COLONS = new RegExp(`^((?:\\s|${COLOUR})*)::`, "gm");
const NUMBER_SIGNS = new RegExp(`##(?=(?:${COLOUR})*[\\w.]*\\[)`, "g");

/**
 * Text that looks the same and has no command in any line. A line is a command if it begins with `::` after spaces and
 * colours, or if it holds `##[` anywhere, or `##vso[` on Azure Pipelines. The pair of characters is replaced by one
 * full-width character, which takes the same two columns, so that tables stay aligned.
 */
export function disarmed(text: string): string {
  return text.replace(LEADING_COLONS, "$1：").replace(NUMBER_SIGNS, "＃");
}
