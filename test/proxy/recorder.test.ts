import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, type TestContext } from "vitest";
import { readCapture } from "../../src/capture/capture-source.ts";
import { inspect } from "../../src/inspect.ts";
import type { Side } from "../../src/net/connection-observer.ts";
import { MAX_SEGMENT } from "../../src/net/synthetic-tcp.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import { Recorder, type RecorderOptions } from "../../src/proxy/recorder.ts";
import type { Connection, Finding, Report } from "../../src/report/report.ts";
import { PROPERTY } from "../capture/property-runs.ts";
import { temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";
import { hasTshark } from "../support/oracle-tools.ts";
import { listenToFiles, sharkPackets } from "../support/recorded.ts";
import { clientHandshake, join as joined, serverHandshake, text, wire } from "../support/wire.ts";

const CLIENT = { address: "192.0.2.7", port: 50123 };
const LISTENER = { address: "192.0.2.1", port: 5673 };
const SECONDS = 1_795_256_100; // 2026-11-21T10:15:00Z
const tsharkIsThere = hasTshark();

/** A recorder in a folder of its own, with a clock that goes on by a microsecond a call. */
class Recording {
  readonly directory: string;
  readonly problems: string[] = [];
  readonly recorder: Recorder;
  seconds = SECONDS;
  #microseconds = 0;

  constructor({ onTestFinished }: Pick<TestContext, "onTestFinished">, options: Partial<RecorderOptions> = {}) {
    this.directory = join(temporaryFolder(onTestFinished), "deep", "recordings");
    this.recorder = new Recorder({
      directory: this.directory,
      fileOctets: 64 << 20,
      files: 10,
      on: "always",
      credentials: false,
      ringOctets: 100_000,
      ringBudget: 1 << 20,
      problem: message => this.problems.push(message),
      ...options,
    });
    onTestFinished(() => this.recorder.close());
  }

  opened(number = 1): this {
    this.recorder.opened(number, { ...CLIENT, port: CLIENT.port + number }, LISTENER, this.seconds, this.#next());
    return this;
  }

  data(side: Side, octets: Uint8Array, number = 1, comment: string | null = null): this {
    const bytes = joined([9, 9], octets, [9]);
    this.recorder.data(number, side, bytes, 2, 2 + octets.length, this.seconds, this.#next(), comment);
    return this;
  }

  end(side: Side, reason: "fin" | "rst" = "fin", number = 1): this {
    this.recorder.end(number, side, reason, this.seconds, this.#next());
    return this;
  }

  comment(side: Side, comment: string, number = 1): this {
    this.recorder.comment(number, side, comment, this.seconds, this.#next());
    return this;
  }

  finding(number = 1): this {
    this.recorder.finding(number, this.seconds, this.#next());
    return this;
  }

  /** Flushed; what is in the folder. */
  get files(): string[] {
    this.recorder.flush();
    if (!existsSync(this.directory)) return [];
    return readdirSync(this.directory)
      .sort()
      .map(name => join(this.directory, name));
  }

  listen() {
    return listenToFiles(this.files);
  }

  #next(): number {
    return ++this.#microseconds * 1000;
  }
}

/** Octets that tell their place. */
function octets(length: number, first = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = ((first + i) * 0x9e3779b1) >>> 24;
  return bytes;
}

function same(found: Uint8Array, expected: Uint8Array): void {
  expect(found.length).toBe(expected.length);
  expect(Buffer.compare(found, expected)).toBe(0);
}

describe("always", () => {
  it("records a connection that inspect reads, with comments where they belong", async context => {
    const recording = new Recording(context);
    expect(recording.recorder.file).toBeNull();
    recording.opened();
    const client = clientHandshake().octets;
    const server = serverHandshake().octets;
    recording.data(0, client.subarray(0, 8)).data(1, server).data(0, client.subarray(8));
    recording.data(0, wire().channelOpen(1).publish(1, "hello").octets);
    recording.data(0, wire().frame(3, 1, text("x"), { end: 0 }).octets, 1, "f1 frame-end: found here");
    recording.comment(0, "f1: and this is why").end(0, "rst").end(1, "rst");
    recording.recorder.closed(1);

    const [file] = recording.files;
    expect(basename(file!)).toBe("ghostframe-20261121T101500.000Z-0001.pcapng");
    expect(recording.recorder.file).toBe(file);
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    const report = await inspect([file!]);
    expect(report.connections).toMatchObject([{ client: { ...CLIENT, port: 50124 }, server: LISTENER, ended: "rst" }]);
    expect(report.findings[0]).toMatchObject({ rule: "frame-end", packets: [8, 8] });
    expect(report.inputs[0]!.notes).toEqual([]);
    if (!tsharkIsThere) return;
    const comments = sharkPackets(file!).filter(({ comment }) => comment !== "");
    expect(comments.map(({ number, comment }) => [number, comment])).toEqual([
      [8, "f1 frame-end: found here"],
      [9, "f1: and this is why"],
    ]);
    expect(recording.problems).toEqual([]);
  });

  it("records what a fixture holds so that inspect says the same of it", async context => {
    const fixture = join(FIXTURES, "interleaving", "two-publishers-one-socket.pcapng.gz");
    const recording = new Recording(context, { fileOctets: 100_000 });
    const expected = await inspect([fixture]);
    await replay(fixture, expected, recording.recorder);
    const files = recording.files;
    expect(files.length).toBeGreaterThan(3);
    const found = await inspect(files);
    expect(found.findings.map(essence)).toEqual(expected.findings.map(essence));
    expect(found.connections.map(account)).toEqual(expected.connections.map(account));
    for (const [i, file] of files.entries()) {
      expect(statSync(file).size).toBeLessThanOrEqual(100_000);
      if (tsharkIsThere) sharkPackets(file, { gaps: i > 0 });
    }
  });

  it(`hears what was sent, over files and chunks of any size (seed ${PROPERTY.seed})`, async context => {
    const chunk = fc.record({
      number: fc.integer({ min: 1, max: 3 }),
      side: fc.constantFrom<Side>(0, 1),
      length: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 100_000 })),
      flush: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 40 }),
        fc.integer({ min: 2000, max: 300_000 }),
        async (chunks, fileOctets) => {
          const recording = new Recording(context, { fileOctets, files: 10_000, credentials: true });
          const sent = new Map<number, [Uint8Array[], Uint8Array[]]>();
          for (const { number, side, length, flush } of chunks) {
            if (!sent.has(number)) recording.opened(number);
            const sides = sent.get(number) ?? [[], []];
            sent.set(number, sides);
            sides[side].push(octets(length, length));
            recording.data(side, octets(length, length), number);
            if (flush) recording.recorder.flush();
          }
          const { connections } = await recording.listen();
          expect(connections).toHaveLength(sent.size);
          for (const [i, sides] of [...sent.values()].entries()) {
            for (const side of [0, 1] as const) {
              same(connections[i]!.octets(side), joined(...sides[side]));
              expect(connections[i]!.gaps[side]).toEqual([]);
            }
          }
          rmSync(recording.directory, { recursive: true, force: true });
        },
      ),
      { ...PROPERTY, numRuns: 25 },
    );
  });
});

