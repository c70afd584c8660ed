import { describe, expect, it } from "vitest";
import { Progress, progressLine } from "../../src/cli/progress.ts";

/** A terminal that keeps what is written, and a clock that is moved by hand. */
function stage(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const clock = { time: 0, now: () => clock.time };
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, clock, progress: new Progress(stream, clock) };
}

describe("progress", () => {
  it("is silent for a second, then shows up five times a second, and is wiped away", () => {
    const { written, clock, progress } = stage(true);
    for (clock.time = 0; clock.time <= 1500; clock.time += 10)
      progress.update("big.pcap", clock.time * 1000, 4_000_000);
    progress.clear();
    expect(written).toEqual([
      "\rbig.pcap  25 %  1.0 MB/s  3 s left\u001b[K",
      "\rbig.pcap  30 %  1.0 MB/s  3 s left\u001b[K",
      "\rbig.pcap  35 %  1.0 MB/s  3 s left\u001b[K",
      "\r\u001b[K",
    ]);
  });

  it("says nothing where stderr is no terminal, nor of work that is soon done", () => {
    for (const [isTTY, time] of [
      [false, 60_000],
      [true, 900],
    ] as const) {
      const { written, clock, progress } = stage(isTTY);
      clock.time = time;
      progress.update("big.pcap", 1, 2);
      progress.clear();
      expect(written).toEqual([]);
    }
  });

  it("gives each file a second of its own", () => {
    const { written, clock, progress } = stage(true);
    for (const path of ["one.pcap", "two.pcap", "three.pcap"]) {
      progress.update(path, 1, 2);
      clock.time += 800;
      progress.update(path, 2, 2);
    }
    expect(written).toEqual([]);
  });

  it("never wraps", () => {
    const { written, clock, progress } = stage(true, 20);
    progress.update("a-capture-with-a-long-name.pcap", 0, 2_000_000);
    clock.time = 2000;
    progress.update("a-capture-with-a-long-name.pcap", 1_000_000, 2_000_000);
    expect(written).toEqual(["\ra-capture-with-a-lo\u001b[K"]);
  });
});

it.each<[string, number, number | null, number, string]>([
  ["big.pcap", 400_000_000, 1_000_000_000, 1000, "big.pcap  40 %  400 MB/s  2 s left"],
  ["big.pcap", 1_000_000_000, 400_000_000_000, 2000, "big.pcap  0 %  500 MB/s  13 min left"],
  ["-", 120_000_000, null, 3000, "standard input  120 MB  40 MB/s"],
  ["\u001b[31mred.pcap", 10, 100, 1000, "?[31mred.pcap  10 %  0.0 MB/s  9 s left"],
  ["empty.pcap", 0, 0, 1000, "empty.pcap  0 MB  0.0 MB/s"],
])("%s: %i of %s octets in %i ms", (path, octets, total, milliseconds, line) => {
  expect(progressLine(path, octets, total, milliseconds)).toBe(line);
});
