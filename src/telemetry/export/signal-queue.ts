import type { Sent, SignalExport } from "./signal-export.ts";

/** Records of a request. */
const BATCH = 1024;
/** Records that wait to be sent; more are dropped, and counted. */
export const MAX_QUEUED = 32_768;

export interface QueueOptions {
  /** Batches that fail one after another before nothing more is tried: a capture's reading waits for them. */
  maxFailures: number;
  /** What went wrong, each kind once. */
  problem: (message: string) => void;
}

/** Records of one signal on their way out: bounded, sent in batches, one request at a time. */
export class SignalQueue<Item> {
  readonly #send: SignalExport<Item>;
  readonly #options: QueueOptions;
  #queue: Item[] = [];
  #failures = 0;
  #sending: Promise<void> | null = null;
  /** The request that is waited for. */
  #inFlight: Promise<unknown> = Promise.resolve();
  readonly #reported = new Set<string>();
  /** Records of the request that is waited for. */
  #underWay = 0;
  /** Records that were sent, and taken. */
  sent = 0;
  /** Records that were not sent, for any reason. */
  dropped = 0;

  constructor(send: SignalExport<Item>, options: QueueOptions) {
    this.#send = send;
    this.#options = options;
  }

  add(item: Item): void {
    if (this.hasGivenUp) this.dropped++;
    else if (this.#queue.length >= MAX_QUEUED) {
      this.dropped++;
      this.#report("full", `the queue of ${MAX_QUEUED} records is full: what comes is dropped, and counted`);
    } else {
      this.#queue.push(item);
      if (this.#queue.length >= BATCH) this.#begin(false);
    }
  }

  /** Records of which it is not known whether they will be sent. */
  get waiting(): number {
    return this.#queue.length + this.#underWay;
  }

  get hasGivenUp(): boolean {
    return this.#failures >= this.#options.maxFailures;
  }

  /** Sends what waits without waiting for it. */
  push(): void {
    if (this.#queue.length > 0) this.#begin(true);
  }

  /** Resolves when there is room for another batch: mostly at once. */
  async ready(): Promise<void> {
    while (this.#queue.length >= 2 * BATCH) await this.#inFlight;
  }

  /** Resolves when all that waits was sent, or could not be sent. */
  async flush(): Promise<void> {
    while (this.#queue.length > 0 || this.#sending !== null) {
      this.push();
      await this.#sending;
    }
  }

  #begin(rest: boolean): void {
    this.#sending ??= this.#run(rest).finally(() => {
      this.#sending = null;
    });
  }

  async #run(rest: boolean): Promise<void> {
    while (this.#queue.length >= (rest ? 1 : BATCH)) {
      const batch = this.#queue.splice(0, BATCH);
      if (this.hasGivenUp) this.dropped += batch.length;
      else {
        const answer = this.#send(batch);
        this.#inFlight = answer;
        this.#underWay = batch.length;
        this.#count(batch.length, await answer);
        this.#underWay = 0;
      }
    }
  }

  #count(count: number, { rejected, problem }: Sent): void {
    this.sent += count - rejected;
    this.dropped += rejected;
    this.#failures = rejected < count ? 0 : this.#failures + 1;
    if (problem !== null) this.#report(problem, problem);
    if (this.hasGivenUp) this.#report("given-up", "nothing more is sent there");
  }

  #report(kind: string, problem: string): void {
    if (this.#reported.has(kind) || this.#reported.size > MAX_KINDS) return;
    this.#reported.add(kind);
    this.#options.problem(problem);
  }
}

/** Kinds of problems that are reported. */
const MAX_KINDS = 8;
