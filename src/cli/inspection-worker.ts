/** A worker of the inspection pool: paths come in, a result each goes out. */
import { parentPort, workerData } from "node:worker_threads";
import type { InspectOptions } from "../inspect.ts";
import { inspectOne, type Task } from "./inspection-pool.ts";

parentPort!.on("message", async (tasks: readonly Task[]) => {
  for (const task of tasks) parentPort!.postMessage(await inspectOne(task, workerData as InspectOptions));
});
