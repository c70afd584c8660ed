/** The rule registry and the kinds of violations as SARIF describes them: what a viewer shows beside a result. */
import { RULES, type RuleId } from "../../connection/rules.ts";
import type { Level, Policy, Violation } from "../check-result.ts";

const RULE_IDS = Object.keys(RULES) as RuleId[];

/** Results name their rule by id and by its place in the registry. */
export const RULE_INDEX: ReadonlyMap<string, number> = new Map(RULE_IDS.map((rule, index) => [rule, index]));

/** A reportingDescriptor for each rule, in the registry's order (SARIF 2.1.0, section 3.49). */
export function ruleDescriptors(): object[] {
  return RULE_IDS.map(id => {
    const { severity, spec, help } = RULES[id];
    const basis =
      spec === "" ? "Not a rule of the AMQP 0-9-1 specification." : `AMQP 0-9-1 specification, section ${spec}.`;
    const counts = `Counts as ${severity} unless the policy says otherwise.`;
    return {
      id,
      shortDescription: { text: help },
      fullDescription: { text: `${help} ${basis}` },
      help: {
        text: `${help}\n\n${basis} ${counts}`,
        markdown: `${help}\n\n- **Rests on:** ${basis}\n- **Level:** ${counts}\n- **More:** \`ghostframe inspect CAPTURE\``,
      },
      defaultConfiguration: { level: severity },
    };
  });
}

/** What the policy makes of rules otherwise than the registry. */
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
  "min-frames": "The captures have fewer frames than the policy asks for.",
  "no-capture": "There is no capture to check.",
};
const GONE = "baseline-entry-gone";
const OMITTED = "results-omitted";
const NOTIFICATIONS: Readonly<Record<string, string>> = {
  ...VIOLATIONS,
  [GONE]: "An entry of the baseline has no finding any more.",
  [OMITTED]: "There are more results than a run may have.",
};
const NOTIFICATION_IDS = Object.keys(NOTIFICATIONS);

export type NotificationId = Violation["kind"] | typeof GONE | typeof OMITTED;

export function notificationDescriptors(): object[] {
  return NOTIFICATION_IDS.map(id => ({ id, shortDescription: { text: NOTIFICATIONS[id] } }));
}

export function notificationReference(id: NotificationId): object {
  return { id, index: NOTIFICATION_IDS.indexOf(id) };
}
