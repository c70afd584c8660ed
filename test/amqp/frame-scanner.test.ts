import { describe, expect, it } from "vitest";
import type { EnvelopeFault } from "../../src/amqp/envelope-fault.ts";
import { FrameBoundarySearch } from "../../src/amqp/frame-boundary-search.ts";
import { FrameScanner, UNKNOWN_FRAME_LIMIT } from "../../src/amqp/frame-scanner.ts";
import type { FrameSink } from "../../src/amqp/frame-sink.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { type ScanOptions, scanEveryWay, stream } from "../support/frame-log.ts";
import { hex, wire } from "../support/wire.ts";

interface Case extends Pick<ScanOptions, "limit" | "lost"> {
  rule: string;
  /** Commented hexadecimal. */
  wire: string;
  log: string[];
}

function describeCases(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    it.each(cases)("$rule", ({ wire, log, limit, lost = false }) => {
      const options = limit === undefined ? { lost } : { lost, limit };
      expect(scanEveryWay(stream(wire), options)).toEqual(log);
    });
  });
}

const HEARTBEATS = "08 0000 00000000 ce 08 0000 00000000 ce";

describeCases("frames (§4.2.3)", [
  {
    rule: "type, channel, size, payload, frame-end",
    wire: `
      01 0001 00000005  0014 000a 00  ce  -- channel.open
      02 0001 0000000e  003c 0000 0000000000000005 0000  ce
      03 0001 00000005  68656c6c6f  ce
      08 0000 00000000  ce`,
    log: [
      "@0 method 1 0014000a00",
      "@13 header 1 003c000000000000000000050000",
      "@35 body 1 5 octets",
      "@48 heartbeat 0",
    ],
  },
  {
    rule: "a payload may be empty, whatever the type",
    wire: "01 0000 00000000 ce  02 0001 00000000 ce  03 0001 00000000 ce  08 0000 00000000 ce",
    log: ["@0 method 0", "@8 header 1", "@16 body 1 0 octets", "@24 heartbeat 0"],
  },
  {
    rule: "a heartbeat's channel and payload are its reader's concern",
    wire: "08 0102 00000002 abcd ce",
    log: ["@0 heartbeat 258 abcd"],
  },
  {
    rule: "0xce within a payload ends nothing",
    wire: "03 ffff 00000003 cecece ce  01 0000 00000002 cece ce",
    log: ["@0 body 65535 3 octets", "@11 method 0 cece"],
  },
  {
    rule: "the payload may be as large as the limit",
    limit: 6,
    wire: "03 0001 00000006 010203040506 ce  01 0001 00000006 010203040506 ce",
    log: ["@0 body 1 6 octets", "@14 method 1 010203040506"],
  },
  {
    rule: "messages one behind the other, and what stands between them",
    wire: `
      01 0001 00000009  003c 0028 0000 00 00 00  ce
      02 0001 0000000e  003c 0000 0000000000000002 0000  ce
      03 0001 00000002  6869  ce
      01 0002 0000000c  003c 0028 0000 01 65 02 6b6b 00  ce
      02 0002 0000000f  003c 0000 0000000000000001 1000 02  ce
      03 0002 00000001  21  ce
      08 0000 00000000  ce
      01 0001 00000009  003c 0028 0000 00 00 00  ce
      02 0001 0000000e  003c 0000 0000000000000002 0000  ce
      03 0001 00000002  6869  ce`,
    log: [
      "@0 method 1 003c00280000000000",
      "@17 header 1 003c000000000000000000020000",
      "@39 body 1 2 octets",
      "@49 method 2 003c002800000165026b6b00",
      "@69 header 2 003c00000000000000000001100002",
      "@92 body 2 1 octets",
      "@101 heartbeat 0",
      "@109 method 1 003c00280000000000",
      "@126 header 1 003c000000000000000000020000",
      "@148 body 1 2 octets",
    ],
  },
  { rule: "part of a frame header waits", wire: "01 0001 000000", log: ["@0 partial 6 octets of 010001000000"] },
  {
    rule: "part of a payload waits",
    wire: "08 0000 00000000 ce  01 0001 00000005 0014",
    log: ["@0 heartbeat 0", "@8 partial 9 octets of 01000100000005"],
  },
  {
    rule: "a whole payload waits for its frame-end",
    wire: "01 0001 00000005 0014 000a 00",
    log: ["@0 partial 12 octets of 01000100000005"],
  },
]);

