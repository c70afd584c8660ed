/** `--shard K/N`, and the variables in which array jobs of schedulers get their number. */
import { InvalidArgumentError, Option } from "commander";
import type { Shard } from "../check/part.ts";

/** How schedulers number a task of an array; `base` is the number of the first. */
const SCHEDULERS: readonly { index: string; count?: string; base: number | string }[] = [
  { index: "SLURM_ARRAY_TASK_ID", count: "SLURM_ARRAY_TASK_COUNT", base: "SLURM_ARRAY_TASK_MIN" },
  { index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", base: 1 },
  // These do not give the number of tasks.
  { index: "JOB_COMPLETION_INDEX", base: 0 },
  { index: "AWS_BATCH_JOB_ARRAY_INDEX", base: 0 },
];
const MAX_SHARDS = 99_999;

export function shardOption(): Option {
  return new Option(
    "--shard <k/n>",
    "inspect part K of N of the captures, and judge nothing: merge does. auto: as the array job says (Slurm, GitLab); auto/N where it does not say how many (Kubernetes, AWS Batch)",
  ).argParser(value => shardOf(value, process.env));
}

/** @throws InvalidArgumentError */
export function shardOf(value: string, environment: NodeJS.ProcessEnv): Shard {
  const [, name, count] = /^(auto|\d{1,5})(?:\/(\d{1,5}))?$/.exec(value) ?? [];
  if (name === undefined || (name !== "auto" && count === undefined)) {
    throw new InvalidArgumentError("Expected K/N, as in 3/8, or auto.");
  }
  const shard = name === "auto" ? shardOfTask(environment, count) : { number: Number(name), of: Number(count) };
  const { number, of } = shard;
  if (!(number >= 1 && number <= of && of <= MAX_SHARDS)) {
    throw new InvalidArgumentError(`There is no part ${number} of ${of}: the first one is 1.`);
  }
  return shard;
}

function shardOfTask(environment: NodeJS.ProcessEnv, given: string | undefined): Shard {
  for (const { index, count, base } of SCHEDULERS) {
    const task = environment[index];
    if (task === undefined || !/^\d{1,9}$/.test(task)) continue;
    const of = given ?? (count === undefined ? undefined : environment[count]);
    if (of === undefined) throw new InvalidArgumentError(`${index} does not say of how many: auto/N does.`);
    const first = typeof base === "number" ? base : Number(environment[base] ?? 0);
    return { number: Number(task) - first + 1, of: Number(of) };
  }
  const names = SCHEDULERS.map(({ index }) => index).join(", ");
  throw new InvalidArgumentError(`This is no task of an array job: none of ${names} is set.`);
}
