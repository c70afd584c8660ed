/** Finds the known line that a text holds. */
import type { BrokerError } from "../error-report.ts";
import { headerWindow, type MaybeOctet } from "../header-window.ts";
import { KNOWN_LINES } from "./catalogue.ts";
import type { KnownLine } from "./known-line.ts";

/** What a text must hold to speak of AMQP. */
const ABOUT_AMQP =
  /amqp|rabbit|:567[12]\b|\bport[ =:]{1,3}567[12]\b|\bpika\b|bunny|kombu|celery|lapin|lmq\.|AMQ::|streadway|\bconnection <\d|inet_error|socket_closed_unexpectedly|tls_alert|handshake_timeout|Channel error on connection|spring-rabbit|stomp|hutch|sneakers|masstransit|nservicebus|easynetq|federation|shovel/i;
/** Characters of a text that are looked at: an error says what it has to say at its beginning. */
const MAX_CHARACTERS = 8192;

/**
 * The error of the first of the `rows` that matches; null where none does. `anybody`: rows that match the texts of other
 * programs as well count, though the text does not speak of AMQP. Numbers that are no row of the known lines are ignored.
 */
export function knownLineIn(text: string, rows: readonly number[], anybody: boolean): BrokerError | null {
  const start = text.slice(0, MAX_CHARACTERS);
  const amqp = anybody || speaksOfAmqp(start);
  for (const row of rows) {
    const line = KNOWN_LINES[row];
    if (line === undefined || (line.anybody === true && !amqp)) continue;
    const match = line.pattern.exec(start);
    if (match !== null) return errorOf(line, match.groups ?? {});
  }
  return null;
}

/** Whether one of the `rows` may count for a text, as above. */
export function mayBeKnown(text: string, rows: readonly number[], anybody: boolean): boolean {
  if (rows.length === 0) return false;
  if (anybody) return true;
  for (const row of rows) if (KNOWN_LINES[row]?.anybody !== true) return true;
  return speaksOfAmqp(text);
}

export function speaksOfAmqp(text: string): boolean {
  return ABOUT_AMQP.test(text.slice(0, MAX_CHARACTERS));
}

function errorOf(line: KnownLine, groups: Readonly<Record<string, string | undefined>>): BrokerError {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(groups))
    if (value !== undefined && value !== "") values[name === "logged" ? "reason" : name] = value;
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

/** The seven octets that were read as a header, as far as the text tells them; a version stands behind “AMQP”. */
function octetsOf({ type, channel, size, version }: Readonly<Record<string, string>>): MaybeOctet[] {
  if (version !== undefined) return [0x41, 0x4d, 0x51, 0x50, ...version.split(",").map(Number)];
  if (type === undefined && (size === undefined || channel !== undefined)) return [];
  const numbers = [type, channel, size].map(digits => (digits === undefined ? null : Number(digits)));
  const [first = null, second = null, third = null] = numbers;
  const fits = (first ?? 0) < 256 && (second ?? 0) < 65_536 && (third ?? 0) < 2 ** 32;
  return fits ? [...headerWindow(first, second, third)] : [];
}
