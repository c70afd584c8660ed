/** Who inspects which capture, and what becomes of the others when a worker crashes. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureFile } from "../../src/cli/check-files.ts";
import { inspectAll, type PoolOptions } from "../../src/cli/inspection-pool.ts";
import type { Report } from "../../src/report/report.ts";
import { FIXTURES } from "../support/golden.ts";

const WORKER = new URL("./pool-worker.mjs", import.meta.url);
const LARGE = 64 << 20;

function files(...names: string[]): CaptureFile[] {
  return names.map(path => ({ path, octets: path.includes("large") ? LARGE : 1000, isNamed: false }));
}

async function reports(list: CaptureFile[], options: Partial<PoolOptions> = {}): Promise<Report[]> {
  const signal = new AbortController().signal;
  return (await inspectAll(list, { jobs: 3, inspect: {}, signal, worker: WORKER, ...options }))!;
}

/** As pool-worker.mjs says who had a capture, and how many it was given at a time. */
const threadOf = ({ inputs }: Report) => inputs[0]!.format;
const givenWith = ({ inputs }: Report) => inputs[0]!.packets;
const paths = (list: Report[]) => list.map(({ inputs }) => inputs[0]!.path);
const errors = (list: Report[]) => list.flatMap(({ inputs }) => inputs[0]!.error ?? []);

describe("workers", { concurrent: true }, () => {
  it("share the captures; the reports come in the order of the files", async () => {
    const names = Array.from({ length: 900 }, (_, i) => (i % 100 === 7 ? `${i}-large` : `${i}`));
    const all = await reports(files(...names));
    expect(paths(all)).toEqual(names);
    expect(new Set(all.map(threadOf)).size).toBe(3);
    // Large ones come alone, small ones together.
    expect(all.map(given => givenWith(given) > 1)).toEqual(names.map(name => !name.includes("large")));
    expect(Math.max(...all.map(givenWith))).toBeLessThan(100);
  });

  it("are as many as asked for, and no more than there is to do", async () => {
    const threads = async (jobs: number, ...names: string[]) =>
      new Set((await reports(files(...names), { jobs })).map(threadOf)).size;
    expect(await threads(2, "large 1", "large 2", "large 3", "large 4")).toBe(2);
    expect(await threads(8, "large 1", "large 2")).toBe(2);
  });

  it.each(["throw", "exit"])("%s: the capture it was at is unreadable, the others are not", async how => {
    const names = Array.from({ length: 400 }, (_, i) => (i === 50 || i === 300 ? `${i} ${how}` : `${i}`));
    const all = await reports(files(...names, "large"));
    expect(paths(all)).toEqual([...names, "large"]);
    expect(errors(all)).toHaveLength(2);
    for (const at of [50, 300]) {
      const [input] = all[at]!.inputs;
      const why = how === "throw" ? "thrown for a test" : "a worker ended before its time";
      expect(input).toMatchObject({ format: "unknown", packets: 0, octets: 0 });
      expect(input!.error).toBe(`internal error: ${why}: please report it, with the capture if you can`);
    }
  });

  it("that cannot start take no longer than there are captures", async () => {
    const all = await reports(files("large 1", "large 2", "large 3"), { inspect: { broker: "none" as never } });
    expect(errors(all)).toHaveLength(3);
    expect(errors(all)[0]).toContain("no broker");
  });

  it("may say what is wrong", async () => {
    expect(errors(await reports(files("large 1", "large sorry")))).toEqual(["sorry"]);
  });

  it("are stopped", async () => {
    const stop = new AbortController();
    const list = files("large hang 1", "large hang 2", "large 3", "large 4", "large 5");
    const calls: number[] = [];
    const onProgress = (octets: number) => {
      if (calls.push(octets) === 1) stop.abort();
    };
    expect(
      await inspectAll(list, { jobs: 3, inspect: {}, signal: stop.signal, worker: WORKER, onProgress }),
    ).toBeNull();
  });

  it("tell how far they are, to the end", async () => {
    const calls: [number, number][] = [];
    await reports(files("large 1", "large 2", "3"), { onProgress: (octets, total) => calls.push([octets, total]) });
    expect(calls).toHaveLength(3);
    expect(calls.at(-1)).toEqual([2 * LARGE + 1000, 2 * LARGE + 1000]);
  });
});

describe("this thread", () => {
  const clean = { path: join(FIXTURES, "clean/confirms-and-acks.pcap"), octets: 8000, isNamed: true };
  const sick = { path: join(FIXTURES, "rules/unknown-frame-type.pcap"), octets: 4000, isNamed: true };

  it.each<[what: string, list: CaptureFile[], jobs: number]>([
    ["with one job", [clean, { ...sick, octets: LARGE }], 1],
    ["with little to do", [clean, sick], 8],
  ])("inspects by itself %s", async (_, list, jobs) => {
    const all = await reports(list, { jobs });
    expect(all.map(({ findings }) => findings.map(({ rule }) => rule))).toEqual([[], ["frame-type", "broker-close"]]);
    expect(paths(all)).toEqual(list.map(({ path }) => path));
  });

  it("keeps of a capture in which nothing is found only the counts, where no more is needed", async () => {
    const [full, fullSick] = await reports([clean, sick]);
    const [lean, leanSick] = await reports([clean, sick], { lean: true });
    expect(leanSick).toEqual(fullSick);
    const [connection] = full!.connections;
    expect(connection!.clientProperties).not.toEqual({});
    const { frames, octets, gaps, start } = connection!;
    expect(lean!.connections).toMatchObject([{ frames, octets, gaps, start, clientProperties: {} }]);
    expect(lean!.inputs).toEqual(full!.inputs);
  });

  it("does not try what is known not to work", async () => {
    const all = await reports([{ ...clean, problem: "on the moon" }, clean]);
    expect(errors(all)).toEqual(["on the moon"]);
  });

  it("says when it begins to explain, which hears no signal", async () => {
    let explaining = 0;
    const onExplaining = (): void => void explaining++;
    const sick = join(FIXTURES, "interleaving", "message-inside-a-body.pcap");
    await reports(files(sick), { onExplaining });
    expect(explaining).toBe(1);
  });

  it("is stopped", async () => {
    expect(await inspectAll([clean], { jobs: 1, inspect: {}, signal: AbortSignal.abort() })).toBeNull();
  });
});
