/** ghostframe frames: its lines, its filters, and a reader that has seen enough. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import type { FrameEvent, FramesEvent } from "../../src/report/frame-event.ts";
import type { Direction, Report } from "../../src/report/report.ts";
import { join as joinOctets, pcapHeader, pcapRecord } from "../support/capture-writer.ts";
import { ended, ghostframe, ROOT, start, startCommand, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";
import { carrying } from "../support/segments.ts";
import { type Wire, wire } from "../support/wire.ts";

const TORN_HEADER = "interleaving/heartbeat-inside-a-header.pcap";
const CLEAN = "clean/confirms-and-acks.pcap";
const TWO = "files/two-interfaces.pcapng";

async function events(...args: string[]): Promise<FramesEvent[]> {
  const { code, stdout, stderr } = await ghostframe(["frames", "--format", "ndjson", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n");
  expect(lines.pop()).toBe("");
  return lines.map(line => JSON.parse(line) as FramesEvent);
}

async function frames(...args: string[]): Promise<FrameEvent[]> {
  return (await events(...args)).filter((event): event is FrameEvent => event.event === "frame");
}

describe("a line a frame", { concurrent: true }, () => {
  it("shows where a header broke, and where frames go on", async () => {
    const { stdout } = await ghostframe(["frames", TORN_HEADER]);
    expect(stdout.split("\n").slice(-10, -6)).toEqual([
      '20:03:29.799140      21 c1   ->       626 ch 1    method        14 basic.publish exchange="" routing-key="tasks"',
      "20:03:29.799140      21 c1   ->       648 !! broken frame: header says type 2, channel 1, size 134217728",
      expect.stringMatching(
        /^20:03:29\.802773 {6}24 c1 {3}<- {7}592 ch 0 {4}method {8}86 connection\.close reply-code=501 /,
      ),
      "20:03:29.805383      25 c1   ->       723 == frames go on here",
    ]);
  });

  it("is JSON a line with --format ndjson", async () => {
    const [connection, start] = await events(CLEAN);
    expect(connection).toEqual({
      event: "connection",
      time: "2026-11-21T20:02:44.170274Z",
      input: 0,
      packet: 1,
      connection: "c1",
      client: { address: "127.0.0.1", port: 50186 },
      server: { address: "127.0.0.1", port: 5672 },
    });
    expect(start).toMatchObject({ type: "method", method: "connection.start", streamOffset: 0, channel: 0 });
  });

  it("says that a channel is not there", async () => {
    const { code, stderr } = await ghostframe(["frames", CLEAN, "--channel", "99"]);
    expect([code, stderr]).toEqual([1, "ghostframe: no frame was seen on channel 99\n"]);
  });

  it("is one line, whatever a name holds", async () => {
    const { stdout } = await ghostframe(["frames", "interleaving/librabbitmq-threads.pcap.gz"]);
    expect(stdout).not.toMatch(/[^\P{C}\n]/u);
    for (const line of stdout.split("\n").slice(0, -1)) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{6} +\d+ c1 /);
  });

  it("never shows a SASL response", async () => {
    for (const format of ["text", "ndjson"]) {
      const { stdout } = await ghostframe(["frames", "--format", format, "handshake/login-refused.pcap"]);
      expect(stdout).toContain("connection.start-ok");
      expect(stdout).not.toContain("wrong-password");
    }
  });

  it("lists as many frames as the report counts", async () => {
    const { stdout } = await ghostframe(["inspect", "--format", "json", CLEAN]);
    const { connections } = JSON.parse(stdout) as Report;
    const listed = await frames(CLEAN);
    const count = (direction: Direction) => listed.filter(frame => frame.direction === direction).length;
    expect(connections[0]!.frames).toEqual({
      clientToServer: count("client-to-server"),
      serverToClient: count("server-to-client"),
    });
  });
});

describe("a broker on the higher port, in mid-stream", () => {
  it("is not taken for the client, and no arrow turns round", async ({ onTestFinished }) => {
    const path = join(temporaryFolder(onTestFinished), "mid-stream.pcap");
    const packet = (from: number, to: number, sequence: number, octets: Wire) =>
      carrying(octets.octets)
        .tcp({ from, to, sequence })
        .ipv4({ source: "10.0.0.1", destination: "10.0.0.1" })
        .ethernet().bytes;
    const packets = [
      packet(40_000, 5000, 500, wire().heartbeat(2)),
      packet(5000, 40_000, 100, wire().publish(1, "hello")),
      packet(40_000, 5000, 516, wire().deliver(1, "hello")),
    ];
    writeFileSync(path, joinOctets(pcapHeader({ linkType: 1 }), ...packets.map(data => pcapRecord({ data }))));
    const printed = await events(path);
    const named = printed.filter(event => event.event === "connection");
    expect(named.map(({ client, server }) => [client.port, server.port])).toEqual([[5000, 40_000]]);
    const directions = (packetNumber: number) => [
      ...new Set(
        printed.flatMap(event => (event.event === "frame" && event.packet === packetNumber ? event.direction : [])),
      ),
    ];
    expect([1, 2, 3].map(directions)).toEqual([[null], ["client-to-server"], ["server-to-client"]]);
  });
});

describe("filters", { concurrent: true }, () => {
  const distinct = (values: (string | number)[]) => [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1));

  it("--connection", async () => {
    expect(distinct((await frames(TWO)).map(frame => frame.connection))).toEqual(["c1", "c2"]);
    expect(distinct((await frames(TWO, "--connection", "c2")).map(frame => frame.connection))).toEqual(["c2"]);
    expect(distinct((await frames(TWO, "--connection", "c1,c2")).map(frame => frame.connection))).toEqual(["c1", "c2"]);
    const [first] = await events(TWO, "--connection", "c2");
    const { client } = first as unknown as { client: { address: string; port: number } };
    const end = `${client.address}:${client.port}`;
    expect(distinct((await frames(TWO, "--connection", end)).map(frame => frame.connection))).toEqual(["c2"]);
    const { code, stdout, stderr } = await ghostframe(["frames", TWO, "--connection", "c3"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain('no connection is called "c3": the nearest is "c1"');
  });

  it.each([
    [
      "a message's id",
      CLEAN,
      ["--message-id", "o-2"],
      ["basic.publish", "header", "body", "basic.deliver", "header", "body"],
    ],
    ["an outcome, and a type", CLEAN, ["--outcome", "acked", "--type", "body"], ["body", "body", "body", "body"]],
    ["an exchange and a channel that has none of it", CLEAN, ["--exchange", "", "--channel", "0"], []],
  ])("by %s: the frames of such messages", async (_, capture, args, shown) => {
    expect((await frames(capture, ...args)).map(({ type, method }) => method ?? type)).toEqual(shown);
  });

  it("by user, virtual host and the client's name: all frames of such connections", async () => {
    const named = "connections/heartbeats-stop.pcap";
    const all = await frames(named);
    expect(await frames(named, "--user", "guest", "--vhost", "/", "--connection", "night-shift")).toEqual(all);
  });

  it.each([
    [["--message-id", "o-9"], 1, 'no message has the message id "o-9" among 8 messages: the nearest is "o-0"'],
    [["--user", "gest"], 1, 'no connection is of the user "gest" among 1: the nearest is "guest"'],
    [["--connection", "night"], 2, 'no connection is called "night"'],
    [["--outcome", "lost"], 2, '"lost" is no outcome: expected one of confirmed, '],
  ])("%s, which nothing has: exit status %i, and the nearest one", async (args, status, words) => {
    const { code, stdout, stderr } = await ghostframe(["frames", CLEAN, ...args]);
    expect({ code, stdout }).toEqual({ code: status, stdout: "" });
    expect(stderr).toContain(words);
  });

  it("--channel", async () => {
    expect(distinct((await frames(TORN_HEADER, "--channel", "0")).map(frame => frame.channel))).toEqual([0]);
    expect(
      distinct((await frames(TORN_HEADER, "--channel", "0", "--channel", "2")).map(frame => frame.channel)),
    ).toEqual([0, 2]);
  });

  it("--type, of frames and of methods", async () => {
    expect(distinct((await frames(CLEAN, "--type", "body")).map(frame => frame.type))).toEqual(["body"]);
    expect((await frames(CLEAN, "--type", "body")).length).toBe(8);
    expect(
      distinct((await frames(CLEAN, "--type", "basic.ack,header")).map(frame => frame.method ?? frame.type)),
    ).toEqual(["basic.ack", "header"]);
  });

  it.each(["heartbeat", "basic.ack", "channel.open", "basic.deliver"])(
    "--type %s picks out of all frames",
    async type => {
      for (const capture of [CLEAN, TORN_HEADER, "interleaving/two-publishers-one-socket.pcapng.gz"]) {
        const picked = (await frames(capture)).filter(frame => [frame.type, frame.method].includes(type));
        expect(await frames(capture, "--type", type), capture).toEqual(picked);
      }
    },
  );

  it("keeps what breaks the sequence of frames", async () => {
    const kept = await events(TORN_HEADER, "--type", "heartbeat");
    expect(kept.map(event => event.event)).toEqual(["connection", "broken-envelope", "boundary-found"]);
  });

  it("--from and --to, as precise as they are written", async () => {
    const times = async (...args: string[]) => (await events(CLEAN, ...args)).map(event => event.time);
    const all = await times();
    expect(await times("--from", "20:02:44", "--to", "20:02:44")).toEqual(all);
    expect(await times("--from", "20:02:45")).toEqual([]);
    const middle = all[Math.floor(all.length / 2)]!;
    expect(await times("--from", middle)).toEqual(all.filter(time => time >= middle));
    expect(await times("--to", middle.slice(11))).toEqual(all.filter(time => time <= middle));
  });

  it("--port", async () => {
    expect(distinct((await frames(TWO, "--port", "15999")).map(frame => frame.connection))).toEqual(["c1"]);
    expect(await events(TWO, "--port", "1")).toEqual([]);
  });
});

describe("a reader that has seen enough", () => {
  function bigCapture({ onTestFinished }: TestContext): string {
    const path = join(temporaryFolder(onTestFinished), "big.pcap");
    const made = spawnSync(process.execPath, [join(ROOT, "test/bench/make-capture.mjs"), path, "4"]);
    expect(made.status).toBe(0);
    return path;
  }

  it("ends the command quietly, with exit status 0", async context => {
    const child = start(["frames", bigCapture(context)]);
    child.stdin.end();
    const end = once(child, "close");
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await end).toEqual([0, null]);
    expect(stderr).toBe("");
  });

  it.skipIf(process.platform === "win32")("is head", async context => {
    const script = '"$0" bin/ghostframe.js frames "$1" | head -1; echo "$PIPESTATUS"';
    const child = startCommand("bash", ["--norc", "-c", script, process.execPath, bigCapture(context)], { cwd: ROOT });
    child.stdin.end();
    const { stdout, stderr } = await ended(child);
    expect(stderr).toBe("");
    expect(stdout.split("\n").slice(1)).toEqual(["0", ""]);
  });

  it("ends inspect quietly too", async () => {
    const child = start(["inspect", "--format", "json", join(FIXTURES, "interleaving/librabbitmq-threads.pcap.gz")]);
    child.stdin.end();
    child.stdout.destroy();
    expect((await once(child, "close"))[0]).toBe(1);
  });
});
