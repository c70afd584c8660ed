/** What makes a check fail: the lowest level of findings, and the limits of a capture. */
import { RULES, type RuleId, type Severity } from "../connection/rules.ts";
import type { Level, Limits, Policy } from "./check-result.ts";

/** From the lowest to the highest. */
export const SEVERITIES = ["note", "warning", "error"] as const satisfies readonly Severity[];
export const LEVELS = ["error", "warning", "note", "off"] as const satisfies readonly Level[];
/** In the registry's order. */
export const RULE_IDS = Object.keys(RULES) as RuleId[];

/** As `inspect` does: errors and warnings fail, notes do not. */
export const DEFAULT_FAIL_ON: Severity = "warning";
export const DEFAULT_LIMITS: Readonly<Limits> = { maxGaps: null, minFrames: 1, maxUnread: 0 };

/** The parts of a policy that are set. */
export interface PolicyWishes {
  failOn?: Severity;
  rules?: Partial<Record<RuleId, Level>>;
  limits?: Partial<Limits>;
}

/** One policy of several parts; later parts win: first the config's, then the command line's. */
export function policyOf(...wishes: readonly PolicyWishes[]): Policy {
  const levels: Partial<Record<RuleId, Level>> = Object.assign({}, ...wishes.map(({ rules }) => rules));
  const policy: Policy = { failOn: DEFAULT_FAIL_ON, rules: {}, limits: { ...DEFAULT_LIMITS } };
  for (const { failOn, limits } of wishes) {
    policy.failOn = failOn ?? policy.failOn;
    Object.assign(policy.limits, limits);
  }
  // In the registry's order: so equal policies are written equally.
  for (const rule of RULE_IDS) {
    const level = levels[rule];
    if (level !== undefined) policy.rules[rule] = level;
  }
  return policy;
}

/** The level of a finding; null if its rule is off. */
export function levelOf(rule: RuleId, severity: Severity, { rules }: Policy): Severity | null {
  const level = rules[rule] ?? severity;
  return level === "off" ? null : level;
}

/** Whether `level` is `least` or higher. */
export function reaches(level: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(level) >= SEVERITIES.indexOf(least);
}
