/** What the config expects of captures: that one is clean, or that one known to be bad still shows it. */
import { printable } from "../bytes/printable.ts";
import type { RuleId, Severity } from "../connection/rules.ts";
import type { CheckedFinding, Violation } from "./check-result.ts";
import { globFolder, globMatcher } from "./glob.ts";
import { reaches } from "./policy.ts";

export interface Expectation {
  /** A glob over captures' paths, relative to the config's folder. */
  captures: string;
  /** Nothing may be found in them; null where the config does not say so. */
  clean: true | null;
  /** Rules of which a finding must be there. */
  findings: RuleId[];
}

/** What all expectations say of one capture. */
export interface Expected {
  globs: string[];
  clean: boolean;
  rules: Set<RuleId>;
}

/** Expectations whose glob matches no capture of the call. */
export interface Unmatched {
  /** Of those that are about what was looked through: captures that were to be there are not. */
  violations: Violation[];
  /** The globs of the others. */
  elsewhere: string[];
}

/** Matches captures with expectations; globs are read once. */
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

  /** @param folders what was looked through as a whole, relative to the config's folder */
  unmatched(places: readonly string[], folders: readonly string[]): Unmatched {
    const idle = this.#rows
      .filter(({ matches }) => !places.some(matches))
      .map(({ expectation }) => expectation.captures);
    const isHere = (glob: string): boolean => folders.some(folder => liesIn(globFolder(glob), folder));
    return {
      violations: idle.filter(isHere).map(glob => {
        const message = `No capture matches ${printable(glob, GLOB_COLUMNS)}, of which the config expects something.`;
        return { kind: "expectation-unmatched", message };
      }),
      elsewhere: idle.filter(glob => !isHere(glob)),
    };
  }
}

/** Whether a folder lies in another one, or is the same; both are relative to the config's, where "" is. */
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
 * What a capture breaks of its expectations. A clean capture has AMQP frames in it. It may have notes, as long as they do
 * not fail: they speak of the recording. An error or a warning makes it unclean even where the policy makes less of it,
 * unless its rule is off. What another expectation wants to be found does not make it unclean; what a baseline accepts
 * does.
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
    violations.push({ kind: "expected-clean", message: `Expected to be clean, it has ${what} (${names}).` });
  }
  if (clean && frames === 0) {
    violations.push({ kind: "expected-clean", message: "Expected to be clean, it has no AMQP frame in it." });
  }
  for (const rule of rules) {
    if (findings.some(({ finding }) => finding.rule === rule)) continue;
    violations.push({ kind: "expected-finding", message: `Expected to show ${rule}, it does not.`, rule });
  }
  return violations;
}
