/**
 * Inspects many captures, each on its own, on several cores. Workers get the paths of a few captures at a time and send
 * back a result each; captures themselves are never sent, and only reports are kept. The reports come in the order of
 * the files, from any worker.
 *
 * A worker that crashes loses one capture: the one that it was reading. That capture is unreadable, and a new worker
 * continues with the others. A large capture that is alone is divided by its connections.
 */
import { Worker } from "node:worker_threads";
import { type InspectOptions, inspectPart } from "../inspect.ts";
import { buildReport } from "../report/build-report.ts";
import { type PartialResult, unreadableInput } from "../report/partial/partial-result.ts";
import { countsOfHealthy } from "../report/partial/reduce.ts";
import type { Report } from "../report/report.ts";
import type { CaptureFile } from "./check-files.ts";
import { keepHeapModerate, keepHeapSmall } from "./memory.ts";
import { printStack } from "./own-failure.ts";
import { inspectSharded, shardsFor } from "./sharded-inspection.ts";

export interface PoolOptions {
  /** Workers at most. With 1 there is none: this thread does the work. */
  jobs: number;
  inspect: Pick<InspectOptions, "ports" | "decodeAs" | "vxlanPorts" | "broker" | "keyLogs">;
  signal: AbortSignal;
  /** Whether only the counts are kept for captures in which nothing is found. */
  lean?: boolean;
  /** This many octets of captures are done, of this many. */
  onProgress?: (octets: number, total: number) => void;
  /** Other receivers for a capture, by its index. If there are any, this thread does the work. */
  readers?: (index: number) => Pick<InspectOptions, "onMessageFacts" | "onConnectionFacts">;
  /** This thread begins to explain what broke, and receives no signal for long. */
  onExplaining?: () => void;
  /** Reading waits for it. */
  ready?: () => Promise<void>;
  /** Gets the result for each capture, before its report is made. */
  onResult?: (index: number, result: PartialResult) => void;
  /** What a worker runs, if not inspection-worker.js. */
  worker?: URL;
}

/** A capture to inspect: its index among all, and its path. */
export interface Task {
  index: number;
  path: string;
}

/** A worker's answer to each of its tasks. */
export type Outcome = { index: number; result: PartialResult } | { index: number; problem: string };

// The built one: node cannot run a worker from TypeScript. Tests of the sources bring a worker of their own.
const WORKER = new URL("./inspection-worker.js", import.meta.url);

/** Work for each worker that is started, in octets: with less, the work is done before a worker has started. */
const WORK_EACH = 16 << 20;
/** The cost of a capture besides its octets: as much as reading this many. */
const CAPTURE_COST = 48 << 10;
/** What is sent to a worker at a time: captures with this much work. Large, so that no worker waits for messages. */
const BATCH = 1 << 20;

/** The reports on all files, in their order; null if it was stopped before they were complete. */
export async function inspectAll(files: readonly CaptureFile[], options: PoolOptions): Promise<Report[] | null> {
  const all = new Reports(files, options);
  const here: Task[] = [];
  const elsewhere: Task[] = [];
  for (const [index, { path, problem }] of files.entries()) {
    if (problem !== undefined) all.keep({ index, problem });
    else (path === "-" ? here : elsewhere).push({ index, path });
  }
  const work = elsewhere.reduce((sum, { index }) => sum + workOf(files[index]!), 0);
  const jobs = options.readers === undefined ? options.jobs : 1;
  const workers = Math.min(jobs, Math.ceil(work / WORK_EACH), elsewhere.length);
  if (workers < 2) await inspectHere([...here, ...elsewhere], all, options);
  else await Promise.all([inspectHere(here, all, options), inspectByWorkers(elsewhere, workers, all, files, options)]);
  return options.signal.aborted ? null : all.list;
}

function workOf({ octets }: CaptureFile): number {
  return octets + CAPTURE_COST;
}

/** One capture; an error within ghostframe affects only this one. */
export function inspectOne({ index, path }: Task, options: InspectOptions): Promise<Outcome> {
  const inspect = { onFailure: printStack, onConnection: keepHeapModerate, onExplaining: keepHeapSmall, ...options };
  return outcomeOf(index, () => inspectPart([path], inspect));
}

async function outcomeOf(index: number, inspected: () => Promise<PartialResult>): Promise<Outcome> {
  try {
    return { index, result: await inspected() };
  } catch (error) {
    return { index, problem: internalError(error) };
  }
}

function internalError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `internal error: ${message}: please report it, with the capture if you can`;
}

/** The reports as they come in. */
class Reports {
  readonly list: Report[];
  readonly #files: readonly CaptureFile[];
  readonly #onProgress: PoolOptions["onProgress"];
  readonly #onResult: PoolOptions["onResult"];
  readonly #total: number;
  readonly #lean: boolean;
  #octets = 0;

