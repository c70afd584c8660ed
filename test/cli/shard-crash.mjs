/** Stands in for shard-worker.js in a test: begins to work, and crashes. */
import { parentPort } from "node:worker_threads";

parentPort.postMessage({ kind: "explaining" });
throw new Error("thrown for a test");
