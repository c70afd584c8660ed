import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { CaptureError } from "../../src/capture/capture-error.ts";
import type { PacketRecord } from "../../src/capture/packet-record.ts";
import { PcapReader } from "../../src/capture/pcap-reader.ts";
import { type ByteOrder, hex, join, octets, pcapHeader, pcapRecord } from "../support/capture-writer.ts";
import { packetLog } from "./packet-log.ts";

const ORDERS: readonly ByteOrder[] = ["big", "little"];

interface Case {
  rule: string;
  header?: Parameters<typeof pcapHeader>[0];
  records: Parameters<typeof pcapRecord>[0][];
  log: string[];
  notes?: string[];
}

const cases: Case[] = [
  { rule: "a file may hold no packets", records: [], log: [] },
  {
    rule: "0xa1b2c3d4: fractions are microseconds",
    records: [{ seconds: 1_700_000_000, fraction: 999_999, data: hex("dead") }],
    log: ["#1 1700000000.999999000/6 link 1, 2 of 2: dead"],
  },
  {
    rule: "0xa1b23c4d: fractions are nanoseconds",
    header: { magic: 0xa1b23c4d },
    records: [{ seconds: 1, fraction: 999_999_999, data: hex("dead") }],
    log: ["#1 1.999999999/9 link 1, 2 of 2: dead"],
  },
  {
    rule: "0xa1b2cd34: records have eight octets more before the packet",
    header: { magic: 0xa1b2cd34 },
    records: [
      { seconds: 1, fraction: 2, data: hex("dead"), extra: octets(8) },
      { seconds: 3, fraction: 4, data: hex("beef"), extra: octets(8) },
    ],
    log: ["#1 1.000002000/6 link 1, 2 of 2: dead", "#2 3.000004000/6 link 1, 2 of 2: beef"],
  },
  {
    rule: "seconds are unsigned: 2038 is no end",
    records: [{ seconds: 0xffffffff, data: hex("00") }],
    log: ["#1 4294967295.000000000/6 link 1, 1 of 1: 00"],
  },
  {
    rule: "packets are not padded, and may be empty",
    records: [{ data: hex("010203") }, { data: octets(0) }, { data: hex("04") }],
    log: [
      "#1 0.000000000/6 link 1, 3 of 3: 010203",
      "#2 0.000000000/6 link 1, 0 of 0: ",
      "#3 0.000000000/6 link 1, 1 of 1: 04",
    ],
  },
  {
    rule: "the snap length cuts packets, the original length tells",
    header: { snapLength: 2 },
    records: [{ data: hex("0102"), originalLength: 1500 }],
    log: ["#1 0.000000000/6 link 1, 2 of 1500: 0102"],
  },
  {
    rule: "more octets captured than there were: the writer errs, the octets count",
    records: [{ data: hex("010203"), originalLength: 2 }],
    log: ["#1 0.000000000/6 link 1, 3 of 2: 010203"],
  },
  {
    rule: "the link type is the low 16 bits; FCS length, P and R are above",
    header: { linkType: 0x2400_0071 },
    records: [{ data: hex("00") }],
    log: ["#1 0.000000000/6 link 113, 1 of 1: 00"],
  },
  {
    rule: "a fraction that is a second or more is carried over",
    records: [{ seconds: 7, fraction: 3_000_001, data: hex("00") }],
    log: ["#1 10.000001000/6 link 1, 1 of 1: 00"],
    notes: ["fractions of a second that are a second or more were carried over (packets: 1)"],
  },
];

describe.each(ORDERS)("pcap written by a %s-endian machine", order => {
  test.each(cases)("$rule", ({ header, records, log, notes = [] }) => {
    const file = join(pcapHeader({ ...header, order }), ...records.map(record => pcapRecord({ ...record, order })));
    for (let chunkOctets = 1; chunkOctets <= file.length; chunkOctets++) {
      const found = packetLog(file, chunkOctets);
      expect(found.error, `chunks of ${chunkOctets}`).toBeNull();
      expect(found.lines, `chunks of ${chunkOctets}`).toEqual(log);
      expect(found.truncated).toBeNull();
      expect(found.reader?.format).toBe("pcap");
      expect(found.reader?.packets).toBe(records.length);
      expect(found.reader?.position).toBe(file.length);
      expect(found.reader?.notes).toEqual(notes);
    }
  });
});

const corrupt = [
  {
    rule: "a captured length beyond 262,144 octets, the snap length being smaller",
    header: { snapLength: 100 },
    capturedLength: 262_145,
    message: /^packet 2, at octet 44, is corrupt: .* at most 262144 octets, and is 262145$/,
  },
  {
    rule: "a captured length beyond a larger snap length",
    header: { snapLength: 300_000 },
    capturedLength: 300_001,
    message: /at most 300000 octets, and is 300001$/,
  },
  {
    rule: "a captured length beyond what a reader keeps in memory, whatever the snap length",
    header: { snapLength: 0xffffffff },
    capturedLength: 16 * 1024 * 1024,
    message: /at most 16777200 octets, and is 16777216$/,
  },
  {
    rule: "a captured length that a signed integer would call negative",
    header: {},
    capturedLength: 0xfffffffe,
    message: /and is 4294967294$/,
  },
];