describeCases("faults of the envelope, in the broker's order: size, frame-end, type", [
  {
    rule: "a size beyond the limit is a fault as soon as its last octet is there",
    limit: 32,
    wire: "03 0001 00000021",
    log: ["@0 frame-too-large 03000100000021 end ?"],
  },
  {
    rule: "nothing is said before",
    limit: 32,
    wire: "03 0001 000000",
    log: ["@0 partial 6 octets of 030001000000"],
  },
  {
    rule: "the size comes before the type",
    limit: 32,
    wire: "41 4d51 50000009",
    log: ["@0 frame-too-large 414d5150000009 end ?"],
  },
  {
    rule: "a size of 2^32 - 1 is beyond the limit, not below zero",
    wire: "01 0001 ffffffff 00",
    log: ["@0 frame-too-large 010001ffffffff @7 behind 00 end ?"],
  },
  {
    rule: "what stands in the frame-end's place is the evidence, with what follows",
    wire: "01 0001 00000005 0014 000a 00 cf",
    log: ["@0 frame-end 01000100000005 payload 0014000a00 @12 behind cf end cf"],
  },
  {
    rule: "of an empty payload",
    wire: "08 0000 00000000 cf 01",
    log: ["@0 frame-end 08000000000000 @7 behind cf01 end cf"],
  },
  {
    rule: "16 octets are kept of the payload, and 16 from the frame-end's place on",
    wire: `
      03 0002 00000012  000102030405060708090a0b0c0d0e0f1011
      aa 202122232425262728292a2b2c2d2e2f3031`,
    log: [
      "@0 frame-end 03000200000012 payload 000102030405060708090a0b0c0d0e0f @25 behind aa202122232425262728292a2b2c2d2e end aa",
    ],
  },
  {
    rule: "of a method whose arguments hold 0xce, too",
    wire: "01 0001 00000006 003c 0050 cece 00",
    log: ["@0 frame-end 01000100000006 payload 003c0050cece @13 behind 00 end 00"],
  },
  {
    rule: "16 octets are kept behind a header that is too large",
    limit: 32,
    wire: "00 0000 5c0b7472 616365706172656e745300000037303030",
    log: ["@0 frame-too-large 0000005c0b7472 @7 behind 616365706172656e7453000000373030 end ?"],
  },
  {
    rule: "an unknown type is undecided until its frame-end's place",
    wire: "04 0000 00000003 000000",
    log: ["@0 undecided 04000000000003 @7 behind 000000 end ?"],
  },
  {
    rule: "an unknown type that is well delimited is frame-type",
    wire: "04 0000 00000003 000000 ce",
    log: ["@0 frame-type 04000000000003 @7 behind 000000ce end ce"],
  },
  {
    rule: "an unknown type with a wrong frame-end is frame-end: the broker looks there first",
    wire: "04 0000 00000003 000000 cf",
    log: ["@0 frame-end 04000000000003 @7 behind 000000cf end cf"],
  },
  {
    rule: "type 0 and an empty payload",
    wire: "00 0000 00000000 ce",
    log: ["@0 frame-type 00000000000000 @7 behind ce end ce"],
  },
  {
    rule: "a frame-end's place behind the 16 octets kept is still looked at",
    limit: 32,
    wire: "03 0001 00000021  000000000000000000000000000000000000000000000000000000000000000000  ce",
    log: ["@0 frame-too-large 03000100000021 @7 behind 00000000000000000000000000000000 end ce"],
  },
]);

