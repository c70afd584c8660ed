/** `run --repeat`: a race shows in some runs and not in others. */
import { complain } from "./output.ts";

export interface RepeatOptions {
  /** Runs at most. */
  repeat?: number;
  /** Without end, until something is found. */
  untilFound?: boolean;
}

/** Runs until one ends with another status than 0, as often as is asked for. Returns the last status. */
export async function repeatedRun(
  { repeat = 1, untilFound = false }: RepeatOptions,
  once: () => Promise<number>,
): Promise<number> {
  const times = untilFound ? Number.POSITIVE_INFINITY : repeat;
  for (let run = 1; ; run++) {
    const status = await once();
    if (status !== 0 || run >= times) {
      if (times > 1)
        complain(status === 0 ? `${run} runs, nothing found` : `run ${run} was the first with status ${status}`);
      return status;
    }
  }
}
