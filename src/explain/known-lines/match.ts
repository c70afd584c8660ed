/** Finds the known line that a text holds. */
import { methodOf } from "../../amqp/method-registry.ts";
import type { BrokerError } from "../error-report.ts";
import { headerWindow, type MaybeOctet } from "../header-window.ts";
import { KNOWN_LINES } from "./catalogue.ts";
import type { KnownLine } from "./known-line.ts";
import { type Company, MAX_CHARACTERS, mayBeAnybodys, saysNoMore } from "./subject.ts";

/** The error of the first of the `rows` that matches; null if none does. Numbers beyond the known lines are ignored. */
export function knownLineIn(text: string, rows: readonly number[], company: Company): BrokerError | null {
  const start = text.slice(0, MAX_CHARACTERS);
  const anybody = rows.some(row => isAnybodys(row)) && mayBeAnybodys(start, company);
  for (const row of rows) {
    const line = KNOWN_LINES[row];
    if (line === undefined || (isAnybodys(row) && !anybody)) continue;
    const match = line.pattern.exec(start);
    if (match === null) continue;
    if (line.everyday === true && company === "alone" && !saysNoMore(start, match.index, match.index + match[0].length))
      continue;
    return errorOf(line, match.groups ?? {});
  }
  return null;
}

/** Whether one of the `rows` may count for a text, as in knownLineIn. */
export function mayBeKnown(text: string, rows: readonly number[], company: Company): boolean {
  if (rows.length === 0) return false;
  for (const row of rows) if (!isAnybodys(row)) return true;
  return mayBeAnybodys(text, company);
}

function isAnybodys(row: number): boolean {
  const line = KNOWN_LINES[row];
  return line?.anybody === true || line?.everyday === true;
}

function errorOf(line: KnownLine, groups: Readonly<Record<string, string | undefined>>): BrokerError {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(groups))
    if (value !== undefined && value !== "") values[name === "logged" ? "reason" : name] = value;
  const ids = Number(values.method_number);
  if (ids >= 0) values.method = methodOf(ids >>> 16, ids & 0xffff)?.name ?? "one that AMQP 0-9-1 does not have";
  if (line.problem === undefined) return { kind: "message", line: line.id, values };
  return {
    kind: "client-side",
    problem: line.problem,
    endOctet: endOctetOf(values),
    octets: line.problem === "cut-short" || line.problem === "order" ? [] : octetsOf(values),
    line: line.id,
    values,
  };
}

function endOctetOf({ end, endhex }: Readonly<Record<string, string>>): number | null {
  const octet = endhex === undefined ? Number(end ?? Number.NaN) : Number.parseInt(endhex, 16);
  return octet >= 0 && octet <= 255 ? octet : null;
}

/** The seven octets that were read as a header, as far as the text gives them; a version stands behind “AMQP”. */
function octetsOf({ type, channel, size, version }: Readonly<Record<string, string>>): MaybeOctet[] {
  if (version !== undefined) return [0x41, 0x4d, 0x51, 0x50, ...version.split(",").map(Number)];
  if (type === undefined && (size === undefined || channel !== undefined)) return [];
  const numbers = [type, channel, size].map(digits => (digits === undefined ? null : Number(digits)));
  const [first = null, second = null, third = null] = numbers;
  const fits = (first ?? 0) < 256 && (second ?? 0) < 65_536 && (third ?? 0) < 2 ** 32;
  return fits ? [...headerWindow(first, second, third)] : [];
}
