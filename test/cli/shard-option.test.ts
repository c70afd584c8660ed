import { describe, expect, it } from "vitest";
import { shardOf } from "../../src/cli/shard-option.ts";

describe("a shard", () => {
  it.each<[value: string, environment: Record<string, string>, number: number, of: number]>([
    ["3/8", {}, 3, 8],
    ["1/1", {}, 1, 1],
    ["auto", { SLURM_ARRAY_TASK_ID: "0", SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_COUNT: "8" }, 1, 8],
    ["auto", { SLURM_ARRAY_TASK_ID: "8", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "8" }, 8, 8],
    ["auto", { CI_NODE_INDEX: "2", CI_NODE_TOTAL: "4" }, 2, 4],
    ["auto/16", { JOB_COMPLETION_INDEX: "0" }, 1, 16],
    ["auto/16", { AWS_BATCH_JOB_ARRAY_INDEX: "15" }, 16, 16],
  ])("%s of %o is %i of %i", (value, environment, number, of) => {
    expect(shardOf(value, environment)).toEqual({ number, of });
  });

  it.each<[value: string, environment: Record<string, string>, message: RegExp]>([
    ["3", {}, /Expected K\/N/],
    ["x/8", {}, /Expected K\/N/],
    ["0/8", {}, /There is no part 0 of 8/],
    ["9/8", {}, /There is no part 9 of 8/],
    ["auto", {}, /no task of an array job/],
    ["auto", { JOB_COMPLETION_INDEX: "3" }, /JOB_COMPLETION_INDEX does not say of how many/],
    ["auto/2", { JOB_COMPLETION_INDEX: "3" }, /There is no part 4 of 2/],
    ["auto", { SLURM_ARRAY_TASK_ID: "x" }, /no task of an array job/],
  ])("%s of %o is refused", (value, environment, message) => {
    expect(() => shardOf(value, environment)).toThrow(message);
  });
});
