import { IncidentCounts } from "../../src/explain/incident-counts.ts";

/** What is read from a text, given as a file or a pipe would give it. */
export function tallied(text: string): IncidentCounts {
  const counts = new IncidentCounts();
  for (const line of text.split("\n")) counts.line(line);
  counts.end();
  return counts;
}
