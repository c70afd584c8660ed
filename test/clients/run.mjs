#!/usr/bin/env node
// npm run test:clients -- [--runs N] [--client NAME] [--scenario NAME] [--keep FOLDER]
// Runs healthy-clients.test.ts, which is TypeScript and vitest's, with the numbers given.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    client: { type: "string", default: "" },
    scenario: { type: "string", default: "" },
    keep: { type: "string" },
  },
});
if (!/^[1-9]\d*$/.test(values.runs)) {
  console.error("--runs takes a number from 1 on");
  process.exit(2);
}

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const child = spawn(process.execPath, [vitest, "run", "test/clients/healthy-clients.test.ts", "--reporter=verbose"], {
  cwd: join(import.meta.dirname, "..", ".."),
  stdio: "inherit",
  env: {
    ...process.env,
    GHOSTFRAME_CLIENT_RUNS: values.runs,
    GHOSTFRAME_CLIENT: values.client,
    GHOSTFRAME_SCENARIO: values.scenario,
    ...(values.keep === undefined ? {} : { GHOSTFRAME_CLIENT_KEEP: values.keep }),
  },
});
child.on("exit", code => process.exit(code ?? 1));
