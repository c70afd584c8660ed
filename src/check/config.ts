/**
 * `ghostframe.config.json`: how a project checks its captures. config.schema.json beside this file is its published
 * form. Nothing in it is guessed: an unknown key or value is refused, and the nearest known one is named.
 */
import { BROKER_CHOICES, type BrokerChoice } from "../broker/versions.ts";
import { printable } from "../bytes/printable.ts";
import type { RuleId } from "../connection/rules.ts";
import type { Level, Limits } from "./check-result.ts";
import type { Expectation } from "./expectations.ts";
import { globProblem } from "./glob.ts";
import { JsonSyntaxError, parseJson } from "./json-text.ts";
import { didYouMean } from "./nearest-name.ts";
import { OUTPUT_NAMES, type OutputName } from "./outputs/outputs.ts";
import { LEVELS, type PolicyWishes, RULE_IDS, SEVERITIES } from "./policy.ts";

/** Paths are as in the file: relative to its folder. */
export interface Config extends PolicyWishes {
  expect: Expectation[];
  ports?: number[];
  decodeAs?: number[];
  vxlanPorts?: number[];
  broker?: BrokerChoice;
  baseline?: string;
  outputs: Partial<Record<OutputName, string>>;
}

/** The config if no file is found. */
export const NO_CONFIG: Config = { expect: [], outputs: {} };

/** A config that is wrong. The message names the place. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/**
 * Reads a config's text; `file` is its name in messages.
 *
 * @throws ConfigError
 */
export function readConfig(text: string, file: string): Config {
  const top = new ConfigPlace(parsed(text, file), "", file).object(KEYS);
  const levels = top.optional("rules", readRules);
  return {
    ...top.optional("failOn", place => place.oneOf(SEVERITIES)),
    ...levels,
    ...top.optional("limits", readLimits),
    ...top.optional("ports", readPorts),
    ...top.optional("decodeAs", readPorts),
    ...top.optional("vxlanPorts", readPorts),
    ...top.optional("broker", place => place.oneOf(BROKER_CHOICES)),
    ...top.optional("baseline", place => place.text()),
    expect: top.optional("expect", place => place.list().map(each => readExpectation(each, levels.rules))).expect ?? [],
    outputs: top.optional("outputs", readOutputs).outputs ?? {},
  };
}

const KEYS = [
  "$schema",
  "failOn",
  "rules",
  "expect",
  "limits",
  "ports",
  "decodeAs",
  "vxlanPorts",
  "broker",
  "baseline",
  "outputs",
];

function readRules(place: ConfigPlace): Partial<Record<RuleId, Level>> {
  const rules = place.object(RULE_IDS, "rule");
  return Object.assign({}, ...RULE_IDS.map(rule => rules.optional(rule, level => level.oneOf(LEVELS))));
}

function readLimits(place: ConfigPlace): Partial<Limits> {
  const limits = place.object(["maxGaps", "minFrames", "maxUnread"]);
  return {
    ...limits.optional("maxGaps", gaps => (gaps.value === null ? null : gaps.count())),
    ...limits.optional("minFrames", frames => frames.count()),
    ...limits.optional("maxUnread", unread => (unread.value === null ? null : unread.count())),
  };
}

function readPorts(place: ConfigPlace): number[] {
  const ports = place.list();
  if (ports.length === 0) throw place.wrong("one port at least");
  return ports.map(port => {
    const { value } = port;
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535) return value as number;
    throw port.wrong("a port, 1 to 65535");
  });
}

function readExpectation(place: ConfigPlace, levels: PolicyWishes["rules"] = {}): Expectation {
  const expectation = place.object(["captures", "clean", "findings"]);
  const { captures } = expectation.optional("captures", readGlob);
  const { clean = null } = expectation.optional("clean", said => said.yes());
  const { findings } = expectation.optional("findings", rules =>
    rules.list().map(rule => rule.oneOf(RULE_IDS, "rule")),
  );
  if (captures === undefined) throw place.lacks('"captures", a glob');
  if (clean === null && findings === undefined) throw place.lacks('"clean" or "findings"');
  if (clean !== null && findings !== undefined) throw place.contradicts('both "clean" and "findings"');
  if (findings?.length === 0) throw place.contradicts('no rule in "findings"');
  const off = findings?.find(rule => levels[rule] === "off");
  if (off !== undefined) throw place.contradicts(`${off} in "findings", which "rules" turns off`);
  return { captures, clean, findings: findings ?? [] };
}

