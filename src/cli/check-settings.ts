/** The settings of `check` and `run`: the config's, and the command line's before them. */
import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import { AUTO, type BrokerChoice } from "../broker/versions.ts";
import type { CheckRules } from "../check/check.ts";
import type { Level, Limits } from "../check/check-result.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import type { OutputName } from "../check/outputs/outputs.ts";
import type { Shard } from "../check/part.ts";
import { policyOf } from "../check/policy.ts";
import type { RuleId, Severity } from "../connection/rules.ts";
import type { FoundConfig } from "./check-config.ts";
import { withSlashes } from "./check-files.ts";
import { ciOutputs } from "./check-output.ts";
import type { OutputFile } from "./output-option.ts";
import type { TakenFiles } from "./taken-files.ts";
import type { TelemetryOptions } from "./telemetry-options.ts";
import { UsageError } from "./usage-error.ts";

/** The common options of `check` and `run`, as commander gives them. */
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
  traceUrl?: string;
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
  /** The config's path from here, with slashes; null if there is none. */
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
  /** As it was named, or from here if the config names it. */
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

/**
 * @throws UsageError if what is read would be written, or two results would go into one file; TelemetryError if that
 * concerns a file of `--otlp=file:DIR`
 */
export function refuseOverwriting(
  { outputs, baseline }: Settings,
  { file }: FoundConfig,
  taken: TakenFiles,
  otlp?: TelemetryOptions["otlp"],
): void {
  if (file !== null) taken.take(file, "the config");
  if (baseline !== null) {
    const other = taken.is(baseline);
    if (other !== undefined) throw new UsageError(`${baseline} cannot be the baseline: it is ${other}`);
    taken.take(baseline, "the baseline");
  }
  for (const file of ciOutputs("text", process.env).files) taken.refuseOutput(file);
  taken.takeOutputs(outputs);
  taken.refuseTelemetry(otlp, process.env);
}
