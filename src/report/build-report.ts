/** Makes the report of a result: the order of time and place, and the ids that follow from it. */
import { VERSION } from "../version.ts";
import { withIncidents } from "./incidents/with-incidents.ts";
import { findingOf } from "./partial/finding-part.ts";
import { inputNotes } from "./partial/input-notes.ts";
import { mapPlaces } from "./partial/map-places.ts";
import { merge } from "./partial/merge.ts";
import type { ConnectionPart, FindingPart, InputPart, PartialResult } from "./partial/partial-result.ts";
import { shortenRepeatedKinds } from "./partial/same-kind.ts";
import { unreadFindings, unreadOf } from "./partial/unread.ts";
import { type Connection, type Finding, type Input, REPORT_SCHEMA, type Report } from "./report.ts";

/** A finding, its connection in the report, and the findings beside it. */
interface Reported {
  part: FindingPart;
  connection: string | null;
  /** The findings of the same connection, or file. */
  among: readonly FindingPart[];
}

export function buildReport(result: PartialResult): Report {
  const { inputs, connections: all } = merge([result]);
  const connections = shortenRepeatedKinds(all);
  const reported = [
    ...inputs.flatMap(fileFindings),
    ...connections.flatMap(({ findings }, i) =>
      findings.map((part): Reported => ({ part, connection: `c${i + 1}`, among: findings })),
    ),
  ];
  const findings = numbered(reported);
  const count = (severity: Finding["severity"]) => findings.filter(each => each.severity === severity).length;
  const masked = connections.reduce((sum, part) => sum + (part.masked ?? 0), 0);
  return withIncidents({
    schema: REPORT_SCHEMA,
    tool: { name: "ghostframe", version: VERSION },
    inputs: inputs.map(inputOf),
    connections: connections.map(connectionOf),
    findings,
    summary: {
      errors: count("error"),
      warnings: count("warning"),
      notes: count("note"),
      ...(masked === 0 ? {} : { masked }),
    },
  });
}

function fileFindings(input: InputPart, index: number): Reported[] {
  const { file } = input;
  return [...file.findings, ...unreadFindings(input)].map((part): Reported => {
    const here = mapPlaces(part, (_, packet) => ({ input: index, packet }));
    return { part: here, connection: null, among: file.findings };
  });
}

function inputOf(input: InputPart): Input {
  const { path, file } = input;
  const { format, packets, octets, error } = file;
  const unread = unreadOf(input);
  return {
    path,
    format,
    packets,
    octets,
    notes: inputNotes(input),
    ...(unread.length === 0 ? {} : { unread }),
    ...(error === null ? {} : { error }),
  };
}

const NOWHERE = { address: "", port: 0 };

function connectionOf({ first, counts, details, unexplained }: ConnectionPart, index: number): Connection {
  const { start, end, ended, midStream, frames, channels, octets, gaps, tls, tunnels, preludes, injectedReset } =
    counts;
  const { client, server, clientProperties, user, virtualHost, negotiated, verdict, broker } = details ?? {
    client: NOWHERE,
    server: NOWHERE,
    clientProperties: {},
    negotiated: null,
    verdict: { predicted: null, observed: null },
    broker: undefined,
  };
  return {
    id: `c${index + 1}`,
    input: first.input,
    client,
    server,
    ...(tunnels === undefined ? {} : { tunnels }),
    ...(preludes === undefined ? {} : { preludes }),
    start,
    end,
    ended,
    ...(injectedReset === undefined ? {} : { injectedReset }),
    midStream,
    clientProperties,
    ...(user === undefined ? {} : { user }),
    ...(virtualHost === undefined ? {} : { virtualHost }),
    negotiated,
    frames,
    ...(channels === undefined ? {} : { channels }),
    octets,
    gaps,
    verdict,
    ...(broker === undefined ? {} : { broker }),
    ...(tls === undefined ? {} : { tls }),
    ...(unexplained === undefined ? {} : { unexplained }),
  };
}

/** Puts findings in the order of the captures, and numbers them. */
function numbered(reported: readonly Reported[]): Finding[] {
  const order = reported.toSorted(
    ({ part: a }, { part: b }) => inputIn(a) - inputIn(b) || packetIn(a) - packetIn(b) || 0,
  );
  const ids = new Map(order.map(({ part }, i) => [part, `f${i + 1}`]));
  /** By kind: the first one with all details. */
  const first = new Map<string, FindingPart>();
  for (const { part } of order) if (part.brief !== true && !first.has(part.group)) first.set(part.group, part);
  return order.map(({ part, connection, among }) => {
    const cause = part.cause === null ? undefined : among.find(({ identity }) => identity === part.cause);
    const same = part.brief === true ? first.get(part.group) : undefined;
    return findingOf(part, {
      id: ids.get(part)!,
      connection,
      cause: cause && ids.get(cause),
      sameAs: same && ids.get(same),
    });
  });
}

function inputIn({ at }: FindingPart): number {
  return at.from.input;
}

/** A comment on a whole connection comes behind what it comments on. */
function packetIn({ at, finding }: FindingPart): number {
  return finding.rule === "verdict-mismatch" ? Number.POSITIVE_INFINITY : (at.from.packet ?? 0);
}
