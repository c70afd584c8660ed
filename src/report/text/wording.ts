/** The words of the text report: counts, sizes, times, directions, names. Everything here returns printable text. */

import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Connection, Direction, Endpoint, Finding, Input, Message, Place, Verdict } from "../report.ts";

const NAME_COLUMNS = 60;
const VERSION_COLUMNS = 40;
const TUNNEL_COLUMNS = 60;
const MESSAGE_NAME_COLUMNS = 40;
const PATH_COLUMNS = 200;
const ADDRESS_COLUMNS = 45; // the longest IPv6 address in text, an IPv4 one embedded

/** `1 error`, `4,212 frames`: for prose. Offsets and packet numbers get pasted elsewhere and stay ungrouped. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `812 octets`, `471 kB`, `4.29 GB`: decimal units, three digits. */
export function size(octets: number): string {
  if (octets < 1000) return counted(octets, "octet");
  const units = ["kB", "MB", "GB", "TB"];
  let value = octets / 1000;
  let unit = 0;
  // 999.5 would round to "1000 kB".
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 ? grouped(Math.round(value)) : value.toPrecision(3)} ${units[unit]}`;
}

/** The day of an ISO 8601 time, or null if the text is none. */
export function day(time: string): string | null {
  return /^(\d{4}-\d\d-\d\d)T\d\d:\d\d/.exec(time)?.[1] ?? null;
}

/** `18:19:51.905717 UTC`: as precise as the capture's clock, to microseconds at most; the day only on request. */
export function clock(time: string, withDay: boolean): string {
  const parts = /^(.+)T(\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*Z$/.exec(time);
  if (!parts) return printable(time, VERSION_COLUMNS);
  return `${withDay ? `${printable(parts[1]!, VERSION_COLUMNS)} ` : ""}${parts[2]} UTC`;
}

/** `900 frame-end, 12 content-order`: findings by rule, the most frequent first. */
export function byRule(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .map(([rule, count]) => `${grouped(count)} ${printable(rule)}`)
    .join(", ");
}

const FRAME_TYPES: Readonly<Record<number, string>> = { 1: "method", 2: "content header", 3: "body", 8: "heartbeat" };

/** `type 3 (body), channel 2, size 50743`: raw numbers, as Wireshark shows them. */
export function frameHeader({ type, channel, size }: NonNullable<Finding["frame"]>): string {
  const name = FRAME_TYPES[type];
  return `type ${type}${name ? ` (${name})` : ""}, channel ${channel}, size ${size}`;
}

export function arrow(direction: Direction): string {
  return direction === "client-to-server" ? "client → server" : "server → client";
}

/** `packet 31` or `packets 31–42`, as Wireshark numbers them. */
export function packetRange(packets: readonly number[]): string {
  const first = packets[0];
  const last = packets.at(-1);
  return first === last ? `packet ${first}` : `packets ${first}–${last}`;
}

/** `packet 110 of ring-1.pcap to packet 3 of ring-2.pcap`, if a finding lies across two files; else null. */
export function packetsOfFiles({ at }: Finding, inputs: readonly Input[]): string | null {
  if (at === undefined || at.to.input === at.from.input || at.from.packet === null || at.to.packet === null)
    return null;
  const place = ({ input, packet }: Place) =>
    `packet ${packet} of ${printable(inputs[input]?.path ?? "", PATH_COLUMNS)}`;
  return `${place(at.from)} to ${place(at.to)}`;
}

/** A Wireshark display filter for each of two files that a finding lies across. */
export function displayFilters({ at }: Finding): string {
  return `frame.number >= ${at?.from.packet} in the first, frame.number <= ${at?.to.packet} in the other`;
}

/** `TLS 1.3 to broker.example`, for a connection of which no more is known. */
export function tlsName({ tls }: Connection): string {
  if (tls === undefined) return "";
  const name = tls.serverName ?? tls.certificateNames[0];
  const version = tls.version ?? "TLS";
  return name === undefined ? version : `${version} to ${printable(name, NAME_COLUMNS)}`;
}

/** `VXLAN 42`; `GTP tunnel 11 and 1 more`; empty if there is none. */
export function tunnelNames({ tunnels = [] }: Connection): string {
  if (tunnels.length === 0) return "";
  const more = tunnels.length === 1 ? "" : ` and ${tunnels.length - 1} more`;
  return printable(tunnels[0]!, TUNNEL_COLUMNS) + more;
}

/** `PROXY v2 for 192.0.2.1:51234`: what stands in front of AMQP, and the client behind it; empty if nothing does. */
export function preludeName({ preludes = [] }: Connection): string {
  const [first] = preludes;
  if (first === undefined) return "";
  const { protocol, source } = preludes.find(prelude => prelude.source !== undefined) ?? first;
  return source === undefined ? protocol : `${protocol} for ${endpoint(source)}`;
}

/** Only its records could be read. */
export function isEncrypted({ tls }: Connection): boolean {
  return tls?.decrypted === false;
}

/** A Wireshark display filter for the packets of one connection. */
export function displayFilter(packets: readonly number[], connection: Connection | undefined): string {
  const first = packets[0];
  const last = packets.at(-1);
  if (first === last) return `frame.number == ${first}`;
  const range = `frame.number in {${first}..${last}}`;
  return connection ? `${range} && tcp.port==${connection.client.port}` : range;
}

export function endpoint({ address, port }: Endpoint): string {
  const host = printable(address, ADDRESS_COLUMNS);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The name the client gave itself, or "". */
export function clientName({ clientProperties }: Connection): string {
  return printable(clientProperties.connection_name ?? "", NAME_COLUMNS);
}

/** `Bunny 2.19.0`, or "" if the client did not give it. */
export function library({ clientProperties: { product, version } }: Connection): string {
  return [product, version]
    .filter(part => part !== undefined && part !== "")
    .map(part => printable(part ?? "", VERSION_COLUMNS))
    .join(" ");
}

/** `ruby 3.1.2p20`: revision and processor, which some clients add in brackets, are only in the JSON. */
export function platform({ clientProperties }: Connection): string {
  return printable((clientProperties.platform ?? "").replace(/ [([].*/s, ""), VERSION_COLUMNS);
}

export function verdict(verdict: Verdict): string {
  if (verdict.outcome === "reset") {
    const reason = printable(joined(verdict.reason));
    return `reset without a close frame${reason === "" ? "" : ` (${reason})`}`;
  }
  const { code, name, text, classId, methodId } = verdict;
  const words = text.startsWith(name) ? text : `${name} - ${text}`;
  const method = classId === 0 && methodId === 0 ? "" : ` (class ${classId}, method ${methodId})`;
  return `connection.close ${code} ${printable(joined(words))}${method}`;
}

/** The broker's pretty-printer breaks long terms over lines, with an indentation as deep as the term: undo that. */
export function joined(text: string): string {
  return text.replace(/\n +/g, "");
}

/** `ch 2`, `ch 1,3`, `ch 1,3…`: channels in a column's width. */
export function channelList(channels: readonly number[]): string {
  const known = [...new Set(channels)].sort((a, b) => a - b);
  if (known.length === 0) return "";
  return `ch ${known.slice(0, 2).join(",")}${known.length > 2 ? "…" : ""}`;
}

/** The best name of a message: its message-id, its correlation-id, its trace, or where it begins. */
export function messageName(message: Pick<Message, "messageId" | "correlationId" | "traceparent" | "spans">): string {
  const { messageId, correlationId, traceparent, spans } = message;
  const trace = traceOf(traceparent);
  const own = messageId || correlationId || (trace && `trace ${trace.traceId}`);
  if (own) return printable(own, MESSAGE_NAME_COLUMNS);
  return spans.length === 0 ? "unnamed" : `the one at ${spans[0]![0]}`;
}

/** Trace-id and span-id of a W3C traceparent; null if the text is none. */
export function traceOf(traceparent: string | undefined): { traceId: string; spanId: string } | null {
  const parts = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(traceparent ?? "");
  return parts && { traceId: parts[1]!, spanId: parts[2]! };
}

/** The least confidence of a diagnosis for each word. */
const CONFIDENCES = [
  { from: 0.98, word: "near certain" },
  { from: 0.95, word: "very likely" },
  { from: 0.75, word: "likely" },
  { from: 0.5, word: "plausible" },
  { from: 0, word: "a guess" },
] as const;

/** How many diagnoses that were reported with a confidence were right, if that was counted: docs/accuracy.md. */
const MEASURED: readonly (readonly [confidence: number, right: number, of: number])[] = [
  [0.99, 413, 415],
  [0.9, 90, 95],
  [0.6, 260, 312],
  [0.5, 9, 93],
];

/** `near certain (0.99)`. */
export function confidence(value: number): string {
  const { word } = CONFIDENCES.find(({ from }) => value >= from) ?? CONFIDENCES[4];
  return `${word} (${hundredths(value)})`;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * The meaning of the shown numbers: how many such diagnoses were right, which was not counted. "" if none was shown.
 */
export function confidenceMeaning(values: readonly number[]): string {
  const shown = new Set(values.map(hundredths));
  if (shown.size === 0) return "";
  const counts = MEASURED.filter(([value]) => shown.has(value)).map(
    ([value, right, of]) => `${right} of ${of} with ${value}`,
  );
  const rest = [...shown].filter(value => MEASURED.every(([known]) => known !== value)).sort((a, b) => b - a);
  const uncounted = `How often ${listed(rest)} ${rest.length === 1 ? "is" : "are"} right was not counted`;
  if (counts.length === 0) return `${uncounted} (docs/accuracy.md).`;
  const figures = `How often such a diagnosis is right: ${counts.join("; ")}, in streams made to be hard (docs/accuracy.md).`;
  return rest.length === 0 ? figures : `${figures} ${uncounted}.`;
}

function listed(values: readonly number[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}

/** `RabbitMQ 3.10` for `rabbitmq-3.10`. */
export function brokerName(broker: string): string {
  return printable(broker.replace(/^rabbitmq-/, "RabbitMQ ").replace(/^lavinmq$/, "LavinMQ"), VERSION_COLUMNS);
}
