/** Octets read as a piece of a field table, such as message headers: `name-length name type value`, entry by entry. */

import { isNameOctet } from "../bytes/octets.ts";
import { capital } from "../bytes/words.ts";
import { type HeaderWindow, hexOf, octetsFrom } from "./header-window.ts";
import { evidenceAt, labels, type Reading } from "./reading.ts";

/** Header names that libraries set by themselves: tracing, brokers, task queues, service buses. */
const KNOWN_NAMES = [
  "traceparent",
  "tracestate",
  "baggage",
  "uber-trace-id",
  "sentry-trace",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-sampled",
  "x-datadog-trace-id",
  "x-datadog-parent-id",
  "x-datadog-sampling-priority",
  "elastic-apm-traceparent",
  "newrelic",
  "x-death",
  "x-delay",
  "x-first-death-exchange",
  "x-first-death-queue",
  "x-first-death-reason",
  "x-retry-count",
  "x-request-id",
  "x-correlation-id",
  "content_type",
  "content-type",
  "__TypeId__",
  "MT-Activity-Id",
  "NServiceBus.MessageId",
  "argsrepr",
  "kwargsrepr",
  "expires",
  "root_id",
  "parent_id",
  "timelimit",
  "retries",
  "shadow",
  "origin",
];
const TRACING = /^(?:trace|baggage|uber-|sentry-|b3$|x-b3-|x-datadog|elastic-apm|newrelic)/;
/** Longer names cannot be distinguished from text: their length would be a printable character. */
const MAX_NAME = 31;

/** The best reading of the octets as part of a headers table, or none. */
export function tableReadings(window: HeaderWindow): Reading[] {
  const found: Reading[] = [];
  for (let at = 0; at < Math.min(window.length, 7); at++) {
    const entry = entryAt(window, at) ?? longStringAt(window, at);
    if (entry !== null) found.push(entry);
  }
  return found.sort((a, b) => b.score - a.score).slice(0, 1);
}

/** A name's length and the first octets of the name, with what stands before it. */
function entryAt(window: HeaderWindow, at: number): Reading | null {
  const length = window[at];
  if (length === null || length === undefined || length < 2 || length > MAX_NAME || length >= 0x20) return null;
  let end = at + 1;
  while (end < window.length && end <= at + length && isNameOctet(window[end] ?? 0)) end++;
  const shown = end - at - 1;
  // Cut by the end of the window, or complete; never cut by an octet that no name has.
  if (shown < 2 || (end < window.length && shown < length)) return null;
  const start = String.fromCharCode(...window.slice(at + 1, end).map(octet => octet!));
  const known = KNOWN_NAMES.filter(name => name.length === length && name.startsWith(start));
  const size = tableSizeBefore(window, at);
  if (size === null && known.length === 0 && shown < 4) return null;
  const name = known[0] ?? (shown === length ? start : "");
  const tableFrom = size === null ? at : at - 4;
  const quoted = name === "" ? `“${start}…”` : `“${name}”`;
  const guess =
    name === ""
      ? `${length} letters that begin with “${start}”`
      : shown === length
        ? `the name ${quoted}`
        : `the start of ${quoted}, which has ${length} letters`;
  const before =
    size === null
      ? ""
      : size.certain
        ? ` Before it stands ${hexOf(window, tableFrom, at)}, a table of ${size.octets} octets.`
        : ` The octet before it fits the end of the table's length (${size.octets} octets).`;
  const tracing = TRACING.test(name)
    ? " That a tracing header is hit tells little: it is in every message, and was only in the way."
    : "";
  return {
    kind: "headers-table",
    meaning: `the middle of a message's headers table${name === "" ? "" : `, at ${quoted}`}`,
    why: `${capital(octetsFrom(at, end))} are ${hexOf(window, at, end)}: a length of ${length}, then ${guess}.${before}${tracing}`,
    evidence: evidenceAt(window, at, end),
    score: Math.min(
      96,
      50 + 4 * shown + (known.length > 0 ? (shown >= 3 ? 26 : 16) : 0) + (size === null ? 0 : size.certain ? 26 : 8),
    ),
    boundary: null,
    octets: labels(
      window,
      [tableFrom, at, size === null ? "" : `headers table: ${size.octets} octets`],
      [at, at + 1, `length of the name ${quoted}`],
      [at + 1, end, `headers table: ${quoted}`],
    ),
  };
}

/** The four octets before a first entry are the table's length. */
function tableSizeBefore(window: HeaderWindow, at: number): { octets: number; certain: boolean } | null {
  const lowest = window[at - 1];
  if (lowest === null || lowest === undefined || at < 4) return null;
  const higher = window.slice(at - 4, at - 1);
  if (higher.every(octet => octet === null)) return { octets: lowest, certain: false };
  const known = higher.map(octet => octet ?? 0);
  if (known[0] !== 0 || known[1] !== 0) return null;
  return { octets: known[2]! * 256 + lowest, certain: !higher.includes(null) };
}

/** The type octet `S` and the length of a long string, with name or text around it. */
function longStringAt(window: HeaderWindow, at: number): Reading | null {
  if (window[at] !== 0x53) return null;
  const length = window.slice(at + 1, at + 5);
  if (length.length < 3 || length.slice(0, 3).some(octet => octet !== 0)) return null;
  const before = window.slice(0, at);
  if (before.some(octet => octet !== null && !isNameOctet(octet))) return null;
  const size = length[3] ?? null;
  const trace = size === 55 ? " 55 is the length of a traceparent." : "";
  const name = before.filter(octet => octet !== null).length;
  return {
    kind: "headers-table",
    meaning: "the middle of a message's headers table: the end of a name, and a text value",
    why: `Octet ${at} is 53 (“S”), a long string, and its length follows: ${hexOf(window, at + 1, at + 1 + length.length)}${size === null ? "" : `, ${size} octets`}.${trace}`,
    evidence: evidenceAt(window, at, at + 5),
    score: Math.min(92, 64 + 7 * name + (size === null ? 0 : 8)),
    boundary: null,
    octets: labels(
      window,
      [0, at, "headers table: end of a name"],
      [at, at + 1, "headers table: long string"],
      [at + 1, at + 1 + length.length, size === null ? "its length" : `headers table: ${size} octets of text`],
    ),
  };
}
