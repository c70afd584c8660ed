/** What a close of the broker's cost: told by its note, and the same by `inspect`, `messages` and `recover`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { recover } from "../../src/recover/recover.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { noteWords } from "../../src/report/text/notes.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, join, serverHandshake, type Wire, wire } from "../support/wire.ts";
import { publish } from "./life-lines.ts";

/** More than a finding lists; what a packet holds. */
const MANY = 1100;
const folder = mkdtempSync(joinPath(tmpdir(), "ghostframe-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** One packet: the next one comes a second later. */
const from = (side: 0 | 1, sent: Wire[]): Segment[] => [{ side, octets: join(...sent.map(({ octets }) => octets)) }];
const client = (...sent: Wire[]): Segment[] => from(0, sent);
const broker = (...sent: Wire[]): Segment[] => from(1, sent);
const opened = [
  ...client(clientHandshake()),
  ...broker(serverHandshake()),
  ...client(wire().channelOpen(1)),
  ...broker(wire().channelOpenOk(1)),
];
const toNowhere = (id: string) => publish(id, { exchange: "nowhere", routingKey: "", body: "" });
const noExchange = (channel = 1) =>
  wire().channelClose(channel, 404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'", 60, 40);
const answered = client(wire().channelCloseOk(1));

interface Row {
  rule: string;
  segments: Segment[];
  /** Ids of those lost, by fate. */
  lost: Record<string, string[]>;
  /** Rules and levels of what is told. */
  reported: string[];
}

const rows: Row[] = [
  {
    rule: "a publish to an exchange that is not there",
    segments: [...client(publish("m1"), toNowhere("m2")), ...broker(noExchange()), ...answered],
    lost: { refused: ["m2"] },
    reported: ["broker-close note", "ended-abruptly note"],
  },
  {
    rule: "and those behind it",
    segments: [...client(toNowhere("m1"), toNowhere("m2"), publish("m3")), ...broker(noExchange()), ...answered],
    lost: { refused: ["m1"], unread: ["m2", "m3"] },
    reported: ["broker-close note", "ended-abruptly note"],
  },
  {
    rule: "and those that come when the broker has closed the channel",
    segments: [...client(toNowhere("m1")), ...broker(noExchange()), ...client(publish("m2")), ...answered],
    lost: { refused: ["m1"], unread: ["m2"] },
    reported: ["broker-close note", "ended-abruptly note"],
  },
  {
    rule: "a client that does not answer the close",
    segments: [...client(toNowhere("m1"), publish("m2")), ...broker(noExchange())],
    lost: { refused: ["m1"], unread: ["m2"] },
    reported: ["broker-close note", "ended-abruptly note"],
  },
  {
    rule: "a message too large, where the broker names no exchange and only one can be meant",
    segments: [
      ...client(publish("m1")),
      ...broker(wire().channelClose(1, 406, "PRECONDITION_FAILED - message size 9 is larger", 60, 40)),
      ...client(publish("m2")),
      ...answered,
    ],
    lost: { refused: ["m1"], unread: ["m2"] },
    reported: ["broker-close note", "ended-abruptly note"],
  },
  {
    rule: "messages behind a close of the connection that an operator asked for",
    segments: [
      ...client(publish("m1")),
      ...broker(wire().close(320, "CONNECTION_FORCED - broker forced connection closure")),
      ...client(publish("m2"), wire().closeOk()),
    ],
    lost: { unread: ["m2"] },
    reported: ["broker-close note"],
  },
  {
    rule: "a passive declare that costs nothing",
    segments: [
      ...client(publish("m1"), wire().channelOpen(2)),
      ...broker(wire().channelOpenOk(2), wire().channelClose(2, 404, "NOT_FOUND - no queue 'q' in vhost '/'", 50, 10)),
      ...client(wire().channelCloseOk(2)),
    ],
    lost: {},
    reported: ["broker-close note", "ended-abruptly note"],
  },
];

describe("what a close cost", () => {
  it.each(rows)("$rule", async ({ rule, segments, lost, reported }) => {
    const path = captureOf(rule, segments);
    const all: MessageRecord[] = [];
    const report = await inspect([path], { onMessage: message => all.push(message) });
    expect(report.findings.map(({ rule: id, severity }) => `${id} ${severity}`).sort()).toEqual(reported);

    const inReport = report.findings.flatMap(finding => finding.lost ?? []);
    expect(byFate(inReport.map(({ fate, messageId }) => [fate, messageId]))).toEqual(lost);
    const isLost = ({ outcome }: MessageRecord) => outcome === "refused" || outcome === "unread";
    expect(byFate(all.filter(isLost).map(({ outcome, messageId }) => [outcome, messageId]))).toEqual(lost);
    const count = Object.values(lost).flat().length;
    expect(report.summary.lost?.messages ?? 0).toBe(count);
    expect(all.filter(isLost).map(({ finding }) => finding)).toEqual(Array.from({ length: count }, () => "f1"));
    const recovered: [string, string | undefined][] = [];
    await recover([path], { includeUnconfirmed: false }, async each => {
      recovered.push([each.lost.fate, each.lost.record.messageId]);
    });
    expect(byFate(recovered)).toEqual(lost);
  });

  it("names no message as refused where the exchange may have been there before", async () => {
    const seen = [...client(toNowhere("m0"), wire().method(1, 50, 10, [0, 0], [1, 113], [0], [0, 0, 0, 0]))];
    const there = broker(wire().method(1, 50, 11, [1, 113], [0, 0, 0, 0], [0, 0, 0, 0]));
    const segments = [
      ...seen,
      ...there,
      ...client(toNowhere("m1"), toNowhere("m2")),
      ...broker(noExchange()),
      ...answered,
    ];
    const all: MessageRecord[] = [];
    await inspect([captureOf("deleted meanwhile", segments)], { onMessage: message => all.push(message) });
    const outcomes = all.map(({ messageId, outcome }) => `${messageId} ${outcome}`);
    // One of the two was refused; the last one was not read in either case.
    expect(outcomes).toEqual(["m0 accepted", "m1 unknown", "m2 unread"]);
  });

  it("says where a later publish may be meant: the broker names the exchange only", async () => {
    const several = await inspect([
      captureOf("several", [...client(toNowhere("m1"), toNowhere("m2")), ...broker(noExchange()), ...answered]),
    ]);
    const one = await inspect([
      captureOf("one", [...client(toNowhere("m1"), publish("m2")), ...broker(noExchange()), ...answered]),
    ]);
    const [words, certain] = [several, one].map(({ findings }) => noteWords(findings[0]!));
    expect(words).toMatch(
      /1 message never read: m2; 1 message refused: m1, or a later one to that exchange: the broker names no more$/,
    );
    expect(certain).toMatch(/1 message never read: m2; 1 message refused: m1$/);
  });

  it("counts more than a channel kept before", async () => {
    const many = Array.from({ length: MANY }, () => toNowhere(""));
    const report = await inspect([captureOf("many", [...client(...many), ...broker(noExchange()), ...answered])]);
    expect(report.summary.lost).toMatchObject({ messages: MANY, refused: 1, unread: MANY - 1 });
    expect(report.findings[0]).toMatchObject({ rule: "broker-close", severity: "note", lostCount: MANY });
  });
});

function captureOf(name: string, segments: Segment[]): string {
  const path = joinPath(folder, `${name.replaceAll(/\W/g, "-")}.pcap`);
  writeFileSync(path, conversationCapture([{ port: 40_000, segments: [...opened, ...segments], end: "fin" }]));
  return path;
}

function byFate(messages: [fate: string, id: string | undefined][]): Record<string, string[]> {
  const ids: Record<string, string[]> = {};
  for (const [fate, id] of messages) ids[fate] = [...(ids[fate] ?? []), id ?? ""];
  return ids;
}