describeCases("the boundary behind a fault", [
  {
    rule: "is where two frames follow one another",
    wire: `00 0000 5c0b7472 616365706172656e74 ce ${HEARTBEATS}`,
    log: [
      "@0 frame-too-large 0000005c0b7472 @7 behind 616365706172656e74ce080000000000 end ?",
      "@17 found",
      "@17 heartbeat 0",
      "@25 heartbeat 0",
    ],
  },
  {
    rule: "may lie within the broken header",
    wire: "03 0001 01 0001 00000005 0014 000a 00 ce 03 0001 00000000 ce",
    log: [
      "@0 frame-too-large 03000101000100 @7 behind 0000050014000a00ce03000100000000 end ?",
      "@3 found",
      "@3 method 1 0014000a00",
      "@16 body 1 0 octets",
    ],
  },
  {
    rule: "may be where the frame-end should have been",
    wire: `03 0001 00000002 6162 ${HEARTBEATS}`,
    log: [
      "@0 frame-end 03000100000002 payload 6162 @9 behind 08000000000000ce08000000000000ce end 08",
      "@9 found",
      "@9 heartbeat 0",
      "@17 heartbeat 0",
    ],
  },
  {
    rule: "is right behind a well delimited frame of an unknown type",
    wire: `04 0000 00000000 ce ${HEARTBEATS}`,
    log: [
      "@0 frame-type 04000000000000 @7 behind ce08000000000000ce08000000000000 end ce",
      "@8 found",
      "@8 heartbeat 0",
      "@16 heartbeat 0",
    ],
  },
  {
    rule: "is believed for one frame where the stream ends with it",
    wire: "04 0000 00000000 ce 08 0000 00000000 ce",
    log: ["@0 frame-type 04000000000000 @7 behind ce08000000000000ce end ce", "@8 found", "@8 heartbeat 0"],
  },
  {
    rule: "is not believed for one frame with more behind it",
    wire: "04 0000 00000000 ce 08 0000 00000000 ce 00",
    log: ["@0 frame-type 04000000000000 @7 behind ce08000000000000ce00 end ce"],
  },
  {
    rule: "an unknown type is settled long after the boundary was found: 0xce",
    wire: `05 0000 0000000f ${HEARTBEATS}`,
    log: [
      "@0 frame-type 0500000000000f @7 behind 08000000000000ce08000000000000ce end ce",
      "@7 found",
      "@7 heartbeat 0",
      "@15 heartbeat 0",
    ],
  },
  {
    rule: "an unknown type is settled long after the boundary was found: another octet",
    wire: `05 0000 00000018 ${HEARTBEATS} 08 0000 00000000 ce 08`,
    log: [
      "@0 frame-end 05000000000018 @7 behind 08000000000000ce08000000000000ce end 08",
      "@7 found",
      "@7 heartbeat 0",
      "@15 heartbeat 0",
      "@23 heartbeat 0",
      "@31 partial 1 octets of 08",
    ],
  },
  {
    rule: "a second fault leaves the first one's evidence alone",
    wire: `
      05 0000 0000002c                             -- the frame-end's place is 51
      ${HEARTBEATS}
      06 0000 00000000 ce
      ${HEARTBEATS} 08 0000 00000000 ce`,
    log: [
      "@0 frame-end 0500000000002c @7 behind 08000000000000ce08000000000000ce end 00",
      "@7 found",
      "@7 heartbeat 0",
      "@15 heartbeat 0",
      "@23 frame-type 06000000000000 @30 behind ce08000000000000ce08000000000000 end ce",
      "@31 found",
      "@31 heartbeat 0",
      "@39 heartbeat 0",
      "@47 heartbeat 0",
    ],
  },
  {
    rule: "a genuine oversize frame has its frame-end, and frames right behind it",
    limit: 8,
    wire: `03 0001 00000009 616161616161616161 ce ${HEARTBEATS}`,
    log: [
      "@0 frame-too-large 03000100000009 @7 behind 616161616161616161ce080000000000 end ce",
      "@17 found",
      "@17 heartbeat 0",
      "@25 heartbeat 0",
    ],
  },
]);

