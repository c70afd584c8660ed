/**
 * Publish numbers, delivery tags, what settles them, the links from that back to the message, and returns, as tshark has them
 * (skipped where it is not installed): on fixtures, and on every capture in the folder that GHOSTFRAME_CAPTURES names.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import type { Connection, Report } from "../../src/report/report.ts";
import { FIXTURES, walkFixtures } from "../support/golden.ts";
import { linkLine, type OracleChannel, oracleChannels, returnLine } from "../support/oracle-messages.ts";
import { hasTshark } from "../support/oracle-tools.ts";

const FIELDS = ["frame.number", "amqp.method.arguments.publish_number", "amqp.method.arguments.delivery_tag"];

/** Of each packet with publishes that have numbers: these; and of each with deliveries: their tags. */
function ask(path: string, method: number, field: 1 | 2): string[] {
  const filter = `amqp.method.class == 60 && amqp.method.method == ${method}`;
  const args = ["-r", path, "-Y", filter, "-T", "fields", ...FIELDS.flatMap(name => ["-e", name])];
  const { status, stdout } = spawnSync("tshark", args, { encoding: "utf8", maxBuffer: 1 << 26 });
  expect(status).toBe(0);
  return stdout
    .split("\n")
    .map(line => line.split("\t"))
    .flatMap(cells =>
      (cells[field] ?? "")
        .split(",")
        .filter(Boolean)
        .map(number => `${cells[0]}: ${number}`),
    )
    .toSorted();
}

async function records(path: string): Promise<MessageRecord[]> {
  const all: MessageRecord[] = [];
  await inspect([path], { onMessage: record => all.push(record) });
  return all;
}

describe.skipIf(!hasTshark())("tshark agrees", () => {
  it("on the publish numbers behind confirm.select", async () => {
    const path = join(FIXTURES, "clean/confirms-and-acks.pcap");
    const numbered = (await records(path)).filter(({ publishNumber }) => publishNumber !== undefined);
    const ours = numbered.map(({ packets, publishNumber }) => `${packets[0]}: ${publishNumber}`).toSorted();
    expect(ours).not.toEqual([]);
    expect(ours).toEqual(ask(path, 40, 1));
  });

  // tshark numbers publishes without confirms as well, in their order.
  it.each([
    "connections/publisher-blocked.pcap",
    "connections/closed-by-operator.pcap",
    "rules/channels-closed-by-broker.pcap",
    "loss/retransmissions-at-the-client.pcap.gz",
  ])("on which packets of %s publish", async name => {
    const path = join(FIXTURES, name);
    const all = await records(path);
    // What a broken stream cost is not to be compared, but what the broker refused for its exchange.
    const published = all.filter(({ operation, finding, code }) => {
      return operation === "publish" && (finding === undefined || code === 404);
    });
    expect(published.every(({ publishNumber }) => publishNumber === undefined)).toBe(true);
    const packetsOf = (numbers: string[]) => [...new Set(numbers.map(each => each.split(":")[0]!))].toSorted();
    expect(packetsOf(published.map(({ packets }) => `${packets[0]}:`))).toEqual(packetsOf(ask(path, 40, 1)));
  });

  it("on the delivery tags of a consumer", async () => {
    const path = join(FIXTURES, "clean/confirms-and-acks.pcap");
    const delivered = (await records(path)).filter(({ operation }) => operation === "deliver");
    const ours = delivered.map(({ packets, deliveryTag }) => `${packets[0]}: ${deliveryTag}`).toSorted();
    expect(ours).toEqual(ask(path, 60, 2));
  });
});

/** Larger fixtures take tshark too long. */
const MOST_OCTETS = 300_000;
const FOLDER = process.env.GHOSTFRAME_CAPTURES;
const CAPTURES = [
  ...walkFixtures()
    .fixtures.flatMap(({ captures }) => captures)
    .filter(path => statSync(path).size < MOST_OCTETS),
  ...(FOLDER === undefined ? [] : readdirSync(FOLDER, { recursive: true, encoding: "utf8" }))
    .filter(name => /\.pcap(?:ng)?(?:\.gz)?$/.test(name))
    .map(name => join(FOLDER!, name)),
];
/** Nothing is wrong with it, and all of it was captured: only then tshark reads all. */
function isSound({ id, midStream, tls, gaps }: Connection, { findings }: Report): boolean {
  const errors = findings.filter(
    ({ connection, severity, rule }) => connection === id && severity === "error" && rule !== "broker-close",
  );
  return (
    midStream !== true && tls === undefined && gaps.clientToServer + gaps.serverToClient === 0 && errors.length === 0
  );
}

