/** Lost messages of a real tear, published again to a real RabbitMQ: what its queue holds then. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChannelModel, connect, type GetMessage } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type RecoveredMessage, recover } from "../../src/recover/recover.ts";
import type { RecoveredRecord } from "../../src/recover/recovered-record.ts";
import { PHP_AMQPLIB, programOrSkip } from "../proxy/live/client-programs.ts";
import { brokerOrSkip } from "../proxy/live/live-tools.ts";
import { ended, ghostframe, start, startCommand, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";
import { type Broker, startBroker } from "../support/private-broker.ts";
import { startProxy } from "../support/proxied.ts";

const TORN = join(FIXTURES, "interleaving/two-publishers-one-socket.pcapng.gz");
const live = brokerOrSkip("publisher.test.ts");
let broker: Broker;
let model: ChannelModel;
/** What the capture says was lost: message id, and a hash of the body. */
const lost = new Map<string, string>();
const hash = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");
let queues = 0;

beforeAll(async () => {
  if (!live) return;
  const found: RecoveredMessage[] = [];
  await recover([TORN], { includeUnconfirmed: false }, async message => void found.push(message));
  for (const {
    lost: { record },
    content,
  } of found)
    lost.set(record.messageId!, hash(content!.body));
  broker = await startBroker();
  model = await connect(`amqp://guest:guest@${broker.host}:${broker.port}`);
}, 120_000);

afterAll(async () => {
  await model?.close().catch(() => {});
  await broker?.stop();
});

/** A queue of its own for a test. */
async function newQueue(): Promise<string> {
  const name = `republished-${++queues}`;
  const channel = await model.createChannel();
  await channel.assertQueue(name, { durable: true });
  await channel.close();
  return name;
}

async function held(queue: string): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  const channel = await model.createChannel();
  for (
    let next = await channel.get(queue, { noAck: true });
    next !== false;
    next = await channel.get(queue, { noAck: true })
  ) {
    messages.push(next);
  }
  return messages;
}

function republish(queue: string, folder: string, more: readonly string[] = [], port = broker.port): string[] {
  return [
    "recover",
    TORN,
    "--republish",
    `amqp://guest:guest@${broker.host}:${port}`,
    "--yes",
    "--to-queue",
    queue,
    "--resume",
    join(folder, "resume"),
    ...more,
  ];
}

const ids = (messages: readonly GetMessage[]): string[] =>
  messages.map(({ properties }) => String(properties.messageId));

describe.skipIf(!live)("republished", { concurrent: true }, () => {
  it("every lost message is in the queue once, as it was, in the order of its channel", async ({ onTestFinished }) => {
    const [queue, folder] = [await newQueue(), temporaryFolder(onTestFinished)];
    const first = await ghostframe(republish(queue, folder));
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain("6 of 6 messages confirmed.");
    const messages = await held(queue);
    expect(new Map(messages.map(({ properties, content }) => [properties.messageId, hash(content)]))).toEqual(lost);
    expect(ids(messages)).toEqual(["t1-3", "t0-1", "t0-2", "t0-3", "t0-4", "t1-4"]);
    const { properties } = messages[0]!;
    expect([properties.appId, properties.deliveryMode, properties.priority, properties.contentType]).toEqual([
      "enable_switch_ports",
      2,
      0,
      "application/octet-stream",
    ]);
    expect(Object.entries(properties.headers!)).toEqual([
      ["traceparent", "00-a9aced7e03919e74c034902c8aab312a-848a8f85b8a57e1d-01"],
      ["thread", "enable_switch_ports-1"],
      ["x-ghostframe-recovered", "127.0.0.1:59768/2026-11-21T18:19:51.905717512Z/2/162110"],
      ["x-ghostframe-origin", "127.0.0.1:59768 channel 2, 2026-11-21T18:19:51.905717512Z, packet 31"],
      ["x-ghostframe-fate", "torn"],
    ]);
    // A second run publishes nothing.
    const second = await ghostframe(republish(queue, folder));
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(second.stdout).toContain("0 of 0 messages confirmed. 6 had been confirmed before.");
    expect(await held(queue)).toEqual([]);
  });

  it("after a kill in the middle only the rest is published", async ({ onTestFinished }) => {
    const [queue, folder] = [await newQueue(), temporaryFolder(onTestFinished)];
    const child = start(republish(queue, folder, ["--rate", "10"]));
    const end = ended(child);
    while (confirmedIn(folder) < 3) await new Promise(resolve => setImmediate(resolve));
    child.kill("SIGKILL");
    await end;
    const second = await ghostframe(republish(queue, folder));
    expect(second.code).toBe(0);
    const messages = await held(queue);
    // Nothing is lost; nothing that was confirmed is there twice; what may be there twice is told.
    expect(new Set(ids(messages))).toEqual(new Set(lost.keys()));
    const stated = Number(/(\d+) had been sent before without a confirm/.exec(second.stdout)?.[1] ?? 0);
    expect(messages.length - lost.size).toBeLessThanOrEqual(stated);
  });

  it("a connection that breaks is made again, and nothing is lost", async ({ onTestFinished }) => {
    const [queue, folder] = [await newQueue(), temporaryFolder(onTestFinished)];
    const port = await breakingRelay(onTestFinished, 120_000);
    const { code, stdout, stderr } = await ghostframe(republish(queue, folder, [], port));
    expect([code, stdout.includes("6 of 6 messages confirmed.")], stderr).toEqual([0, true]);
    expect(stderr).toMatch(/the connection is lost \(.*\), and tried again in 0\.5 s/);
    const messages = await held(queue);
    expect(new Set(ids(messages))).toEqual(new Set(lost.keys()));
    const stated = Number(/(\d+) had been sent before without a confirm/.exec(stdout)?.[1] ?? 0);
    expect(messages.length - lost.size).toBeLessThanOrEqual(stated);
  });

  it("what the broker does not take is told", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const missing = await ghostframe(republish("no-such-queue", folder));
    expect(missing.code).toBe(2);
    expect(missing.stderr.match(/returned: 312 NO_ROUTE/g)).toHaveLength(6);
    expect(missing.stdout).toContain("0 of 6 messages confirmed.");
    const url = `amqp://guest:guest@${broker.host}:${broker.port}`;
    const exchange = ["recover", TORN, "--republish", url, "--yes", "--resume", join(folder, "2")];
    const { code, stderr } = await ghostframe([...exchange, "--to-exchange", "none"]);
    expect([code, stderr.includes("NOT_FOUND - no exchange 'none'")], stderr).toEqual([2, true]);
    const refused = [
      "recover",
      TORN,
      "--republish",
      url.replace(":guest@", ":hunter2@"),
      "--yes",
      "--resume",
      join(folder, "3"),
    ];
    const login = await ghostframe(refused);
    expect([login.code, login.stderr.includes("ACCESS_REFUSED"), login.stderr.includes("hunter2")]).toEqual([
      2,
      true,
      false,
    ]);
    const vhost = await ghostframe([...exchange.slice(0, -1), join(folder, "4"), "--to-vhost", "none"]);
    expect([vhost.code, vhost.stderr.includes("refused to open the virtual host")], vhost.stderr).toEqual([2, true]);
  });
});

