/** ghostframe explain, and inspect --broker-log, as commands. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ExplanationReport } from "../../src/report/explain.ts";
import type { Report } from "../../src/report/report.ts";
import { ghostframe, temporaryFolder } from "../support/command.ts";

const TERM = "{frame_too_large,1544254578,131064}";
const PREFIX = "2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> ";
const LOG = [
  "2026-11-21 18:20:02.724581+00:00 [info] <0.1396.0> accepting AMQP connection <0.1396.0> (127.0.0.1:54264 -> 127.0.0.1:5673)",
  `${PREFIX}Error on AMQP connection <0.1396.0> (127.0.0.1:54264 -> 127.0.0.1:5673 - orders-api, vhost: '/', user: 'guest', state: running), channel 0:`,
  `${PREFIX} operation none caused a connection exception frame_error: "type 0, all octets = <<>>: ${TERM}"`,
  `${PREFIX}closing AMQP connection <0.1396.0> (127.0.0.1:54264 -> 127.0.0.1:5673 - orders-api):`,
  `${PREFIX}fatal_frame_error`,
  "",
].join("\n");

async function explained(args: readonly string[], input?: string | Buffer): Promise<ExplanationReport> {
  const options = input === undefined ? {} : { input };
  const { code, stdout, stderr } = await ghostframe(["explain", "--format", "json", ...args], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as ExplanationReport;
}

describe("explain", () => {
  it("names the heartbeat first", async () => {
    const { code, stdout, stderr } = await ghostframe(["explain", "134217728"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/WHAT THE OCTETS ARE\n {2}1 {2}likely: a heartbeat frame inside a torn frame header\n/);
    expect(stdout).toMatch(/WHAT USUALLY CAUSES IT\n {2}1 {2}likely: Heartbeats and publishes/);
    expect(stdout).not.toContain("\x1b");
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    ["one argument", ["type 65, channel 19793, size 1342177289"]],
    ["its words", ["type", "65,", "channel", "19793,", "size", "1342177289"]],
    ["octets", ["41", "4d", "51", "50", "00", "00", "09"]],
  ])("takes %s for one thing", async (_, args) => {
    const { incidents } = await explained(args);
    expect(incidents.map(({ readings }) => readings[0]?.kind)).toEqual(["second-handshake"]);
  });

  it("takes arguments that make sense alone for several", async () => {
    const { incidents } = await explained(["134217728", TERM]);
    expect(incidents.map(({ readings }) => readings[0]?.kind)).toEqual(["heartbeat-in-header", "headers-table"]);
  });

  it.each([[[]], [["-"]]])("reads a log from standard input (%j)", async args => {
    const { incidents, lines, unrelatedLines } = await explained(args, LOG);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ channel: 0, connection: { name: "orders-api" } });
    expect(incidents[0]?.readings[0]).toMatchObject({ kind: "headers-table", confidence: "near certain" });
    expect({ lines, unrelatedLines }).toEqual({ lines: 5, unrelatedLines: 1 });
  });

  it("reads a log whose last line is not ended, and one with lines beyond reason", async () => {
    expect((await explained([], LOG.trimEnd())).incidents).toHaveLength(1);
    expect((await explained([], `${"x".repeat(1_000_000)}\n${LOG}`)).incidents).toHaveLength(1);
  });

  it.each([[["hello"]], [["all", "is", "well"]], [[""]]])(
    "has nothing to say to %j, and says what it takes",
    async args => {
      const { code, stdout, stderr } = await ghostframe(["explain", ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^ghostframe: nothing to explain in .*'\{frame_too_large,1544254578,131064\}'.*\n$/);
    },
  );

  it("has nothing to say to a log in which all is well", async () => {
    const { code, stderr } = await ghostframe(["explain"], { input: `${LOG.split("\n")[0]!}\n`.repeat(100) });
    expect(code).toBe(2);
    expect(stderr).toContain("in 100 lines of standard input");
  });

  it("answers any line of RabbitMQ's that is pasted, and says that frames are not involved", async () => {
    const { code, stdout } = await ghostframe(["explain"], { input: LOG.split("\n")[0]! });
    expect(code).toBe(0);
    expect(stdout).toContain("a message of RabbitMQ's about a client that");
    expect(stdout.replace(/\s+/g, " ")).toContain("frames are not involved");
  });

  it("says in the first three lines what it is, who did it, and what to do now", async () => {
    const { stdout } = await ghostframe(["explain", "missed heartbeats from client, timeout: 60s"]);
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      "ERROR  missed heartbeats: The client missed its heartbeats",
      "  who        likely: The client was too busy to send heartbeats",
      "  now        Move the work to a worker of its own, so heartbeats go on.",
      "",
    ]);
  });

  it.each([
    ["gzip", (text: string) => gzipSync(text)],
    ["UTF-16 with a mark", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
    ["UTF-16 without", (text: string) => Buffer.from(text, "utf16le")],
    ["UTF-16, big-endian", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
    ["UTF-8 with a mark", (text: string) => Buffer.from(`\ufeff${text}`)],
    ["UTF-16 in gzip", (text: string) => gzipSync(Buffer.from(`\ufeff${text}`, "utf16le"))],
  ])("reads a log in %s", async (_, encode) => {
    const { incidents } = await explained([], encode(LOG));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ channel: 0, connection: { name: "orders-api" } });
  });

  it("says so where gzip is damaged", async () => {
    const { code, stdout, stderr } = await ghostframe(["explain"], { input: gzipSync(LOG).subarray(0, 40) });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ghostframe: standard input: cannot be read: .+\n$/);
  });

  it("shows nothing of a text that a terminal would act on", async () => {
    const { stderr } = await ghostframe(["explain", "\x1b]0;owned\x07"]);
    expect(stderr).toContain("\\x1b]0;owned\\x07");
    expect(stderr).not.toContain("\x1b");
  });

  it("has colours where they are asked for", async () => {
    const { stdout } = await ghostframe(["explain", TERM], { env: { FORCE_COLOR: "1" } });
    expect(stdout).toContain("\x1b[");
  });

  it("has help with examples that work", async () => {
    const { stdout } = await ghostframe(["explain", "--help"]);
    expect(stdout).toContain("$ ghostframe explain 134217728");
    const examples = [...stdout.matchAll(/^ {2}\$ ghostframe explain (?!<)(.*)$/gm)].map(([, words]) =>
      [...words!.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, bare]) => one ?? two ?? bare!),
    );
    expect(examples.length).toBeGreaterThan(4);
    for (const args of examples) expect((await ghostframe(["explain", ...args])).code).toBe(0);
  });
});

describe("inspect --broker-log", () => {
  const CAPTURE = "interleaving/heartbeat-inside-a-header.pcap";

  it("ties what the log says to the capture's connections", async ({ onTestFinished }) => {
    const plain = JSON.parse((await ghostframe(["inspect", "--format", "json", CAPTURE])).stdout) as Report;
    const { client, server, start } = plain.connections[0]!;
    const time = `${start.slice(0, 19).replace("T", " ")}.5+00:00 [error] <0.7.0> `;
    const log = join(temporaryFolder(onTestFinished), "rabbit.log");
    writeFileSync(
      log,
      [
        `${time}Error on AMQP connection <0.7.0> (${client.address}:${client.port} -> ${server.address}:${server.port}, vhost: '/', user: 'guest', state: running), channel 1:`,
        `${time} operation none caused a connection exception frame_error: "type 2, all octets = <<>>: {frame_too_large,134217728,131064}"`,
        `${time}Error on AMQP connection <0.8.0> (192.0.2.1:1 -> ${server.address}:${server.port}, vhost: '/', user: 'guest', state: running), channel 1:`.replace(
          "<0.7.0>",
          "<0.8.0>",
        ),
        "",
      ].join("\n"),
    );
    const { code, stdout } = await ghostframe(["inspect", "--format", "json", CAPTURE, "--broker-log", log]);
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as Report;
    expect(report.connections[0]?.brokerLog).toHaveLength(1);
    expect(report.brokerLog).toMatchObject({
      path: log,
      tied: 1,
      untied: [{ reason: "its peer is not in the capture" }],
    });
    const { stdout: inspected } = await ghostframe(["inspect", CAPTURE, "--broker-log", log]);
    expect(inspected).toContain("  log        ");
    expect(inspected).toContain("BROKER LOG ");
  });

  it("cannot do its job without the log, and still tells of the capture", async () => {
    const { code, stdout, stderr } = await ghostframe(["inspect", CAPTURE, "--broker-log", "no-such.log"]);
    expect(code).toBe(2);
    expect(stdout).toContain("ERROR  frame-too-large");
    expect(stderr).toBe("ghostframe: no-such.log: no such file\n");
  });

  it("does not take standard input twice", async () => {
    const { code, stderr } = await ghostframe(["inspect", "-", "--broker-log", "-"]);
    expect(code).toBe(2);
    expect(stderr).toContain("standard input cannot be both");
  });
});