  constructor(files: readonly CaptureFile[], { onProgress, onResult, lean = false }: PoolOptions) {
    this.list = Array.from({ length: files.length });
    this.#files = files;
    this.#lean = lean;
    this.#onProgress = onProgress;
    this.#onResult = onResult;
    this.#total = files.reduce((sum, { octets }) => sum + octets, 0);
  }

  /** This many octets of a capture have been read; `keep` is called when it is done. */
  reading(octets: number): void {
    this.#onProgress?.(this.#octets + octets, this.#total);
  }

  keep(outcome: Outcome): void {
    const { path, octets } = this.#files[outcome.index]!;
    const result =
      "result" in outcome ? outcome.result : { inputs: [unreadableInput(path, outcome.problem)], connections: [] };
    this.#onResult?.(outcome.index, result);
    this.list[outcome.index] = buildReport(this.#lean ? countsOfHealthy(result) : result);
    this.#octets += octets;
    this.#onProgress?.(this.#octets, this.#total);
  }
}

async function inspectHere(
  tasks: readonly Task[],
  all: Reports,
  { jobs, inspect, signal, readers, ready, onExplaining: explaining }: PoolOptions,
): Promise<void> {
  for (const task of tasks) {
    const { index, path } = task;
    const shards = readers === undefined && tasks.length === 1 ? await shardsFor([path], jobs, WORK_EACH) : 1;
    const onProgress = (_: string, octets: number): Promise<void> | undefined => {
      all.reading(octets);
      return ready?.();
    };
    const onExplaining = (connections: number): void => {
      keepHeapSmall(connections);
      explaining?.();
    };
    const hooks = { signal, onProgress, onExplaining };
    const outcome =
      shards < 2
        ? await inspectOne(task, { ...inspect, ...hooks, ...readers?.(index) })
        : await outcomeOf(index, () => inspectSharded([path], shards, inspect, { onFailure: printStack, ...hooks }));
    if (signal.aborted) return;
    all.keep(outcome);
  }
}

/** Resolves when all is done, or `signal` is aborted; no worker is left then. */
async function inspectByWorkers(
  tasks: readonly Task[],
  count: number,
  all: Reports,
  files: readonly CaptureFile[],
  { inspect, signal, worker = WORKER }: PoolOptions,
): Promise<void> {
  const queue = batches(tasks, files);
  const serve = async (): Promise<void> => {
    while (queue.length > 0 && !signal.aborted) {
      await new WorkerShift(new Worker(worker, { workerData: inspect }), queue, all, signal).over;
    }
  };
  await Promise.all(Array.from({ length: count }, serve));
}

/** The largest captures first, so that none of them is left when the others are done; small ones together. */
function batches(tasks: readonly Task[], files: readonly CaptureFile[]): Task[][] {
  const size = ({ index }: Task) => workOf(files[index]!);
  const queue: Task[][] = [];
  let room = 0;
  for (const task of tasks.toSorted((a, b) => size(b) - size(a) || a.index - b.index)) {
    if (size(task) > room) {
      queue.push([]);
      room = BATCH;
    }
    queue.at(-1)!.push(task);
    room -= size(task);
  }
  return queue;
}

/** One worker, from its start until it has crashed or there is nothing more to do. */
class WorkerShift {
  /** Settles when the worker is gone. */
  readonly over: Promise<void>;
  readonly #worker: Worker;
  readonly #queue: Task[][];
  readonly #all: Reports;
  /** What it was given and has not finished yet, in order. */
  #tasks: Task[] = [];
  #crash: unknown = new Error("a worker ended before its time");

  constructor(worker: Worker, queue: Task[][], all: Reports, signal: AbortSignal) {
    this.#worker = worker;
    this.#queue = queue;
    this.#all = all;
    const stop = () => void worker.terminate();
    signal.addEventListener("abort", stop);
    this.over = new Promise(resolve => {
      worker.once("exit", () => {
        signal.removeEventListener("abort", stop);
        if (!signal.aborted) this.#recover();
        resolve();
      });
    });
    worker.on("message", (outcome: Outcome) => this.#finished(outcome));
    worker.on("error", error => {
      this.#crash = error;
    });
    this.#next();
  }

  #finished(outcome: Outcome): void {
    this.#tasks.shift();
    this.#all.keep(outcome);
    if (this.#tasks.length === 0) this.#next();
  }

  #next(): void {
    this.#tasks = this.#queue.shift() ?? [];
    if (this.#tasks.length > 0) this.#worker.postMessage(this.#tasks);
    else void this.#worker.terminate();
  }

  /** The capture that it was reading is lost; its other tasks go back. */
  #recover(): void {
    const [lost, ...rest] = this.#tasks;
    if (lost === undefined) return;
    this.#all.keep({ index: lost.index, problem: internalError(this.#crash) });
    if (rest.length > 0) this.#queue.unshift(rest);
  }
}
