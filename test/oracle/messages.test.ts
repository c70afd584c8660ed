/** Publish numbers and delivery tags as tshark has them (skipped where it is not installed). */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { FIXTURES } from "../support/golden.ts";
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
    const published = all.filter(({ operation, finding }) => operation === "publish" && finding === undefined);
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
