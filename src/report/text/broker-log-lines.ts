/** What the broker logged: with the incident of its connection; what concerns none, in a block of its own. */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { BrokerLogEntry, Connection } from "../report.ts";
import type { Overview } from "./overview.ts";
import type { Page } from "./page.ts";
import { clock, counted } from "./wording.ts";

/** Messages of one connection, and messages without a connection, that are shown. */
const MAX_ENTRIES = 4;
const MAX_UNTIED = 8;
const ENTRY_COLUMNS = 480;
const UNTIED_COLUMNS = 200;

/** The messages on one connection, and whether they are what was predicted. */
export function logged({ brokerLog, brokerLogDiffers }: Connection, page: Page): string[] {
  if (brokerLog === undefined) return [];
  const shown = page.all ? brokerLog : brokerLog.slice(0, MAX_ENTRIES);
  const lines = shown.flatMap((entry, index) => page.labelled(index === 0 ? "log" : "", words(entry, false)));
  if (shown.length < brokerLog.length) {
    lines.push(...page.labelled("", `and ${counted(brokerLog.length - shown.length, "more message")}`));
  }
  const differs = brokerLogDiffers === undefined ? [] : page.labelled("but", printable(brokerLogDiffers, 1000));
  return [...lines, ...differs];
}

/** The log as a whole: how much of it was tied, what was not, and what concerns connections without an incident. */
export function brokerLogBlock({ report, incidents }: Overview, page: Page): string[] {
  const log = report.brokerLog;
  if (log === undefined) return [];
  const reported = new Set(incidents.map(({ finding }) => finding.connection));
  const path = log.path === "-" ? "standard input" : printable(log.path, 200);
  const count = log.tied + log.untied.length + log.omitted;
  const found =
    count === 0
      ? "nothing about connections in trouble"
      : `${counted(count, "message")} about connections in trouble, ${grouped(log.tied)} of them tied to connections of the capture`;
  const lines = page.prose(`${counted(log.lines, "line")}, ${found}.`);
  if (log.error !== undefined)
    lines.push(
      ...page.prose(
        `${log.lines === 0 ? "could not be read" : "not read to its end"}: ${printable(log.error)}`,
        page.paint.error,
      ),
    );
  for (const connection of report.connections) {
    if (connection.brokerLog === undefined || reported.has(connection.id)) continue;
    lines.push(...page.labelled("about", `${printable(connection.id, 12)}, in which nothing was found:`));
    lines.push(...logged(connection, page));
  }
  const shown = page.all ? log.untied : log.untied.slice(0, MAX_UNTIED);
  for (const entry of shown) {
    lines.push(...page.labelled("untied", words(entry, true, page.all ? ENTRY_COLUMNS : UNTIED_COLUMNS)));
    lines.push(...page.labelled("", `(${printable(entry.reason, 200)})`, page.paint.faint));
  }
  const left = log.untied.length - shown.length + log.omitted;
  if (left > 0) lines.push(...page.prose(`and ${counted(left, "more message")} that could not be tied.`));
  return [page.paint.strong(`BROKER LOG ${path}`), ...lines];
}

/** `18:20:02.731572 UTC Error on AMQP connection … operation none caused …`. */
function words({ time, lines }: BrokerLogEntry, withDay: boolean, most: number = ENTRY_COLUMNS): string {
  const at =
    time === null ? "" : `${time.endsWith("Z") ? clock(time, withDay) : printable(time.replace("T", " "), 40)}  `;
  const text = lines.map(line => line.trim()).join(" ");
  return at + printable(text.replace(/(?:\n|\\+n)\s+/g, ""), most);
}
