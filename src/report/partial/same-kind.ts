/**
 * Ten thousand connections may be broken in the same way: only the first ones of each kind, by the fingerprint of their
 * findings, keep the explanation. The others keep their places.
 */
import type { Finding, LostMessage } from "../report.ts";
import { compareOrder, type PlaceInReport } from "./merge.ts";
import type { ConnectionPart, FindingPart } from "./partial-result.ts";

/** Findings of one kind that are reported in full, and those of all kinds together. */
const FULL_OF_KIND = 16;
const MAX_FULL = 512;

/**
 * The same connections, without octets and diagnoses of findings whose kind has enough others with them: the first ones
 * keep theirs, whatever the order and number of calls. `connections` are in the report's order.
 */
export function shortenRepeatedKinds(connections: readonly ConnectionPart[]): ConnectionPart[] {
  const ranks = new Map<string, number>();
  const full: { part: FindingPart; rank: number }[] = [];
  for (const { findings } of connections) {
    for (const part of findings) {
      if (!isLarge(part)) continue;
      const rank = ranks.get(part.group) ?? 0;
      ranks.set(part.group, rank + 1);
      full.push({ part, rank });
    }
  }
  // The first of each kind before the second of any: a stable sort.
  const candidates = full.filter(({ rank }) => rank < FULL_OF_KIND).sort((a, b) => a.rank - b.rank);
  if (candidates.length === full.length && full.length <= MAX_FULL) return [...connections];
  const kept = new Set(candidates.slice(0, MAX_FULL).map(({ part }) => part));
  const isKept = (part: FindingPart): boolean => !isLarge(part) || kept.has(part);
  return connections.map(connection =>
    connection.findings.every(isKept)
      ? connection
      : { ...connection, findings: connection.findings.map(part => (isKept(part) ? part : briefly(part))) },
  );
}

/** What is known of the kinds while connections come in any order: which are the first of their kind. */
export class KindsSeen {
  /** For each kind where its first findings are, in the report's order. */
  readonly #firsts = new Map<string, PlaceInReport[]>();

  /** The connection without octets and diagnoses of findings with enough of their kind before them in the report. */
  shortened(connection: ConnectionPart): ConnectionPart {
    const isKnown = connection.findings.map(part => isLarge(part) && this.#isKnown(part.group, connection));
    if (!isKnown.includes(true)) return connection;
    return { ...connection, findings: connection.findings.map((part, i) => (isKnown[i] ? briefly(part) : part)) };
  }

  #isKnown(kind: string, { recognised, first, key }: ConnectionPart): boolean {
    const place = { recognised, first, key };
    const firsts = this.#firsts.get(kind) ?? [];
    this.#firsts.set(kind, firsts);
    if (firsts.length === FULL_OF_KIND && compareOrder(firsts.at(-1)!, place) <= 0) return true;
    firsts.push(place);
    firsts.sort(compareOrder);
    if (firsts.length > FULL_OF_KIND) firsts.pop();
    return false;
  }
}

function isLarge({ finding }: FindingPart): boolean {
  return finding.octets.length > 0 || finding.diagnosis !== undefined;
}

function briefly(part: FindingPart): FindingPart {
  const { diagnosis: _, lost, ...finding } = part.finding;
  const counts = lost === undefined ? {} : { lostCount: lost.length, lostFates: byFate(lost) };
  return { ...part, brief: true, finding: { ...counts, ...finding, octets: [] } };
}

function byFate(lost: readonly LostMessage[]): NonNullable<Finding["lostFates"]> {
  const counts: NonNullable<Finding["lostFates"]> = {};
  for (const { fate } of lost) counts[fate] = (counts[fate] ?? 0) + 1;
  return counts;
}
