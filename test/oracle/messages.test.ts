/**
 * Publish numbers, delivery tags and what settles them as tshark has them (skipped where it is not installed): on fixtures,
 * and on every capture in the folder that GHOSTFRAME_CAPTURES names.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import type { Connection, Report } from "../../src/report/report.ts";
import { FIXTURES, walkFixtures } from "../support/golden.ts";
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
const METHODS = { publish: 40, return: 50, deliver: 60, getOk: 71, ack: 80, reject: 90, nack: 120 } as const;

/** What a channel's messages came to, from what tshark decodes: `#1 confirmed`, in order of their numbers. */
class OracleChannel {
  readonly #published: string[] = [];
  readonly #delivered = new Map<number, string>();
  #confirms = false;
  returns = 0;

  take(isClient: boolean, method: number, tag: number, isMultiple: boolean, requeues: boolean): void {
    const { publish, deliver, getOk, ack, reject, nack } = METHODS;
    if (method === publish && isClient) {
      if (this.#confirms) this.#published.push("unconfirmed");
    } else if (method === METHODS.return) this.returns++;
    else if (method === deliver || method === getOk) this.#delivered.set(tag, "unsettled");
    else if (method === ack || method === nack || method === reject) {
      const outcome = isClient ? (requeues ? "requeued" : { 80: "acked", 120: "nacked", 90: "rejected" }[method]!) : "";
      if (!isClient) this.#confirm(tag, isMultiple, method === ack ? "confirmed" : "nacked");
      else for (const each of this.#delivered.keys()) this.#settle(each, tag, isMultiple, outcome);
    }
  }

  selectConfirms(): void {
    this.#confirms = true;
  }

  #confirm(tag: number, isMultiple: boolean, outcome: string): void {
    for (let i = isMultiple ? 0 : tag - 1; i < tag && i < this.#published.length; i++) {
      if (this.#published[i] === "unconfirmed") this.#published[i] = outcome;
    }
  }

  #settle(each: number, tag: number, isMultiple: boolean, outcome: string): void {
    const isMeant = isMultiple ? tag === 0 || each <= tag : each === tag;
    if (isMeant && this.#delivered.get(each) === "unsettled") this.#delivered.set(each, outcome);
  }

  get lines(): string[] {
    const delivered = [...this.#delivered].map(([tag, outcome]) => `delivery ${tag} ${outcome}`);
    return [...this.#published.map((outcome, i) => `publish ${i + 1} ${outcome}`), ...delivered];
  }
}

/** By the client's port and channel; null for a channel number that is used twice. */
function oracleChannels(path: string, clients: ReadonlySet<number>): Map<string, OracleChannel | null> {
  const { status, stdout } = spawnSync("tshark", ["-r", path, "-Y", "amqp", "-T", "pdml"], {
    encoding: "utf8",
    maxBuffer: 1 << 29,
  });
  expect(status, path).toBe(0);
  const channels = new Map<string, OracleChannel | null>();
  let [port, isClient, channel, type, classId, method, tag] = [0, false, 0, 0, 0, 0, 0];
  let [isMultiple, requeues] = [false, false];
  const conclude = (): void => {
    const key = `${port} ${channel}`;
    if (type !== 1 || channel === 0) return;
    if (classId === 20 && method === 10) channels.set(key, channels.has(key) ? null : new OracleChannel());
    const known = channels.get(key);
    if (classId === 85 && method === 10) known?.selectConfirms();
    else if (classId === 60) known?.take(isClient, method, tag, isMultiple, requeues);
    type = 0;
  };
  for (const [, name, show] of stdout.matchAll(/<field name="([a-z._-]+)"[^>]*? show="([^"]*)"/g)) {
    const value = Number(show);
    if (name === "tcp.srcport") {
      conclude();
      isClient = clients.has(value);
      if (isClient) port = value;
    } else if (name === "tcp.dstport" && !isClient) port = value;
    else if (name === "amqp.type") {
      conclude();
      [type, method, classId, tag, isMultiple, requeues] = [value, 0, 0, 0, false, false];
    } else if (name === "amqp.channel") channel = value;
    else if (name === "amqp.method.class") classId = value;
    else if (name === "amqp.method.method") method = value;
    else if (name === "amqp.method.arguments.delivery_tag") tag = value;
    else if (name === "amqp.method.arguments.multiple") isMultiple = show === "1" || show === "True";
    else if (name === "amqp.method.arguments.requeue") requeues = show === "1" || show === "True";
  }
  conclude();
  return channels;
}

/** Nothing is wrong with it, and all of it was captured: only then tshark reads all. */
function isSound({ id, midStream, tls, gaps }: Connection, { findings }: Report): boolean {
  const errors = findings.filter(
    ({ connection, severity, rule }) => connection === id && severity === "error" && rule !== "broker-close",
  );
  return (
    midStream !== true && tls === undefined && gaps.clientToServer + gaps.serverToClient === 0 && errors.length === 0
  );
}

describe.skipIf(!hasTshark())("what tshark's numbers come to", () => {
  it("is what `messages` tells, wherever nothing is broken or missing", { timeout: 600_000 }, async () => {
    let compared = 0;
    for (const path of CAPTURES) {
      const all: MessageRecord[] = [];
      const report = await inspect([path], { explain: false, onMessage: record => all.push(record) });
      const sound = new Map(
        report.connections.filter(each => isSound(each, report)).map(each => [each.id, each.client.port]),
      );
      const ours = new Map<string, string[]>();
      for (const { connection, channel, operation, outcome, publishNumber, deliveryTag } of all) {
        const port = sound.get(connection);
        if (port === undefined || (operation === "publish") !== (publishNumber !== undefined)) continue;
        const what = operation === "publish" ? `publish ${publishNumber}` : `delivery ${deliveryTag}`;
        const key = `${port} ${channel}`;
        // A return is confirmed behind it; what nobody acknowledged goes back; of no-ack tshark does not say.
        const told =
          outcome === "returned"
            ? "confirmed"
            : outcome === "requeued" || outcome === "auto-acked"
              ? "unsettled"
              : outcome;
        ours.set(key, [...(ours.get(key) ?? []), `${what} ${told}`]);
      }
      // tshark gives up a file that is cut short or corrupt.
      if (report.inputs.some(({ error }) => error !== undefined)) continue;
      if (report.findings.some(({ connection }) => connection === null)) continue;
      if (ours.size === 0 || new Set(sound.values()).size < report.connections.length) continue;
      for (const [key, channel] of oracleChannels(path, new Set(sound.values()))) {
        const told = ours.get(key);
        if (channel === null || told === undefined) continue;
        const expected = channel.lines.map(line => line.replace("requeued", "unsettled"));
        expect(told.toSorted(), `${path}, port and channel ${key}`).toEqual(expected.toSorted());
        compared += expected.length;
      }
    }
    expect(compared).toBeGreaterThan(50);
  });
});
