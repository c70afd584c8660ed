import { describe, expect, it } from "vitest";
import { Moment } from "../../src/net/connection-observer.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import { unreadPackets } from "../../src/net/unread-packets.ts";
import { carrying } from "../support/segments.ts";
import { describePlays, HANDSHAKE, type Play, Playbook } from "./playbook.ts";

const cases: Play[] = [
  {
    rule: "segments in order go straight through, both ways",
    segments: `${HANDSHAKE}
      > . 100:500 AMQP
      < . 500:104 start
      > . 104:505 ok
      > F 106:505
      < F 505:107`,
    log: ["> AMQP #4", "< start #5", "> ok #6", "> end fin #7", "< end fin #8"],
  },
  {
    rule: "a connection without octets is never shown",
    segments: `${HANDSHAKE}
      > F 100:500
      < F 500:101`,
    log: [],
  },
  {
    rule: "bare ACKs and resets of unknown connections begin nothing",
    segments: `
      > . 100:500
      < R 500
      < F 500:100`,
    log: [],
  },
  {
    rule: "the timeline ends an open connection, side 0 first",
    segments: `${HANDSHAKE}
      < . 500:100 hello`,
    log: ["< hello #4", "> end capture-ended #4", "< end capture-ended #4"],
  },

  // Old octets
  {
    rule: "retransmission: not delivered again",
    segments: `${HANDSHAKE}
      > . 100:500 hello
      > . 100:500 hello
      > . 105:500 world`,
    log: ["> hello #4", "> world #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
  {
    rule: "overlap that agrees: only the new octets",
    segments: `${HANDSHAKE}
      > . 100:500 hello
      > . 103:500 lowor
      > . 100:500 helloworld!`,
    log: ["> hello #4", "> wor #5", "> ld! #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
  {
    rule: "keep-alive, empty or with one octet: ignored",
    segments: `${HANDSHAKE}
      > . 100:500 hello
      > . 104:500
      > . 104:500 x
      < . 500:105
      > . 105:500 !`,
    log: ["> hello #4", "> ! #8", "> end capture-ended #8", "< end capture-ended #8"],
  },
  {
    rule: "zero-window probe with one new octet: data, and its retransmission is not",
    segments: `${HANDSHAKE}
      > . 100:500 h
      > . 101:500 e
      > . 101:500 e
      > . 101:500 ello`,
    log: ["> h #4", "> e #5", "> llo #7", "> end capture-ended #7", "< end capture-ended #7"],
  },

  // The end
  {
    rule: "FIN with octets: delivered, then the end",
    segments: `${HANDSHAKE}
      > F 100:500 bye`,
    log: ["> bye #4", "> end fin #4", "< end capture-ended #4"],
  },
  {
    rule: "FIN before the octets in front of it: the end waits, and keeps its packet",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > F 104:500
      > . 101:500 bye`,
    log: ["> a #4", "> bye #6", "> end fin #5", "< end capture-ended #6"],
  },
  {
    rule: "FIN behind octets that never come: a gap when the timeline is over",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > F 104:500
      < F 500:105`,
    log: ["> a #4", "< end fin #6", "> gap 3 #5", "> end fin #5"],
  },
  {
    rule: "FIN retransmitted, with and without octets: one end",
    segments: `${HANDSHAKE}
      > F 100:500 bye
      > F 103:500
      > F 100:500 bye`,
    log: ["> bye #4", "> end fin #4", "< end capture-ended #6"],
  },
  {
    rule: "octets behind a FIN are ignored",
    segments: `${HANDSHAKE}
      > F 103:500
      > . 104:500 later
      > . 100:500 byebye
      > . 104:500 later`,
    log: ["> bye #6", "> end fin #4", "< end capture-ended #7"],
  },
  {
    rule: "half-closed: the other side goes on",
    segments: `${HANDSHAKE}
      > F 100:500
      < . 500:101 still
      < . 505:101 here
      < F 509:101`,
    log: ["< still #5", "> end fin #4", "< here #6", "< end fin #7"],
  },
  {
    rule: "RST: its sender's side ends, the other when nothing can follow; octets on their way are delivered",
    segments: `${HANDSHAKE}
      > . 100:500 a
      < R 500:101
      > . 101:500 b
      > . 102:500 c`,
    log: ["> a #4", "< end rst #5", "> b #6", "> c #7", "> end rst #7"],
  },
  {
    rule: "RST with octets (RFC 9293 §3.5.3): they are no stream data",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > R 101:500 go-away`,
    log: ["> a #4", "> end rst #5", "< end rst #5"],
  },
  {
    rule: "RST captured before its sender's last octets: the end waits for them",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > R 104:500
      > . 101:500 bye`,
    log: ["> a #4", "> bye #6", "> end rst #5", "< end rst #6"],
  },
  {
    rule: "RST in front of octets held back: they come out, behind their gap, when nothing can follow",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > . 103:500 d
      > R 101:500`,
    log: ["> a #4", "> gap 2 #5", "> d #5", "> end rst #6", "< end rst #6"],
  },
  {
    rule: "RST behind a FIN: the side that sent the FIN has ended with it",
    segments: `${HANDSHAKE}
      > F 100:500 a
      < R 500:102`,
    log: ["> a #4", "> end fin #4", "< end rst #5"],
  },
  {
    rule: "RST far outside the window: ignored",
    segments: `${HANDSHAKE}
      > . 100:500 a
      < R 600000000:101
      < . 500:101 b`,
    log: ["> a #4", "< b #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
  {
    rule: "octets acknowledged but not captured, at the very end: a gap",
    segments: `${HANDSHAKE}
      > . 100:500 a
      < . 500:111`,
    log: ["> a #4", "> gap 10 #5", "> end capture-ended #5", "< end capture-ended #5"],
  },
  {
    rule: "a single octet acknowledged more than was seen may be a FIN: no gap",
    segments: `${HANDSHAKE}
      > . 100:500 a
      < F 500:102`,
    log: ["> a #4", "< end fin #5", "> end capture-ended #5"],
  },

  // Where the stream cannot be
  {
    rule: "one wild segment is ignored",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > . 1500000000:500 wild
      > . 101:500 b`,
    log: ["> a #4", "> b #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
  {
    rule: "four segments in a row at another place: the stream goes on there, behind a gap of unknown length",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > . 1500000000 one
      > . 1500000003 two
      > . 1500000003 two
      > . 1500000006 three
      > . 1500000011 four
      > . 1500000015 five`,
    log: ["> a #4", "> gap ? #9", "> four #9", "> five #10", "> end capture-ended #10", "< end capture-ended #10"],
  },
  {
    rule: "the same far behind: retransmissions do not reach back that far",
    segments: `
      > . 100000000 a
      > . 50000000 one
      > . 50000003 two
      > . 50000006 three
      > . 50000011 four`,
    log: ["> gap ? #1", "> a #1", "> gap ? #5", "> four #5", "> end capture-ended #5", "< end capture-ended #5"],
  },
  {
    rule: "what was held back comes out before the stream goes on elsewhere",
    segments: `
      > . 100 a
      > . 103 d
      > . 1500000000 one
      > . 1500000003 two
      > . 1500000006 three
      > . 1500000011 four`,
    log: [
      "> gap ? #1",
      "> a #1",
      "> gap 2 #2",
      "> d #2",
      "> gap ? #6",
      "> four #6",
      "> end capture-ended #6",
      "< end capture-ended #6",
    ],
  },
  {
    rule: "a stream that goes on behind its end is another connection whose SYN was lost",
    segments: `${HANDSHAKE}
      > F 100:500 a
      < F 500:102
      > . 70000:80000 one
      > . 70003:80000 two
      > . 70006:80000 three
      > . 70011:80000 four
      < . 80000:70015 ok`,
    log: [
      "> a #4",
      "> end fin #4",
      "< end fin #5",
      "2 > gap ? #9",
      "2 > four #9",
      "2 < gap ? #10",
      "2 < ok #10",
      "2 > end capture-ended #10",
      "2 < end capture-ended #10",
    ],
  },
  {
    rule: "the fourth stray may carry a FIN: it is the new connection's",
    segments: `${HANDSHAKE}
      > F 100:500 a
      < F 500:102
      > . 70000 one
      > . 70003 two
      > . 70006 three
      > F 70011 four
      > . 70015 late`,
    log: [
      "> a #4",
      "> end fin #4",
      "< end fin #5",
      "2 > gap ? #9",
      "2 > four #9",
      "2 > end fin #9",
      "2 < end capture-ended #10",
    ],
  },
  {
    rule: "SYN with FIN or RST is no segment of anything",
    segments: `
      > SF 99
      > SR 99
      > S 99
      > SF 12345
      < S 499:100
      > . 100:500 a`,
    log: ["> a #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
];

describePlays("TCP playbooks", cases);

describe("an observer", () => {
  it("that sets itself to null is called no more, and the connection still counts as ended", () => {
    const calls: string[] = [];
    const seen: TcpConnection[] = [];
    const book = new Playbook();
    const assembler = new TcpAssembler(connection => {
      seen.push(connection);
      return {
        data: () => {
          calls.push("data");
          connection.observer = null;
        },
        gap: () => calls.push("gap"),
        end: () => calls.push("end"),
      };
    });
    Object.assign(book, { assembler });
    book.feed(`${HANDSHAKE}
      > . 100:500 a
      > . 101:500 b
      < . 600:102 held
      > F 102:500
      < F 604:103`);
    book.finish();
    expect(calls).toEqual(["data"]);
    expect(seen.map(connection => connection.ended)).toEqual(["fin"]);
  });

  it("that sets itself to null while held segments are delivered gets none of the rest", () => {
    const calls: string[] = [];
    const book = new Playbook();
    const assembler = new TcpAssembler(connection => ({
      data: (_side, bytes, start) => {
        calls.push(String.fromCharCode(bytes[start]!));
        if (calls.length === 2) connection.observer = null;
      },
      gap: () => calls.push("gap"),
      end: () => calls.push("end"),
    }));
    Object.assign(book, { assembler });
    book.feed(`${HANDSHAKE}
      > . 101:500 b
      > . 102:500 c
      > . 100:500 a
      > . 103:500 d`);
    book.finish();
    expect(calls).toEqual(["a", "b"]);
  });

  it("that nobody offers is not asked for again, until a new connection begins", () => {
    const book = new Playbook({ foreign: true });
    book.feed(`${HANDSHAKE}
      > . 100:500 a
      > . 101:500 b
      < . 500:102 c
      > S 70000
      < S 80000:70001
      > . 70001:80001 d`);
    expect(book.finish()).toEqual([]);
    expect(book.connections.map(connection => connection.ordinal)).toEqual([0, 1]);
  });
});

describe("a connection", () => {
  it("tells who talks, how much and how it ended", () => {
    const book = new Playbook();
    book.feed(`${HANDSHAKE}
      > . 100:500 hello
      > . 107:500 !
      < . 500:108 world/2
      < R 505:108`);
    book.finish();
    const connection = book.connections[0]!;
    expect(connection).toMatchObject({
      ordinal: 0,
      sawSyn: true,
      ended: "rst",
      packets: 7,
      first: Object.assign(new Moment(), { packet: 1, seconds: 1_700_000_001, nanoseconds: 1000 }),
      last: Object.assign(new Moment(), { packet: 7, seconds: 1_700_000_007, nanoseconds: 7000 }),
    });
    expect(([0, 1] as const).map(side => `${connection.address(side)}:${connection.port(side)}`)).toEqual([
      "10.0.0.1:40000",
      "10.0.0.2:5672",
    ]);
    expect([connection.octets(0), connection.gaps(0), connection.missing(0)]).toEqual([6, 1, 2]);
    expect([connection.octets(1), connection.gaps(1), connection.missing(1)]).toEqual([2, 1, 3]);
  });

  it.each([
    ["open", ""],
    ["fin", "> F 101:500"],
    ["fin", "< F 500:101"],
    ["rst", "< R 500:101"],
    ["rst", "> F 101:500\n< R 500:102"],
  ])("that is %s", (ended, segments) => {
    const book = new Playbook();
    book.feed(`${HANDSHAKE}
      > . 100:500 a
      ${segments}`);
    book.finish();
    expect(book.connections[0]!.ended).toBe(ended);
  });

  it("continues from one file to the next of a timeline", () => {
    const inputs: string[] = [];
    const assembler = new TcpAssembler(() => ({
      data: (side, bytes, start, end) => {
        const text = new TextDecoder().decode(bytes.slice(start, end));
        inputs.push(`${side} ${text} input=${assembler.moment.input} packet=${assembler.moment.packet}`);
      },
      gap: () => inputs.push("gap"),
      end: (side, reason) => inputs.push(`${side} ${reason}`),
    }));
    const segment = (sequence: number, text: string) => carrying(text).tcp({ sequence }).ipv4().ethernet();
    assembler.packet(segment(100, "a").record(1, 1));
    assembler.packet(segment(102, "c").record(1, 2));
    assembler.input = 1;
    assembler.packet(segment(101, "b").record(1, 1));
    assembler.packet(segment(103, "d").record(1, 2));
    assembler.finish();
    expect(inputs).toEqual([
      "gap",
      "0 a input=0 packet=1",
      "0 b input=1 packet=1",
      "0 c input=0 packet=2",
      "0 d input=1 packet=2",
      "0 capture-ended",
      "1 capture-ended",
    ]);
  });

  it("is forgotten when the timeline is over: the next one begins anew", () => {
    const book = new Playbook();
    book.feed("> . 100 a");
    book.finish();
    book.feed("> . 500 b");
    expect(book.finish().slice(4)).toEqual([
      "2 > gap ? #2",
      "2 > b #2",
      "2 > end capture-ended #2",
      "2 < end capture-ended #2",
    ]);
  });
});

describe("counters", () => {
  it("say what was not read, and why", () => {
    const { assembler } = new Playbook();
    const tcp = () => carrying("x").tcp().ipv4();
    assembler.packet(carrying("x").ipv4().record(147));
    assembler.packet(carrying("x").ipv4().record(147));
    assembler.packet(carrying("x").ethernet(0x0806).record());
    assembler.packet(carrying("x").ethernet(0x88b5).record());
    assembler.packet(carrying("x").udp().ipv4().ethernet().record());
    assembler.packet(carrying("x").ipv4({ protocol: 50 }).ethernet().record());
    assembler.packet(carrying("x").tcp().ipv4({ moreFragments: true, totalLength: 40 }).ethernet().record());
    assembler.packet(tcp().ethernet().cutTo(40).record());
    assembler.packet(carrying("x").tcp({ dataOffset: 4 }).ipv4().ethernet().record());
    assembler.packet(tcp().ethernet().record());
    assembler.packet(carrying("x").tcp({ flags: "SF" }).ipv4().ethernet().record());
    assembler.finish();
    expect(assembler.counters.segments).toBe(2);
    const unread = unreadPackets(assembler.counters.unread);
    expect(unread.map(({ reason, packets, mayHoldAmqp }) => [reason, packets, mayHoldAmqp])).toEqual([
      ["link-type-147", 2, true],
      ["ethertype-0x88b5", 1, true],
      ["esp", 1, true],
      ["fragments", 1, true],
      ["headers-cut", 1, true],
      ["malformed", 1, true],
      ["arp", 1, false],
      ["udp", 1, false],
      ["contradictory-flags", 1, false],
    ]);
  });

  it("say what had to be decided", () => {
    const book = new Playbook();
    book.feed(`${HANDSHAKE}
      > . 100:500 a
      > . 100:500 a
      > . 104:500 efg
      > . 105:500 XYZ
      < R 900000000:101
      > . 1500000000 one
      > . 1500000003 two
      > . 1500000006 three
      > . 1500000011 four`);
    expect(book.assembler.counters).toMatchObject({
      retransmissions: 1,
      outOfOrder: 2,
      strayResets: 1,
      straySegments: 4,
      resynchronisations: 1,
    });
  });
});
