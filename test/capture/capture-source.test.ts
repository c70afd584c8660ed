import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CaptureReading } from "../../src/capture/capture-reading.ts";
import { canReadAgain, readCapture } from "../../src/capture/capture-source.ts";
import { InputError } from "../../src/capture/input-error.ts";
import {
  enhancedPacket,
  hex,
  interfaceDescription,
  join,
  octets,
  pcapHeader,
  pcapRecord,
  sectionHeader,
} from "../support/capture-writer.ts";
import { packetLine } from "./packet-log.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(joinPath(tmpdir(), "ghostframe-capture-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array): string {
  const path = joinPath(folder, name);
  writeFileSync(path, content);
  return path;
}

const nothing = () => {};

const small = join(sectionHeader(), interfaceDescription(), enhancedPacket({ data: hex("dead") }));
const smallLine = "#1 0.000000000/6 link 1, 2 of 2: dead";

/** 3 MB, whose records lie across any window there may be; the octets of each are all its number. */
const PACKETS = 3000;
const big = join(
  pcapHeader(),
  ...Array.from({ length: PACKETS }, (_, at) => pcapRecord({ seconds: at, data: octets(1000 + (at % 7), at & 0xff) })),
);

interface Outcome {
  reading: CaptureReading;
  packets: number;
  /** Packets whose number, time or octets are not those that were written. */
  wrong: number;
}

async function readBig(path: string, options: Parameters<typeof readCapture>[2] = {}): Promise<Outcome> {
  let packets = 0;
  let wrong = 0;
  const reading = await readCapture(
    path,
    ({ number, seconds, bytes, start, end }) => {
      const fill = packets & 0xff;
      if (number !== packets + 1 || seconds !== packets || end - start !== 1000 + (packets % 7)) wrong++;
      else if (bytes[start] !== fill || bytes[end - 1] !== fill) wrong++;
      packets++;
    },
    options,
  );
  return { reading, packets, wrong };
}

function whole(format: "pcap" | "pcapng", packets: number, read: number): CaptureReading {
  return { format, packets, octets: read, notes: [], truncated: null, error: null, stopped: false };
}

