/** `messages --format csv`: a row a message (RFC 4180), the first one with the names of the columns. */
import type { MessageRecord } from "./message-record.ts";

const COLUMNS = [
  "time",
  "connection",
  "channel",
  "operation",
  "exchange",
  "routingKey",
  "queue",
  "consumerTag",
  "deliveryTag",
  "publishNumber",
  "redelivered",
  "messageId",
  "correlationId",
  "replyTo",
  "appId",
  "size",
  "outcome",
  "code",
  "latency",
  "inBroker",
  "finding",
  "traceId",
  "spanId",
  "input",
  "streamOffset",
] as const satisfies readonly (keyof MessageRecord)[];

export const CSV_HEADER = `${[...COLUMNS, "firstPacket", "lastPacket"].join(",")}\r\n`;

export function csvRow(record: MessageRecord): string {
  const cells = COLUMNS.map(name => cell(record[name]));
  return `${[...cells, ...record.packets].join(",")}\r\n`;
}

/** A text that spreadsheets would read as a formula gets an apostrophe in front of it. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string | number | boolean | undefined): string {
  if (value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  // Controls would act on a terminal, and have no meaning in a cell.
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD");
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
