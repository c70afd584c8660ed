#!/usr/bin/env node
// npm run test:slurm -- [--captures FOLDER]
// deploy/check-array.sbatch, by a Slurm of its own: an array of eight tasks over a hundred captures. One of them is killed while it
// reads, by scontrol requeue. What ghostframe merge makes of the parts is compared with what one process makes of the captures.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { command, compare, Failure, LARGE, makeCaptures, root, TASKS } from "./divided-check.mjs";
import { PrivateSlurm } from "./private-slurm.mjs";

const KILLED = 3;
const DONE_WITHIN = 600_000; // milliseconds

const { values } = parseArgs({ options: { captures: { type: "string", multiple: true } } });
const folder = mkdtempSync(join(tmpdir(), "ghostframe-slurm-"));
let slurm = null;
try {
  slurm = await PrivateSlurm.start(folder);
  const captures = makeCaptures(join(folder, "captures"), values.captures);
  for (const name of ["parts", "bin"]) mkdirSync(join(folder, name));
  const mark = join(folder, "reads");
  const starts = join(folder, "starts");
  const run = `${process.execPath} ${command} "$@"`;
  writeFileSync(
    join(folder, "bin", "ghostframe"),
    `#!/bin/sh
echo "$SLURM_ARRAY_TASK_ID \${SLURM_RESTART_COUNT:-0}" >> ${starts}
if [ "$SLURM_ARRAY_TASK_ID \${SLURM_RESTART_COUNT:-0}" = "${KILLED} 0" ]; then
  exec ${process.execPath} ${join(root, "test", "fleet", "stopped-task.mjs")} ${mark} ${LARGE} ${run}
fi
exec ${run}
`,
    { mode: 0o755 },
  );
  const script = join(root, "deploy", "check-array.sbatch");
  const PATH = `${join(folder, "bin")}:${process.env.PATH}`;
  const job = slurm.ask("sbatch", ["--parsable", `--array=1-${TASKS}`, script, "captures", "parts"], { PATH });
  await until(() => existsSync(mark), `task ${KILLED} reads ${LARGE}`);
  slurm.ask("scontrol", ["requeue", `${job}_${KILLED}`]);
  await until(() => slurm.ask("squeue", ["--noheader"]) === "", "all tasks are done");
  const counted = readFileSync(starts, "utf8").trim().split("\n").sort();
  const expected = Array.from({ length: TASKS }, (_, i) => `${i + 1} 0`)
    .concat(`${KILLED} 1`)
    .sort();
  if (counted.join() !== expected.join())
    throw new Failure(`tasks and restarts were ${counted.join()}, expected ${expected.join()}`);
  const version = slurm.ask("sbatch", ["--version"]);
  console.log(
    `${captures} captures, ${version}, an array of ${TASKS}, task ${KILLED} killed while it read and requeued;`,
  );
  console.log(`merged and by one process ${compare(folder)}`);
  await slurm.stop();
  rmSync(folder, { recursive: true });
} catch (error) {
  await slurm?.stop();
  if (!(error instanceof Failure)) throw error;
  console.error(`test:slurm: ${error.message}`);
  process.exitCode = 1;
}

/** Waits until something is so. @throws Failure */
async function until(isSo, what) {
  const end = Date.now() + DONE_WITHIN;
  while (!isSo()) {
    if (Date.now() > end) throw new Failure(`not within ${DONE_WITHIN / 1000} s: ${what}; see ${folder}`);
    await wait(200);
  }
}
