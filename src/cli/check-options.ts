/** The options that `check` and `run` have in common, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Level } from "../check/check-result.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import { didYouMean } from "../check/nearest-name.ts";
import { LEVELS, RULE_IDS, SEVERITIES } from "../check/policy.ts";
import type { RuleId } from "../connection/rules.ts";
import { widthOption } from "./output.ts";
import { outputOption, PARQUET, type PARTIAL, traceUrlOption } from "./output-option.ts";

/** The policy, the baseline, and the files to write; `partial` is of check only. */
export function addPolicyOptions(command: Command, others: readonly (typeof PARTIAL)[] = []): Command {
  return command
    .addOption(outputOption("also write the result", [PARQUET, ...others]))
    .addOption(traceUrlOption())
    .addOption(new Option("--fail-on <level>", "lowest level that fails (default: warning)").choices(SEVERITIES))
    .option("--rule <rule=level>", `level of a rule's findings: ${LEVELS.join(", ")}`, collectRules)
    .option("--max-gaps <number>", "most gaps in a capture (default: no limit)", wholeNumber)
    .option("--min-frames <number>", "fewest frames in all captures together (default: 1)", wholeNumber)
    .option(
      "--max-unread <number>",
      "packets that may hold AMQP and are not read, per capture (default: 0)",
      wholeNumber,
    )
    .option("--config <file>", `use this config instead of the nearest ${CONFIG_FILE}`)
    .option("--no-config", "use no config")
    .option("--baseline <file>", "accept the findings that this file lists")
    .option("--update-baseline", "write the baseline again: it accepts what fails now", false)
    .option("--force", "write a baseline that accepts nothing, too", false)
    .option("--all", "show everything in the text, however long it is", false)
    .addOption(widthOption());
}

/** `shared-channel=error`, any number of times; for one rule the last counts. */
export function collectRules(
  value: string,
  before: Partial<Record<RuleId, Level>> | undefined,
): Partial<Record<RuleId, Level>> {
  const [name, word] = pair(value, "RULE=LEVEL");
  const rule = RULE_IDS.find(each => each === name);
  const level = LEVELS.find(each => each === word);
  if (rule === undefined) throw unknown("rule", name, RULE_IDS);
  if (level === undefined) throw unknown("level", word, LEVELS);
  return { ...before, [rule]: level };
}

function pair(value: string, form: string): [string, string] {
  const at = value.indexOf("=");
  if (at < 1 || at === value.length - 1) throw new InvalidArgumentError(`Expected ${form}.`);
  return [value.slice(0, at), value.slice(at + 1)];
}

function unknown(what: string, name: string, names: readonly string[]): InvalidArgumentError {
  const near = didYouMean(name, names);
  return new InvalidArgumentError(`Unknown ${what} "${name}"${near === "" ? `: expected ${names.join(", ")}.` : near}`);
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("Expected a whole number from 0 on.");
  return Number(value);
}

export function positiveNumber(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("Expected a number from 1 to 9999.");
  return Number(value);
}