describeCases("gaps", [
  {
    rule: "inside a body, the boundary stays known",
    wire: "03 0001 00000005 68 <gap 3> 6f ce  08 0000 00000000 ce",
    log: ["@0 body 1 5 octets", "@13 heartbeat 0"],
  },
  {
    rule: "again and again",
    wire: "03 0001 00000005 <gap 1> 65 <gap 1> <gap 1> 6f ce  08 0000 00000000 ce",
    log: ["@0 body 1 5 octets", "@13 heartbeat 0"],
  },
  {
    rule: "inside a method, its arguments are hidden",
    wire: "01 0001 00000005 00 <gap 3> 00 ce  01 0001 00000005 0014 000a 00 ce",
    log: ["@0 hidden method 1 5 octets", "@13 method 1 0014000a00"],
  },
  {
    rule: "to the end of the payload",
    wire: "02 0001 0000000e 003c <gap 12> ce  08 0000 00000000 ce",
    log: ["@0 hidden header 1 14 octets", "@22 heartbeat 0"],
  },
  {
    rule: "the frame-end included",
    wire: "03 0001 00000005 68 <gap 5> 08 0000 00000000 ce",
    log: ["@0 hidden body 1 5 octets", "@13 heartbeat 0"],
  },
  {
    rule: "the whole payload and the frame-end",
    wire: "03 0001 00000005 <gap 6> 08 0000 00000000 ce",
    log: ["@0 hidden body 1 5 octets", "@13 heartbeat 0"],
  },
  {
    rule: "the frame-end alone",
    wire: "08 0000 00000000 <gap 1> 03 0001 00000001 61 <gap 1> 08 0000 00000000 ce",
    log: ["@0 hidden heartbeat 0 0 octets", "@8 hidden body 1 1 octets", "@17 heartbeat 0"],
  },
  {
    rule: "one octet beyond the frame-end: the boundary is lost",
    wire: `03 0001 00000005 68 <gap 6> 0000 00000000 ce ${HEARTBEATS}`,
    log: ["lost", "@21 found", "@21 heartbeat 0", "@29 heartbeat 0"],
  },
  {
    rule: "inside a frame header, even a known one",
    wire: `03 00 <gap 1> 00000005 68656c6c6f ce ${HEARTBEATS}`,
    log: ["lost", "@13 found", "@13 heartbeat 0", "@21 heartbeat 0"],
  },
  {
    rule: "between two frames",
    wire: `08 0000 00000000 ce <gap 13> ${HEARTBEATS}`,
    log: ["@0 heartbeat 0", "lost", "@21 found", "@21 heartbeat 0", "@29 heartbeat 0"],
  },
  {
    rule: "of unknown length, inside a body: offsets count what was seen",
    wire: `03 0001 00000005 68 <gap ?> 6f ce ${HEARTBEATS}`,
    log: ["lost", "@10 found", "@10 heartbeat 0", "@18 heartbeat 0"],
  },
  {
    rule: "of unknown length, at the beginning",
    wire: `<gap ?> ${HEARTBEATS}`,
    log: ["lost", "@0 found", "@0 heartbeat 0", "@8 heartbeat 0"],
  },
  {
    rule: "where the boundary is lost already",
    wire: `<gap 2> 6162 <gap 3> 63 ${HEARTBEATS}`,
    log: ["lost", "@8 found", "@8 heartbeat 0", "@16 heartbeat 0"],
  },
  {
    rule: "no chain is made of octets on both sides",
    wire: "<gap 1> 08 0000 00000000 ce 08 0000 <gap 4> 00000000 ce",
    log: ["lost"],
  },
  {
    rule: "a wrong frame-end behind it is not believed to be one",
    wire: `03 0001 00000005 68 <gap 3> 6f 00 ${HEARTBEATS}`,
    log: ["lost", "@13 found", "@13 heartbeat 0", "@21 heartbeat 0"],
  },
  {
    rule: "behind a fault, its evidence ends",
    wire: `01 0001 00000002 0014 cf 61 <gap 3> 62 ${HEARTBEATS}`,
    log: [
      "@0 frame-end 01000100000002 payload 0014 @9 behind cf61 end cf",
      "@15 found",
      "@15 heartbeat 0",
      "@23 heartbeat 0",
    ],
  },
  {
    rule: "behind a fault, the frame-end's place may be hidden",
    wire: `05 0000 00000002 61 <gap 3> ${HEARTBEATS}`,
    log: ["@0 undecided 05000000000002 @7 behind 61 end ?", "@11 found", "@11 heartbeat 0", "@19 heartbeat 0"],
  },
  {
    rule: "of no octets: nothing is missing, inside a body or its end octet's place",
    wire: "03 0001 00000002 61 <gap 0> 62 <gap 0> ce 08 0000 00000000 ce",
    log: ["@0 body 1 2 octets", "@10 heartbeat 0"],
  },
  {
    rule: "behind a fault, the frame-end's place may come behind it",
    wire: `05 0000 00000005 61 <gap 3> 62 ce ${HEARTBEATS}`,
    log: ["@0 frame-type 05000000000005 @7 behind 61 end ce", "@13 found", "@13 heartbeat 0", "@21 heartbeat 0"],
  },
  {
    rule: "of unknown length behind a fault: no place is known any more",
    wire: `05 0000 00000004 61 <gap ?> 626364 ce ${HEARTBEATS}`,
    log: ["@0 undecided 05000000000004 @7 behind 61 end ?", "@12 found", "@12 heartbeat 0", "@20 heartbeat 0"],
  },
  {
    rule: "several faults, then a gap",
    wire: `
      05 0000 00000020  ${HEARTBEATS}    -- the frame-end's place is 39
      06 0000 00000010  ${HEARTBEATS}    -- 46
      <gap 1>  ${HEARTBEATS}`,
    log: [
      "@0 frame-end 05000000000020 @7 behind 08000000000000ce08000000000000ce end 00",
      "@7 found",
      "@7 heartbeat 0",
      "@15 heartbeat 0",
      "@23 undecided 06000000000010 @30 behind 08000000000000ce08000000000000ce end ?",
      "@30 found",
      "@30 heartbeat 0",
      "@38 heartbeat 0",
      "lost",
      "@47 found",
      "@47 heartbeat 0",
      "@55 heartbeat 0",
    ],
  },
]);