describe("files", () => {
  it("are begun when full, and the oldest deleted, those of an earlier run among them", context => {
    const recording = new Recording(context, { fileOctets: 10_000, files: 3 }).opened();
    recording.data(1, octets(1000));
    const stranger = join(recording.directory, "notes.txt");
    const earlier = join(recording.directory, "ghostframe-20200101T000000.000Z-0007.pcapng");
    expect(recording.files).toHaveLength(1);
    writeFileSync(stranger, "");
    writeFileSync(earlier, "");
    for (let i = 0; i < 20; i++) recording.data(1, octets(3000)).recorder.flush();
    expect(recording.files).toContain(stranger);
    expect(recording.files).not.toContain(earlier);
    const names = recording.files.filter(file => file !== stranger).map(file => basename(file));
    expect(names.map(name => name.slice(-11))).toEqual(["0005.pcapng", "0006.pcapng", "0007.pcapng"]);
    expect(recording.recorder.file).toBe(join(recording.directory, names.at(-1)!));
    for (const name of names) expect(statSync(join(recording.directory, name)).size).toBeLessThanOrEqual(10_000);
  });

  it("take a packet larger than they may be", async context => {
    const recording = new Recording(context, { fileOctets: 1000 }).opened();
    recording.data(1, octets(5000)).data(1, octets(5000));
    const { connections } = await recording.listen();
    expect(connections[0]!.octets(1)).toHaveLength(10_000);
    expect(recording.files).toHaveLength(3);
  });

  it("of one name are never written twice, and sort as they were written when the clock goes back", context => {
    const first = new Recording(context).opened();
    const [file] = first.files;
    first.recorder.reopen();
    first.seconds -= 3600;
    first.data(1, octets(5));
    const names = first.files.map(each => basename(each));
    expect(names).toEqual([basename(file!), basename(file!).replace("0001", "0002")]);

    const again = new Recorder({
      directory: first.directory,
      fileOctets: 1e6,
      files: 5,
      on: "always",
      credentials: false,
      ringOctets: 0,
      ringBudget: 0,
      problem: () => {},
    });
    again.opened(1, CLIENT, LISTENER, SECONDS, 0);
    expect(again.file).toMatch(/0003\.pcapng$/);
    again.close();
  });

  it("reopen begins a new one", async context => {
    const recording = new Recording(context).opened().data(0, text("AMQP\0\0\t\x01"));
    const [first] = recording.files;
    renameSync(first!, `${first}.kept`);
    recording.recorder.reopen();
    recording.data(1, octets(10)).end(1);
    expect(recording.files.map(file => file.slice(-12))).toEqual(
      ["pcapng.kept", "0002.pcapng"].map(name => expect.stringContaining(name)),
    );
    expect((await recording.listen()).connections[0]!.octets(1)).toEqual(octets(10));
    expect(recording.problems).toEqual([]);
  });

  it("hold whole blocks after every flush, and nothing before it", async context => {
    const recording = new Recording(context).opened();
    for (let i = 1; i < 30; i++) {
      recording.data((i & 1) as Side, octets(i * 997));
      if (recording.recorder.file !== null && i % 3 !== 0) continue;
      recording.recorder.flush();
      await listenToFiles([recording.recorder.file!]);
    }
    const before = statSync(recording.recorder.file!).size;
    recording.data(1, octets(100));
    expect(statSync(recording.recorder.file!).size).toBe(before);
  });
});

