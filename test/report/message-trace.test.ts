/**
 * `messages --format perfetto` by the rules of the Trace Event format ("Trace Event Format", Chromium's document on it): what
 * every event has, that events of a thread nest, that asynchronous ones end once, and that arrows lead from a slice to a slice.
 */
import { expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { MessageTrace } from "../../src/report/message-trace.ts";
import { FIXTURES } from "../support/golden.ts";

interface TraceEvent {
  ph: string;
  name: string;
  cat?: string;
  pid: number;
  tid?: number;
  ts?: number;
  dur?: number;
  id?: string;
  bp?: string;
  args?: { name?: string };
}

function eventsOf(records: readonly MessageRecord[]): TraceEvent[] {
  const trace = new MessageTrace();
  const text = trace.begin + records.map(record => trace.event(record)).join("") + trace.end;
  return (JSON.parse(text) as { traceEvents: TraceEvent[] }).traceEvents;
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
const idOf = ({ cat, id }: TraceEvent): string => `${cat} ${id}`;
/** Slices of its thread that go on at that moment. */
const around = (events: readonly TraceEvent[], of: TraceEvent): TraceEvent[] =>
  events.filter(
    ({ ph, ts = 0, dur = 0, ...place }) =>
      ph === "X" && place.pid === of.pid && place.tid === of.tid && ts <= of.ts! && of.ts! <= ts + dur,
  );

/** Everything about the events that breaks a rule. */
function broken(events: readonly TraceEvent[]): string[] {
  const problems: string[] = [];
  const fault = (what: string, event: TraceEvent): void => void problems.push(`${what}: ${JSON.stringify(event)}`);
  for (const event of events) {
    const { ph, ts, dur, pid, tid } = event;
    if (!"XsfbeM".includes(ph) || ph.length !== 1) fault("unknown phase", event);
    if (!Number.isSafeInteger(pid) || (ph !== "M" && !Number.isSafeInteger(tid))) fault("no process or thread", event);
    if (ph === "M") {
      if (typeof event.args?.name !== "string") fault("names nothing", event);
    } else if (!Number.isFinite(ts) || event.cat === undefined || event.name === "")
      fault("no time, kind or name", event);
    if (ph === "X" && !(dur! >= 0)) fault("no duration", event);
    if ("sfbe".includes(ph) && typeof event.id !== "string") fault("no id", event);
    if ((ph === "s" || ph === "f") && around(events, event).length === 0) fault("an arrow of no slice", event);
    if (ph === "f" && event.bp !== "e") fault("an arrow to what comes next", event);
  }
  const named = new Set(events.filter(({ name }) => name === "thread_name").map(threadOf));
  for (const event of events) if (event.ph !== "M" && !named.has(threadOf(event))) fault("on no named thread", event);
  return [...problems, ...overlapping(events), ...unpaired(events)];
}

/** Slices of a thread nest: one that begins within another one ends within it. */
function overlapping(events: readonly TraceEvent[]): string[] {
  const slices = events.filter(({ ph }) => ph === "X").sort((a, b) => a.ts! - b.ts! || b.dur! - a.dur!);
  const open = new Map<string, number[]>();
  return slices.flatMap(slice => {
    const ends = (open.get(threadOf(slice)) ?? []).filter(end => end > slice.ts!);
    const end = slice.ts! + slice.dur!;
    open.set(threadOf(slice), [...ends, end]);
    return ends.some(each => each < end) ? [`overlaps: ${JSON.stringify(slice)}`] : [];
  });
}

function unpaired(events: readonly TraceEvent[]): string[] {
  const of = (phase: string, id: string): TraceEvent[] => events.filter(each => each.ph === phase && idOf(each) === id);
  return [...new Set(events.filter(({ id }) => id !== undefined).map(idOf))].flatMap(id => {
    const [begins, ends, starts, finishes] = ["b", "e", "s", "f"].map(phase => of(phase, id));
    const problems: string[] = [];
    if (begins!.length !== ends!.length || begins!.length > 1) problems.push(`${id} does not begin and end once`);
    if (begins!.some((begin, i) => ends![i]!.ts! < begin.ts! || ends![i]!.name !== begin.name))
      problems.push(`${id} ends badly`);
    if (starts!.length > 1 || (finishes!.length > 0 && starts!.length === 0)) problems.push(`${id} leads from nowhere`);
    if (finishes!.some(({ ts }) => ts! < starts![0]!.ts!)) problems.push(`${id} leads back in time`);
    return problems;
  });
}

it("keeps to the format's rules", async () => {
  const records: MessageRecord[] = [];
  await inspect([`${FIXTURES}clean/returns-and-nacks.pcap.gz`], { onMessage: record => records.push(record) });
  const events = eventsOf(records);
  expect(broken(events)).toEqual([]);
  const count = (phase: string): number => events.filter(({ ph }) => ph === phase).length;
  expect(count("X")).toBe(records.length);
  expect(count("s")).toBe(records.filter(({ operation }) => operation === "publish").length);
  expect(count("f")).toBe(records.filter(({ publish }) => publish !== undefined).length);
  expect(count("f")).toBeGreaterThan(20);
  expect(count("b")).toBe(records.filter(({ latency }) => latency !== undefined).length);
});

it("keeps marks apart that are nanoseconds apart", () => {
  const records = Array.from({ length: 40 }, (_, i) => ({
    operation: "publish",
    time: `2026-11-30T18:00:00.${String(999_000_000 + i * 130).padStart(9, "0")}Z`,
    connection: "c1",
    channel: 1,
    exchange: "",
    routingKey: "jobs",
    outcome: "confirmed",
    latency: 1e-9,
    streamOffset: i,
  }));
  expect(broken(eventsOf(records as unknown as MessageRecord[]))).toEqual([]);
});
