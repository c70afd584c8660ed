import { describe, expect, it } from "vitest";
import { repeatedRun } from "../../src/cli/repeated-run.ts";

/** The status it ends with, and how many runs there were, the last of `statuses` for ever. */
async function ran(options: Parameters<typeof repeatedRun>[0], ...statuses: number[]): Promise<[number, number]> {
  let runs = 0;
  const status = await repeatedRun(options, async () => statuses[Math.min(runs++, statuses.length - 1)]!);
  return [status, runs];
}

describe("a run", () => {
  it.each<[options: Parameters<typeof repeatedRun>[0], statuses: number[], status: number, runs: number]>([
    [{}, [0], 0, 1],
    [{}, [1], 1, 1],
    [{ repeat: 5 }, [0], 0, 5],
    [{ repeat: 5 }, [0, 0, 1, 0], 1, 3],
    [{ repeat: 5 }, [0, 130], 130, 2],
    [{ untilFound: true }, [...Array<number>(40).fill(0), 1], 1, 41],
  ])("with %o and the statuses %o ends with %i after %i", async (options, statuses, status, runs) => {
    expect(await ran(options, ...statuses)).toEqual([status, runs]);
  });
});