function readGlob(place: ConfigPlace): string {
  const glob = place.text();
  if (/^(?:\/|[A-Za-z]:[/\\])/.test(glob)) throw place.wrong("a glob relative to the config's folder");
  if (glob.endsWith("/")) throw place.wrong('a glob over files, such as "captures/**"');
  if (glob.startsWith("!")) throw place.wrong('a glob without "!" in front');
  const problem = globProblem(glob);
  if (problem !== null) throw place.wrong(problem);
  return glob;
}

/** Output settings do not belong here: many calls read the same config. */
function readOutputFile(place: ConfigPlace): string {
  const path = place.text();
  if (path === "-") throw place.wrong("a file; for standard output there is --format");
  return path;
}

function readOutputs(place: ConfigPlace): Partial<Record<OutputName, string>> {
  const files = place.object(OUTPUT_NAMES, "format");
  return Object.assign({}, ...OUTPUT_NAMES.map(name => files.optional(name, readOutputFile)));
}

function parsed(text: string, file: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new ConfigError(`${file}: ${error.message}`);
    throw error;
  }
}

/** A value of the config, and where it stands: `limits.maxGaps`, `expect[0]`. */
class ConfigPlace {
  readonly value: unknown;
  readonly #path: string;
  readonly #file: string;

  constructor(value: unknown, path: string, file: string) {
    this.value = value;
    this.#path = path;
    this.#file = file;
  }

  /** A value with keys; `what` is the word for them. */
  object(keys: readonly string[], what = "key"): ConfigObject {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.wrong("an object");
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      throw new ConfigError(`unknown ${what} ${shown(key)} in ${this.#name()}${didYouMean(key, keys)}`);
    }
    return new ConfigObject(
      value,
      key =>
        new ConfigPlace(
          (value as Record<string, unknown>)[key],
          this.#path === "" ? key : `${this.#path}.${key}`,
          this.#file,
        ),
    );
  }

  list(): ConfigPlace[] {
    const { value } = this;
    if (!Array.isArray(value)) throw this.wrong("a list");
    return value.map((item: unknown, i) => new ConfigPlace(item, `${this.#path}[${i}]`, this.#file));
  }

  text(): string {
    if (typeof this.value !== "string" || this.value === "") throw this.wrong("text");
    return this.value;
  }

  count(): number {
    if (!Number.isSafeInteger(this.value) || (this.value as number) < 0) throw this.wrong("a whole number from 0 on");
    return this.value as number;
  }

  yes(): true {
    if (this.value !== true) throw this.wrong("true");
    return true;
  }

  oneOf<Value extends string>(values: readonly Value[], what?: string): Value {
    const { value } = this;
    const found = values.find(each => each === value);
    if (found !== undefined) return found;
    if (what !== undefined && typeof value === "string") {
      throw new ConfigError(`unknown ${what} ${shown(value)} in ${this.#name()}${didYouMean(value, values)}`);
    }
    throw this.wrong(what === undefined ? alternatives(values) : `a ${what}`);
  }

  wrong(expected: string): ConfigError {
    return new ConfigError(`${this.#name()} is ${shown(this.value)}: expected ${expected}`);
  }

  lacks(what: string): ConfigError {
    return new ConfigError(`${this.#name()} lacks ${what}`);
  }

  contradicts(what: string): ConfigError {
    return new ConfigError(`${this.#name()} has ${what}`);
  }

  #name(): string {
    return this.#path === "" ? this.#file : `${this.#path} of ${this.#file}`;
  }
}

class ConfigObject {
  readonly #value: object;
  readonly #place: (key: string) => ConfigPlace;

  constructor(value: object, place: (key: string) => ConfigPlace) {
    this.#value = value;
    this.#place = place;
  }

  /** The key with its value from `read`, or nothing if it is not there. */
  optional<Key extends string, Value>(key: Key, read: (place: ConfigPlace) => Value): { [K in Key]?: Value } {
    if (!Object.hasOwn(this.#value, key)) return {};
    return { [key]: read(this.#place(key)) } as { [K in Key]?: Value };
  }
}

/** `"error", "warning" or "note"` */
function alternatives(values: readonly string[]): string {
  const names = values.map(value => JSON.stringify(value));
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return printable(JSON.stringify(value), MAX_SHOWN);
}

/** Columns of a value that is wrong. */
const MAX_SHOWN = 60;
