/** Files that are read must not be written, nor two outputs into one file, through any links. */
import { type BigIntStats, fstatSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type OtlpTarget, signalFile, TelemetryError, telemetrySetting } from "../telemetry/settings.ts";
import { OutputFileError } from "./output-file-error.ts";
import type { OutputFile } from "./output-option.ts";
import { UsageError } from "./usage-error.ts";

/** Files that nothing else may be written to, and their purposes. */
export class TakenFiles {
  readonly #taken = new Map<string, string>();

  /** If one file has several names, the last `what` counts. */
  take(path: string, what: string): void {
    this.#taken.set(identity(path), what);
  }

  /** A file that is read; "-" is what standard input comes from. A device or a pipe may be read and written. */
  takeRead(path: string | undefined, what: string): void {
    if (path === undefined || path === "") return;
    const found = path === "-" ? standardInput() : statusOf(path);
    if (found?.isFile()) this.#taken.set(identityOf(found), what);
    else if (found === null && path !== "-") this.take(path, what);
  }

  /** The file's purpose, if it is taken. */
  is(path: string): string | undefined {
    return this.#taken.get(identity(path));
  }

  /** @throws OutputFileError if the file is taken */
  refuse(path: string): void {
    const other = this.is(path);
    if (other !== undefined) throw new OutputFileError(`${path}: is ${other}: expected another file to write to`);
  }

  /** @throws UsageError if the output is taken */
  refuseOutput({ path, format }: OutputFile): void {
    const other = this.is(path);
    if (other !== undefined) throw new UsageError(`the output ${format} cannot go to ${path}: it is ${other}`);
  }

  /** @throws UsageError if an output is taken, or goes where another one goes */
  takeOutputs(outputs: readonly OutputFile[]): void {
    for (const output of outputs) {
      this.refuseOutput(output);
      this.take(output.path, "another output");
    }
  }

  /** @throws TelemetryError if a file of `--otlp=file:DIR` is taken, or the setting is wrong */
  refuseTelemetry(otlp: OtlpTarget, environment: NodeJS.ProcessEnv): void {
    const target = telemetrySetting(otlp, environment)?.target;
    if (target?.kind !== "folder") return;
    for (const signal of target.signals) {
      const path = signalFile(target.directory, signal);
      const other = this.is(path);
      if (other !== undefined) throw new TelemetryError("--otlp", `${path} is ${other}: expected another folder`);
    }
  }
}

/** What a command reads besides the files that are its arguments. */
export interface AlsoRead {
  tlsKeys?: readonly string[] | undefined;
  brokerLog?: string | undefined;
}

/** The files that a command reads. `what`: the kind of its arguments. */
export function filesRead(
  named: readonly string[],
  { tlsKeys = [], brokerLog }: AlsoRead,
  what = "a capture",
): TakenFiles {
  const taken = new TakenFiles();
  for (const path of [...tlsKeys, process.env.SSLKEYLOGFILE]) taken.takeRead(path, "a key log");
  taken.takeRead(brokerLog, "the broker's log");
  for (const path of named) taken.takeRead(path, what);
  return taken;
}

/** The same for two names of a file, also if their folders or they themselves are links; it need not exist. */
function identity(name: string): string {
  const path = resolve(name);
  const found = statusOf(path);
  if (found !== null) return identityOf(found);
  const folder = dirname(path);
  return folder === path ? path : join(identity(folder), basename(path));
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function statusOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** Null if it is closed. */
function standardInput(): BigIntStats | null {
  try {
    return fstatSync(0, { bigint: true });
  } catch {
    return null;
  }
}
