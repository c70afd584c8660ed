import { Worker } from "node:worker_threads";
import type { InspectorData } from "./inspector-protocol.ts";

/** Megabytes of heap that the inspector's thread may use. The octets it reads are outside the heap. */
const MAX_HEAP = 1024;

export type NewThread = (data: InspectorData) => Worker;

/** Starts the thread in which inspector-worker.ts runs. */
export function inspectorThread(data: InspectorData): Worker {
  return new Worker(new URL("./inspector-worker.js", import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
  });
}
