/** The writers of broken connections by a report: which stretches of the client's stream belong to which writer. */
import { plural } from "../bytes/words.ts";
import type { Connection, Diagnosis, Finding, Report, Span, TornFrame } from "../report/report.ts";
import { endpoint } from "../report/text/wording.ts";

/** What one writer wrote within one incident. */
export interface PlannedWriter {
  /** "writer A of f1 in c1". */
  readonly name: string;
  readonly spans: readonly Span[];
  /** Torn frames that were put together, by the offset where they begin: how. */
  readonly torn: ReadonlyMap<number, string>;
}

/** A connection that is written again. */
export interface PlannedConnection {
  readonly id: string;
  readonly client: Connection["client"];
  readonly server: Connection["server"];
  readonly writers: readonly PlannedWriter[];
  /** Stretches of the client's stream that belong to writers, or that nothing explains: in order, none overlap. */
  readonly cutOut: readonly Span[];
}

/** The connections in which frames of several writers were separated, by `planKey`. */
export function repairPlan({ connections, findings }: Report): Map<string, PlannedConnection> {
  const plan = new Map<string, PlannedConnection>();
  for (const connection of connections) {
    const own = findings.filter(finding => isBreak(finding, connection));
    const writers = own.flatMap(finding => writersOf(finding, connection));
    if (writers.length === 0) continue;
    const { id, client, server, start } = connection;
    const broken = own.map(({ streamOffset, length }): Span => [streamOffset ?? 0, length ?? 0]);
    const cutOut = united([...broken, ...writers.flatMap(({ spans }) => spans)]);
    plan.set(planKey(endpoint(client), endpoint(server), start), { id, client, server, writers, cutOut });
  }
  return plan;
}

/** The same for a connection in every reading. */
export function planKey(client: string, server: string, start: string): string {
  return `${client} ${server} ${start}`;
}

function isBreak({ connection, severity, direction, diagnosis }: Finding, { id }: Connection): boolean {
  return connection === id && severity === "error" && direction === "client-to-server" && diagnosis !== undefined;
}

function writersOf({ id, diagnosis }: Finding, connection: Connection): PlannedWriter[] {
  if (diagnosis === undefined) return [];
  return diagnosis.writers.map(({ name, spans, messages }) => ({
    name: `writer ${name} of ${id} in ${connection.id}`,
    // A message's first frames may stand in front of the incident.
    spans: united([...spans, ...messages.flatMap(message => message.spans)]),
    torn: new Map(
      diagnosis.torn
        .filter(({ writer, complete }) => writer === name && complete)
        .map(frame => [frame.spans[0]![0], madeFrom(frame, diagnosis)]),
    ),
  }));
}

function madeFrom({ spans, packets }: TornFrame, { confidence }: Diagnosis): string {
  const pieces = spans.map(
    ([offset, octets], i) => `${plural(octets, "octet")} at ${offset} (packet ${packets[i]?.[0]})`,
  );
  return `put together from ${pieces.join(", ")}; confidence ${confidence}`;
}

/** Spans in order; those that touch or overlap become one. */
function united(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const [offset, octets] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && last[0] + last[1] >= offset) last[1] = Math.max(last[1], offset + octets - last[0]);
    else result.push([offset, octets]);
  }
  return result;
}
