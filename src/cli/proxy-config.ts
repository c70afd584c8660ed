/**
 * `proxy --config FILE`: the command's options as JSON, by their names in camel case. proxy-config.schema.json beside
 * this file is its published form. The command line wins.
 */
import { dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError, type Option } from "commander";
import { printable } from "../bytes/printable.ts";
import { InputError } from "../capture/input-error.ts";
import { JsonSyntaxError, parseJson } from "../check/json-text.ts";
import { didYouMean } from "../check/nearest-name.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import { MAX_SETTINGS_OCTETS, readText } from "./text-file.ts";

/** Paths in it are relative to its folder. */
const PATHS = ["record", "tlsCert", "tlsKey", "tlsClientCa", "ca", "upstreamCert", "upstreamKey", "readyFile"];

/** Options that may be given more than once. */
const LISTS = ["listen", "upstream", "output", "proxyProtocolFrom"];

/** Names that a config may have: of all options but --config itself. */
export function configNames(command: Command): string[] {
  return command.options.map(option => option.attributeName()).filter(name => name !== "config");
}

/**
 * Gives the options of `command` the values of the file, where the command line has none.
 *
 * @throws ProxyError if it cannot be read, or is wrong; the message names the place.
 */
export async function applyConfig(command: Command, path: string): Promise<void> {
  const text = await textOf(path);
  for (const [name, value] of Object.entries(parsed(path, text))) {
    if (name === "$schema") continue;
    const option = command.options.find(each => each.attributeName() === name && name !== "config");
    if (option === undefined) {
      const near = didYouMean(name, configNames(command));
      throw new ProxyError(path, `expected the name of an option, found "${printable(name, 60)}"${near}`);
    }
    if (command.getOptionValueSource(name) === "cli") continue;
    command.setOptionValueWithSource(name, optionValue(option, value, path), "config");
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readText(path, "utf8", "a config of the proxy", MAX_SETTINGS_OCTETS);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new ProxyError(path, cause.message.replace(`${path}: `, ""), { cause });
  }
}

function parsed(path: string, text: string): object {
  try {
    const value = parseJson(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new ProxyError(path, "expected a JSON object of options, found something else");
  } catch (cause) {
    if (cause instanceof JsonSyntaxError) throw new ProxyError(path, cause.message, { cause });
    throw cause;
  }
}

function optionValue(option: Option, value: unknown, path: string): unknown {
  const name = option.attributeName();
  if (option.isBoolean() || option.negate) {
    if (typeof value === "boolean") return value;
    throw new ProxyError(path, `${name}: expected true or false`);
  }
  const isList = LISTS.includes(name);
  const values = isList && Array.isArray(value) ? value : [value];
  let result: unknown;
  for (const each of values) {
    if (typeof each !== "string" && typeof each !== "number") {
      throw new ProxyError(path, `${name}: expected a text or a number${isList ? ", or a list of them" : ""}`);
    }
    const text = pathIn(dirname(path), name, String(each));
    try {
      result = option.parseArg === undefined ? text : option.parseArg(text, result);
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause;
      throw new ProxyError(path, `${name}: ${cause.message.replace(/\.$/, "")}, found "${printable(text, 60)}"`, {
        cause,
      });
    }
  }
  return result;
}

/** The value; a path in it is made relative to here. */
function pathIn(folder: string, name: string, value: string): string {
  if (PATHS.includes(name)) return resolve(folder, value);
  const [, format, file] = (name === "output" ? /^([^=]+)=(.+)$/s.exec(value) : null) ?? [];
  return file === undefined ? value : `${format}=${resolve(folder, file)}`;
}
