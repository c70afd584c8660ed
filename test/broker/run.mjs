#!/usr/bin/env node
// npm run test:broker -- [--count N] [--seed S] [--show K] [--record FILE.jsonl]
// Runs differential.test.ts, which is TypeScript and vitest's, with the numbers given.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "3000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    show: { type: "string", default: "10" },
    record: { type: "string" },
  },
});
for (const name of ["count", "seed", "show"]) {
  if (!/^\d+$/.test(values[name])) {
    console.error(`--${name} takes a number`);
    process.exit(2);
  }
}

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const child = spawn(
  process.execPath,
  [vitest, "run", "test/broker/differential.test.ts", "--disable-console-intercept"],
  {
    cwd: join(import.meta.dirname, "..", ".."),
    stdio: "inherit",
    env: {
      ...process.env,
      GHOSTFRAME_BROKER_COUNT: values.count,
      GHOSTFRAME_BROKER_SEED: values.seed,
      GHOSTFRAME_BROKER_SHOW: values.show,
      ...(values.record === undefined ? {} : { GHOSTFRAME_BROKER_RECORD: values.record }),
    },
  },
);
child.on("exit", code => process.exit(code ?? 1));
