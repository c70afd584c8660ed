/** docs/rules.md has a section for each rule, made of the tables; links to it lead there. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ruleDescriptors } from "../../src/check/outputs/sarif-rules.ts";
import { RULE_IDS } from "../../src/check/policy.ts";
import { RULES } from "../../src/connection/rules.ts";
import { RULE_PAGES, ruleFile, ruleLink } from "../../src/report/rule-pages.ts";

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

it.each(RULE_IDS)("%s has a link that leads to its section", id => {
  const headings = [...readFileSync(PAGE, "utf8").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toContain(new URL(ruleLink(id)).hash.slice(1));
  expect(ruleFile(id)).toBe(`docs/rules.md#${id}`);
  const descriptor = ruleDescriptors().find(each => (each as { id: string }).id === id);
  expect(descriptor).toMatchObject({ helpUri: ruleLink(id) });
});

it("a rule that is none leads to the page itself", () => {
  expect(new URL(ruleLink("</script>")).hash).toBe("");
  expect(ruleFile("constructor")).toBe("docs/rules.md");
});
