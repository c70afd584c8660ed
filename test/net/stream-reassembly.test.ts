import { describe, expect, it } from "vitest";
import { describePlays, HANDSHAKE, type Play, Playbook, play } from "./playbook.ts";

const OPEN_END = (packet: number): [string, string] => [
  `> end capture-ended #${packet}`,
  `< end capture-ended #${packet}`,
];

const order: Play[] = [
  {
    rule: "two segments changed places: delivered in order, each with its own packet",
    segments: `${HANDSHAKE}
      > . 105:500 world
      > . 100:500 hello`,
    log: ["> hello #5", "> world #4", ...OPEN_END(5)],
  },
  {
    rule: "three segments backwards",
    segments: `${HANDSHAKE}
      > . 106:500 c
      > . 103:500 b
      > . 100:500 a
      > . 101:500 aa
      > . 104:500 bb`,
    log: ["> a #6", "> aa #7", "> b #5", "> bb #8", "> c #4", ...OPEN_END(8)],
  },
  {
    rule: "the segment that fills the hole overlaps what is held back: the first copy stays",
    segments: `${HANDSHAKE}
      > . 103:500 DEF
      > . 100:500 abcde`,
    log: ["> abc #5", "> DEF #4", ...OPEN_END(5)],
  },
  {
    rule: "it reaches beyond what is held back",
    segments: `${HANDSHAKE}
      > . 102:500 C
      > . 100:500 abcd`,
    log: ["> ab #5", "> C #4", "> d #5", ...OPEN_END(5)],
  },
  {
    rule: "overlap among segments held back: the first copy of each octet stays",
    segments: `${HANDSHAKE}
      > . 102:500 CD
      > . 106:500 GH
      > . 101:500 bcdefghi
      > . 100:500 a`,
    log: ["> a #7", "> b #6", "> CD #4", "> ef #6", "> GH #5", "> i #6", ...OPEN_END(7)],
  },
  {
    rule: "a retransmission of what is held back adds nothing",
    segments: `${HANDSHAKE}
      > . 102:500 cd
      > . 102:500 cd
      > . 103:500 d
      > . 100:500 ab`,
    log: ["> ab #7", "> cd #4", ...OPEN_END(7)],
  },
  {
    rule: "the directions do not wait for each other",
    segments: `${HANDSHAKE}
      > . 101:500 b
      < . 500:100 x
      > . 100:500 a`,
    log: ["< x #5", "> a #6", "> b #4", ...OPEN_END(6)],
  },
];

