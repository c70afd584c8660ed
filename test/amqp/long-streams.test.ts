import { describe, expect, it } from "vitest";
import { FrameBoundarySearch } from "../../src/amqp/frame-boundary-search.ts";
import { FrameScanner } from "../../src/amqp/frame-scanner.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { randomNumbers, SEED } from "../support/chunkings.ts";
import { scan, scanEveryWay } from "../support/frame-log.ts";
import { join, wire } from "../support/wire.ts";

describe("large frames", () => {
  it("a method frame too large to be held is hidden", () => {
    const octets = wire()
      .frame(1, 1, new Uint8Array((1 << 20) + 1))
      .heartbeat().octets;
    const limit = 1 << 24;
    const ways = [1 << 12, 1 << 16, 65_495].map(size => {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < octets.length; at += size) pieces.push(octets.subarray(at, at + size));
      return scan({ name: "", pieces, memory: "reused" }, { limit });
    });
    for (const log of ways) expect(log).toEqual([`@0 hidden method 1 ${(1 << 20) + 1} octets`, "@1048585 heartbeat 0"]);
  });

  it("the largest that is held is handed on whole", () => {
    const octets = wire().frame(1, 1, new Uint8Array(1 << 20)).octets;
    const pieces = [octets.subarray(0, 1000), octets.subarray(1000)];
    const [frame] = scan({ name: "", pieces, memory: "reused" }, { limit: 1 << 24 });
    expect(frame).toMatch(/^@0 method 1 00/);
  });

  it("a method frame of 6,000 octets is put together however it is cut", () => {
    const random = randomNumbers(SEED);
    const payload = Uint8Array.from({ length: 6_000 }, () => random() * 256);
    const octets = wire().frame(1, 1, payload).frame(2, 1, payload.subarray(0, 300)).heartbeat().octets;
    expect(scanEveryWay([octets])).toHaveLength(3);
  });

  it("a long stream with faults, gaps and whole frames is the same however it is cut", () => {
    const random = randomNumbers(SEED);
    const pick = (most: number) => Math.floor(random() * most);
    const parts = Array.from({ length: 16 }, () => {
      const made = wire();
      for (let i = 0; i < 6; i++) {
        const channel = 1 + pick(3);
        const body = Uint8Array.from({ length: pick(200) }, () => pick(256));
        if (pick(4) === 0) made.heartbeat();
        made.publish(channel, body);
      }
      const octets = made.octets;
      const at = pick(octets.length);
      switch (pick(4)) {
        case 0: // an octet changed
          octets[at] = pick(256);
          return [octets];
        case 1: // some missing on the wire
          return [octets.subarray(0, at), octets.subarray(at + pick(40))];
        case 2: {
          const missing = pick(40);
          return [octets.subarray(0, at), { gap: missing }, octets.subarray(Math.min(octets.length, at + missing))];
        }
        default: // others in between
          return [octets.subarray(0, at), wire().publish(9, "someone else's").octets, octets.subarray(at)];
      }
    }).flat();
    const stream = parts.filter(part => ("gap" in part ? part.gap > 0 : part.length > 0));
    const log = scanEveryWay(stream, { limit: 4096 });
    expect(log.filter(line => line.endsWith("found")).length).toBeGreaterThan(5);
  });
});

describe(`streams made to be hard: half a MiB in less than 1 s, the budget kept and given back (seed ${SEED})`, () => {
  const SIZE = 1 << 19;
  const random = randomNumbers(SEED);
  const noise = Uint8Array.from({ length: SIZE }, () => random() * 256);
  const repeated = (...piece: readonly ArrayLike<number>[]): Uint8Array => {
    const once = join(...piece);
    return Uint8Array.from({ length: SIZE }, (_, at) => once[at % once.length]!);
  };
  const strewn = (over: Uint8Array, every: number, ...piece: number[]): Uint8Array => {
    const octets = Uint8Array.from(over);
    for (let at = 0; at + piece.length <= octets.length; at += every) octets.set(piece, at);
    return octets;
  };
  const heartbeats = wire().heartbeat(2).octets;
  const endless = [2, 0, 1, 0, 1, 0xff, 0, 0, 60, 0, 0];

  const streams: [name: string, octets: () => Uint8Array][] = [
    ["random octets", () => noise],
    ["bodies that never end among 0xce", () => strewn(strewn(noise, 97, 0xce), 12, 3, 0, 1, 0, 0)],
    ["01 00 01 00 00 00 05, for ever", () => repeated([1, 0, 1, 0, 0, 0, 5])],
    ["one wrong octet before every two heartbeats", () => repeated([0], heartbeats)],
    ["one wrong header before every two heartbeats", () => repeated([9, 0, 3, 0, 0, 0, 0], heartbeats)],
    ["a wrong frame-end before every two heartbeats", () => repeated([3, 0, 1, 0, 0, 0, 0, 0], heartbeats)],
    ["a content header that never ends every KiB", () => strewn(new Uint8Array(SIZE), 1024, ...endless)],
    ["a content header that never ends all the time", () => repeated(endless)],
    ["frame types alone", () => repeated([1, 2, 3, 8])],
  ];
  const sizes = [1460, 65_495, SIZE];

  it.each(streams)("%s", (_, make) => {
    const octets = make();
    for (const size of sizes) {
      const budget = { octets: 0, limit: 1 << 19 };
      const sink = {
        frame() {},
        messages: () => 0,
        hiddenFrame() {},
        brokenEnvelope() {},
        isGuess: false,
        guessBroken: () => "no-guess" as const,
        guessDecided() {},
        boundaryLost() {},
        boundaryFound() {},
      };
      const search = (from: number, limit: number) => new FrameBoundarySearch(from, limit, budget);
      const scanner = new FrameScanner(sink, new Moment(), 1 << 24, search);
      if (size === 1460) scanner.lose();
      let most = 0;
      const before = process.cpuUsage();
      for (let at = 0; at < octets.length; at += size) {
        scanner.receive(octets, at, Math.min(at + size, octets.length));
        most = Math.max(most, budget.octets);
      }
      scanner.finish();
      scanner.stop();
      const { user, system } = process.cpuUsage(before);
      expect(scanner.offset).toBe(octets.length);
      expect(most, "octets kept").toBeLessThanOrEqual(budget.limit + 65_536);
      expect(budget.octets, "octets kept at the end").toBe(0);
      // A mutant counts as noticed by what it does wrong, not because the machine is busy.
      if (process.env.UNTIMED !== "1")
        expect((user + system) / 1000, `ms of CPU, ${size} octets at a time`).toBeLessThan(1000);
    }
  });
});
