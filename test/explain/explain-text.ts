import { IncidentTally } from "../../src/explain/incident-tally.ts";

/** What is read from a text, given as a file or a pipe would give it. */
export function tallied(text: string): IncidentTally {
  const tally = new IncidentTally();
  for (const line of text.split("\n")) tally.line(line);
  tally.end();
  return tally;
}
