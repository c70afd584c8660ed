/** The broker's log, cut up by connection. */

/** `2026-11-21 20:05:59.743219+00:00 [error] <0.1234.0> text`: what follows belongs to the process in the brackets. */
const LINE = /^(\S+ \S+) \[(\w+)\] (<[\d.]+>) ?(.*)$/;
const ACCEPTED = /^accepting AMQP connection (<[\d.]+>) \([^ ]*:(\d+) ->/;

const SOFT_ERROR = /^Channel error on connection (<[\d.]+>)/;

/** Lines of the log for each connection, oldest connection of a port first: its reader's, and its channels' errors. */
export function linesByPort(log: string): Map<number, string[][]> {
  const ports = new Map<number, string[][]>();
  const readers = new Map<string, string[]>();
  // The second line of a channel's error names no connection: it has the time and process of the first.
  const softErrors = new Map<string, string[]>();
  for (const line of log.split("\n")) {
    const [, time, level, pid, text] = LINE.exec(line) ?? [];
    if (time === undefined || level === undefined || pid === undefined || text === undefined) continue;
    const [, reader, port] = ACCEPTED.exec(text) ?? [];
    if (reader !== undefined) {
      const own: string[] = [];
      readers.set(reader, own);
      ports.set(Number(port), [...(ports.get(Number(port)) ?? []), own]);
    }
    const [, ofChannel] = SOFT_ERROR.exec(text) ?? [];
    const owner = ofChannel === undefined ? undefined : readers.get(ofChannel);
    if (owner) softErrors.set(time + pid, owner);
    (readers.get(pid) ?? softErrors.get(time + pid))?.push(`[${level}] ${text}`);
  }
  return ports;
}
