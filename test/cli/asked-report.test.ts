/** What `inspect` tells of where messages are asked for: the connections that carried one, with what was found in them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { AskedReport } from "../../src/cli/asked-report.ts";
import { parseTimeBound } from "../../src/cli/frame-filter.ts";
import type { FilterFlags } from "../../src/cli/message-filter-options.ts";
import { type InspectOptions, inspect } from "../../src/inspect.ts";
import { ghostframe } from "../support/command.ts";
import { conversationCapture } from "../support/conversation-capture.ts";
import { FIXTURES } from "../support/golden.ts";
import { join as joined, wire } from "../support/wire.ts";

/** c1: orders, confirmed and acknowledged. c2: tasks, of which one is torn. */
const TWO = "files/two-interfaces.pcapng";
const NOTHING = "no connection is what was asked for: there are 2";

async function reported(flags: FilterFlags): Promise<{ connections: string[]; found: number; absent: string[] }> {
  const asked = new AskedReport(flags);
  const see = { onAnyMessage: asked.see.bind(asked) };
  const { channel: channels } = flags;
  const whole = await inspect([join(FIXTURES, TWO)], { explain: false, channels, ...(asked.wantsMessages ? see : {}) });
  const { connections, findings } = asked.of(whole);
  const found = findings.filter(({ connection, severity }) => connection !== null && severity === "error").length;
  return { connections: connections.map(({ id }) => id), found, absent: asked.absent(whole) };
}

describe("a report of what was asked for", () => {
  it.each<[what: string, flags: FilterFlags, connections: string[], absent: string[]]>([
    ["nothing", {}, ["c1", "c2"], []],
    ["a routing key", { routingKey: ["tasks"] }, ["c2"], []],
    ["one of two keys", { routingKey: ["tasks", "orders.web"] }, ["c1", "c2"], []],
    ["an exchange, the default one", { exchange: [""] }, ["c1", "c2"], []],
    ["a queue", { queue: ["orders.web"] }, ["c1"], []],
    ["an outcome", { outcome: ["torn"] }, ["c2"], []],
    ["an outcome that nothing has, which is an answer", { outcome: ["returned"] }, [], []],
    ["slow ones", { slowerThan: 0 }, ["c1"], []],
    ["slower ones than there are", { slowerThan: 3600 }, [], []],
    ["of a connection", { outcome: ["torn"], connection: ["c2"] }, ["c2"], []],
    ["a channel, which chooses findings", { channel: [1] }, ["c1", "c2"], []],
    ["a channel of both that carries no message", { channel: [0] }, ["c1", "c2"], []],
    [
      "a channel that is on none",
      { channel: [1, 14] },
      ["c1", "c2"],
      ['no frame was seen on channel 14: the nearest is "1"'],
    ],
    [
      "a channel that is on another connection",
      { connection: ["c1"], channel: [2] },
      ["c1"],
      ["no frame of c1 was seen on channel 2"],
    ],
    ["that channel by the user of both", { user: ["guest"], channel: [1, 2] }, ["c1", "c2"], []],
    ["a key on a channel on which it is not", { routingKey: ["tasks"], channel: [0] }, [], [NOTHING]],
    ["a key when it was not", { routingKey: ["tasks"], to: parseTimeBound("00:00") }, [], [NOTHING]],
    ["a key that is there, and of nobody", { routingKey: ["tasks"], queue: ["orders.web"] }, [], [NOTHING]],
    [
      "a key that is nearly there",
      { routingKey: ["task"] },
      [],
      ['no message has the routing key "task" among 12 messages: the nearest is "tasks"'],
    ],
    ["a user", { user: ["gest"] }, [], ['no connection is of the user "gest" among 2: the nearest is "guest"']],
  ])("%s", async (_, flags, connections, absent) => {
    const report = await reported(flags);
    expect(report.connections).toEqual(connections);
    expect(report.found > 0).toBe(connections.includes("c2"));
    expect(report.absent).toEqual(absent);
  });
});

describe("the channels of a report", () => {
  it("are those with frames, and only where channels are asked for", async () => {
    const listed = async (options: InspectOptions) =>
      (await inspect([join(FIXTURES, TWO)], { explain: false, ...options })).connections.map(each => each.channels);
    expect(await listed({ channels: [5] })).toEqual([
      [0, 1],
      [0, 1, 2],
    ]);
    expect(await listed({})).toEqual([undefined, undefined]);
  });

  it("are at most 2,048, and those asked for", async () => {
    const opens = Array.from({ length: 3000 }, (_, i) => wire().channelOpen(i + 1).octets);
    const segments = [{ side: 0 as const, octets: joined(wire().heartbeat(3).octets, ...opens) }];
    const path = join(mkdtempSync(join(tmpdir(), "ghostframe-")), "channels.pcap");
    writeFileSync(path, conversationCapture([{ port: 40_000, segments, midStream: true }]));
    const { connections } = await inspect([path], { explain: false, channels: [2500, 3001] });
    rmSync(dirname(path), { recursive: true });
    expect(connections.map(each => each.channels)).toEqual([[...Array.from({ length: 2048 }, (_, i) => i), 2500]]);
  });
});

describe("inspect", { concurrent: true }, () => {
  it("says what is not there, with exit status 1 though nothing is wrong with the rest", async () => {
    const { code, stdout, stderr } = await ghostframe(["inspect", TWO, "--message-id", "o-9", "--message-id", "o-1"]);
    expect([code, stderr]).toEqual([
      1,
      'ghostframe: no message has the message id "o-9" among 13 messages: the nearest is "o-0"\n',
    ]);
    expect(stdout).toContain("No finding on what was asked for, in 1 connection. Not asked for: 1 more");
  });

  it("tells nothing of what is left out to those that pass or fail", async () => {
    const { code, stderr } = await ghostframe(["inspect", TWO, "--output", "junit=j.xml", "--outcome", "torn"]);
    expect(code).toBe(2);
    expect(stderr).toContain("junit cannot say what --connection and its like leave out");
  });
});
