import { describePlays, HANDSHAKE, type Play } from "./playbook.ts";

const beginnings: Play[] = [
  {
    rule: "SYN retransmission: ignored",
    segments: `
      > S 99
      > S 99
      < S 499:100
      < S 499:100
      > . 100:500 a
      > S 99`,
    log: ["> a #5", "> end capture-ended #6", "< end capture-ended #6"],
  },
  {
    rule: "SYN with octets (TCP fast open): delivered, once",
    segments: `
      > S 99 hello
      < S 499:105
      > . 100:500 hello
      > . 105:500 world`,
    log: ["> hello #1", "> world #4", "> end capture-ended #4", "< end capture-ended #4"],
  },
  {
    rule: "SYN-ACK without SYN: its sender is side 1, and nothing is missing",
    segments: `
      < S 499:100
      > . 100:500 a
      < . 500:101 b`,
    log: ["> a #2", "< b #3", "> end capture-ended #3", "< end capture-ended #3"],
  },
  {
    rule: "SYN-ACK captured before its SYN: one connection",
    segments: `
      < S 499:100
      > S 99
      > . 100:500 a`,
    log: ["> a #3", "> end capture-ended #3", "< end capture-ended #3"],
  },
  {
    rule: "SYN-ACK lost: the client's first segment tells what it acknowledged",
    segments: `
      > S 99
      > . 100:500 a
      < . 500:101 b`,
    log: ["> a #2", "< b #3", "> end capture-ended #3", "< end capture-ended #3"],
  },
  {
    rule: "SYN-ACK made anew with another number before any octet: the last one counts",
    segments: `
      > S 99
      < S 499:100
      < S 7777:100
      > . 100:7778 a
      < . 7778:101 b`,
    log: ["> a #4", "< b #5", "> end capture-ended #5", "< end capture-ended #5"],
  },
  {
    rule: "both ends open at once (RFC 9293 §3.5, figure 7)",
    segments: `
      > S 99
      < S 499
      > S 99:500
      < S 499:100
      < . 500:100 b
      > . 100:501 a`,
    log: ["< b #5", "> a #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
  {
    rule: "SYN seen, first data segment lost: a gap of exact length",
    segments: `${HANDSHAKE}
      > . 105:500 world`,
    log: ["> gap 5 #4", "> world #4", "> end capture-ended #4", "< end capture-ended #4"],
  },
  {
    rule: "no SYN: a gap of unknown length before the first octets of each side",
    segments: `
      > . 100:500 a
      > . 101:500 b
      < . 500:102 c
      < . 501:102 d`,
    log: [
      "> gap ? #1",
      "> a #1",
      "> b #2",
      "< gap ? #3",
      "< c #3",
      "< d #4",
      "> end capture-ended #4",
      "< end capture-ended #4",
    ],
  },
  {
    rule: "no SYN: the end with the higher port is side 0, whoever speaks first",
    segments: `
      < . 500:100 a`,
    log: ["< gap ? #1", "< a #1", "> end capture-ended #1", "< end capture-ended #1"],
  },
  {
    rule: "no SYN: what lies before the first segment seen is old",
    segments: `
      > . 105 world
      > . 100 hello
      > . 110 !`,
    log: ["> gap ? #1", "> world #1", "> ! #3", "> end capture-ended #3", "< end capture-ended #3"],
  },
  {
    rule: "a SYN captured behind the octets that followed it: the same connection",
    segments: `
      > . 100 hello
      > S 99
      < S 499:105
      > . 105:500 world`,
    log: ["> gap ? #1", "> hello #1", "> world #4", "> end capture-ended #4", "< end capture-ended #4"],
  },
  {
    rule: "a SYN captured behind the second segment: the same connection",
    segments: `
      > . 105 world
      > S 99
      > . 110 !`,
    log: ["> gap ? #1", "> world #1", "> ! #3", "> end capture-ended #3", "< end capture-ended #3"],
  },
  {
    rule: "the server's octets captured first, then its SYN-ACK, then the SYN: one connection",
    segments: `
      < . 500:100 b
      < S 499:100
      > S 99
      > . 100:501 a`,
    log: ["< gap ? #1", "< b #1", "> a #4", "> end capture-ended #4", "< end capture-ended #4"],
  },
];

const portsUsedAgain: Play[] = [
  {
    rule: "new SYN with another number on a live connection: that one ends, another begins",
    segments: `${HANDSHAKE}
      > . 100:500 old
      > S 70000
      < S 90000:70001
      > . 70001:90001 new`,
    log: [
      "> old #4",
      "> end capture-ended #4",
      "< end capture-ended #4",
      "2 > new #7",
      "2 > end capture-ended #7",
      "2 < end capture-ended #7",
    ],
  },
  {
    rule: "new SYN: what the old connection held back is delivered first, behind its gap",
    segments: `${HANDSHAKE}
      > . 100:500 a
      > . 103:500 d
      > S 70000`,
    log: ["> a #4", "> gap 2 #5", "> d #5", "> end capture-ended #5", "< end capture-ended #5"],
  },
  {
    rule: "SYN-ACK of a new connection whose SYN was lost",
    segments: `${HANDSHAKE}
      > . 100:500 old
      < S 90000:70001
      > . 70001:90001 new`,
    log: [
      "> old #4",
      "> end capture-ended #4",
      "< end capture-ended #4",
      "2 > new #6",
      "2 > end capture-ended #6",
      "2 < end capture-ended #6",
    ],
  },
  {
    rule: "SYN in the other direction on a live connection: roles have changed",
    segments: `${HANDSHAKE}
      > . 100:500 old
      < S 80000
      > S 70000:80001
      < . 80001:70001 new`,
    log: [
      "> old #4",
      "> end capture-ended #4",
      "< end capture-ended #4",
      "2 > new #7",
      "2 > end capture-ended #7",
      "2 < end capture-ended #7",
    ],
  },
  {
    rule: "refused, then tried again with the same number: the second try is a connection of its own",
    segments: `
      > S 99
      < R 0:100
      > S 99
      < S 499:100
      > . 100:500 hello`,
    log: ["2 > hello #5", "2 > end capture-ended #5", "2 < end capture-ended #5"],
  },
  {
    rule: "the late FIN of an older connection does not end the new one",
    segments: `
      > S 70000
      < S 90000:70001
      > F 60000
      > . 70001:90001 new
      > F 60000
      > . 70004:90001 er`,
    log: ["> new #4", "> er #6", "> end capture-ended #6", "< end capture-ended #6"],
  },
];

describePlays("the beginning of a connection", beginnings);
describePlays("end points used again", portsUsedAgain);
