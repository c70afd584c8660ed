/**
 * Makes one result of parts. The result is the same for the same octets: independent of how the work was divided, of
 * the order in which parts are merged, and of whether some were merged before.
 *
 * The same connection may be in several parts: one of a first reading, and an explained one of a second. The explained
 * one counts, unless its reading failed.
 */
import { byCodeUnit } from "../../bytes/code-unit-order.ts";
import { addLeftAlone } from "./left-alone.ts";
import { mapPlaces } from "./map-places.ts";
import type {
  ConnectionPart,
  FileFacts,
  FindingPart,
  InputPart,
  PartialResult,
  TrafficCounts,
} from "./partial-result.ts";

export function merge(parts: readonly PartialResult[]): PartialResult {
  const inputs: InputPart[] = [];
  /** By part and its own index: the index in the merged inputs. */
  const places = new Map<InputPart, number>();
  const all = parts.flatMap(part => part.inputs).toSorted(compareInputs);
  for (const input of all) {
    const last = inputs.at(-1);
    if (last !== undefined && compareInputs(last, input) === 0) inputs[inputs.length - 1] = joinedInput(last, input);
    else inputs.push(input);
    places.set(input, inputs.length - 1);
  }
  const connections: ConnectionPart[] = [];
  const moved = parts.flatMap(part =>
    movedConnections(
      part,
      part.inputs.map(input => places.get(input)!),
    ),
  );
  for (const connection of moved.sort(compareIdentity)) {
    const last = connections.at(-1);
    if (last !== undefined && compareIdentity(last, connection) === 0) {
      connections[connections.length - 1] = joinedConnection(last, connection);
    } else connections.push(connection);
  }
  return { inputs, connections: connections.sort(compareOrder) };
}

/** The connections of a part, their places in the merged inputs. */
function movedConnections({ connections }: PartialResult, indices: readonly number[]): ConnectionPart[] {
  if (indices.every((index, i) => index === i)) return [...connections];
  return connections.map(each => mapPlaces(each, (input, packet) => ({ input: indices[input]!, packet })));
}

function compareInputs(a: InputPart, b: InputPart): number {
  return a.position - b.position || byCodeUnit(a.begin ?? "", b.begin ?? "") || byCodeUnit(a.path, b.path);
}

function compareIdentity(a: ConnectionPart, b: ConnectionPart): number {
  return a.first.input - b.first.input || byCodeUnit(a.key, b.key);
}

/** What decides where a connection stands in a report. */
export type PlaceInReport = Pick<ConnectionPart, "recognised" | "first" | "key">;

/** The order of connections in a report: as they turned out to be AMQP; several at once, as they begin. */
export function compareOrder(a: PlaceInReport, b: PlaceInReport): number {
  return (
    a.recognised.input - b.recognised.input ||
    a.recognised.packet - b.recognised.packet ||
    a.first.input - b.first.input ||
    (a.first.packet ?? 0) - (b.first.packet ?? 0) ||
    byCodeUnit(a.key, b.key)
  );
}

function joinedInput(a: InputPart, b: InputPart): InputPart {
  return { ...a, file: furtherRead(a.file, b.file), traffic: sum(a.traffic, b.traffic) };
}

function furtherRead(a: FileFacts, b: FileFacts): FileFacts {
  return (a.packets - b.packets || a.octets - b.octets || byContent(a, b)) >= 0 ? a : b;
}

function sum(a: TrafficCounts, b: TrafficCounts): TrafficCounts {
  const leftAlone = a.leftAlone.map(each => ({ ...each }));
  for (const each of b.leftAlone) addLeftAlone(leftAlone, each);
  return {
    excluded: a.excluded + b.excluded,
    leftAlone,
    resynchronisations: a.resynchronisations + b.resynchronisations,
    evictedConnections: a.evictedConnections + b.evictedConnections,
  };
}

function joinedConnection(a: ConnectionPart, b: ConnectionPart): ConnectionPart {
  const said = ({ counts, details, findings }: ConnectionPart) => [counts, details, findings];
  const rank = (part: ConnectionPart) => (failuresOf(part).length > 0 ? 0 : part.explained ? 2 : 1);
  const better = (rank(a) - rank(b) || byContent(said(a), said(b))) >= 0 ? a : b;
  const other = better === a ? b : a;
  // A reading did not find what it failed on; the failure is reported in any case.
  const failures = failuresOf(other).filter(({ finding }) =>
    failuresOf(better).every(known => known.finding.message !== finding.message),
  );
  const earlier =
    (a.recognised.input - b.recognised.input || a.recognised.packet - b.recognised.packet) <= 0
      ? a.recognised
      : b.recognised;
  const findings = failures.length === 0 ? better.findings : [...better.findings, ...failures];
  return { ...better, findings, recognised: earlier };
}

/** Errors of our own on a connection. */
function failuresOf({ findings }: ConnectionPart): FindingPart[] {
  return findings.filter(({ finding }) => finding.rule === "internal-error");
}

/** Two parts on the same thing should agree. If they do not, the result must not depend on their order. */
function byContent(a: object, b: object): number {
  return byCodeUnit(JSON.stringify(a), JSON.stringify(b));
}
