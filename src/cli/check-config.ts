/** Finds and reads the settings of `ghostframe check`: the config, and the baseline. */
import { dirname, join, relative, resolve } from "node:path";
import { InputError } from "../capture/input-error.ts";
import { BaselineError, readBaseline } from "../check/baseline.ts";
import type { BaselineEntry } from "../check/check-result.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import { type Config, NO_CONFIG, readConfig } from "../check/config.ts";
import { withSlashes } from "./check-files.ts";
import { MAX_SETTINGS_OCTETS, readText } from "./text-file.ts";

/** A config with the folder its paths are relative to. */
export interface FoundConfig {
  config: Config;
  /** Absolute. The working directory if there is no config. */
  folder: string;
  /** Absolute; null if there is none. */
  file: string | null;
}

/** A file of settings that cannot be read. The message names it. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/**
 * The config at `named`, or the nearest one upwards from the working directory, or none if `named` is false.
 *
 * @throws SettingsError if the one named cannot be read; ConfigError if it is wrong.
 */
export async function findConfig(named: string | boolean): Promise<FoundConfig> {
  const here = resolve(".");
  if (named === false) return { config: NO_CONFIG, folder: here, file: null };
  if (typeof named === "string") return configAt(resolve(named), withSlashes(named), await textOf(named, named));
  for (let folder = here; ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_FILE);
    const name = withSlashes(relative(here, file));
    const text = await textIfThere(file, name);
    if (text !== null) return configAt(file, name, text);
    if (folder === dirname(folder)) return { config: NO_CONFIG, folder: here, file: null };
  }
}

function configAt(file: string, name: string, text: string): FoundConfig {
  return { config: readConfig(text, name), folder: dirname(file), file };
}

/**
 * The baseline's entries. One that is written anew may be missing, or of another version; it may not be another file.
 *
 * @throws SettingsError
 */
export async function baselineEntries(path: string, update: boolean): Promise<BaselineEntry[]> {
  const text = await textIfThere(path, path);
  if (text === null) {
    if (update) return [];
    throw new SettingsError(`${path}: no such file; --update-baseline writes it`);
  }
  try {
    return readBaseline(text);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    if (update && error.outdated) return [];
    throw new SettingsError(`${path}: ${error.message}`, { cause: error });
  }
}

async function textIfThere(path: string, name: string): Promise<string | null> {
  try {
    return await textOf(path, name);
  } catch (error) {
    const { cause } = error as SettingsError;
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw error;
  }
}

async function textOf(path: string, name: string): Promise<string> {
  try {
    return await readText(path, "utf8", "a file of settings", MAX_SETTINGS_OCTETS);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new SettingsError(`${withSlashes(name)}: ${error.problem}`, { cause: error.cause });
  }
}
