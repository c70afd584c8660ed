/** A connection as a line of `ghostframe connections`, and as an object. */

import { grouped } from "../bytes/grouped.ts";
import { columns as columnsOf, cut, pad, printable } from "../bytes/printable.ts";
import { resetBetween } from "../connection/connection-end.ts";
import { ownCloser } from "../connection/own-close.ts";
import type { ConnectionFacts } from "../messages/ledger-context.ts";
import type { Message } from "../messages/message.ts";
import { isoTime } from "../net/place.ts";
import { duration } from "./message-line.ts";
import type { Connection, Endpoint, Finding, InjectedResetRecord, Report } from "./report.ts";
import { library, tlsName } from "./text/wording.ts";

const NAME_COLUMNS = 30;

/** What `connections --format ndjson` adds to a connection of the report. */
export interface ConnectionSummary extends Connection {
  schema: "ghostframe.connection/1";
  /** When each step was seen, in the order of ConnectionPhases; "syn" is the first packet, if that was captured. */
  phases: Record<string, string>;
  messages: { published: number; delivered: number };
  /** One sentence: how it ended, and why. */
  ending: string;
}

/** What is known of connections, by their numbers, besides the report. */
export class ConnectionReadings {
  readonly facts = new Map<number, ConnectionFacts>();
  readonly #counts = new Map<number, { published: number; delivered: number }>();

  /** As MessageReaders has them. */
  readonly readers = {
    onConnectionFacts: (connection: ConnectionFacts): void => {
      this.facts.set(connection.number, connection);
    },
    onMessageFacts: ({ connection, operation }: Message): void => {
      const counts = this.messages(connection.number);
      if (operation === "publish") counts.published++;
      else counts.delivered++;
    },
  };

  messages(connection: number): { published: number; delivered: number } {
    const known = this.#counts.get(connection);
    if (known !== undefined) return known;
    const counts = { published: 0, delivered: 0 };
    this.#counts.set(connection, counts);
    return counts;
  }
}

export function connectionSummaries(report: Report, readings: ConnectionReadings): ConnectionSummary[] {
  return report.connections.map(connection => {
    const number = Number(connection.id.slice(1));
    const known = readings.facts.get(number);
    const phases = known?.phases.seen.map(([phase, moment]) => [phase, isoTime(moment)]) ?? [];
    return {
      schema: "ghostframe.connection/1",
      ...connection,
      phases: Object.fromEntries([...(connection.midStream ? [] : [["syn", connection.start]]), ...phases]),
      messages: readings.messages(number),
      ending: ending(connection, report.findings, known),
    };
  });
}

/** A part of a line. `worth`: a narrow terminal leaves out the parts with the least worth; never those with null. */
type Part = readonly [text: string, worth: number | null, gap?: string];
const GAP = "  ";
/** Readers look for how it ended: that has this much room before any other part. */
const ENDING_COLUMNS = 52;

/** `columns`: of the terminal; null if the line may have any length. */
export function connectionLine(summary: ConnectionSummary, columns: number | null): string {
  const { id, client, server, clientProperties, user, virtualHost, frames, messages } = summary;
  const name = clientProperties.connection_name;
  const login = [user, virtualHost].filter(each => each !== undefined).map(each => printable(each, NAME_COLUMNS));
  const parts: readonly Part[] = [
    [pad(id, 4), null],
    // A client without a name is shown by its address.
    [endpoint(client), name === undefined ? null : 8],
    [`→ ${endpoint(server)}`, 7, " "],
    [name === undefined ? "" : printable(name, NAME_COLUMNS), null],
    [library(summary) ?? "", 5],
    [login.join(" @ "), 3],
    [tlsName(summary), 2],
    [setup(summary), 1],
    [`${grouped(frames.clientToServer)}/${grouped(frames.serverToClient)} frames`, 4],
    [`${grouped(messages.published)} published, ${grouped(messages.delivered)} delivered`, 6],
    [summary.ending, null],
    [timeline(summary), 0],
  ];
  const shown = parts.filter(([text]) => text !== "");
  if (columns === null) return joined(shown);
  const longer = Math.max(0, columnsOf(summary.ending) - ENDING_COLUMNS);
  const worths = shown.flatMap(([, worth]) => (worth === null ? [] : [worth])).sort((a, b) => a - b);
  let kept = shown;
  for (const least of worths) {
    if (columnsOf(joined(kept)) - longer <= columns) break;
    kept = kept.filter(([, worth]) => worth !== least);
  }
  return cut(joined(kept), columns);
}

