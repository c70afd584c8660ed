/** What the config expects of captures: that one is clean, or that one known to be bad still shows it. */
import type { RuleId, Severity } from "../connection/rules.ts";
import type { Violation } from "./check-result.ts";
import { globMatcher } from "./glob.ts";
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
}

/**
 * What a capture breaks of its expectations. A clean capture may have notes, as long as they do not fail: they speak of
 * the recording. What another expectation wants to be found does not make it unclean; what a baseline accepts does.
 */
export function brokenExpectations(
  { clean, rules }: Expected,
  found: readonly { rule: RuleId; level: Severity }[],
  failOn: Severity,
): Violation[] {
  const violations: Violation[] = [];
  const least = reaches(failOn, "warning") ? "warning" : failOn;
  const dirt = found.filter(({ rule, level }) => !rules.has(rule) && reaches(level, least));
  if (clean && dirt.length > 0) {
    const what = dirt.length === 1 ? "1 finding" : `${dirt.length} findings`;
    const names = [...new Set(dirt.map(({ rule }) => rule))].sort().join(", ");
    violations.push({ kind: "expected-clean", message: `Expected to be clean, it has ${what} (${names}).` });
  }
  for (const rule of rules) {
    if (found.some(each => each.rule === rule)) continue;
    violations.push({ kind: "expected-finding", message: `Expected to show ${rule}, it does not.`, rule });
  }
  return violations;
}
