/** `ghostframe init`: what it writes is a config with the values that hold without one. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import configSchema from "../../src/check/config.schema.json" with { type: "json" };
import { NO_CONFIG, readConfig } from "../../src/check/config.ts";
import { policyOf } from "../../src/check/policy.ts";
import { CONFIG_KEYS, configText, legend } from "../../src/cli/init-command.ts";
import { ghostframe, temporaryFolder } from "../support/command.ts";

it.each([true, false])("is a config that changes nothing (schema at hand: %s)", installed => {
  const config = readConfig(configText(installed), "config");
  expect(policyOf(config)).toEqual(policyOf());
  expect({ expect: config.expect, outputs: config.outputs }).toEqual(NO_CONFIG);
  expect(configText(installed).includes("$schema")).toBe(installed);
});

it("tells of every key that a config may have", () => {
  const keys = Object.keys(configSchema.properties).filter(key => key !== "$schema");
  expect(CONFIG_KEYS.toSorted()).toEqual(keys.toSorted());
  for (const line of legend().split("\n")) expect(line.length).toBeLessThanOrEqual(110);
});

it("replaces nothing without --force", async ({ onTestFinished }) => {
  const cwd = temporaryFolder(onTestFinished);
  const file = join(cwd, "ghostframe.config.json");
  writeFileSync(file, "mine");
  const { code, stderr } = await ghostframe(["init"], { cwd });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "ghostframe: ghostframe.config.json: is there already; --force replaces it\n",
  });
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect((await ghostframe(["init", "--force"], { cwd })).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(configText(false));
});
