/** Records on their way out: batches, bounds, what is dropped and told. */
import { describe, expect, it } from "vitest";
import type { Sent } from "../../../src/telemetry/export/signal-export.ts";
import { MAX_QUEUED, SignalQueue } from "../../../src/telemetry/export/signal-queue.ts";

const TAKEN: Sent = { rejected: 0, problem: null };

/** A receiver whose answers the test gives. */
class Receiver {
  readonly batches: number[] = [];
  readonly #answers: ((sent: Sent) => void)[] = [];

  readonly send = (batch: readonly number[]): Promise<Sent> => {
    this.batches.push(batch.length);
    return new Promise(resolve => this.#answers.push(resolve));
  };

  answer(sent = TAKEN): void {
    this.#answers.shift()!(sent);
  }
}

function fill(queue: SignalQueue<number>, count: number): void {
  for (let i = 0; i < count; i++) queue.add(i);
}

describe("a queue", () => {
  it("sends whole batches by itself, one at a time, and the rest when it is asked", async () => {
    const receiver = new Receiver();
    const queue = new SignalQueue(receiver.send, { maxFailures: 2, problem: () => {} });
    fill(queue, 2500);
    expect(receiver.batches).toEqual([1024]);
    expect(queue.waiting).toBe(2500);
    receiver.answer();
    await Promise.resolve();
    const flushed = queue.flush();
    await expect.poll(() => receiver.batches).toEqual([1024, 1024]);
    receiver.answer();
    await expect.poll(() => receiver.batches).toEqual([1024, 1024, 452]);
    expect(queue.waiting).toBe(452);
    receiver.answer();
    await flushed;
    expect(queue.waiting).toBe(0);
    expect(queue).toMatchObject({ sent: 2500, dropped: 0 });
  });

  it("drops what it has no room for, counts it, and says so once", () => {
    const receiver = new Receiver();
    const problems: string[] = [];
    const queue = new SignalQueue(receiver.send, { maxFailures: 2, problem: message => problems.push(message) });
    fill(queue, 1024 + MAX_QUEUED + 10);
    expect(queue.dropped).toBe(10);
    expect(problems).toEqual([expect.stringContaining(`the queue of ${MAX_QUEUED} records is full`)]);
  });

  it("counts what was not taken, and goes on", async () => {
    const problems: string[] = [];
    const answers: Sent[] = [{ rejected: 3, problem: "3 of a batch were not taken" }, TAKEN];
    const queue = new SignalQueue<number>(async () => answers.shift()!, {
      maxFailures: 1,
      problem: message => problems.push(message),
    });
    fill(queue, 2000);
    await queue.flush();
    expect(queue).toMatchObject({ sent: 1997, dropped: 3 });
    expect(problems).toEqual(["3 of a batch were not taken"]);
  });

  it("gives up where nothing is taken, and waits no more", async () => {
    let sent = 0;
    const problems: string[] = [];
    const send = async (batch: readonly number[]): Promise<Sent> => {
      sent++;
      return { rejected: batch.length, problem: "HTTP 400" };
    };
    const queue = new SignalQueue<number>(send, { maxFailures: 2, problem: message => problems.push(message) });
    fill(queue, 10_000);
    await queue.flush();
    fill(queue, 5);
    expect(queue.dropped).toBe(10_005);
    expect(sent).toBe(2);
    expect(problems).toEqual(["HTTP 400", "nothing more is sent there"]);
  });

  it("has a capture's reading wait for it", async () => {
    const receiver = new Receiver();
    const queue = new SignalQueue(receiver.send, { maxFailures: 2, problem: () => {} });
    fill(queue, 2000);
    await queue.ready();
    fill(queue, 2000);
    let isReady = false;
    const ready = queue.ready().then(() => {
      isReady = true;
    });
    await new Promise(resolve => setImmediate(resolve));
    expect(isReady).toBe(false);
    receiver.answer();
    await ready;
    expect(receiver.batches).toEqual([1024, 1024]);
  });
});