const gaps: Play[] = [
  {
    rule: "what never comes is a gap of exact length when the timeline is over",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > . 104:500 e
      > . 107:500 h`,
    log: ["> a #4", "> gap 3 #5", "> e #5", "> gap 2 #6", "> h #6", ...OPEN_END(6)],
  },
  {
    rule: "not acknowledged: the hole may still be filled, however late",
    segments: `${HANDSHAKE}
      > . 101:500 b
      ${"< . 500:100\n".repeat(500)}
      > . 100:500 a`,
    log: ["> a #505", "> b #4", ...OPEN_END(505)],
  },
  {
    rule: "acknowledged, but only just: captures shuffle directions a little",
    segments: `${HANDSHAKE}
      > . 101:500 b
      ${"< . 500:100\n".repeat(500)}
      ${"< . 500:102\n".repeat(60)}
      > . 100:500 a`,
    log: ["> a #565", "> b #4", ...OPEN_END(565)],
  },
  {
    rule: "acknowledged a while ago: a gap, before the timeline is over",
    segments: `${HANDSHAKE}
      > . 101:500 b
      ${"< . 500:102\n".repeat(130)}
      < . 500:102 x`,
    log: ["> gap 1 #4", "> b #4", "< x #135", ...OPEN_END(135)],
  },
  {
    rule: "acknowledged exactly up to what is held back: a gap",
    segments: `${HANDSHAKE}
      > . 101:500 b
      ${"< . 500:101\n".repeat(130)}
      < . 500:101 x`,
    log: ["> gap 1 #4", "> b #4", "< x #135", ...OPEN_END(135)],
  },
  {
    rule: "acknowledged up to one octet before what is held back: that octet may still come",
    segments: `${HANDSHAKE}
      > . 102:500 c
      ${"< . 500:101\n".repeat(130)}
      > . 100:500 ab
      < . 500:103 x`,
    log: ["> ab #135", "> c #4", "< x #136", ...OPEN_END(136)],
  },
  {
    rule: "acknowledged before the segment behind the hole was captured",
    segments: `${HANDSHAKE}
      < . 500:102
      > . 101:500 b
      ${"< . 500:102\n".repeat(64)}
      < . 500:102 x`,
    log: ["> gap 1 #5", "> b #5", "< x #70", ...OPEN_END(70)],
  },
  {
    rule: "only the holes that are acknowledged",
    segments: `${HANDSHAKE}
      > . 101:500 b
      > . 103:500 d
      > . 105:500 f
      ${"< . 500:104\n".repeat(130)}
      < . 500:104 x`,
    log: ["> gap 1 #4", "> b #4", "> gap 1 #5", "> d #5", "< x #137", "> gap 1 #6", "> f #6", ...OPEN_END(137)],
  },
  {
    rule: "in front of a stream that has not begun: one gap, and nobody knows how large",
    segments: `
      > S 99
      < R 500:100
      < . 503:100 xyz`,
    log: ["< gap ? #3", "< xyz #3", "< end rst #2"],
  },
  {
    rule: "a FIN held up by an acknowledged hole is told with it",
    segments: `${HANDSHAKE}
      > F 101:500 b
      ${"< . 500:103\n".repeat(130)}
      < . 500:103 x`,
    log: ["> gap 1 #4", "> b #4", "> end fin #4", "< x #135", "< end capture-ended #135"],
  },
  {
    rule: "too many octets held back: the first hole is a gap, and what comes for it later is old",
    limits: { maxBufferedOctets: 6 },
    segments: `${HANDSHAKE}
      > . 101:500 bcd
      > . 106:500 ghi
      > . 111:500 lmn
      > . 105:500 f
      > . 104:500 e
      > . 109:500 jk`,
    log: ["> gap 1 #4", "> bcd #4", "> gap 1 #7", "> f #7", "> ghi #5", "> jk #9", "> lmn #6", ...OPEN_END(9)],
  },
  {
    rule: "too many segments held back",
    limits: { maxBufferedSegments: 2 },
    segments: `${HANDSHAKE}
      > . 101:500 b
      > . 103:500 d
      > . 105:500 f
      > . 102:500 c`,
    log: ["> gap 1 #4", "> b #4", "> c #7", "> d #5", "> gap 1 #6", "> f #6", ...OPEN_END(7)],
  },
  {
    rule: "too much held back over all streams: the one that waits longest gives up first",
    limits: { maxBufferedTotal: 600 },
    segments: `${HANDSHAKE}
      > . 101:500 b
      < . 501:100 y
      < . 503:100 z
      > . 100:500 a`,
    log: ["> gap 1 #4", "> b #4", OPEN_END(7)[0], "< gap 1 #5", "< y #5", "< gap 1 #6", "< z #6", OPEN_END(7)[1]],
  },
];

const limits: Play[] = [
  {
    rule: "as much as the limits allow is held back: octets",
    limits: { maxBufferedOctets: 3 },
    segments: `${HANDSHAKE}
      > . 101:500 bc
      > . 104:500 e
      > . 100:500 a
      > . 103:500 d`,
    log: ["> a #6", "> bc #4", "> d #7", "> e #5", ...OPEN_END(7)],
  },
  {
    rule: "as much as the limits allow is held back: segments",
    limits: { maxBufferedSegments: 2 },
    segments: `${HANDSHAKE}
      > . 101:500 b
      > . 103:500 d
      > . 100:500 a
      > . 102:500 c`,
    log: ["> a #6", "> b #4", "> c #7", "> d #5", ...OPEN_END(7)],
  },
  {
    rule: "as much as the limits allow is held back: in all, a segment being 256 octets more than it has",
    limits: { maxBufferedTotal: 2 * (256 + 3) },
    segments: `${HANDSHAKE}
      > . 101:500 bcd
      < . 501:100 yyy
      > . 100:500 a
      < . 500:104 x`,
    log: ["> a #6", "> bcd #4", "< x #7", "< yyy #5", ...OPEN_END(7)],
  },
  {
    rule: "one octet more, and the stream that has waited longest gives up its hole",
    limits: { maxBufferedTotal: 2 * (256 + 3) },
    segments: `${HANDSHAKE}
      > . 101:500 bcd
      < . 501:100 yyyy
      > . 100:500 a
      < . 500:104 x`,
    log: ["> gap 1 #4", "> bcd #4", "< x #7", "< yyyy #5", ...OPEN_END(7)],
  },
];

const snapLength: Play[] = [
  {
    rule: "what was captured is delivered, the rest is a cut gap",
    segments: `${HANDSHAKE}
      > . 100:500 hello/2
      > . 105:500 world/0
      > . 110:500 !`,
    log: ["> he #4", "> cut 3 #4", "> cut 5 #5", "> ! #6", ...OPEN_END(6)],
  },
  {
    rule: "TCP options cut too: the payload's length is known all the same",
    segments: `
      > . 100 hello/0
      > . 105 world`,
    log: ["> gap ? #1", "> cut 5 #1", "> world #2", ...OPEN_END(2)],
  },
  {
    rule: "a retransmission of cut octets is old",
    segments: `${HANDSHAKE}
      > . 100:500 hello/2
      > . 100:500 hello
      > . 103:500 lowor`,
    log: ["> he #4", "> cut 3 #4", "> wor #6", ...OPEN_END(6)],
  },
  {
    rule: "the overlap reaches into the cut part",
    segments: `${HANDSHAKE}
      > . 100:500 hel
      > . 100:500 helloworld/2
      > . 110:500 !`,
    log: ["> hel #4", "> cut 7 #5", "> ! #6", ...OPEN_END(6)],
  },
  {
    rule: "held back",
    segments: `${HANDSHAKE}
      > . 105:500 world/3
      > . 110:500 !/0
      > . 100:500 hello/4
      > . 111:500 ?`,
    log: ["> hell #6", "> cut 1 #6", "> wor #4", "> cut 2 #4", "> cut 1 #5", "> ? #7", ...OPEN_END(7)],
  },
  {
    rule: "a FIN inside the cut part bounds it",
    segments: `${HANDSHAKE}
      > F 103:500
      > . 100:500 hello/2`,
    log: ["> he #5", "> cut 1 #5", "> end fin #4", "< end capture-ended #5"],
  },
];

describePlays("order", order);
describePlays("gaps", gaps);
describePlays("limits", limits);
describePlays("snap length", snapLength);

describe("what is held back", () => {
  it("is a copy: the record's octets may change afterwards", () => {
    const book = new Playbook();
    const packet = book.assembler.packet.bind(book.assembler);
    book.assembler.packet = record => {
      packet(record);
      record.bytes.fill(0x3f);
    };
    book.feed(`${HANDSHAKE}
      > . 105:500 world
      > . 100:500 hello`);
    expect(book.finish().slice(0, 2)).toEqual(["> hello #5", "> world #4"]);
  });

  it("stays within the limits, however the segments lie", () => {
    // Every other octet is missing: each segment waits, until there are 1024 of them.
    const lines: string[] = [];
    for (let at = 101; at < 101 + 2 * 5000; at += 2) lines.push(`> . ${at}:500 x`);
    const log = play(`${HANDSHAKE}${lines.join("\n")}`);
    expect(log.filter(line => line.startsWith("> gap 1"))).toHaveLength(5000);
    const book = new Playbook();
    book.feed(`${HANDSHAKE}${lines.join("\n")}`);
    expect(book.assembler.counters.holesAtLimit).toBe(5000 - 1024);
  });

  it("is let go when nobody listens", () => {
    const book = new Playbook({ foreign: true });
    const { assembler } = book;
    book.feed(`${HANDSHAKE}
      > . 101:500 b
      < . 500:100 x
      > . 100:500 a`);
    expect(book.finish()).toEqual([]);
    expect(assembler.counters.outOfOrder).toBe(1);
  });

  /** Each round holds back `b` in a connection of its own, between the same two ends, and lets go of it somehow. */
  const rounds: [how: string, round: (at: number) => string, foreign?: boolean][] = [
    ["when the hole is filled", at => `> . ${at + 101}:500 b\n > . ${at + 100}:500 a`],
    [
      "when the hole is filled piece by piece",
      at => `> . ${at + 103}:500 d\n > . ${at + 101}:500 bc\n > . ${at + 100}:500 a`,
    ],
    ["when the hole is acknowledged", at => `> . ${at + 101}:500 b\n${`< . 500:${at + 102}\n`.repeat(130)}`],
    ["when the connection is over", at => `> . ${at + 101}:500 b`],
    ["when nobody listens", at => `> . ${at + 101}:500 b\n < . 500:${at + 100} x\n > . ${at + 100}:501 a`, true],
  ];
  it.each(rounds)("counts no longer %s", (_, round, foreign = false) => {
    const one = 256 + "bcd".length;
    const book = new Playbook({ foreign, limits: { maxBufferedTotal: 2 * one } });
    for (let at = 0; at < 20_000; at += 1000) book.feed(`> S ${at + 99}\n < S 499:${at + 100}\n${round(at)}`);
    expect(book.assembler.counters.outOfOrder, "segments held back").toBeGreaterThanOrEqual(20);
    expect(book.assembler.counters.holesAtLimit).toBe(0);
    // There is room for two segments still, in any stream.
    book.feed("> S 50099\n < S 499:50100\n > . 50101:500 bcd\n < . 501:50100 yyy\n > . 50100:500 a\n < . 500:50104 x");
    expect(book.assembler.counters.holesAtLimit).toBe(0);
    if (!foreign) expect(book.finish().join()).toMatch(/> a #\d+,\d+ > bcd #\d+,\d+ < x #\d+,\d+ < yyy #/);
  });
});
