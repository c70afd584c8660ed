#!/usr/bin/env node
// npm run test:parallel -- [--captures FOLDER]
// A check of a hundred captures by GNU parallel, as docs/scale.md has it, compared with one process.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { command, compare, Failure, makeCaptures, run, TASKS } from "./divided-check.mjs";

const { values } = parseArgs({ options: { captures: { type: "string", multiple: true } } });
const folder = mkdtempSync(join(tmpdir(), "ghostframe-parallel-"));
try {
  if (!run("sh", ["-c", "parallel --version || true"]).stdout.startsWith("GNU parallel")) {
    throw new Failure("GNU parallel is not installed (Debian's package is parallel).");
  }
  const captures = makeCaptures(join(folder, "captures"), values.captures);
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "ghostframe"), `#!/bin/sh\nexec ${process.execPath} ${command} "$@"\n`, {
    mode: 0o755,
  });
  const line = `seq ${TASKS} | parallel ghostframe check captures/ --shard {}/${TASKS} --output partial=parts/{}.part`;
  mkdirSync(join(folder, "parts"));
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}`, HOME: folder };
  run("sh", ["-c", line], { cwd: folder, env });
  console.log(`${captures} captures, ${TASKS} jobs of GNU parallel, merged and by one process: ${compare(folder)}`);
  rmSync(folder, { recursive: true });
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`test:parallel: ${error.message}`);
  process.exitCode = 1;
}
