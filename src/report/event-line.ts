/**
 * An event as a line of JSON that log shippers accept whole: at most MAX_LINE octets. Long parts are shortened step by
 * step until it fits, and `shortened` is set.
 */
import { jsonLine } from "./json.ts";
import type { LiveEvent } from "./live-event.ts";

/** Octets, the line feed included. */
export const MAX_LINE = 4096;

/** Most elements of a list, keys of client properties, and characters of a text, step by step. */
const STEPS = [
  { items: 16, characters: 800 },
  { items: 4, characters: 300 },
  { items: 1, characters: 150 },
  { items: 1, characters: 60 },
] as const;

/** `octets`: with the table of octets at each fault, at any length. */
export function eventLine(event: LiveEvent, octets: boolean): string {
  if (octets) return `${jsonLine(event)}\n`;
  const whole = event.event === "finding" ? { ...event, finding: { ...event.finding, octets: [] } } : event;
  let line = `${jsonLine(whole)}\n`;
  for (const { items, characters } of STEPS) {
    if (fits(line)) return line;
    const short = shortened(whole, items, characters) as LiveEvent;
    line = `${jsonLine({ ...short, shortened: true })}\n`;
  }
  return fits(line) ? line : `${jsonLine({ ...withoutDetails(whole), shortened: true })}\n`;
}

function fits(line: string): boolean {
  // One character becomes at most three octets.
  return line.length * 3 <= MAX_LINE || new TextEncoder().encode(line).length <= MAX_LINE;
}

function shortened(value: unknown, items: number, characters: number): unknown {
  if (typeof value === "string") return cut(value, characters);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    // A span is two numbers, and packets are the first and the last.
    const most = value.every(each => typeof each === "number") ? 2 : items;
    return value.slice(0, most).map(each => shortened(each, items, characters));
  }
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => {
    if (key === "clientProperties") return [key, shortened(someProperties(each as object, items), items, characters)];
    return [key, shortened(each, items, characters)];
  });
  return Object.fromEntries(entries);
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).replace(FIRST_HALF, "")}…`;
}

/** The first half of a character of two code units that was cut between them. */
const FIRST_HALF = /[\ud800-\udbff]$/;

/** Properties that identify the client come first. */
function someProperties(properties: object, count: number): Record<string, unknown> {
  const known = Object.entries(properties);
  const rank = ([name]: [string, unknown]): number => (IDENTITY.includes(name) ? IDENTITY.indexOf(name) : 99);
  return Object.fromEntries(known.toSorted((a, b) => rank(a) - rank(b)).slice(0, Math.max(count, 1)));
}

const IDENTITY = ["connection_name", "product", "version", "platform"];

/** Facts and one sentence: who, what, where. */
function withoutDetails(event: LiveEvent): object {
  const short = shortened(event, 1, 60) as LiveEvent;
  if (short.event === "proxy" || short.event === "repeated" || short.event === "limited") return short;
  const connection = { ...short.connection, clientProperties: {}, verdict: { predicted: null, observed: null } };
  if (short.event !== "finding") return { ...short, connection };
  const { diagnosis: _, lost: __, ...finding } = short.finding;
  return { ...short, connection, finding };
}