describe.each(ORDERS)("corrupt pcap written by a %s-endian machine", order => {
  test.each(corrupt)("$rule", ({ header, capturedLength, message }) => {
    const file = join(
      pcapHeader({ ...header, order }),
      pcapRecord({ order, data: hex("01020304") }),
      pcapRecord({ order, data: octets(9), capturedLength }),
    );
    for (const chunkOctets of [1, 7, 44, 45, file.length]) {
      const { lines, error, reader } = packetLog(file, chunkOctets);
      expect(error).toBeInstanceOf(CaptureError);
      expect(error).toMatchObject({ atOctet: 44, packet: 2, message: expect.stringMatching(message) });
      expect(lines).toEqual(["#1 0.000000000/6 link 1, 4 of 4: 01020304"]);
      expect(reader?.position).toBe(44);
    }
  });

  test("a version that is not 2", () => {
    const { error } = packetLog(pcapHeader({ order, major: 3 }));
    expect(error).toMatchObject({ name: "CaptureError", atOctet: 0, message: expect.stringContaining("version 3") });
  });
});

test("a packet may be as long as the snap length says, where that is beyond the usual", () => {
  const data = octets(300_000);
  const file = join(pcapHeader({ snapLength: 300_000 }), pcapRecord({ data }), pcapRecord({ data: hex("01") }));
  for (const chunkOctets of [1000, 65536, file.length]) {
    const { lines, error } = packetLog(file, chunkOctets);
    expect(error).toBeNull();
    expect(lines.map(line => line.slice(0, 48))).toEqual([
      "#1 0.000000000/6 link 1, 300000 of 300000: aaaaa",
      "#2 0.000000000/6 link 1, 1 of 1: 01",
    ]);
  }
});

test("a file that ends early says where, wherever it ends", () => {
  const file = join(pcapHeader(), pcapRecord({ data: hex("0102") }), pcapRecord({ data: hex("030405") }));
  const ends = new Set([24, 42, file.length]);
  for (let length = 4; length <= file.length; length++) {
    const { lines, truncated, error } = packetLog(file.subarray(0, length));
    expect(error).toBeNull();
    expect(lines.length).toBe(length < 42 ? 0 : length < file.length ? 1 : 2);
    if (ends.has(length)) expect(truncated, `cut at ${length}`).toBeNull();
    else {
      const atOctet = length < 24 ? 0 : length < 42 ? 24 : 42;
      const found = length - atOctet;
      const whole = length < 42 ? 18 : 19;
      const expected = length < 24 ? 24 : found < 16 ? 16 : whole;
      const packet = length < 42 ? 1 : 2;
      expect(truncated, `cut at ${length}`).toMatchObject({ atOctet, packet, expected, found });
      expect(truncated?.message).toContain(`${expected} octets expected, ${found} found`);
    }
  }
});

test("a reader opened on what is no pcap says so", () => {
  const reader = new PcapReader(() => {});
  expect(() => reader.read(octets(24, 1), 0, 24)).toThrow("the magic number 0x01010101 is not one of pcap's");
});

test("the octets stay the caller's: one record, over the window it was given", () => {
  const records = new Set<PacketRecord>();
  const windows = new Set<Uint8Array>();
  const reader = new PcapReader(record => {
    records.add(record);
    windows.add(record.bytes);
  });
  const file = join(pcapHeader(), pcapRecord(), pcapRecord(), pcapRecord({ data: octets(9) }).subarray(0, 20));
  expect(reader.needed).toBe(24);
  expect(reader.read(file, 0, 10)).toBe(0);
  expect(reader.read(file, 0, file.length)).toBe(64);
  expect(reader.needed).toBe(25);
  expect(records.size).toBe(1);
  expect([...windows]).toEqual([file]);
});

interface OraclePacket {
  header: Record<"timestampSeconds" | "timestampMicroseconds" | "capturedLength" | "originalLength", number>;
  data: Buffer;
}
type Oracle = (input: Readable) => {
  on(event: "packet", listener: (packet: OraclePacket) => void): void;
  on(event: "end", listener: () => void): void;
};

/** pcap-parser knows microsecond files without faults, and was written by somebody else. */
test.each(ORDERS)("pcap-parser sees the same packets in a %s-endian file", async order => {
  const { parse } = createRequire(import.meta.url)("pcap-parser") as { parse: Oracle };
  const records = Array.from({ length: 200 }, (_, index) => {
    const data = octets((index * 37) % 191, index);
    const originalLength = data.length + (index % 3) * 100;
    return pcapRecord({
      order,
      seconds: 1_700_000_000 + index,
      fraction: (index * 7919) % 1_000_000,
      data,
      originalLength,
    });
  });
  const file = join(pcapHeader({ order }), ...records);
  const expected = await new Promise<string[]>(resolve => {
    const lines: string[] = [];
    const parser = parse(Readable.from([Buffer.from(file)]));
    parser.on("packet", ({ header, data }) => {
      const nanoseconds = String(header.timestampMicroseconds * 1000).padStart(9, "0");
      const time = `${header.timestampSeconds}.${nanoseconds}/6`;
      const lengths = `${header.capturedLength} of ${header.originalLength}`;
      lines.push(`#${lines.length + 1} ${time} link 1, ${lengths}: ${data.toString("hex")}`);
    });
    parser.on("end", () => resolve(lines));
  });
  expect(expected).toHaveLength(200);
  expect(packetLog(file, 1000).lines).toEqual(expected);
});
