/** What `check` and `run` go by: the config's settings, and the command line's before them. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { AUTO, type BrokerChoice } from "../broker/versions.ts";
import type { CheckRules } from "../check/check.ts";
import type { Level, Limits } from "../check/check-result.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import type { OutputName } from "../check/outputs/outputs.ts";
import type { Shard } from "../check/part.ts";
import { policyOf } from "../check/policy.ts";
import type { RuleId, Severity } from "../connection/rules.ts";
import type { FoundConfig } from "./check-config.ts";
import { type CaptureFile, withSlashes } from "./check-files.ts";
import type { OutputFile } from "./check-output.ts";

/** What `check` and `run` have in common, as commander gives it. */
export interface PolicyOptions {
  output?: OutputFile[];
  failOn?: Severity;
  rule?: Partial<Record<RuleId, Level>>;
  maxGaps?: number;
  minFrames?: number;
  maxUnread?: number;
  config: string | boolean;
  baseline?: string;
  updateBaseline: boolean;
  force: boolean;
  broker?: BrokerChoice;
  all: boolean;
  width?: number;
}

export interface CheckOptions extends PolicyOptions {
  format: OutputName;
  port?: number[];
  decodeAs?: number[];
  vxlanPort?: number[];
  tlsKeys?: string[];
  jobs?: number;
  shard?: Shard;
}

export interface Settings {
  rules: CheckRules;
  /** The config's path from here, with slashes; null where there is none. */
  config: string | null;
  /** What globs and the baseline's captures are relative to; absolute. */
  folder: string;
  inspect: {
    ports?: readonly number[];
    decodeAs?: readonly number[];
    vxlanPorts?: readonly number[];
    broker: BrokerChoice;
  };
  jobs: number;
  /** As it was named, or from here where the config names it. */
  baseline: string | null;
  outputs: OutputFile[];
}

/** The config's settings, those of the command line before them. */
export function settingsOf(
  options: PolicyOptions & Pick<CheckOptions, "port" | "decodeAs" | "vxlanPort" | "jobs">,
  { config, folder, file }: FoundConfig,
): Settings {
  const { maxGaps, minFrames, maxUnread, failOn, rule, updateBaseline } = options;
  const ports = options.port ?? config.ports;
  const decodeAs = options.decodeAs ?? config.decodeAs;
  const vxlanPorts = options.vxlanPort ?? config.vxlanPorts;
  const limits: Partial<Limits> = {
    ...(maxGaps === undefined ? {} : { maxGaps }),
    ...(minFrames === undefined ? {} : { minFrames }),
    ...(maxUnread === undefined ? {} : { maxUnread }),
  };
  const wishes = {
    ...(failOn === undefined ? {} : { failOn }),
    ...(rule === undefined ? {} : { rules: rule }),
    limits,
  };
  const fromHere = (path: string): string => relative("", resolve(folder, path));
  const baseline = options.baseline ?? (config.baseline === undefined ? null : fromHere(config.baseline));
  if (updateBaseline && baseline === null) {
    throw new UsageError(`--update-baseline needs --baseline FILE, or "baseline" in ${CONFIG_FILE}`);
  }
  const named = options.output ?? [];
  const configured = Object.entries(config.outputs) as [OutputName, string][];
  const others = configured.filter(([format]) => !named.some(output => output.format === format));
  return {
    rules: { policy: policyOf(config, wishes), expectations: config.expect },
    config: file === null ? null : withSlashes(relative("", file)),
    folder,
    inspect: {
      ...(ports === undefined ? {} : { ports }),
      ...(decodeAs === undefined ? {} : { decodeAs }),
      ...(vxlanPorts === undefined ? {} : { vxlanPorts }),
      broker: options.broker ?? config.broker ?? AUTO,
    },
    jobs: options.jobs ?? availableParallelism(),
    baseline,
    outputs: [...named, ...others.map(([format, path]): OutputFile => ({ format, path: fromHere(path) }))],
  };
}

/** What is read must not be written, nor two results into one file, whatever links lead there. */
export function refuseOverwriting(
  { outputs, baseline }: Settings,
  { file }: FoundConfig,
  captures: readonly CaptureFile[],
): void {
  const taken = new Map<string, string>();
  for (const { path } of captures) if (path !== "-") taken.set(identity(path), "a capture");
  if (file !== null) taken.set(identity(file), "the config");
  if (baseline !== null) {
    const other = taken.get(identity(baseline));
    if (other !== undefined) throw new UsageError(`${baseline} cannot be the baseline: it is ${other}`);
    taken.set(identity(baseline), "the baseline");
  }
  for (const { path, format } of outputs) {
    const other = taken.get(identity(path));
    if (other !== undefined) throw new UsageError(`the output ${format} cannot go to ${path}: it is ${other}`);
    taken.set(identity(path), "another output");
  }
}

/** The same for two names of a file, be it that their folders or they themselves are links; it need not be there. */
function identity(name: string): string {
  const path = resolve(name);
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(identity(folder), basename(path));
  }
}

/** Options or settings that contradict each other. */
export class UsageError extends Error {
  override name = "UsageError";
}
