import { describe, expect, it } from "vitest";
import { likelyMeanings } from "../../src/forensics/octet-reading.ts";
import { hex, join, text, wire } from "../support/wire.ts";

/** The readings of some octets, one run of the same meaning a line: index, octets, meaning. */
function readings(octets: Uint8Array): string[] {
  const meanings = likelyMeanings(octets);
  const runs: string[] = [];
  for (let at = 0; at < octets.length; ) {
    let end = at + 1;
    while (end < octets.length && meanings[end] === meanings[at]) end++;
    if (meanings[at] !== "") runs.push(`${at}+${end - at} ${meanings[at]}`);
    at = end;
  }
  return runs;
}

function sizeOf(octets: Uint8Array): number {
  return new DataView(octets.buffer, octets.byteOffset).getUint32(3);
}

interface FieldCase {
  /** Where it was reported. */
  report: string;
  what: string;
  /** The seven octets of the header, or those of the payload. */
  octets: Uint8Array;
  /** What the stream went on with. */
  behind?: Uint8Array;
  size?: number;
  likely: string[];
}

const spuriousSizes: FieldCase[] = [
  {
    report: "bunny#226, pika#320 (2013)",
    what: "a second protocol header on a live socket",
    octets: join(text("AMQP"), hex("000009")),
    size: 1_342_177_289,
    likely: ["0+7 protocol header: a second handshake"],
  },
  {
    report: "bunny#226, pika#320 (2013)",
    what: "the same with the octet behind it",
    octets: join(text("AMQP"), hex("000009")),
    behind: hex("01 01 0000 00000010 000a 000b"),
    likely: [
      "0+8 protocol header: a second handshake",
      "8+7 header of a connection.start-ok frame: channel 0, 16 octets",
      "15+4 connection.start-ok",
    ],
  },
  {
    report: "rabbitmq-server#1066",
    what: "8 octets late inside channel.open; a heartbeat follows",
    octets: hex("14 000a 00ce0800"),
    behind: hex("0000000000ce"),
    size: 13_502_464,
    likely: ["4+1 frame-end octet", "5+8 heartbeat frame"],
  },
  {
    report: "QAMQP#44",
    what: "end octet, then the body header of channel 1",
    octets: hex("02 9f9f ce030001"),
    behind: hex("00000005 9f9f9f9f9f ce"),
    size: 3_456_303_105,
    likely: ["3+1 frame-end octet", "4+7 header of a body frame: channel 1, 5 octets", "16+1 frame-end octet"],
  },
  {
    report: "node-amqp#292",
    what: "a send buffer shared between writers",
    octets: text("ew.4435"),
    size: 875_836_213,
    likely: ["0+7 text “ew.4435”"],
  },
  {
    report: "pika#320 (2020)",
    what: "payload text (a UUID) at a frame boundary",
    octets: text("0b28ec-"),
    size: 946_168_621,
    likely: ["0+7 text “0b28ec-”"],
  },
  {
    report: "pika#320 (2020)",
    what: "the same with more of the UUID",
    octets: text("0b28ec-"),
    behind: text("4f6a-9d11-2c9a5e"),
    likely: ["0+23 text “0b28ec-4f6a-9d11-2c9a5e”"],
  },
  {
    report: "SimpleAmqpClient#146",
    what: "payload text (a log date)",
    octets: text("[2017-0"),
    behind: text("3-14 12:00:00] s"),
    likely: ["0+23 text “[2017-03-14 12:00:00] s”"],
  },
  {
    report: "pika#408",
    what: "one octet before the end octet, then a body header",
    octets: hex("6d ce03 00010000"),
    size: 65_536,
    likely: ["1+1 frame-end octet", "2+5 header of a body frame: channel 1"],
  },
  {
    report: "pika#408",
    what: "the same with the rest of that header",
    octets: hex("6d ce03 00010000"),
    behind: hex("1000 7b226964223a"),
    likely: ["1+1 frame-end octet", "2+7 header of a body frame: channel 1, 4,096 octets", '9+6 text “{"id":”'],
  },
  {
    report: "the incident report of 2022",
    what: "a heartbeat frame written into a torn header",
    octets: hex("010002 08000000"),
    behind: hex("000000ce"),
    size: 134_217_728,
    likely: ["3+8 heartbeat frame"],
  },
  {
    report: "the incident report of 2022",
    what: "the seven octets alone",
    octets: hex("010002 08000000"),
    likely: ["3+4 heartbeat frame"],
  },
  {
    report: "recorded: pika, threads",
    what: "the middle of a headers table",
    octets: hex("00 0000 5c0b7472"),
    behind: join(text("aceparent"), hex("53 00000037"), text("00")),
    size: 1_544_254_578,
    likely: [
      "4+1 length of the name “traceparent”",
      "5+11 headers table: “traceparent”",
      "16+1 headers table: long string",
      "17+4 headers table: 55 octets of text",
      "21+2 text “00”",
    ],
  },
  {
    report: "recorded: pika, threads",
    what: "payload of one letter",
    octets: text("BBBBBBB"),
    behind: text("BBBBBBBBBBBBBBBB"),
    size: 1_111_638_594,
    likely: ["0+23 text “BBBBBBBBBBBBBBBBBBBBBBB”"],
  },
  {
    report: "recorded: py-amqp, threads",
    what: "payload of another letter",
    octets: text("ccccccc"),
    size: 1_667_457_891,
    likely: ["0+7 text “ccccccc”"],
  },
];

