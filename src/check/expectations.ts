/** What the config expects of captures: that they are clean, or still show a known fault. */
import { printable } from "../bytes/printable.ts";
import type { RuleId, Severity } from "../connection/rules.ts";
import type { CheckedFinding, Violation } from "./check-result.ts";
import { globFolder, globMatcher } from "./glob.ts";
import { reaches } from "./policy.ts";

export interface Expectation {
  /** A glob over captures' paths, relative to the config's folder. */
  captures: string;
  /** They must be clean; null if the config does not require it. */
  clean: true | null;
  /** Each of these rules must have a finding. */
  findings: RuleId[];
}

/** All expectations of one capture together. */
export interface Expected {
  globs: string[];
  clean: boolean;
  rules: Set<RuleId>;
}

/** Expectations whose glob matches no capture of the call. */
export interface Unmatched {
  /** Their folder was checked, and holds no such capture. */
  violations: Violation[];
  /** The globs of the others. */
  elsewhere: string[];
}

/** Matches captures with expectations; globs are compiled once. */
export class ExpectationTable {
  readonly #rows: readonly { expectation: Expectation; matches: (path: string) => boolean }[];

  constructor(expectations: readonly Expectation[]) {
    this.#rows = expectations.map(expectation => ({ expectation, matches: globMatcher(expectation.captures) }));
  }

  of(place: string): Expected {
    const matching = this.#rows.filter(({ matches }) => matches(place)).map(({ expectation }) => expectation);
    return {
      globs: matching.map(({ captures }) => captures),
      clean: matching.some(({ clean }) => clean === true),
      rules: new Set(matching.flatMap(({ findings }) => findings)),
    };
  }

  /** @param folders folders that were checked as a whole, relative to the config's folder */
  unmatched(places: readonly string[], folders: readonly string[]): Unmatched {
    const idle = this.#rows
      .filter(({ matches }) => !places.some(matches))
      .map(({ expectation }) => expectation.captures);
    const isHere = (glob: string): boolean => folders.some(folder => liesIn(globFolder(glob), folder));
    return {
      violations: idle.filter(isHere).map(glob => {
        const message = `No capture matches ${printable(glob, GLOB_COLUMNS)}, an expectation of the config.`;
        return { kind: "expectation-unmatched", message };
      }),
      elsewhere: idle.filter(glob => !isHere(glob)),
    };
  }
}

/** Whether a folder lies in another one, or is the same; both are relative to the config's folder, which is "". */
function liesIn(folder: string, outer: string): boolean {
  const [inside, outside] = [segments(folder), segments(outer)];
  if (outside.names.length === 0 && inside.up < outside.up) return true;
  return inside.up === outside.up && outside.names.every((name, i) => inside.names[i] === name);
}

/** `../../captures`: two folders up, and then down by name. */
function segments(folder: string): { up: number; names: string[] } {
  const names = folder.split("/").filter(name => name !== "" && name !== ".");
  const up = names.findIndex(name => name !== "..");
  return up === -1 ? { up: names.length, names: [] } : { up, names: names.slice(up) };
}

/** Columns of a glob in a message. */
const GLOB_COLUMNS = 200;

/**
 * The expectations that a capture does not meet. A clean capture has AMQP frames. It may have notes that do not fail:
 * these concern the recording. An error or a warning makes it unclean, even if the policy lowers its level, unless its
 * rule is off. A finding that another expectation asks for does not make it unclean; one that a baseline accepts does.
 */
export function brokenExpectations(
  { clean, rules }: Expected,
  { findings, frames }: { findings: readonly CheckedFinding[]; frames: number },
  failOn: Severity,
): Violation[] {
  const violations: Violation[] = [];
  const least = reaches(failOn, "warning") ? "warning" : failOn;
  const dirt = findings.filter(
    ({ finding: { rule, severity }, level }) =>
      !rules.has(rule) && (reaches(level, least) || reaches(severity, "warning")),
  );
  if (clean && dirt.length > 0) {
    const what = dirt.length === 1 ? "1 finding" : `${dirt.length} findings`;
    const names = [...new Set(dirt.map(({ finding }) => finding.rule))].sort().join(", ");
    violations.push({
      kind: "expected-clean",
      message: `The capture is expected to be clean, but has ${what} (${names}).`,
    });
  }
  if (clean && frames === 0) {
    violations.push({ kind: "expected-clean", message: "The capture is expected to be clean, but has no AMQP frame." });
  }
  for (const rule of rules) {
    if (findings.some(({ finding }) => finding.rule === rule)) continue;
    violations.push({
      kind: "expected-finding",
      message: `The capture is expected to show ${rule}, but does not.`,
      rule,
    });
  }
  return violations;
}