describeCases("a start in mid-stream", [
  {
    rule: "inside a body: the frames behind it",
    lost: true,
    wire: `6c6c6f ce ${HEARTBEATS} 03 0001 00000001 61 ce`,
    log: ["@4 found", "@4 heartbeat 0", "@12 heartbeat 0", "@20 body 1 1 octets"],
  },
  {
    rule: "at a boundary, by luck",
    lost: true,
    wire: HEARTBEATS,
    log: ["@0 found", "@0 heartbeat 0", "@8 heartbeat 0"],
  },
  {
    rule: "method, content header and body are a chain",
    lost: true,
    wire: `
      ce 01 0001 0000000a 003c 0028 0000 00 01 74 00 ce -- basic.publish
         02 0001 0000000e 003c 0000 0000000000000001 0000 ce
         03 0001 00000001 61 ce`,
    log: [
      "@1 found",
      "@1 method 1 003c0028000000017400",
      "@19 header 1 003c000000000000000000010000",
      "@41 body 1 1 octets",
    ],
  },
  {
    rule: "a single frame at the stream's end",
    lost: true,
    wire: "6c6c6f ce 01 0001 00000005 0014 000a 00 ce",
    log: ["@4 found", "@4 method 1 0014000a00"],
  },
  {
    rule: "no frame at all",
    lost: true,
    wire: "01 02 03 08 ce 01 02 03 08 ce 41 4d 51 50",
    log: [],
  },
  {
    rule: "a heartbeat alone within text is no boundary",
    lost: true,
    wire: `6161 08 0000 00000000 ce 6161 ${HEARTBEATS}`,
    log: ["@12 found", "@12 heartbeat 0", "@20 heartbeat 0"],
  },
  {
    rule: "of several chains, the one complete first is taken: text that holds two heartbeats",
    lost: true,
    wire: `03 0001 00000018 ${HEARTBEATS} 6161616161616161 ce`,
    log: ["@7 found", "@7 heartbeat 0", "@15 heartbeat 0", "@23 frame-too-large 61616161616161 @30 behind 61ce end ?"],
  },
  {
    rule: "of two chains complete at the same octet, the one that began first",
    lost: true,
    wire: "03 0001 00000008 08 0000 00000000 ce ce 08 0000 00000000 ce",
    log: ["@0 found", "@0 body 1 8 octets", "@16 heartbeat 0"],
  },
]);

