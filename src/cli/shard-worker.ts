/** A worker of a divided inspection: one part of the connections, from the first packet to the result. */
import { parentPort, workerData } from "node:worker_threads";
import { inspectPart } from "../inspect.ts";
import { keepHeapSmall } from "./memory.ts";
import { printStack } from "./own-failure.ts";
import type { FromShard, ShardTask } from "./sharded-inspection.ts";

const { paths, inspect } = workerData as ShardTask;
const stopped = new AbortController();
parentPort!.on("message", () => stopped.abort());

const say = (message: FromShard): void => parentPort!.postMessage(message);

async function run(): Promise<void> {
  const result = await inspectPart(paths, {
    ...inspect,
    signal: stopped.signal,
    onFailure: printStack,
    onExplaining: connections => {
      keepHeapSmall(connections);
      say({ kind: "explaining" });
    },
  });
  say({ kind: "result", result });
  parentPort!.close();
}

void run();