describe.skipIf(!live)("a run that did not publish all", { concurrent: true }, () => {
  it("was stopped by Ctrl-C: what waited is confirmed, and the next run publishes the rest", async ({
    onTestFinished,
  }) => {
    const [queue, folder] = [await newQueue(), temporaryFolder(onTestFinished)];
    const child = start(republish(queue, folder, ["--rate", "10"]));
    const end = ended(child);
    while (confirmedIn(folder) < 2) await new Promise(resolve => setImmediate(resolve));
    child.kill("SIGINT");
    const first = await end;
    expect([first.code, first.stderr]).toEqual([130, ""]);
    const [, confirmed] = /: (\d) of \d messages? confirmed\./.exec(first.stdout)!;
    const second = await ghostframe(republish(queue, folder));
    expect(second.stdout).toContain(`${confirmed!} had been confirmed before.`);
    // Every confirm was awaited: nothing is there twice.
    expect(ids(await held(queue))).toEqual([...lost.keys()]);
  });

  it("met a queue that was full: what it refused is told, and the next run publishes that", async ({
    onTestFinished,
  }) => {
    const folder = temporaryFolder(onTestFinished);
    const queue = `full-${++queues}`;
    const channel = await model.createChannel();
    const full = { "x-max-length": 2, "x-overflow": "reject-publish" };
    await channel.assertQueue(queue, { durable: true, arguments: full });
    // One at a time: a classic queue may take a few more of a burst.
    const first = await ghostframe(republish(queue, folder, ["--rate", "20"]));
    expect(first.code).toBe(2);
    const refused = first.stderr.match(/the broker answered basic\.nack/g)?.length ?? 0;
    expect(refused).toBeGreaterThan(0);
    const inTime = await held(queue);
    expect(inTime).toHaveLength(lost.size - refused);
    await channel.deleteQueue(queue);
    await channel.assertQueue(queue, { durable: true });
    const second = await ghostframe(republish(queue, folder));
    expect([second.code, second.stdout.includes(`${refused} of ${refused} message`)], second.stdout).toEqual([0, true]);
    expect(ids([...inTime, ...(await held(queue))]).toSorted()).toEqual([...lost.keys()].toSorted());
  });

  it("was not allowed to: 403 is told once, and nothing is confirmed", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const channel = await model.createChannel();
    await channel.assertExchange("of-the-broker", "fanout", { internal: true });
    const url = `amqp://guest:guest@${broker.host}:${broker.port}`;
    const args = ["recover", TORN, "--republish", url, "--yes", "--to-exchange", "of-the-broker"];
    const { code, stdout, stderr } = await ghostframe([...args, "--resume", join(folder, "resume")]);
    expect(code).toBe(2);
    expect(stderr.match(/ACCESS_REFUSED - cannot publish to internal exchange/g), stderr).toHaveLength(1);
    expect(stdout).toContain("0 of 6 messages confirmed.");
    expect(confirmedIn(folder)).toBe(0);
  });

  it("left a resume file that is damaged: no confirmed message is sent again, but for those whose lines are gone", async ({
    onTestFinished,
  }) => {
    const [queue, folder] = [await newQueue(), temporaryFolder(onTestFinished)];
    expect((await ghostframe(republish(queue, folder))).code).toBe(0);
    await held(queue);
    const path = join(folder, "resume");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const last = lines.findLastIndex(line => line.startsWith("confirmed "));
    // The line was being written when the disk was full; noise stands behind it.
    lines[last] = lines[last]!.slice(0, -4);
    writeFileSync(path, Buffer.concat([Buffer.from(`${lines.join("\n")}\n`), Buffer.from([0, 255, 10, 32, 10, 13])]));
    const second = await ghostframe(republish(queue, folder));
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(second.stdout).toContain("1 of 1 message confirmed. 5 had been confirmed before. 1 had been sent before");
    expect(await held(queue)).toHaveLength(1);
    writeFileSync(path, "something else\n");
    const other = await ghostframe(republish(queue, folder));
    expect([other.code, await held(queue)]).toEqual([2, []]);
    expect(other.stderr).toMatch(/resume: is another file, expected a resume file of/);
    expect(readFileSync(path, "utf8")).toBe("something else\n");
  });
});