/** No other one has its client's port. */
function isOnlyOne({ client }: Connection, { connections }: Report): boolean {
  return connections.filter(each => each.client.port === client.port).length === 1;
}

/** When it was returned or settled, in nanoseconds since the epoch. */
function settledAt({ time, latency = 0 }: MessageRecord): bigint {
  const [, whole = "", fraction = ""] = /^(.{19})(?:\.(\d+))?Z$/.exec(time) ?? [];
  const begin = BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  return begin + BigInt(Math.round(latency * 1e9));
}

/** A return is confirmed behind it; what nobody acknowledged goes back; of no-ack tshark does not say. */
const OUTCOMES: Readonly<Record<string, string>> = {
  returned: "confirmed",
  requeued: "unsettled",
  "auto-acked": "unsettled",
};

/** Compares a channel's messages with what tshark has of them; how many outcomes, links and returns those are. */
function compare(records: readonly MessageRecord[], channel: OracleChannel, where: string): [number, number, number] {
  const isPublish = ({ operation }: MessageRecord): boolean => operation === "publish";
  const numberOf = ({ publishNumber, deliveryTag }: MessageRecord): number => publishNumber ?? deliveryTag ?? 0;
  const numbered = records.filter(each => isPublish(each) === (each.publishNumber !== undefined));
  const lines = numbered.map(each => {
    return `${isPublish(each) ? "publish" : "delivery"} ${numberOf(each)} ${OUTCOMES[each.outcome] ?? each.outcome}`;
  });
  const expected = channel.lines.map(line => line.replace("requeued", "unsettled"));
  expect(lines.toSorted(), where).toEqual(expected.toSorted());

  const returned = records.filter(({ outcome }) => outcome === "returned");
  const returns = returned.map(each => {
    const { code = 0, exchange, routingKey, messageId = "", size = -1 } = each;
    return returnLine({ time: settledAt(each), code, exchange, routingKey, messageId, size });
  });
  expect(returns.toSorted(), where).toEqual(channel.returns.toSorted());

  const packetOf = (each: MessageRecord): number => channel.packetOf(isPublish(each), numberOf(each)) ?? -1;
  // Of what came back `messages` tells when it did, and tshark when that was confirmed.
  const others = new Set(returned.map(each => `message of packet ${packetOf(each)} settled`));
  const isCompared = (line: string): boolean => !others.has(line.split(" at ")[0]!);
  const linked = channel.links.filter(isCompared);
  const links = numbered
    .filter(({ latency, outcome }) => latency !== undefined && outcome !== "returned")
    .map(each => [each.outcome, linkLine(packetOf(each), settledAt(each))] as const)
    .filter(([, line]) => isCompared(line))
    // What a channel's end puts back has no acknowledgment.
    .filter(([outcome, line]) => outcome !== "requeued" || linked.includes(line))
    .map(([, line]) => line);
  expect(links.toSorted(), where).toEqual(linked.toSorted());
  return [lines.length, links.length, returns.length];
}

describe.skipIf(!hasTshark())("what tshark's numbers and links come to", () => {
  it("is what `messages` tells, wherever nothing is broken or missing", { timeout: 600_000 }, async () => {
    const compared = [0, 0, 0];
    for (const path of CAPTURES) {
      const all: MessageRecord[] = [];
      const report = await inspect([path], { explain: false, onMessage: record => all.push(record) });
      const sound = new Map(
        report.connections
          .filter(each => isSound(each, report) && isOnlyOne(each, report))
          .map(each => [each.id, each.client.port]),
      );
      const ours = new Map<string, MessageRecord[]>();
      for (const record of all) {
        const port = sound.get(record.connection);
        const key = `${port} ${record.channel}`;
        if (port !== undefined) ours.set(key, [...(ours.get(key) ?? []), record]);
      }
      // tshark gives up a file that is cut short or corrupt.
      if (report.inputs.some(({ error }) => error !== undefined)) continue;
      if (report.findings.some(({ connection }) => connection === null)) continue;
      if (ours.size === 0) continue;
      const servers = new Set(report.connections.map(({ server }) => server.port));
      for (const [key, channel] of oracleChannels(path, new Set(sound.values()), servers)) {
        const records = ours.get(key);
        if (channel === null || records === undefined) continue;
        for (const [i, count] of compare(records, channel, `${path}, port and channel ${key}`).entries()) {
          compared[i]! += count;
        }
      }
    }
    if (FOLDER !== undefined) process.stderr.write(`\noutcomes, links, returns compared: ${compared.join(", ")}\n`);
    const [outcomes, links, returns] = compared;
    expect(outcomes).toBeGreaterThan(130);
    expect(links).toBeGreaterThan(100);
    expect(returns).toBe(18);
  });
});
