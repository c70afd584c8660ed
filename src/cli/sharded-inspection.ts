/**
 * Inspects captures by several threads: each reads all packets, and follows its own part of the connections. Their
 * results are put together as if one thread had followed them all.
 *
 * This thread takes the first part, so that progress and Ctrl-C are the same as without workers. If a worker crashes,
 * its part is read here, too: nothing is missing from the report.
 */
import { stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { canReadAgain } from "../capture/capture-source.ts";
import { type InspectOptions, inspectPart } from "../inspect.ts";
import { merge } from "../report/partial/merge.ts";
import type { PartialResult } from "../report/partial/partial-result.ts";
import { shortenRepeatedKinds } from "../report/partial/same-kind.ts";
import { printStack } from "./own-failure.ts";

/** What can be sent to a worker. */
export type SentOptions = Pick<
  InspectOptions,
  "ports" | "decodeAs" | "vxlanPorts" | "broker" | "keyLogs" | "explain" | "channels" | "shard"
>;

export interface ShardTask {
  paths: readonly string[];
  inspect: SentOptions;
}

/** A worker's messages. */
export type FromShard = { kind: "explaining" } | { kind: "result"; result: PartialResult };

export interface ShardedOptions extends Pick<InspectOptions, "onExplaining" | "onFailure" | "onProgress"> {
  signal: AbortSignal;
  /** What a worker runs, if not shard-worker.js. */
  worker?: URL;
}

// The built one: node cannot run a worker from TypeScript. Tests of the sources bring a worker of their own.
const WORKER = new URL("./shard-worker.js", import.meta.url);

/** Octets to read for each thread; broken parts take many times as long as others. */
const WORK_EACH = 1 << 20;

/** How many threads, of `jobs` that are allowed, are worth their start. Only files can be read by several. */
export async function shardsFor(paths: readonly string[], jobs: number, workEach = WORK_EACH): Promise<number> {
  if (jobs < 2 || !(await Promise.all(paths.map(canReadAgain))).every(Boolean)) return 1;
  const sizes = await Promise.all(paths.map(async path => (await stat(path)).size));
  const octets = sizes.reduce((sum, size) => sum + size, 0);
  return Math.max(1, Math.min(jobs, Math.ceil(octets / workEach)));
}

/** The result of `inspectPart`, by this many threads. */
export async function inspectSharded(
  paths: readonly string[],
  shards: number,
  inspect: SentOptions,
  options: ShardedOptions,
): Promise<PartialResult> {
  const { onExplaining } = options;
  const parts = Array.from({ length: shards }, (_, i) => ({ ...inspect, shard: { number: i + 1, of: shards } }));
  const [own, ...others] = parts;
  const here = (part: SentOptions): Promise<PartialResult> => inspectPart(paths, { ...part, ...options });
  const elsewhere = others.map(async part => {
    const result = await shardResult({ paths, inspect: part }, options, () => onExplaining?.(0));
    return { part, result };
  });
  const results = [await here(own!)];
  for (const { part, result } of await Promise.all(elsewhere)) results.push(result ?? (await here(part)));
  const { inputs, connections } = merge(results);
  return { inputs, connections: shortenRepeatedKinds(connections) };
}

/** A worker's result; null if it crashed. */
function shardResult(
  task: ShardTask,
  { signal, worker = WORKER }: ShardedOptions,
  onExplaining: () => void,
): Promise<PartialResult | null> {
  return new Promise(resolve => {
    let result: PartialResult | null = null;
    const thread = new Worker(worker, { workerData: task });
    const stop = (): void => thread.postMessage("stop");
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    thread.on("message", (message: FromShard) => {
      if (message.kind === "explaining") onExplaining();
      else result = message.result;
    });
    thread.on("error", printStack);
    thread.on("exit", () => {
      signal.removeEventListener("abort", stop);
      resolve(result);
    });
  });
}
