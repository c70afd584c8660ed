/** `proxy --config`: the same options as on the command line, and what goes before what. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { proxyCommand } from "../../src/cli/proxy-command.ts";
import schema from "../../src/cli/proxy-config.schema.json" with { type: "json" };
import { applyConfig, configNames } from "../../src/cli/proxy-config.ts";
import { temporaryFolder } from "../support/command.ts";

const isConfig = new Ajv2020({ allowUnionTypes: true }).compile(schema);

type Cleanup = Parameters<typeof temporaryFolder>[0];

/** The options that a config and a command line make. */
async function options(onTestFinished: Cleanup, config: object | string, args: string[] = []) {
  const folder = temporaryFolder(onTestFinished);
  const path = join(folder, "proxy.json");
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  const command = proxyCommand().exitOverride();
  command.parseOptions(args);
  await applyConfig(command, path);
  return { folder, options: command.opts<Record<string, unknown>>() };
}

it("knows every option, and its schema does", () => {
  const names = configNames(proxyCommand());
  expect(Object.keys(schema.properties).toSorted()).toEqual(["$schema", ...names].toSorted());
});

it("sets options, those of the command line go before it", async ({ onTestFinished }) => {
  const config = {
    listen: ["5673", "5674"],
    upstream: "amqp://a,amqp://b",
    guard: true,
    busyPolling: false,
    recordSize: "64MiB",
    maxConnections: 7,
    record: "recordings",
    output: ["html=out/report.html", "sarif=/abs.sarif"],
    format: "ndjson",
  };
  expect(isConfig(config), JSON.stringify(isConfig.errors)).toBe(true);
  const { folder, options: set } = await options(onTestFinished, config, ["--max-connections", "9"]);
  expect(set).toMatchObject({
    listen: ["5673", "5674"],
    upstream: ["amqp://a,amqp://b"],
    guard: true,
    busyPolling: false,
    recordSize: 64 * 1024 * 1024,
    maxConnections: 9,
    record: join(folder, "recordings"),
    output: [
      { format: "html", path: join(folder, "out/report.html") },
      { format: "sarif", path: "/abs.sarif" },
    ],
    format: "ndjson",
  });
});

describe("is refused", () => {
  it.for<[what: string, config: object | string, message: RegExp]>([
    ["an option that is none", { maxConections: 1 }, /found "maxConections": did you mean "maxConnections"\?$/],
    ["a number that is too small", { maxConnections: 0 }, /maxConnections: expected a whole number from 1 to 1000000/],
    ["a text that is no choice", { format: "xml" }, /format: .*text, ndjson/],
    ["a text for a switch", { guard: "yes" }, /guard: expected true or false$/],
    ["a list for a number", { grace: [1] }, /grace: expected a text or a number$/],
    ["a list", [], /expected a JSON object/],
    ["what is no JSON", "{", /proxy\.json: /],
  ])("%s", async ([, config, message], { onTestFinished }) => {
    await expect(options(onTestFinished, config)).rejects.toThrow(message);
  });
});

it("is in the package", () => {
  const { files, exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    files: string[];
    exports: Record<string, string>;
  };
  expect(files).toContain("src/cli/proxy-config.schema.json");
  expect(exports["./proxy-config.schema.json"]).toBe("./src/cli/proxy-config.schema.json");
});
