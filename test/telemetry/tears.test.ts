import { describe, expect, it } from "vitest";
import type { Diagnosis, Message, Span, TornFrame, Writer } from "../../src/forensics/diagnosis.ts";
import { type LostMessage, Tears, tearsOf } from "../../src/telemetry/tears.ts";

function message(messageId: string, ...spans: Span[]): Message {
  return { exchange: "", routingKey: "tasks", messageId, headers: {}, spans, fate: "torn" };
}

function writer(name: string, ...messages: Message[]): Writer {
  return { name, channels: [1], spans: messages.flatMap(({ spans }) => spans), messages };
}

function lostAt(streamOffset: number, outcome: LostMessage["outcome"], channel = 1): LostMessage {
  return { streamOffset, outcome, channel, traceId: null };
}

/** Of a frame that is not complete 58 octets are missing. */
function torn(by: string, complete: boolean, ...spans: Span[]): TornFrame {
  const octets = spans.reduce((sum, [, each]) => sum + each, 0);
  return { type: 3, channel: 1, size: octets - 8 + (complete ? 0 : 58), spans, packets: [], complete, writer: by };
}

function tears(frames: TornFrame[], ...writers: Writer[]): string[] {
  return tearsWith([], frames, ...writers);
}

function tearsWith(lost: LostMessage[], frames: TornFrame[], ...writers: Writer[]): string[] {
  const diagnosis = { torn: frames, writers } as unknown as Diagnosis;
  return [...tearsOf(diagnosis, new Map(lost.map(each => [each.streamOffset, each])))].map(
    ({ torn, tearing }) =>
      `${"spans" in torn ? torn.messageId : ""} by ${"spans" in tearing ? tearing.messageId : `what begins at ${tearing.streamOffset}`}`,
  );
}

describe("who tore a message", () => {
  const whole = message("a1", [0, 150], [300, 50]);

  it("is each one with octets between those of its frame", () => {
    const others = [message("b1", [150, 50]), message("b2", [200, 60]), message("c1", [260, 40])];
    const frame = torn("A", true, [50, 100], [300, 50]);
    expect(tears([frame], writer("A", whole), writer("B", others[0]!, others[1]!), writer("C", others[2]!))).toEqual([
      "a1 by b1",
      "a1 by b2",
      "a1 by c1",
    ]);
  });

  it("is no message in front of it or behind it, nor one of which only a heartbeat stands between", () => {
    const others = [message("b0", [-50, 50]), message("b3", [350, 90])];
    expect(tears([torn("A", true, [50, 100], [158, 50])], writer("A", whole), writer("B", ...others))).toEqual([]);
  });

  it("is only who goes on where it stops, if it never became whole", () => {
    const cut = message("a1", [0, 150]);
    const others = [message("b1", [150, 50]), message("b2", [200, 60])];
    expect(tears([torn("A", false, [50, 100])], writer("A", cut), writer("B", ...others))).toEqual(["a1 by b1"]);
    expect(tears([torn("A", false, [50, 100])], writer("A", cut), writer("B", others[1]!))).toEqual([]);
  });

  it("is the lost message that begins where a cut write stops, if the diagnosis has none there", () => {
    const cut = message("a1", [0, 150]);
    const lost = [0, 100, 150, 200].map(streamOffset => lostAt(streamOffset, "unread"));
    expect(tearsWith(lost, [torn("A", false, [50, 100])], writer("A", cut))).toEqual(["a1 by what begins at 150"]);
    const known = writer("B", message("b1", [150, 50]));
    expect(tearsWith(lost, [torn("A", false, [50, 100])], writer("A", cut), known)).toEqual(["a1 by b1"]);
    expect(tearsWith(lost, [torn("A", true, [50, 100])], writer("A", cut))).toEqual([]);
  });

  it("is nobody behind a frame that has all its octets, some of them overwritten", () => {
    const overwritten = { ...torn("A", true, [50, 100]), complete: false };
    const behind = writer("B", message("b1", [150, 50]));
    expect(tears([overwritten], writer("A", message("a1", [0, 150])), behind)).toEqual([]);
  });

  it("is told of a message by another incident than the one that it is lost by, and once by two", () => {
    const frame = torn("A", true, [50, 50], [300, 50]);
    const first = { torn: [], writers: [writer("A", message("a1", [0, 60]))] };
    const second = { torn: [frame], writers: [writer("A", message("a1", [0, 100], [300, 50]))] };
    second.writers.push(writer("B", message("b1", [100, 200])));
    const tears = new Tears([first, second, second].map(diagnosis => ({ diagnosis })) as never, []);
    expect([tears.of(0)?.tornBy, tears.of(100)?.tore].map(each => each?.length)).toEqual([1, 1]);
  });

  it.each<[what: string, lost: LostMessage[], tornAt: number[]]>([
    ["which that tore", [lostAt(100, "torn"), lostAt(200, "refused")], [100]],
    ["of another channel, which it did not touch", [lostAt(100, "torn", 2), lostAt(200, "refused")], []],
    ["that was whole", [lostAt(50, "torn"), lostAt(100, "unread"), lostAt(200, "refused")], []],
    ["that nobody followed", [lostAt(100, "torn"), lostAt(210, "refused")], []],
  ])("is the publish that begins inside the content of one %s", (_, lost, tornAt) => {
    const disorder = { rule: "content-order", direction: "client-to-server", streamOffset: 200, frame: { channel: 1 } };
    const tears = new Tears([disorder] as never, lost);
    expect(
      lost.filter(each => tears.of(each.streamOffset)?.tornBy.length === 1).map(each => each.streamOffset),
    ).toEqual(tornAt);
    expect(tears.of(200)?.tore.map(each => "streamOffset" in each && each.streamOffset) ?? []).toEqual(tornAt);
  });

  it("is told once, of several torn frames as well, and of messages that tore each other in both directions", () => {
    const one = message("a1", [0, 100], [200, 100], [400, 100]);
    const other = message("b1", [100, 100], [300, 100]);
    const frames = [torn("A", true, [0, 100], [200, 50]), torn("B", true, [150, 50], [300, 100])];
    frames.push(torn("A", true, [250, 50], [400, 100]));
    expect(tears(frames, writer("A", one), writer("B", other))).toEqual(["a1 by b1", "b1 by a1"]);
  });

  it("is bounded, and what is left out is counted", () => {
    const long = message("a1", [0, 100], [300, 50]);
    const others = Array.from({ length: 200 }, (_, i) => message(`b${i}`, [100 + i, 1]));
    const frame = torn("A", true, [50, 50], [300, 50]);
    const tears = new Tears(
      [{ diagnosis: { torn: [frame], writers: [writer("A", long), writer("B", ...others)] } }] as never,
      [],
    );
    expect(tears.of(0)!.tornBy).toEqual(others.slice(0, 128));
    expect(tears.of(0)!.dropped).toBe(72);
    expect(tears.of(299)).toEqual({ tornBy: [], tore: [long], dropped: 0 });
    expect(tears.of(50)).toBeNull();
  });
});
