/** ghostframe messages: its lines, and that they are what the published schema says. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import schema from "../../src/report/message.schema.json" with { type: "json" };
import type { MessageRecord } from "../../src/report/message-record.ts";
import { ghostframe } from "../support/command.ts";

const CLEAN = "clean/confirms-and-acks.pcap";
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

async function records(...args: string[]): Promise<MessageRecord[]> {
  const { code, stdout, stderr } = await ghostframe(["messages", "--format", "ndjson", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n");
  expect(lines.pop()).toBe("");
  return lines.map(line => JSON.parse(line) as MessageRecord);
}

describe("a line a message", { concurrent: true }, () => {
  it("with its outcome", async () => {
    const { stdout } = await ghostframe(["messages", CLEAN]);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "20:02:44.178197 c1   ch 1   publish confirmed 268 µs            81 B (default) orders.orders-api id o-0 trace 4bf92f3577b34da6a3ce929d0e0e4736",
      "20:02:44.178665 c1   ch 1   publish confirmed 124 µs            81 B (default) orders.orders-api id o-1 trace 4bf92f3577b34da6a3ce929d0e0e4736",
    ]);
  });

  it.each([
    CLEAN,
    "clean/go-three-connections.pcap.gz",
    "interleaving/two-publishers-one-socket.pcapng.gz",
    "loss/go-packets-not-captured.pcap.gz",
    "rules/channels-closed-by-broker.pcap",
    "files/ring_00001_20261121200705.pcapng",
  ])("is what the schema says: %s", async fixture => {
    const all = await records(fixture);
    expect(all).not.toEqual([]);
    for (const record of all) {
      validate(record);
      expect(validate.errors, JSON.stringify(record)).toBeNull();
    }
  });

  it.each([
    [["--outcome", "returned"], []],
    [["--slower-than", "200us", "--to", "20:02:44.1785"], ["o-0"]],
    [
      ["--message-id", "o-1", "--message-id", "o-2"],
      ["o-1", "o-2"],
    ],
    [["--follow", "o-1"], ["o-1"]],
    [["--connection", "c1", "--channel", "1", "--exchange", "", "--to", "20:02:44.1785"], ["o-0"]],
    [["--queue", "orders.orders-api", "--message-id", "o-3"], []],
  ])("is chosen by %j", async (args, ids) => {
    const publishes = (await records(CLEAN, ...args)).filter(({ operation }) => operation === "publish");
    expect(publishes.map(({ messageId }) => messageId)).toEqual(ids);
  });

  it.each([
    [["--message-id", "o-1x"], 'no message has the message id "o-1x" among 8 messages: the nearest is "o-1"'],
    [["--follow", "nothing-like-it"], 'no message has the message, correlation or trace id "nothing-like-it" among'],
    [["--exchange", "no\u001b[31m"], 'no message has the exchange "no\\x1b[31m" among'],
    [["--user", "gest"], 'no connection is of the user "gest" among 1: the nearest is "guest"'],
  ])("and what was asked for and is not there is told: %j", async (args, words) => {
    const { code, stdout, stderr } = await ghostframe(["messages", CLEAN, ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(words);
  });

  it("is a row of CSV, behind the names of the columns", async () => {
    const { stdout } = await ghostframe(["messages", CLEAN, "--format", "csv", "--message-id", "o-0"]);
    const [header, row] = stdout.split("\r\n");
    const cells = new Map(header!.split(",").map((name, i) => [name, row!.split(",")[i]]));
    expect(cells.get("messageId")).toBe("o-0");
    expect(cells.get("outcome")).toBe("confirmed");
    expect(cells.get("latency")).toBe("0.000268");
  });

  it("is an event of a trace", async () => {
    const { stdout } = await ghostframe(["messages", CLEAN, "--format", "perfetto", "--message-id", "o-0"]);
    const { traceEvents } = JSON.parse(stdout) as { traceEvents: { ph: string; ts?: number }[] };
    expect(traceEvents.map(({ ph }) => ph).join("")).toBe("MMXsbeXfbe");
    expect(traceEvents[2]!.ts).toBe(1_795_291_364_178_197);
  });
});

describe("what cannot be done", { concurrent: true }, () => {
  it("a connection that is not there is an error, which names the nearest", async () => {
    const { code, stderr } = await ghostframe(["messages", CLEAN, "--connection", "c2"]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'ghostframe: no connection is called "c2": the nearest is "c1"\n',
    });
  });

  it.each([
    ["--slower-than", "fast", '"fast" is no duration'],
    ["--outcome", "lost", '"lost" is no outcome'],
  ])("%s %s", async (option, value, words) => {
    const { code, stderr } = await ghostframe(["messages", CLEAN, option, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe("messages that an incident cost", { concurrent: true }, () => {
  it("are told once, with its finding", async () => {
    const printed = await records("interleaving/two-publishers-one-socket.pcapng.gz");
    const lost = printed.filter(({ finding }) => finding !== undefined);
    expect(lost.map(({ messageId, outcome, finding }) => `${messageId} ${outcome} ${finding}`)).toEqual([
      "t1-3 torn f1",
      "t0-1 swallowed f1",
      "t0-2 unread f1",
      "t0-3 unread f1",
      "t0-4 unread f1",
      "t1-4 unread f1",
    ]);
    const places = printed.map(
      ({ connection, operation, streamOffset }) => `${connection} ${operation} ${streamOffset}`,
    );
    expect(new Set(places).size).toBe(places.length);
  });
});
