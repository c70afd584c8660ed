/** What deploy/ says is what the proxy knows. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { checkCommand } from "../src/cli/check-command.ts";
import { mergeCommand } from "../src/cli/merge-command.ts";
import { proxyCommand } from "../src/cli/proxy-command.ts";
import schema from "../src/cli/proxy-config.schema.json" with { type: "json" };

function text(name: string): string {
  return readFileSync(new URL(`../deploy/${name}`, import.meta.url), "utf8");
}

/** Arguments of the proxy in a file, in whatever list they stand. */
function argumentsIn(name: string): string[] {
  const lines = text(name)
    .split("\n")
    .filter(line => !/^\s*#/.test(line));
  return Array.from(lines.join("\n").matchAll(/(?<=[\s"])--[a-z][a-z-]*(?:=[^\s"]+)?/g), ([argument]) => argument);
}

it.each(["Dockerfile", "compose.yaml", "kubernetes.yaml", "ghostframe-proxy.service"])(
  "%s names options that there are",
  name => {
    const own = [
      "--omit",
      "--prefix",
      "--ignore-scripts",
      "--pack-destination",
      "--silent",
      "--system",
      "--uid",
      "--no-create-home",
      "--from",
    ];
    const given = argumentsIn(name)
      .map(argument => argument.split("=")[0]!)
      .filter(flag => !own.includes(flag));
    const known = proxyCommand().options.map(({ long }) => long);
    expect(given.length).toBeGreaterThan(0);
    expect(given.filter(flag => !known.includes(flag))).toEqual([]);
  },
);

it.each(["check-array.sbatch", "kubernetes-check.yaml", "aws-batch-definition.json"])(
  "%s names options that check and merge have",
  name => {
    const calls = Array.from(text(name).matchAll(/ghostframe (check|merge) (.*)/g), ([, which, rest]) => {
      const given = Array.from(rest!.matchAll(/--[a-z-]+/g), ([flag]) => flag);
      const known = (which === "check" ? checkCommand() : mergeCommand()).options.map(({ long }) => long);
      return { given, unknown: given.filter(flag => !known.includes(flag)) };
    });
    expect(calls.flatMap(({ given }) => given)).toEqual(expect.arrayContaining(["--shard", "--output"]));
    expect(calls.flatMap(({ unknown }) => unknown)).toEqual([]);
  },
);

it("an array has as many tasks as its tasks are told", () => {
  const job = JSON.parse(text("aws-batch-job.json")) as { arrayProperties: { size: number } };
  expect(text("aws-batch-definition.json")).toContain(`--shard=auto/${job.arrayProperties.size} `);
  const [, completions] = /completions: (\d+)/.exec(text("kubernetes-check.yaml"))!;
  expect(text("kubernetes-check.yaml")).toContain(`--shard=auto/${completions} `);
});

it("proxy.json is a config as the schema has it", () => {
  const isConfig = new Ajv2020({ allowUnionTypes: true }).compile(schema);
  expect(isConfig(JSON.parse(text("proxy.json"))), JSON.stringify(isConfig.errors)).toBe(true);
});
