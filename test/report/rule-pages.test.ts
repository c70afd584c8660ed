/** docs/rules.md has a section for each rule, made of the tables; links to it lead there. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ruleDescriptors } from "../../src/check/outputs/sarif-rules.ts";
import { RULE_IDS } from "../../src/check/policy.ts";
import { RULES } from "../../src/connection/rules.ts";
import { RULE_PAGES, ruleFile } from "../../src/report/rule-pages.ts";

const PAGE = fileURLToPath(new URL("../../docs/rules.md", import.meta.url));
const BEGIN =
  "<!-- rules: made of the tables of rules, by UPDATE_GOLDEN=1 npx vitest run test/report/rule-pages.test.ts -->\n";
const END = "<!-- /rules -->";

it("docs/rules.md has a section for each rule", () => {
  const text = readFileSync(PAGE, "utf8");
  const [from, to] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  expect(from).toBeGreaterThan(BEGIN.length);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(PAGE, text.slice(0, from) + sections() + text.slice(to));
  else expect(text.slice(from, to)).toBe(sections());
});

function sections(): string {
  return RULE_IDS.map(id => {
    const { severity, spec, help } = RULES[id];
    const { reason, todo } = RULE_PAGES[id];
    const basis = spec === "" ? "not of the specification" : `AMQP 0-9-1 §${spec}`;
    return `\n## ${id}\n\n*${severity}* · ${basis}. ${help}\n\n**Why.** ${reason}\n\n**Do.** ${todo}\n`;
  })
    .join("")
    .concat("\n");
}

it.each(RULE_IDS)("%s is named with its section, which is there", id => {
  const headings = [...readFileSync(PAGE, "utf8").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toContain(id);
  expect(ruleFile(id)).toBe(`docs/rules.md#${id}`);
  const descriptor = ruleDescriptors().find(each => (each as { id: string }).id === id);
  // The package is not published: an address would be a dead link.
  expect(JSON.stringify(descriptor)).toContain(ruleFile(id));
  expect(JSON.stringify(descriptor)).not.toMatch(/helpUri|https?:/);
});

it("a rule that is none leads to the page itself", () => {
  expect(ruleFile("constructor")).toBe("docs/rules.md");
});
