/** Options that only `ghostframe run` has. */
import { type Command, Option } from "commander";
import { positiveNumber } from "./check-options.ts";
import { type BrokerVariables, collectVariables } from "./command-environment.ts";
import { within } from "./relay-options.ts";
import type { RepeatOptions } from "./repeated-run.ts";

export interface RunOptions extends RepeatOptions {
  upstream?: string;
  env?: BrokerVariables[];
  keep?: string;
  /** Seconds. */
  killAfter: number;
}

/** An hour, in seconds. */
const MAX_KILL_AFTER = 3600;

export function addRunOptions(command: Command, urlVariable: string): Command {
  return command
    .option("--upstream <url>", `the broker, if it is not the one in ${urlVariable}`)
    .option(
      "--env <name>",
      "also set this variable to the proxy's URL; NAME1:NAME2 sets two, to its host and its port (repeat it for more)",
      collectVariables,
    )
    .addOption(
      new Option("--repeat <number>", "run COMMAND this many times, or until a run fails")
        .argParser(positiveNumber)
        .conflicts("untilFound"),
    )
    .option("--until-found", "run COMMAND again and again, until a run fails")
    .option("--keep <dir>", "keep the recording there, also of a run that passes")
    .option(
      "--kill-after <seconds>",
      "time that COMMAND has to end after SIGTERM; then it is killed",
      within(0, MAX_KILL_AFTER),
      10,
    );
}
