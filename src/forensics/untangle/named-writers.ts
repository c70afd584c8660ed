/**
 * What content headers say of who wrote them. A writer writes one message after the other: while a frame of its is interrupted,
 * it begins no other message. A header field names writers if its values come again, and if those who cut frames
 * have other values than those whose frames they cut: both are learned from the stream.
 */
import { decodeProperties } from "../../amqp/payload.ts";
import { FRAME_END, FRAME_ENVELOPE, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD } from "../../amqp/spec/constants.ts";
import { long, longlong } from "../../bytes/big-endian.ts";
import { type Starts, WHOLE_START } from "./starts.ts";
import type { StepBudget } from "./step-budget.ts";

/** Content headers that are read, and fields of each. */
const MAX_HEADERS = 2048;
const MAX_FIELDS = 16;
/** Headers of which one says as much as to look at a reading costs. */
const HEADERS_A_STEP = 2;
/** A value must come so often, on the whole: else it names the message. */
const LEAST_OFTEN = 2;
/** A writer counts its messages: so many of those that follow each other must have the next number. */
const COUNTED = 0.8;
/** Cuts that are taken to have been seen by one who named itself before any was: how often the same one goes on behind its cut. */
const PRIOR_OF_COUNTERS = 0.1;
const PRIOR = 0.5;
/** What it may cost at most, in nats. */
const MOST = 8;

export const UNNAMED = -1;

/** A content header that was read. */
interface Header {
  readonly at: number;
  /** Index of its method's first octet; −1 where none stands before it. */
  readonly method: number;
  /** Index behind the last octet of the first body frame, if that is in one piece. */
  readonly bodyEnd: number;
  readonly fields: ReadonlyMap<string, string>;
}

export class NamedWriters {
  /** What it costs that a writer begins a message while a frame of its is interrupted; 0 where none is known by name. */
  readonly price: number = 0;
  readonly #names = new Map<number, number>();

  constructor(octets: Uint8Array, starts: Starts, maxBody: number, budget: StepBudget) {
    const headers = headersIn(octets, starts, maxBody);
    budget.steps -= headers.length / HEADERS_A_STEP;
    const pairs = cutBy(octets, headers);
    let best: string | null = null;
    for (const field of new Set(headers.flatMap(({ fields }) => [...fields.keys()]))) {
      const cost = priceOf(field, headers, pairs);
      if (cost <= this.price) continue;
      best = field;
      this.price = cost;
    }
    if (best === null) return;
    const values = new Map<string, number>();
    for (const { at, fields } of headers) {
      const value = fields.get(best);
      if (value === undefined) continue;
      const known = values.get(value) ?? values.size;
      values.set(value, known);
      this.#names.set(at, known);
    }
  }

  /** Who wrote the content header at an index: a number for each name; UNNAMED where nobody knows. */
  of(header: number): number {
    return this.#names.get(header) ?? UNNAMED;
  }
}

function headersIn(octets: Uint8Array, starts: Starts, maxBody: number): Header[] {
  const headers: Header[] = [];
  let methodEnd = -1;
  let method = -1;
  for (const [i, at] of starts.at.entries()) {
    if (starts.strength[i] !== WHOLE_START) continue;
    const size = long(octets, at + 3);
    if (octets[at] === FRAME_METHOD) {
      method = at;
      methodEnd = at + size + FRAME_ENVELOPE;
    }
    if (octets[at] !== FRAME_HEADER) continue;
    const fields = fieldsOf(decodeProperties(octets, at + FRAME_HEADER_SIZE, size));
    const body = Math.min(longlong(octets, at + FRAME_HEADER_SIZE + 4), maxBody);
    const bodyEnd = at + size + FRAME_ENVELOPE + body + FRAME_ENVELOPE;
    headers.push({ at, method: methodEnd === at ? method : -1, bodyEnd, fields });
    if (headers.length === MAX_HEADERS) break;
  }
  return headers;
}

/** The fields of a content header that may say who wrote it: ids without their number, the application, headers. */
function fieldsOf(values: ReturnType<typeof decodeProperties>): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of values) {
    if (fields.size >= MAX_FIELDS) break;
    if ((name === "message-id" || name === "correlation-id") && typeof value === "string") {
      const [, prefix, number] = /^(.*?)(\d+)$/.exec(value) ?? [];
      if (prefix === undefined || number === undefined) continue;
      fields.set(name, prefix);
      fields.set(`${name} number`, number);
    } else if ((name === "app-id" || name === "reply-to") && typeof value === "string") fields.set(name, value);
    else if (name === "headers" && value instanceof Map) {
      for (const [key, each] of value) {
        if (fields.size >= MAX_FIELDS) break;
        if (typeof each === "string" || typeof each === "number") fields.set(`header ${key}`, String(each));
      }
    }
  }
  return fields;
}

/** Pairs of headers: in the body of the first one, right behind it, a publish begins that no frame's end stands before. */
function cutBy(octets: Uint8Array, headers: readonly Header[]): [cut: Header, by: Header][] {
  return headers.slice(1).flatMap((by, i): [Header, Header][] => {
    const cut = headers[i]!;
    const isCut = by.method > cut.at && by.method < cut.bodyEnd && octets[by.method - 1] !== FRAME_END;
    return isCut ? [[cut, by]] : [];
  });
}

/** What it costs that one begins a message while its own frame is interrupted, if this field names writers. */
function priceOf(field: string, headers: readonly Header[], pairs: readonly [Header, Header][]): number {
  if (field.endsWith(" number")) return 0;
  const named = headers.filter(({ fields }) => fields.has(field));
  const values = new Set(named.map(({ fields }) => fields.get(field)));
  if (values.size < 2 || named.length < LEAST_OFTEN * values.size) return 0;
  let same = 0;
  let all = 0;
  for (const [{ fields: cut }, { fields: by }] of pairs) {
    if (!cut.has(field) || !by.has(field)) continue;
    all++;
    if (cut.get(field) === by.get(field)) same++;
  }
  const prior = counts(field, named) ? PRIOR_OF_COUNTERS : PRIOR;
  return Math.min(MOST, -Math.log((same + prior) / (all + 1)));
}

/** Whether each value of a field counts its messages, in the order of the stream. */
function counts(field: string, named: readonly Header[]): boolean {
  const last = new Map<string, number>();
  let next = 0;
  let all = 0;
  for (const { fields } of named) {
    const number = Number(fields.get(`${field} number`) ?? Number.NaN);
    const value = fields.get(field)!;
    const before = last.get(value);
    if (before !== undefined) {
      all++;
      if (number === before + 1) next++;
    }
    last.set(value, number);
  }
  return all > 1 && next >= COUNTED * all;
}
