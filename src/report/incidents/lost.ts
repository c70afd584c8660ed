/** Messages that incidents cost, by their fate: each is counted once, with the incident that cost it. */
import type { Connection, Finding, LostCounts, LostMessage } from "../report.ts";

export type Fate = LostMessage["fate"];

/** In the order in which they are shown. */
export const FATES: readonly Fate[] = ["torn", "swallowed", "unread", "refused", "unconfirmed"];

/** What one incident cost. */
export function lostBy(finding: Finding, connection: Connection | null): LostCounts {
  const counts: LostCounts = noneLost();
  const fates = finding.lost?.map(({ fate }) => fate) ?? explainedFates(finding);
  if (finding.lostFates === undefined) for (const fate of fates) counts[fate]++;
  for (const fate of FATES) counts[fate] += finding.lostFates?.[fate] ?? 0;
  counts.messages = Math.max(fates.length, finding.lostCount ?? 0);
  const gaps = connection === null ? 0 : connection.gaps.clientToServer;
  // Explained messages are those of the broken stretch: without a list the others are not known.
  counts.atLeast =
    (finding.lost === undefined && fates.length > 0) ||
    gaps > 0 ||
    connection?.unexplained === true ||
    (finding.diagnosis?.unexplained.length ?? 0) > 0;
  return counts;
}

/** If no list was made, the writers' messages have what is known. */
function explainedFates({ diagnosis }: Finding): Fate[] {
  const fates = (diagnosis?.writers ?? []).flatMap(({ messages }) => messages.map(({ fate }) => fate));
  return fates.filter(fate => fate !== "delivered");
}

export function noneLost(): LostCounts {
  return { messages: 0, torn: 0, swallowed: 0, unread: 0, refused: 0, unconfirmed: 0, atLeast: false };
}

export function addLost(sum: LostCounts, other: LostCounts): void {
  sum.messages += other.messages;
  for (const fate of FATES) sum[fate] += other[fate];
  sum.atLeast ||= other.atLeast;
}