describe("when the disk does not take it", () => {
  it("a folder that cannot be is told once, and tried again", async context => {
    const recording = new Recording(context);
    const inTheWay = join(recording.directory, "..");
    writeFileSync(inTheWay, "a file where a folder should be");
    recording.opened().data(0, octets(8));
    recording.seconds += 5;
    recording.data(0, octets(8));
    recording.seconds += 6;
    recording.data(0, octets(8)).recorder.flush();
    expect(recording.problems).toHaveLength(1);
    expect(recording.problems[0]).toMatch(/pauses: (ENOTDIR|EEXIST)/);
    expect(recording.recorder.lost).toBe(6);

    rmSync(inTheWay);
    recording.data(1, octets(9));
    expect(recording.files).toEqual([]);
    recording.seconds += 11;
    // What a server repeats of its client may be a secret.
    const others = octets(10).map(octet => octet ^ 0x55);
    recording.data(1, others);
    const { connections } = await recording.listen();
    expect(connections[0]!.octets(1)).toEqual(others);
    expect(recording.problems.slice(1)).toEqual([expect.stringContaining("goes on in")]);
  });

  it.skipIf(process.getuid?.() === 0)("a folder without permission, too", context => {
    const recording = new Recording(context).opened();
    expect(recording.files).toHaveLength(1);
    chmodSync(recording.directory, 0o500);
    recording.recorder.reopen();
    recording.data(0, octets(8)).recorder.flush();
    chmodSync(recording.directory, 0o700);
    expect(recording.problems).toEqual([expect.stringContaining("EACCES")]);
  });

  it("a file that is deleted is begun anew, its folder as well", async context => {
    const recording = new Recording(context).opened();
    recording.recorder.flush();
    rmSync(recording.directory, { recursive: true });
    recording.seconds += 1;
    recording.data(0, octets(8)).recorder.flush();
    expect(recording.problems).toEqual([expect.stringContaining("was deleted")]);
    recording.data(1, octets(10));
    expect((await recording.listen()).connections[0]!.octets(1)).toEqual(octets(10));
  });
});