function joined(parts: readonly Part[]): string {
  return parts.map(([text, , gap = GAP], at) => (at === 0 ? text : gap + text)).join("");
}

/** `open in 4.2 ms`: from the first packet to open-ok. */
function setup({ phases }: ConnectionSummary): string {
  const { syn, openOk } = phases;
  if (syn === undefined || openOk === undefined) return "";
  return `open in ${duration(Math.max(0, secondsFrom(syn, openOk)))}`;
}

/** The steps of connecting that were seen, each with the seconds since the one before. */
export function steps({ phases }: ConnectionSummary): [step: string, latency: number][] {
  const seen = CONNECTING.filter(phase => phases[phase] !== undefined);
  return seen.slice(1).flatMap((phase, i): [string, number][] => {
    const before = seen[i]!;
    const between = CONNECTING.slice(CONNECTING.indexOf(before) + 1, CONNECTING.indexOf(phase));
    const isNext = between.every(each => OPTIONAL.includes(each));
    return isNext ? [[`${before} → ${phase}`, secondsFrom(phases[before]!, phases[phase]!)]] : [];
  });
}

/** `syn 18:31:48.774567, synAck +31 µs, …`: each step that was seen, with the time since the one before. */
function timeline({ phases }: ConnectionSummary): string {
  const seen = Object.entries(phases);
  return seen
    .map(([phase, time], i) => {
      if (i === 0) return `${phase} ${time.slice(11, -1)}`;
      const latency = secondsFrom(seen[i - 1]![1], time);
      return `${phase} +${duration(Math.max(0, latency))}`;
    })
    .join(", ");
}

/** Without TLS, its hellos are no steps. */
const OPTIONAL = ["clientHello", "serverHello"];
const CONNECTING = [
  "syn",
  "synAck",
  ...OPTIONAL,
  "protocolHeader",
  "start",
  "startOk",
  "tune",
  "tuneOk",
  "open",
  "openOk",
  "firstChannel",
];

/** Seconds from one time to the other, which is less than a day later. */
function secondsFrom(from: string, to: string): number {
  const difference = seconds(to) - seconds(from);
  // Midnight is between the two.
  return difference < -43_200 ? difference + 86_400 : difference;
}

/** Seconds within the day, because a difference of times must be exact to the nanosecond. */
function seconds(time: string): number {
  const [, hour, minute, second] = /T(\d\d):(\d\d):(\d\d(?:\.\d+)?)Z$/.exec(time) ?? [];
  return Number(hour) * 3600 + Number(minute) * 60 + Number(second);
}

const CLOSES = /^The (?:broker|client|guard) closed the connection/;

function ending(
  { id, ended, gaps, injectedReset, verdict: { observed } }: Connection,
  findings: readonly Finding[],
  facts?: ConnectionFacts,
): string {
  const own = findings.filter(({ connection }) => connection === id);
  const end =
    own.find(({ rule, message }) => rule === "broker-close" && CLOSES.test(message)) ??
    own.find(({ rule }) => rule === "ended-abruptly" || rule === "heartbeat-missed");
  // Erlang folds its quotes into lines.
  if (end !== undefined) return printable(end.message.replace(/\s*\n\s*/g, " "));
  if (observed?.outcome === "close" && ownCloser(observed) === "proxy")
    return "ghostframe proxy shut down, and closed it.";
  const fate = facts?.fate;
  if (fate?.closedByServer != null) return "The broker closed the connection.";
  if (fate?.closedByClient === true) {
    return fate.answered
      ? "The client closed the connection."
      : "The client closed the connection; no close-ok was seen.";
  }
  if (ended === "open") return "Open when the capture ended.";
  const how = injectedReset === undefined ? `Ended by ${ended === "rst" ? "RST" : "FIN"}.` : between(injectedReset);
  return gaps.clientToServer + gaps.serverToClient > 0 ? `${how} A close may be among what was not captured.` : how;
}

/** As connection-end.ts tells it, where a broken stream has no finding of its end. */
function between({ sender, packet, ...shows }: InjectedResetRecord): string {
  const sign =
    "nextPacket" in shows
      ? { goesOn: shows.nextPacket }
      : { timeToLive: shows.timeToLive, usual: shows.usualTimeToLive };
  return `${resetBetween({ side: sender === "client" ? 0 : 1, packet, sign }, 0)}.`;
}

function endpoint({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