const FORKED_OCTETS = 60_000;

/** A message of fork-publishers.php, by its id. */
function forked(id: string): { body: string; headers: Record<string, unknown> } {
  const [writer, number] = id.split("-");
  return { body: `message ${id}. `.repeat(6000).slice(0, FORKED_OCTETS), headers: { writer, number: Number(number) } };
}

describe.skipIf(!live || !programOrSkip("publisher.test.ts", PHP_AMQPLIB))("a fork that shares a connection", () => {
  it("costs messages, and all of them that are sure come back", async ({ onTestFinished }) => {
    const [queue, folder] = [await newQueue(), temporaryFolder(onTestFinished)];
    const args = ["--record", folder, "--squeeze", "--squeeze-sip", "4096", "--squeeze-pause", "0"];
    const proxied = await startProxy({ upstream: broker.port, args, onTestFinished });
    const publishers = fileURLToPath(new URL("fork-publishers.php", import.meta.url));
    await ended(startCommand("php", [publishers, String(proxied.port), queue]));
    await proxied.stop();
    const recordings = readdirSync(folder).map(name => join(folder, name));
    const octets = recordings.map(path => readFileSync(path, "latin1")).join("");
    // How much of each body was sent, as far as it can be read: where it was torn a line is not.
    const sent = new Map<string, number>();
    for (const [line, id] of octets.matchAll(/message (\w+-\d)\. /g)) sent.set(id!, (sent.get(id!) ?? 0) + line.length);
    const whole = [...sent].filter(([, seen]) => seen > FORKED_OCTETS - 200).map(([id]) => id);
    const received = ids(await held(queue));
    const resume = join(folder, "resume");
    const url = `amqp://guest:guest@${broker.host}:${broker.port}`;
    const to = ["--republish", url, "--yes", "--resume", resume];
    const { stdout, stderr } = await ghostframe(["recover", ...recordings, "--format", "ndjson", ...to]);
    const records = stdout.split("\n").flatMap(line => (line === "" ? [] : [JSON.parse(line) as RecoveredRecord]));
    const recoveredIds = records.map(({ messageId }) => messageId!);
    // Every one that was sent whole and that the consumer did not get, none that it got, and none that was not sent.
    expect([...received, ...recoveredIds], stderr).toEqual(expect.arrayContaining(whole));
    expect(new Set([...received, ...recoveredIds]).size).toBe(received.length + records.length);
    expect([...sent.keys()]).toEqual(expect.arrayContaining(recoveredIds));
    expect(received).toEqual(expect.arrayContaining(["parent-0", "parent-1", "parent-2", "parent-3"]));
    const sure = records.filter(each => each.sure).map(({ messageId }) => messageId!);
    const back = await held(queue);
    expect(ids(back)).toEqual(sure);
    for (const { content, properties } of back) {
      const { body, headers } = forked(String(properties.messageId));
      expect(hash(content)).toBe(hash(Buffer.from(body)));
      expect(properties.headers).toMatchObject(headers);
      expect(properties.deliveryMode).toBe(2);
    }
  });
});

function confirmedIn(folder: string): number {
  try {
    return readFileSync(join(folder, "resume"), "utf8").match(/^confirmed /gm)?.length ?? 0;
  } catch {
    return 0;
  }
}

/** A relay to the broker that breaks its first connection behind so many octets of the client. */
async function breakingRelay(onTestFinished: TestContext["onTestFinished"], octets: number): Promise<number> {
  let left = octets;
  const sockets: Socket[] = [];
  const server = createServer(client => {
    const upstream = connectTcp(broker.port, broker.host);
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on("error", () => {});
    upstream.pipe(client);
    client.on("close", () => upstream.destroy());
    client.on("data", chunk => {
      upstream.write(chunk);
      left -= chunk.length;
      if (left > 0 || left < -1e9) return;
      left = -2e9;
      client.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