describe("finding", () => {
  const rings = { on: "finding", credentials: true } as const;

  it("writes nothing while nothing is found", context => {
    const recording = new Recording(context, rings).opened();
    for (let i = 0; i < 100; i++) recording.data((i & 1) as Side, octets(5000));
    recording.end(0).end(1).recorder.closed(1);
    expect(recording.files).toEqual([]);
    expect(recording.recorder.file).toBeNull();
  });

  it("then its beginning, its ring and what follows, with the gap between", async context => {
    const recording = new Recording(context, rings).opened(1).opened(2);
    const stream = octets(2_000_000);
    recording.data(1, octets(700, 5)).data(0, stream.subarray(0, 8000));
    recording.data(0, octets(900), 2);
    for (let at = 8000; at < 1_000_000; at += 8000) recording.data(0, stream.subarray(at, at + 8000));
    recording.data(0, stream.subarray(1_000_000, 1_008_000), 1, "f1 frame-end").finding();
    recording.data(0, stream.subarray(1_008_000, 1_016_000)).data(1, octets(100, 7)).comment(0, "f1: why");

    const { connections } = await recording.listen();
    expect(connections).toHaveLength(1);
    const [connection] = connections;
    const found = connection!.octets(0);
    const gap = 1_016_000 - found.length;
    expect(connection!.gaps).toEqual([[gap], []]);
    // Packets of 8000 octets and their headers: four make the beginning, and twelve the ring.
    const ring = 12 * 8000;
    const beginning = found.length - ring - 8000;
    expect(beginning).toBe(3 * 8000);
    same(found.subarray(0, beginning), stream.subarray(0, beginning));
    same(found.subarray(beginning), stream.subarray(beginning + gap, 1_016_000));
    same(connection!.octets(1), joined(octets(700, 5), octets(100, 7)));
    if (!tsharkIsThere) return;
    const comments = sharkPackets(recording.files[0]!, { gaps: true }).map(({ comment }) => comment);
    expect(comments.filter(comment => comment !== "")).toEqual(["f1 frame-end", "f1: why"]);
  });

  it("goes back to its ring, and writes again at the next finding, without the beginning", async context => {
    const recording = new Recording(context, rings).opened();
    const stream = octets(3_000_000);
    let at = 0;
    const send = (until: number) => {
      for (; at < until; at += 8000) recording.data(0, stream.subarray(at, at + 8000));
    };
    send(400_000);
    recording.finding();
    const [first] = recording.files;
    const atFinding = statSync(first!).size;
    send(800_000);
    const written = statSync(recording.files[0]!).size - atFinding;
    expect(written).toBeGreaterThanOrEqual(100_000);
    expect(written).toBeLessThan(120_000);
    recording.finding();
    send(1_200_000);
    const { connections } = await recording.listen();
    expect(connections[0]!.gaps[0]).toHaveLength(2);
    const [one, two] = connections[0]!.gaps[0];
    expect(connections[0]!.octets(0).length + one! + two!).toBeLessThanOrEqual(1_200_000);
    expect(recording.files).toHaveLength(1);
  });

  it("writes the beginning again when its file is gone", async context => {
    const recording = new Recording(context, { ...rings, fileOctets: 60_000, files: 1 }).opened();
    recording.data(0, clientHandshake().octets).finding();
    expect((await recording.listen()).connections[0]!.octets(0)).toHaveLength(1000);
    for (let i = 0; i < 100; i++) recording.data(1, octets(8000));
    recording.recorder.reopen();
    recording.data(1, octets(10)).finding().recorder.flush();
    const { connections } = await recording.listen();
    expect(recording.files).toHaveLength(1);
    expect(connections).toHaveLength(1);
  });

  it("keeps less than its budget over all connections, those idle longest giving first", async context => {
    const ringBudget = 500_000;
    const recording = new Recording(context, { ...rings, ringBudget });
    for (let number = 1; number <= 20; number++) {
      recording.opened(number);
      for (let i = 0; i < 20; i++) recording.data(0, octets(6000), number);
      expect(recording.recorder.memory).toBeLessThanOrEqual(ringBudget);
    }
    recording.data(0, octets(77), 1).finding(1);
    const { connections } = await recording.listen();
    expect(connections[0]!.octets(0).length).toBeGreaterThanOrEqual(77);
    expect(connections[0]!.octets(0).length).toBeLessThan(60_000);
    for (let number = 1; number <= 20; number++) recording.recorder.closed(number);
    expect(recording.recorder.memory).toBeLessThanOrEqual(ringBudget);
  });

  it("of a time when no file can be written is written when one can", async context => {
    const recording = new Recording(context, rings);
    const inTheWay = join(recording.directory, "..");
    writeFileSync(inTheWay, "");
    recording.opened().data(0, octets(500)).finding();
    expect(recording.problems).toHaveLength(1);
    rmSync(inTheWay);
    recording.data(0, octets(8, 500));
    recording.seconds += 11;
    recording.data(0, octets(10, 508));
    const { connections } = await recording.listen();
    expect(connections[0]!.octets(0)).toEqual(octets(518));
    expect(connections[0]!.gaps).toEqual([[], []]);
  });
});