describe("what is not believed to be a frame where the boundary is lost, twice in a row", () => {
  it.each([
    ["a type that is none", "04 0000 00000000 ce"],
    ["a method frame too short for its ids", "01 0001 00000003 003c 00 ce"],
    ["a method that there is not", "01 0001 00000004 003c 0063 ce"],
    ["a method of class connection on channel 1", "01 0001 00000004 000a 0033 ce"],
    ["another class's method on channel 0", "01 0000 00000004 0014 0029 ce"],
    ["a content header of less than 14 octets", "02 0001 0000000d 003c 0000 0000000000000000 00 ce"],
    ["a content header of another class", "02 0001 0000000e 0032 0000 0000000000000000 0000 ce"],
    ["a content header with a weight", "02 0001 0000000e 003c 0001 0000000000000000 0000 ce"],
    ["a content header on channel 0", "02 0000 0000000e 003c 0000 0000000000000000 0000 ce"],
    ["a body on channel 0", "03 0000 00000001 61 ce"],
    [
      "a body larger than the limit",
      "03 0001 00000021 616161616161616161616161616161616161616161616161616161616161616161 ce",
    ],
    ["a heartbeat on channel 1", "08 0001 00000000 ce"],
    ["a heartbeat with a payload", "08 0000 00000001 00 ce"],
    ["a frame-end that is none", "08 0000 00000000 cf"],
  ])("%s", (_, frame) => {
    expect(scanEveryWay(stream(`61 ${frame} ${frame}`), { limit: 32, lost: true })).toEqual([]);
  });
});

/** A sink that writes down the offset of each frame, and of each place where frames go on. */
function offsets(): { sink: FrameSink; log: string[]; scanner: FrameScanner | null } {
  const log: string[] = [];
  const noted = {
    log,
    scanner: null as FrameScanner | null,
    sink: {
      frame: () => log.push(`@${noted.scanner!.frameOffset}`),
      messages: () => 0,
      hiddenFrame: () => log.push(`@${noted.scanner!.frameOffset} hidden`),
      brokenEnvelope: (fault: EnvelopeFault) => log.push(`@${fault.streamOffset} ${fault.rule}`),
      isGuess: false,
      guessBroken: () => "no-guess" as const,
      guessDecided() {},
      boundaryLost: () => log.push("lost"),
      boundaryFound: (offset: number) => log.push(`@${offset} found`),
    },
  };
  return noted;
}

describe("a stream that ends inside a frame, which is taken for broken", () => {
  const budget = { octets: 0, limit: 1 << 20 };
  const broken = (text: string, size: number) => {
    const noted = offsets();
    const search = (from: number, limit: number) => new FrameBoundarySearch(from, limit, budget);
    const scanner = new FrameScanner(noted.sink, new Moment(), 4096, search);
    noted.scanner = scanner;
    const octets = hex(text);
    for (let at = 0; at < octets.length; at += size) scanner.receive(octets, at, Math.min(at + size, octets.length));
    scanner.finish();
    scanner.breakPartial("stalled");
    const { offset, partial } = scanner;
    scanner.stop();
    expect(budget.octets, "octets kept at the end").toBe(0);
    return { log: noted.log, offset, partial: partial?.octets };
  };

  it.each([1, 2, 3, 7, 100])("%i octets at a time: its offset is where the stream ends", size => {
    expect(broken("08 0000 00000000 ce 03 0001 00000020 616161", size)).toEqual({
      log: ["@0", "@8 stalled"],
      offset: 18,
      partial: undefined,
    });
    expect(broken("08 0000 00000000 ce 03 0001 00000003 616161", size)).toEqual({
      log: ["@0", "@8 stalled"],
      offset: 18,
      partial: undefined,
    });
  });

  it("inside its header there is nothing to break", () => {
    expect(broken("08 0000 00000000 ce 03 0001 0000", 100)).toEqual({ log: ["@0"], offset: 13, partial: 5 });
    expect(broken("08 0000 00000000 ce", 100)).toEqual({ log: ["@0"], offset: 8, partial: undefined });
  });
});

describe("frames that lie whole in the octets received", () => {
  it("are handed on in place: nothing is copied, up to the limit and the last octet", () => {
    const octets = wire().frame(1, 1, [0, 20, 0, 10, 0]).frame(3, 1, new Uint8Array(32)).heartbeat(2).octets;
    const places: [isSame: boolean, at: number, size: number][] = [];
    const { sink } = offsets();
    const inPlace: FrameSink = {
      ...sink,
      frame: (_, __, bytes, at, size) => places.push([bytes === octets, at, size]),
    };
    const scanner = new FrameScanner(inPlace, new Moment(), 32, (from, limit) => {
      throw new Error(`a search from ${from}, limit ${limit}`);
    });
    scanner.receive(octets, 0, octets.length);
    expect(places).toEqual([
      [true, 7, 5],
      [true, 20, 32],
      [true, 60, 0],
      [true, 68, 0],
    ]);
  });

  it("are not read on where the scanner is stopped at one of them", () => {
    const noted = offsets();
    const frame = (): void => {
      noted.log.push(`@${noted.scanner!.frameOffset}`);
      noted.scanner!.stop();
    };
    const scanner = new FrameScanner({ ...noted.sink, frame }, new Moment(), 4096, () => {
      throw new Error("nothing is searched for");
    });
    noted.scanner = scanner;
    const octets = hex(HEARTBEATS);
    scanner.receive(octets, 0, octets.length);
    expect({ log: noted.log, offset: scanner.offset }).toEqual({ log: ["@0"], offset: 16 });
  });
});

