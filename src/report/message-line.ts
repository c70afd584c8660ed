/** A message as a line of `ghostframe messages`. */
import { pad, printable } from "../bytes/printable.ts";
import type { MessageRecord } from "./message-record.ts";

const MAX_NAME = 60;

export function messageLine(record: MessageRecord): string {
  const { time, connection, channel, operation, size } = record;
  const cells = [
    time.slice(11, -1),
    pad(connection, 4),
    `ch ${pad(String(channel), 3)}`,
    pad(operation, 7),
    pad(outcome(record), 22),
    size === undefined ? " ".repeat(9) : `${pad(String(size), 7, "right")} B`,
    destination(record),
  ];
  if (record.messageId !== undefined) cells.push(`id ${printable(record.messageId, MAX_NAME)}`);
  else if (record.correlationId !== undefined) cells.push(`correlation ${printable(record.correlationId, MAX_NAME)}`);
  if (record.publish !== undefined) cells.push(`from ${record.publish.connection}${inBroker(record)}`);
  if (record.request !== undefined) cells.push(`reply after ${duration(record.request.latency)}`);
  if (record.traceId !== undefined) cells.push(`trace ${printable(record.traceId, MAX_NAME)}`);
  return cells.join(" ");
}

function inBroker({ inBroker: seconds }: MessageRecord): string {
  return seconds === undefined ? "" : ` in ${duration(seconds)}`;
}

/** `confirmed 1.2 ms`, `returned 312`, `unknown 312 (1 of 2)`, `unsettled`. */
function outcome({ outcome: word, code, latency, redelivered, finding, mayBeReturned }: MessageRecord): string {
  const parts: string[] = [word];
  if (finding !== undefined) parts.push(`in ${finding}`);
  if (code !== undefined) parts.push(String(code));
  if (mayBeReturned !== undefined) {
    const { code: why, returns, candidates } = mayBeReturned;
    parts.push(`${why} (${returns} of ${candidates})`);
  }
  if (latency !== undefined) parts.push(duration(latency));
  if (redelivered === true) parts.push("(redelivered)");
  return parts.join(" ");
}

function destination({ exchange, routingKey, queue }: MessageRecord): string {
  const to = `${exchange === "" ? "(default)" : printable(exchange, MAX_NAME)} ${printable(routingKey, MAX_NAME)}`;
  return queue === undefined || queue === routingKey ? to : `${to} → ${printable(queue, MAX_NAME)}`;
}

/** `850 µs`, `1.2 ms`, `30 s`: three digits at most. Within one packet no capture shows more than `< 1 µs`. */
export function duration(seconds: number): string {
  if (seconds === 0) return "< 1 µs";
  const [value, unit] = seconds < 1e-3 ? [seconds * 1e6, "µs"] : seconds < 1 ? [seconds * 1e3, "ms"] : [seconds, "s"];
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}
