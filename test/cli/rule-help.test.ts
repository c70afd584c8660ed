/** `ghostframe explain RULE` tells what docs/rules.md does. */
import { expect, it } from "vitest";
import { RULE_IDS } from "../../src/check/policy.ts";
import { ruleHelp } from "../../src/cli/rule-help.ts";
import { RULES } from "../../src/connection/rules.ts";
import { RULE_PAGES } from "../../src/report/rule-pages.ts";

it.each(RULE_IDS)("%s", rule => {
  const { reason, todo } = RULE_PAGES[rule];
  const { help, severity, spec } = RULES[rule];
  expect(JSON.parse(ruleHelp(rule, { format: "json" })!)).toEqual({
    rule,
    severity,
    spec,
    finds: help,
    why: reason,
    do: todo,
  });
  const lines = ruleHelp(rule, { format: "text", width: 60 })!.split("\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  const words = lines.map(line => line.trim()).join(" ");
  for (const part of [rule, help, reason.replaceAll("`", ""), todo.replaceAll("`", "")]) expect(words).toContain(part);
});

it.each(["constructor", "frame", "frame_end", ""])("%j is none", text => {
  expect(ruleHelp(text, { format: "text" })).toBeNull();
});