describe("a capture is read", () => {
  test("from a small file", async () => {
    const lines: string[] = [];
    const reading = await readCapture(file("small.pcapng", small), record => lines.push(packetLine(record)));
    expect(reading).toEqual(whole("pcapng", 1, small.length));
    expect(lines).toEqual([smallLine]);
  });

  test("from a file of several windows", async () => {
    expect(await readBig(file("big.pcap", big))).toEqual({
      reading: whole("pcap", PACKETS, big.length),
      packets: PACKETS,
      wrong: 0,
    });
  });

  test("from a gzip-compressed file, whatever its name", async () => {
    const { reading, wrong } = await readBig(file("named.pcap", gzipSync(big)));
    expect(reading).toEqual(whole("pcap", PACKETS, big.length));
    expect(wrong).toBe(0);
  });

  test("from a gzip file of several members, padded with zeros", async () => {
    const parts = [big.subarray(0, 10), big.subarray(10, 100_001), big.subarray(100_001)];
    const path = file("members.pcap.gz", join(...parts.map(part => gzipSync(part)), octets(200_000, 0)));
    const { reading, wrong } = await readBig(path);
    expect(reading).toEqual(whole("pcap", PACKETS, big.length));
    expect(wrong).toBe(0);
  });

  test.each([
    ["plain", big],
    ["gzip-compressed", gzipSync(big)],
  ])("from standard input, %s, in pieces of any size", async (_, content) => {
    function* pieces(): Generator<Buffer> {
      let size = 1;
      for (let at = 0; at < content.length; at += size) {
        size = at < 50 ? 1 : ((size * 31) % 65_521) + 1;
        yield Buffer.from(content.subarray(at, at + size));
      }
    }
    const stdin = Readable.from(pieces(), { objectMode: false });
    const { reading, wrong } = await readBig("-", { stdin });
    expect(reading).toEqual(whole("pcap", PACKETS, big.length));
    expect(wrong).toBe(0);
  });

  test.skipIf(process.platform === "win32")("from a named pipe", async () => {
    const path = joinPath(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reading = readBig(path);
    const writer = await open(path, "w");
    await writer.writeFile(big);
    await writer.close();
    expect((await reading).reading).toEqual(whole("pcap", PACKETS, big.length));
    expect((await reading).wrong).toBe(0);
  });

  test("with notes on what is in it", async () => {
    const path = file(
      "notes.pcapng",
      join(small, sectionHeader("big"), interfaceDescription("big", { options: hex("ffffffff") })),
    );
    expect((await readCapture(path, nothing)).notes).toEqual([
      "ignored malformed options of 1 interface description block",
    ]);
  });

  test("without packets, if that is what it holds", async () => {
    expect(await readCapture(file("none.pcap", pcapHeader()), nothing)).toEqual(whole("pcap", 0, 24));
  });
});

describe("what cannot be read is an InputError that says why", () => {
  test.each<[name: string, content: Uint8Array | null, problem: RegExp]>([
    ["missing.pcap", null, /^no such file$/],
    ["small.pcapng/below", null, /^no such file: a part of the path is not a directory$/],
    ["", null, /^is a directory, expected a capture file$/],
    ["empty.pcap", octets(0), /^is empty, expected a capture$/],
    ["empty.pcap.gz", gzipSync(octets(0)), /^is empty, expected a capture$/],
    ["text.pcap", Buffer.from("[error] frame_too_large"), /^not a pcap or pcapng capture: it is a broker's log/],
    ["twice.gz", gzipSync(gzipSync(big)), /gzip within gzip/],
    ["half-a-header.pcap", pcapHeader().subarray(0, 20), /^the file ends inside the pcap file header: 24 octets/],
    ["first-record.pcap", join(pcapHeader(), octets(16, 0xff)), /^packet 1, at octet 24, is corrupt: /],
    ["cut.gz", gzipSync(small).subarray(0, 15), /^its gzip data ends at octet 15 without being complete$/],
    [
      "damaged.gz",
      join(gzipSync(small).subarray(0, 10), octets(99, 0xff)),
      /^its gzip data is corrupt behind octet 0 /,
    ],
  ])("%s", async (name, content, problem) => {
    file("small.pcapng", small);
    const path = content === null ? joinPath(folder, name) : file(name, content);
    const error = await readCapture(path, nothing).then(nothing, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ path, problem: expect.stringMatching(problem) });
    expect((error as InputError).message).toBe(`${path}: ${(error as InputError).problem}`);
  });

  test("a terminal", async () => {
    const stdin = Object.assign(Readable.from([]), { isTTY: true });
    await expect(readCapture("-", nothing, { stdin })).rejects.toThrow("standard input: is a terminal: pipe a capture");
  });

  test("standard input without anything in it", async () => {
    await expect(readCapture("-", nothing, { stdin: Readable.from([]) })).rejects.toThrow("standard input: is empty");
  });

  test("standard input that is shorter than a magic number", async () => {
    const stdin = Readable.from([Buffer.of(0xd4)]);
    await expect(readCapture("-", nothing, { stdin })).rejects.toThrow("fewer octets than a magic number");
  });
});

describe("what was read before the trouble stays read", () => {
  test("a file that ends in a record is no error", async () => {
    const { reading, packets, wrong } = await readBig(file("cut.pcap", big.subarray(0, -1)));
    expect(reading).toMatchObject({ packets: PACKETS - 1, error: null, stopped: false });
    expect(reading.truncated).toMatchObject({ packet: PACKETS, expected: 1019, found: 1018 });
    expect([packets, wrong]).toEqual([PACKETS - 1, 0]);
  });

  test.each([
    ["a file", (content: Uint8Array) => content],
    ["a compressed file", (content: Uint8Array) => gzipSync(content)],
  ])("%s with a corrupt length in it", async (_, compressed) => {
    const content = new Uint8Array(big);
    const record = 24 + Array.from({ length: 2000 }, (_, at) => 1016 + (at % 7)).reduce((sum, size) => sum + size, 0);
    content.fill(0xff, record + 8, record + 12);
    const { reading, packets, wrong } = await readBig(file("corrupt", compressed(content)));
    expect(reading).toMatchObject({ packets: 2000, truncated: null, stopped: false });
    expect(reading.error).toBeInstanceOf(InputError);
    expect(reading.error?.problem).toContain(`packet 2001, at octet ${record}, is corrupt`);
    expect([packets, wrong]).toEqual([2000, 0]);
  });

  test("a gzip file that was cut gives all it has", async () => {
    const random = join(pcapHeader(), ...Array.from({ length: 500 }, (_, at) => pcapRecord({ data: noise(1000, at) })));
    const compressed = gzipSync(random);
    const path = file("cut.pcap.gz", compressed.subarray(0, 200_000));
    const { reading, packets } = await readBig(path);
    expect(reading.error?.problem).toBe("its gzip data ends at octet 200000 without being complete");
    expect(packets).toBeGreaterThan(185);
    expect(reading).toMatchObject({ packets, truncated: null });
  });

  test("a gzip file that is damaged gives what is well before the damage", async () => {
    const random = join(pcapHeader(), ...Array.from({ length: 500 }, (_, at) => pcapRecord({ data: noise(1000, at) })));
    const damaged = Buffer.from(gzipSync(random));
    damaged.writeUInt32LE(0, damaged.length - 8);
    const { reading, packets } = await readBig(file("damaged.pcap.gz", damaged));
    expect(reading.error?.problem).toMatch(/^its gzip data is corrupt behind octet \d+ \(incorrect data check\)$/);
    expect(packets).toBeGreaterThan(370);
  });

  test("a stream that breaks", async () => {
    async function* breaking(): AsyncGenerator<Buffer> {
      yield Buffer.from(big.subarray(0, 50_000));
      await Promise.resolve();
      throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
    }
    const stdin = Readable.from(breaking(), { objectMode: false });
    const { reading, packets } = await readBig("-", { stdin });
    expect(reading.error?.message).toBe("standard input: the device failed (EIO)");
    expect(packets).toBe(49);
  });

  test.each(["file", "stream"])("what the sink throws is passed on as it is, from a %s", async kind => {
    const failure = new Error("of the sink's own");
    const sink = () => {
      throw failure;
    };
    const stdin = Readable.from([Buffer.from(small)]);
    const path = kind === "file" ? file("small.pcapng", small) : "-";
    await expect(readCapture(path, sink, { stdin })).rejects.toBe(failure);
  });
});

describe("reading can be stopped", () => {
  test("between the windows of a file", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const { reading, packets, wrong } = await readBig(file("big.pcap", big), { signal: controller.signal, onProgress });
    expect(reading).toMatchObject({ stopped: true, truncated: null, error: null, octets: 1024 * 1024 });
    expect(packets).toBeGreaterThan(1000);
    expect(wrong).toBe(0);
  });

  test("while a pipe has nothing more to say", async () => {
    const controller = new AbortController();
    const stdin = new PassThrough();
    stdin.write(small);
    stdin.write(small.subarray(0, 3));
    const onProgress = (read: number) => {
      if (read > small.length) controller.abort();
    };
    const reading = await readCapture("-", nothing, { stdin, signal: controller.signal, onProgress });
    expect(reading).toMatchObject({
      packets: 1,
      octets: small.length + 3,
      stopped: true,
      truncated: null,
      error: null,
    });
    expect(stdin.destroyed).toBe(true);
  });

  test.skipIf(process.platform === "win32")("while a named pipe waits for a writer", async () => {
    const path = joinPath(folder, "silent-pipe");
    execFileSync("mkfifo", [path]);
    const controller = new AbortController();
    const reading = readCapture(path, nothing, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toThrow(`${path}: reading was stopped before a capture began`);
  });

  test.each(["big.pcap", "big.pcap.gz"])("before it has begun, of %s", async name => {
    const path = file(name, name.endsWith(".gz") ? gzipSync(big) : big);
    const reading = readCapture(path, nothing, { signal: AbortSignal.abort() });
    await expect(reading).rejects.toThrow("reading was stopped before a capture began");
  });

  test("and is not, when the file is at its end anyway", async () => {
    const controller = new AbortController();
    const sink = () => controller.abort();
    expect(await readCapture(file("small.pcapng", small), sink, { signal: controller.signal })).toMatchObject({
      packets: 1,
      stopped: false,
    });
  });
});

describe("progress counts octets of the file", () => {
  test.each([
    ["plain", big],
    ["gzip-compressed", gzipSync(big)],
  ])("%s", async (_, content) => {
    const seen: [number, number | null][] = [];
    await readBig(file("progress", content), { onProgress: (read, total) => seen.push([read, total]) });
    expect(seen.at(-1)).toEqual([content.length, content.length]);
    expect(seen.map(([read]) => read)).toEqual(seen.map(([read]) => read).toSorted((one, two) => one - two));
  });

  test("of no known size, from a pipe", async () => {
    const seen: [number, number | null][] = [];
    const stdin = Readable.from([Buffer.from(small)]);
    await readCapture("-", nothing, { stdin, onProgress: (read, total) => seen.push([read, total]) });
    expect(seen).toEqual([[small.length, null]]);
  });
});

test("a file that grows while it is read is read to where it then ends", async () => {
  const path = file("growing.pcap", big);
  let grown = false;
  let packets = 0;
  await readCapture(path, () => {
    packets++;
    if (!grown) appendFileSync(path, pcapRecord({ seconds: PACKETS }));
    grown = true;
  });
  expect(packets).toBe(PACKETS + 1);
});

test("regular files can be read again, and nothing else", async () => {
  mkdirSync(joinPath(folder, "folder"), { recursive: true });
  expect(await canReadAgain(file("again.pcap", big))).toBe(true);
  expect(await canReadAgain("-")).toBe(false);
  expect(await canReadAgain(joinPath(folder, "folder"))).toBe(false);
  expect(await canReadAgain(joinPath(folder, "missing"))).toBe(false);
});

/** Octets that do not compress, the same every time. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed * 2654435761 + 1;
  return octets(length).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
