/** `ghostframe explain RULE`: what a rule finds, how it comes about and what to do, as in docs/rules.md. */
import { RULE_IDS } from "../check/policy.ts";
import { RULES } from "../connection/rules.ts";
import { DEFAULT_FORMAT_OPTIONS } from "../report/report-format.ts";
import { RULE_PAGES } from "../report/rule-pages.ts";
import { inAscii } from "../report/text/ascii.ts";
import { Page } from "../report/text/page.ts";
import { terminalOptions } from "./output.ts";

/** Null if the text is no rule's name. */
export function ruleHelp(text: string, options: { format: "text" | "json"; width?: number }): string | null {
  const rule = RULE_IDS.find(id => id === text);
  if (rule === undefined) return null;
  const { severity, spec, help } = RULES[rule];
  const { reason, todo } = RULE_PAGES[rule];
  if (options.format === "json") {
    return `${JSON.stringify({ rule, severity, spec, finds: help, why: reason, do: todo }, null, 2)}\n`;
  }
  const { width } = options;
  const settings = {
    ...DEFAULT_FORMAT_OPTIONS,
    ...terminalOptions(process.stdout, process.env, width === undefined ? {} : { width }),
  };
  const page = new Page(settings);
  const lines = [
    ...page.flush(
      `${rule}: a rule of ghostframe, ${severity}, ${spec === "" ? "not of the specification" : `AMQP 0-9-1 §${spec}`}`,
      page.paint.strong,
    ),
    ...page.labelled("finds", help),
    ...page.labelled("why", reason.replaceAll("`", "")),
    ...page.labelled("do", todo.replaceAll("`", "")),
  ];
  const written = `${lines.join("\n")}\n`;
  return settings.ascii === true ? inAscii(written) : written;
}
