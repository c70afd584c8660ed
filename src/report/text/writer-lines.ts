/** The writers of an incident and what they wrote: identities, destinations, and the trace to look them up by. */

import { cut, printable } from "../../bytes/printable.ts";
import { FATES } from "../incidents/lost.ts";
import { fateWords } from "../incidents/sentence.ts";
import type { Diagnosis, Message, Writer } from "../report.ts";
import { type Page, row, unbroken } from "./page.ts";
import { channelList, counted, messageName, traceOf } from "./wording.ts";

const MAX_WRITERS = 8;
const MAX_GROUPS = 3;
const MAX_NAMES = 8;
const MAX_HEADERS = 6;
const VALUE_COLUMNS = 60;
const LABEL_COLUMNS = 10;
/** Headers that name the writer come before the others. */
const IDENTIFYING = /thread|process|pid|worker|host|task/i;

/** Messages of one writer that differ only in their name. */
interface Group {
  fate: Message["fate"];
  messages: Message[];
  facts: string[];
}

/** A few lines for each writer that is known by more than its lane. */
export function writerLines({ writers }: Diagnosis, page: Page): string[] {
  const notable = writers
    .map((writer, index) => ({ writer, index }))
    .filter(({ writer }) => writer.messages.length > 0);
  const shown = page.all ? notable : notable.slice(0, MAX_WRITERS);
  const lines = shown.flatMap(({ writer, index }) => writerOf(writer, index, page));
  const rest = notable.length - shown.length;
  if (rest > 0) lines.push(...page.labelled("", `and ${counted(rest, "more writer")}: --all lists them.`));
  return lines;
}

function writerOf(writer: Writer, index: number, page: Page): string[] {
  const label = cut(`${printable(writer.name, 8)} ${channelList(writer.channels)}`.trim(), LABEL_COLUMNS);
  const [first, ...others] = writer.messages.map(factsOf);
  const common = new Set(first!.filter(fact => others.every(facts => facts.includes(fact))));
  const groups = alike(writer.messages, common);
  const shown = page.all ? groups : groups.slice(0, MAX_GROUPS);
  const about = row(shorten([...common], page.all));
  const texts = [about, ...shown.flatMap(group => groupLines(group, page))].filter(text => text !== "");
  const rest = groups.slice(shown.length).reduce((sum, { messages }) => sum + messages.length, 0);
  if (rest > 0) texts.push(`and ${counted(rest, "more message")}: --all lists them.`);
  return texts.flatMap((text, at) => page.labelled(at === 0 ? label : "", text, undefined, page.writer(index)));
}

function alike(messages: readonly Message[], common: ReadonlySet<string>): Group[] {
  const groups = new Map<string, Group>();
  for (const message of messages) {
    const facts = factsOf(message).filter(fact => !common.has(fact));
    const key = JSON.stringify([message.fate, facts]);
    const group = groups.get(key);
    if (group) group.messages.push(message);
    else groups.set(key, { fate: message.fate, messages: [message], facts });
  }
  const order = [...FATES, "delivered"];
  return [...groups.values()].sort((a, b) => order.indexOf(a.fate) - order.indexOf(b.fate));
}

/** `torn t1-3 · …`, and under it the traces to look up: of torn messages, or of all. */
function groupLines({ fate, messages, facts }: Group, page: Page): string[] {
  const most = page.all ? messages.length : MAX_NAMES;
  const names = messages.slice(0, most).map(message => unbroken(messageName(message)));
  const rest = messages.length > most ? ` and ${messages.length - most} more` : "";
  const traced = fate === "torn" || page.all ? messages.slice(0, most) : [];
  return [
    row([`${fate === "delivered" ? fate : fateWords(fate)} ${names.join(", ")}${rest}`, ...shorten(facts, page.all)]),
    ...traced.flatMap(({ traceparent }) => {
      const trace = traceOf(traceparent);
      if (trace) return [row([`trace ${trace.traceId}`, `span ${trace.spanId}`])];
      return traceparent === undefined ? [] : [`traceparent ${printable(traceparent, VALUE_COLUMNS)}`];
    }),
  ];
}

/** `default exchange → tasks`, `app billing`, `thread worker-3`. */
function factsOf({ exchange, routingKey, appId, correlationId, messageId, headers }: Message): string[] {
  const from = exchange === "" ? "default exchange" : printable(exchange, VALUE_COLUMNS);
  const ordered = Object.entries(headers).sort(([a], [b]) => Number(IDENTIFYING.test(b)) - Number(IDENTIFYING.test(a)));
  return [
    `${from} → ${printable(routingKey, VALUE_COLUMNS)}`.trimEnd(),
    ...ordered.map(([name, value]) => `${printable(name, 30)} ${printable(value, VALUE_COLUMNS)}`),
    appId ? `app ${printable(appId, VALUE_COLUMNS)}` : "",
    correlationId && messageId ? `correlation ${printable(correlationId, VALUE_COLUMNS)}` : "",
  ].filter(fact => fact !== "");
}

function shorten(facts: readonly string[], all: boolean): string[] {
  if (all || facts.length <= MAX_HEADERS) return [...facts];
  return [...facts.slice(0, MAX_HEADERS), counted(facts.length - MAX_HEADERS, "more property")];
}
