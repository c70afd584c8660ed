import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { CONFIG_FILE } from "../check/check-result.ts";
import { policyOf } from "../check/policy.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, write } from "./output.ts";
import { outputFileErrorOf } from "./output-file-error.ts";

/** Where the schema is when the package is installed beside the config. */
const INSTALLED = "node_modules/ghostframe/src/check/config.schema.json";

interface Options {
  force: boolean;
}

export function initCommand(): Command {
  return new Command("init")
    .description(
      `Writes a ${CONFIG_FILE} into this folder, with the values that hold without one, and says what each is for.`,
    )
    .option("--force", "replace a config that is there", false)
    .addHelpText(
      "after",
      `
Exit status: 0 written, 2 there is one already, or it could not be written.

Examples:
  $ ghostframe init
  $ ghostframe init && ghostframe check captures/`,
    )
    .action(run);
}

async function run({ force }: Options): Promise<void> {
  try {
    await writeFile(CONFIG_FILE, configText(existsSync(join(...INSTALLED.split("/")))), { flag: force ? "w" : "wx" });
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === "EEXIST";
    complain(
      isThere ? `${CONFIG_FILE}: is there already; --force replaces it` : outputFileErrorOf(CONFIG_FILE, cause).message,
    );
    process.exitCode = EXIT.FAILED;
    return;
  }
  await write(
    `${CONFIG_FILE} is written. What is in it, and what can be:\n\n${legend()}\n\nNext: ghostframe check FOLDER\n`,
  );
}

/** `installed`: whether the schema exists here, for an editor to complete and check by. */
export function configText(installed: boolean): string {
  const { failOn, limits } = policyOf();
  const config = {
    ...(installed ? { $schema: `./${INSTALLED}` } : {}),
    failOn,
    rules: {},
    limits,
    expect: [],
    outputs: {},
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The purpose of each key; config.schema.json describes it in full. */
const KEYS: Readonly<Record<string, string>> = {
  failOn: 'the least severe level that fails: "note", "warning", "error"',
  rules: 'levels of single rules: { "split-content": "note", "heartbeat": "off" }',
  expect: 'captures that must be clean, or show something: [{ "captures": "clean/**", "clean": true }]',
  limits: "most gaps and most unread packets of a capture, fewest frames of all; null: no limit",
  ports: "only connections on these ports",
  decodeAs: "ports whose connections are AMQP, whatever they look like",
  vxlanPorts: "ports of VXLAN besides its own",
  broker: 'whose verdict is predicted: "auto", "rabbitmq-4.3"',
  baseline: "a file with findings that are accepted; check --update-baseline writes it",
  outputs: 'files to write: { "sarif": "out/ghostframe.sarif", "html": "out/report.html" }',
};

/** A line for each key of a config. */
export function legend(): string {
  return Object.entries(KEYS)
    .map(([name, text]) => `  ${name.padEnd(12)}${text}`)
    .join("\n");
}

/** Names of the keys, for the test that holds them to the schema. */
export const CONFIG_KEYS = Object.keys(KEYS);