describe("credentials", () => {
  const password = "b4tt3rySt4ple";

  it.for([1, 3, 7, MAX_SEGMENT])(
    "are masked in chunks of %d octets, and the login is judged the same",
    async (size, context) => {
      const client = wire().protocolHeader().startOk({}, "PLAIN", `\0guest\0${password}`).tuneOk().open().octets;
      const recording = new Recording(context).opened();
      for (let at = 0; at < client.length; at += size) recording.data(0, client.subarray(at, at + size));
      recording.data(1, serverHandshake().octets);
      const [file] = recording.files;
      expect(readFileSync(file!).includes(password)).toBe(false);
      const octets = (await recording.listen()).connections[0]!.octets(0);
      expect(Buffer.from(octets).toString("latin1")).toBe(
        Buffer.from(client).toString("latin1").replace(password, "*".repeat(password.length)),
      );
      const report = await inspect([file!]);
      expect(report.findings).toEqual([]);
    },
  );

  it("are recorded where that is wanted", context => {
    const recording = new Recording(context, { credentials: true }).opened();
    recording.data(0, wire().protocolHeader().startOk({}, "PLAIN", `\0guest\0${password}`).octets);
    expect(readFileSync(recording.files[0]!).includes(password)).toBe(true);
  });
});

it("calls for connections it does not know do nothing", context => {
  const recording = new Recording(context);
  recording.data(0, octets(5)).end(0).comment(1, "x").finding().recorder.closed(1);
  expect(recording.files).toEqual([]);
});

/** Has the octets of a capture of one connection recorded, as if they were relayed. */
async function replay(path: string, { connections: [connection] }: Report, recorder: Recorder): Promise<void> {
  const { client, server } = connection!;
  const assembler = new TcpAssembler(() => {
    const { moment } = assembler;
    recorder.opened(1, client, server, moment.seconds, moment.nanoseconds);
    return {
      data: (side, bytes, start, end) => recorder.data(1, side, bytes, start, end, moment.seconds, moment.nanoseconds),
      gap: () => expect.unreachable(),
      end: (side, reason) => {
        if (reason !== "capture-ended") recorder.end(1, side, reason, moment.seconds, moment.nanoseconds);
      },
    };
  });
  await readCapture(path, record => assembler.packet(record));
  assembler.finish();
}

function essence({ rule, severity, streamOffset, length, frame, message, diagnosis }: Finding) {
  return { rule, severity, streamOffset, length, frame, message, diagnosis: diagnosis?.kind };
}

function account({ client, server, ended, clientProperties, negotiated, frames, octets, verdict }: Connection) {
  return { client, server, ended, clientProperties, negotiated, frames, octets, verdict };
}