describe("a search for the boundary believes frames", () => {
  it("while no frame-max is known, none of more than 16 MiB and 7 octets", () => {
    expect(UNKNOWN_FRAME_LIMIT).toBe(16_777_223);
  });

  it.each([
    ["up to the limit in force", 4096, 4096],
    ["of 1 MiB at most while no frame-max is known", UNKNOWN_FRAME_LIMIT, 1 << 20],
    ["of any size where frame-max is 0", 0xffffffff, 0xffffffff],
  ])("%s", (_, sizeLimit, expected) => {
    const limits: number[] = [];
    const noted = offsets();
    const search = (from: number, limit: number) => {
      limits.push(limit);
      return new FrameBoundarySearch(from, limit, { octets: 0, limit: 1 << 20 });
    };
    const scanner = new FrameScanner(noted.sink, new Moment(), sizeLimit, search);
    scanner.lose();
    scanner.stop();
    const another = new FrameScanner(noted.sink, new Moment(), sizeLimit, search);
    another.receive(hex("05 0001 00000000"), 0, 7);
    another.stop();
    expect(limits).toEqual([expected, expected]);
  });
});

it("when it is stopped it counts octets, those that were not captured too, and looks at none", () => {
  const noted = offsets();
  const search = (from: number, limit: number) => new FrameBoundarySearch(from, limit, { octets: 0, limit: 1 << 20 });
  const scanner = new FrameScanner(noted.sink, new Moment(), 4096, search);
  noted.scanner = scanner;
  const octets = hex(HEARTBEATS);
  scanner.receive(octets, 0, 5);
  scanner.stop();
  scanner.receive(octets, 5, octets.length);
  scanner.gap(7);
  scanner.gap(-1);
  scanner.receive(octets, 0, octets.length);
  const { offset, lost, atBoundary, partial } = scanner;
  expect({ offset, lost, atBoundary, partial }).toEqual({ offset: 39, lost: false, atBoundary: false, partial: null });
  expect(noted.log).toEqual([]);
});

describe("where frames follow from a guess", () => {
  const outcome = (header: string, sizeLimit: number): string => {
    const noted = offsets();
    const sink: FrameSink = { ...noted.sink, isGuess: true };
    const search = (from: number, limit: number) => new FrameBoundarySearch(from, limit, { octets: 0, limit: 1 << 20 });
    const scanner = new FrameScanner(sink, new Moment(), sizeLimit, search);
    noted.scanner = scanner;
    expect(scanner.atBoundary).toBe(true);
    scanner.receive(hex(header), 0, 7);
    expect(scanner.atBoundary).toBe(false);
    const log = [...noted.log, ...(scanner.lost ? ["lost"] : [])].join();
    scanner.stop();
    return log;
  };

  it.each([
    ["a content header of 64 KiB", "02 0001 00010000", UNKNOWN_FRAME_LIMIT, ""],
    ["a larger one", "02 0001 00010001", UNKNOWN_FRAME_LIMIT, "@0 frame-too-large,lost"],
    ["a larger method", "01 0001 00010001", UNKNOWN_FRAME_LIMIT, "@0 frame-too-large,lost"],
    ["a body of 1 MiB", "03 0001 00100000", UNKNOWN_FRAME_LIMIT, ""],
    ["a larger body", "03 0001 00100001", UNKNOWN_FRAME_LIMIT, "@0 frame-too-large,lost"],
    ["whatever the frame-max allows", "02 0001 00010001", 1 << 24, ""],
  ])("%s", (_, header, sizeLimit, expected) => {
    expect(outcome(header, sizeLimit)).toBe(expected);
  });
});