const wrongEnds: FieldCase[] = [
  {
    report: "bunny#120",
    what: "a whole publish of channel 3 behind a bare header",
    octets: hex("01 0003 00000014 003c 0028"),
    likely: ["0+7 header of a basic.publish frame: channel 3, 20 octets", "7+4 basic.publish"],
  },
  {
    report: "AMQP-CPP#278",
    what: "a content header of channel 40 inside a body frame",
    octets: hex("02 0028 0000000e 003c"),
    likely: ["0+7 header of a content header frame: channel 40, 14 octets"],
  },
  {
    report: "AMQP-CPP#278",
    what: "the same with more of it",
    octets: hex("02 0028 0000000e 003c 0000 0000000000"),
    likely: ["0+7 header of a content header frame: channel 40, 14 octets"],
  },
  {
    report: "rabbitmq-java-client#1778",
    what: "a header, and the end octet where the payload must begin",
    octets: hex("01 0001 00000005 ce"),
    likely: ["7+1 frame-end octet"],
  },
  {
    report: "rabbitmq-java-client#1778",
    what: "the same with the next frame",
    octets: hex("01 0001 00000005 ce 01 0002 00000005 0014 000a 00"),
    likely: ["7+1 frame-end octet", "8+7 header of a channel.open frame: channel 2, 5 octets", "15+4 channel.open"],
  },
];

describe("corruption seen in the field", () => {
  it.each([...spuriousSizes, ...wrongEnds])("$report: $what", ({ octets, behind, size, likely }) => {
    if (size !== undefined) expect(sizeOf(octets)).toBe(size);
    expect(readings(join(octets, behind ?? []))).toEqual(likely);
  });
});

describe("signatures", () => {
  it.each([
    ["HTTP/1.", "HTTP response", 72, 21_588, 1_345_270_062],
    ["GET /ap", "HTTP request", 71, 17_748, 539_976_048],
    ["POST /a", "HTTP request", 80, 20_307, 1_411_395_425],
  ])("%s", (start, meaning, type, channel, size) => {
    const octets = text(start);
    expect([octets[0], octets[1]! * 256 + octets[2]!, sizeOf(octets)]).toEqual([type, channel, size]);
    expect(readings(octets)[0]).toMatch(new RegExp(`^0\\+\\d ${meaning}$`));
  });

  it.each([0, 1, 2, 3, 4])("a TLS record of version 3.%i", minor => {
    expect(readings(join(hex("16 03"), [minor], hex("0200 01fc 0303")))[0]).toBe("0+3 TLS handshake");
  });

  it.each([0, 1, 2, 3, 4, 5, 6])("an end octet at octet %i of the header: the true boundary is behind it", at => {
    const octets = join(new Uint8Array(at).fill(0x9f), [0xce], wire().publishMethod(7).octets.subarray(0, 11));
    expect(readings(octets)).toEqual([
      `${at}+1 frame-end octet`,
      `${at + 1}+7 header of a basic.publish frame: channel 7, 14 octets`,
      `${at + 8}+4 basic.publish`,
    ]);
  });

  it.each([
    ["heartbeat", wire().heartbeat().octets, "1+8 heartbeat frame"],
    ["method", wire().ack(1, 1).octets.subarray(0, 7), "1+7 header of a method frame: channel 1, 13 octets"],
    [
      "content header",
      wire().header(2, 5).octets.subarray(0, 7),
      "1+7 header of a content header frame: channel 2, 14 octets",
    ],
    ["content body", wire().body(3, "hello").octets.subarray(0, 7), "1+7 header of a body frame: channel 3, 5 octets"],
  ])("a %s frame behind an end octet", (_, octets, reading) => {
    expect(readings(join([0xce], octets))).toEqual(["0+1 frame-end octet", reading]);
  });

  it("text that begins with a digit, a dash or a dot is no name of a table", () => {
    for (const start of ["0a1b2c", "-abc", ".net", "3.141592653589793"]) {
      expect(readings(text(start))).toEqual([`0+${start.length} text “${start}”`]);
    }
  });

  it("a genuine oversize frame is what it was taken for", () => {
    expect(readings(hex("03 0001 0001fe63 9f9f9f9f"))).toEqual([]);
    expect(readings(hex("02 0001 000249f0 003c 0000"))).toEqual([
      "0+7 header of a content header frame: channel 1, 150,000 octets",
    ]);
  });

  it("octets that mean nothing mean nothing", () => {
    for (const octets of ["", "00", "ce00", "0800000000000000", "00000000000000", "9f8e7d9cfffefdfcfb"]) {
      expect(readings(hex(octets)), octets).toEqual([]);
    }
  });

  it("there is a meaning for each octet, whatever they are", () => {
    for (let first = 0; first < 256; first += 7) {
      for (let length = 0; length < 24; length++) {
        const octets = Uint8Array.from({ length }, (_, i) => (first * (i + 1) + i * i) & 255);
        expect(likelyMeanings(octets)).toHaveLength(length);
      }
    }
  });
});
