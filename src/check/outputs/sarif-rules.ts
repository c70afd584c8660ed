/** The rule registry and the kinds of violations as SARIF describes them: a viewer shows them beside a result. */
import { RULES } from "../../connection/rules.ts";
import { RULE_PAGES, ruleFile } from "../../report/rule-pages.ts";
import type { Level, Policy, Violation } from "../check-result.ts";
import { RULE_IDS } from "../policy.ts";

/**
 * A reportingDescriptor for each rule, in the registry's order (SARIF 2.1.0, section 3.49), and behind these one for each
 * kind of violation.
 */
export function ruleDescriptors(): object[] {
  const rules = RULE_IDS.map(id => {
    const { severity, spec, help } = RULES[id];
    const { reason, todo } = RULE_PAGES[id];
    const basis =
      spec === "" ? "Not a rule of the AMQP 0-9-1 specification." : `AMQP 0-9-1 specification, section ${spec}.`;
    const counts = `Counts as ${severity} unless the policy says otherwise.`;
    return {
      id,
      shortDescription: { text: help },
      fullDescription: { text: `${help} ${basis}` },
      help: {
        text: `${help}\n\nWhy: ${plain(reason)}\n\nDo: ${plain(todo)}\n\n${basis} ${counts}`,
        markdown: `${help}\n\n- **Why:** ${reason}\n- **Do:** ${todo}\n- **Rests on:** ${basis}\n- **Level:** ${counts}\n- **More:** ${ruleFile(id)} in the package of ghostframe`,
      },
      defaultConfiguration: { level: severity },
    };
  });
  const violations = Object.entries(VIOLATIONS).map(([id, text]) => ({
    id,
    shortDescription: { text },
    fullDescription: { text },
    help: { text: `${text} It fails whatever the levels are.` },
    defaultConfiguration: { level: "error" },
  }));
  return [...rules, ...violations];
}

/** Without the marks of code. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** Where the policy differs from the registry's rules. */
export function ruleOverrides({ rules }: Policy): object[] {
  return RULE_IDS.flatMap((id, index) => {
    const level: Level | undefined = rules[id];
    if (level === undefined) return [];
    return [{ descriptor: { id, index }, configuration: level === "off" ? { enabled: false } : { level } }];
  });
}

const VIOLATIONS: Readonly<Record<Violation["kind"], string>> = {
  unreadable: "A capture could not be read, or not to its end.",
  "expected-clean": "A capture that is expected to be clean is not.",
  "expected-finding": "A finding that is expected is not there.",
  "max-gaps": "A capture has more gaps than the policy allows.",
  "expectation-unmatched": "The configuration expects something of captures that are not there.",
  "max-unread": "Packets or connections that may hold AMQP were not read, more than the policy allows.",
  "min-frames": "There are fewer frames than the policy asks for.",
  "no-capture": "There is no capture to check.",
};
/** Results name their rule by id and by its place among the descriptors. */
const RULE_INDEX: ReadonlyMap<string, number> = new Map(
  [...RULE_IDS, ...Object.keys(VIOLATIONS)].map((id, index) => [id, index]),
);

/** A rule that the registry does not have is named without a place in it. */
export function indexOf(key: "index" | "ruleIndex", rule: string): object {
  const index = RULE_INDEX.get(rule);
  return index === undefined ? {} : { [key]: index };
}

const GONE = "baseline-entry-gone";
const NOT_CHECKED = "baseline-entries-not-checked";
const ELSEWHERE = "expectation-elsewhere";
const OMITTED = "results-omitted";
const NOTIFICATIONS: Readonly<Record<string, string>> = {
  ...VIOLATIONS,
  [GONE]: "An entry of the baseline has no finding any more.",
  [NOT_CHECKED]: "Entries of the baseline are of captures that were not checked.",
  [ELSEWHERE]: "An expectation of the configuration concerns no capture of the call.",
  [OMITTED]: "There are more results than a run may have.",
};
const NOTIFICATION_IDS = Object.keys(NOTIFICATIONS);

export type NotificationId = Violation["kind"] | typeof GONE | typeof NOT_CHECKED | typeof ELSEWHERE | typeof OMITTED;

export function notificationDescriptors(): object[] {
  return NOTIFICATION_IDS.map(id => ({ id, shortDescription: { text: NOTIFICATIONS[id] } }));
}

export function notificationReference(id: NotificationId): object {
  return { id, index: NOTIFICATION_IDS.indexOf(id) };
}
