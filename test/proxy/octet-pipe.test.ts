import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { OctetPipe } from "../../src/proxy/octet-pipe.ts";
import { SEED } from "../support/chunkings.ts";

const SIZE = 64;

function pair(size = SIZE): { writer: OctetPipe; reader: OctetPipe; control: Int32Array } {
  const memory = OctetPipe.memory(size);
  return { writer: new OctetPipe(memory), reader: new OctetPipe(memory), control: new Int32Array(memory, 0, 4) };
}

const octets = (...values: number[]) => Uint8Array.from(values);

describe("a pipe", () => {
  it(`gives what was written, once and in order, whenever it is read, and takes what has room (seed ${SEED})`, () => {
    const step = fc.oneof(fc.constant("read" as const), fc.uint8Array({ maxLength: SIZE + 4 }));
    // The counters run over now and then.
    const begun = fc.constantFrom(0, 7, 0x7fff_fff0, -16, -1);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), begun, (steps, from) => {
        const { writer, reader, control } = pair();
        control.fill(from, 0, 2);
        const written: number[] = [];
        const read: number[] = [];
        for (const each of [...steps, "read" as const]) {
          if (each === "read") read.push(...reader.read());
          else if (writer.write(each, each.length)) written.push(...each);
          else expect(written.length - read.length + each.length).toBeGreaterThan(SIZE);
        }
        expect(read).toEqual(written);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("takes only as many octets of a buffer as it is told", () => {
    const { writer, reader } = pair();
    expect(writer.write(octets(1, 2, 3), 2)).toBe(true);
    expect([...reader.read()]).toEqual([1, 2]);
    expect([...reader.read()]).toEqual([]);
  });

  it("may be full to the last octet", () => {
    const { writer, reader } = pair();
    expect(writer.write(new Uint8Array(SIZE), SIZE)).toBe(true);
    expect(writer.write(octets(1), 1)).toBe(false);
    expect(reader.read()).toHaveLength(SIZE);
    expect(writer.write(octets(1), 1)).toBe(true);
  });

  it("has its reader woken once, and only where it sleeps", () => {
    const { writer, reader } = pair();
    expect(writer.wakes).toBe(true);
    expect(writer.wakes).toBe(false);
    expect(reader.sleep()).toBe(true);
    expect(writer.wakes).toBe(true);
  });

  it("does not let its reader sleep over what was written", () => {
    const { writer, reader } = pair();
    expect(writer.wakes).toBe(true);
    writer.write(octets(1), 1);
    expect(reader.sleep()).toBe(false);
    expect(writer.wakes).toBe(false);
    reader.read();
    expect(reader.sleep()).toBe(true);
  });

  it("carries octets from thread to thread", async () => {
    const memory = OctetPipe.memory(1 << 10);
    const script = `
      const { workerData: { memory, module, count } } = require("node:worker_threads");
      import(module).then(({ OctetPipe }) => {
        const pipe = new OctetPipe(memory);
        for (let i = 0; i < count; ) {
          const some = Uint8Array.from({ length: 1 + (i % 97) }, (_, at) => i + at);
          if (pipe.write(some, some.length)) i += some.length;
        }
      });`;
    const count = 50_000;
    const module = new URL("../../dist/proxy/octet-pipe.js", import.meta.url).href;
    const thread = new Worker(script, { eval: true, workerData: { memory, module, count } });
    onTestFinished(async () => {
      await thread.terminate();
    });
    const failed = new Promise<never>((_, reject) => thread.once("error", reject));
    const pipe = new OctetPipe(memory);
    let at = 0;
    while (at < count) {
      for (const value of pipe.read()) if (value !== (at++ & 0xff)) throw new Error(`octet ${at} is ${value}`);
      await Promise.race([failed, new Promise<void>(resolve => setImmediate(resolve))]);
    }
    expect(at).toBeGreaterThanOrEqual(count);
  });
});
