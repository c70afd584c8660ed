/**
 * Corrupt streams through the built proxy to a real RabbitMQ. What is told while it happens, what `inspect` says of the
 * recording, and what the broker answered must be the same.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { inspect } from "../../../src/inspect.ts";
import type { Report } from "../../../src/report/report.ts";
import { temporaryFolder } from "../../support/command.ts";
import { unnumbered } from "../../support/played-connections.ts";
import { type Broker, startBroker } from "../../support/private-broker.ts";
import { PATIENCE, type Proxied, type ProxyEnd, startProxy } from "../../support/proxied.ts";
import { hex, text, wire } from "../../support/wire.ts";
import { loggedAbout, unwrapped } from "./broker-answers.ts";
import { brokerOrSkip } from "./live-tools.ts";
import { TORN_WRITES, type TornWrites } from "./torn-writes.ts";
import { WireClient } from "./wire-client.ts";

/** Whole messages in front of what breaks. */
const GOOD = Array.from({ length: 20 }, (_, i) => `good ${i}`);
/** Of a client that is refused: nobody may read it. */
const WRONG_PASSWORD = "correct horse battery staple";
const REFUSED = "refused";
const CLEAN = "clean";

const MODES = [
  { mode: "recorded", args: [] },
  { mode: "recorded on findings", args: ["--record-on", "finding"] },
  { mode: "recorded with credentials", args: ["--record-credentials"] },
  { mode: "guarded", args: ["--guard"] },
] as const;
type Mode = (typeof MODES)[number]["mode"];

/** All of it through one proxy. */
interface Haunting {
  proxied: Proxied;
  end: ProxyEnd;
  clients: Map<string, WireClient>;
  report: Report;
  /** The recording's octets. */
  recording: string;
}

const live = brokerOrSkip("ghosts.test.ts");
let broker: Broker;
const hauntings = new Map<Mode, Haunting>();
const cleanups: (() => unknown)[] = [];
const onTestFinished: TestContext["onTestFinished"] = cleanup => void cleanups.push(cleanup as () => unknown);

beforeAll(async () => {
  if (!live) return;
  broker = await startBroker();
  await Promise.all(MODES.map(async ({ mode, args }) => hauntings.set(mode, await haunt(mode, args))));
});
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  await broker?.stop();
});

async function haunt(mode: Mode, args: readonly string[]): Promise<Haunting> {
  const folder = temporaryFolder(onTestFinished);
  const proxied = await startProxy({ upstream: broker.port, args: ["--record", folder, ...args], onTestFinished });
  const clients = new Map<string, WireClient>();
  const tearing = TORN_WRITES.map(async torn => clients.set(torn.name, await tear(proxied, mode, torn)));
  await Promise.all([
    ...tearing,
    clean(proxied, mode).then(client => clients.set(CLEAN, client)),
    refused(proxied, mode).then(client => clients.set(REFUSED, client)),
  ]);
  for (const client of clients.values()) await proxied.closed(client.port);
  const end = await proxied.stop();
  const files = readdirSync(folder).map(name => join(folder, name));
  const recording = files.map(path => readFileSync(path, "latin1")).join("");
  return { proxied, end, clients, report: await inspect(files), recording };
}

async function prepared(proxied: Proxied, name: string): Promise<WireClient> {
  const client = await WireClient.open(proxied.port, { name });
  client.send(wire().channelOpen(1).channelOpen(2).queueDeclare(1, name).octets);
  await client.received("50.11");
  for (const body of GOOD) client.send(wire().publish(1, body, { routingKey: name }).octets);
  return client;
}

async function tear(proxied: Proxied, mode: Mode, { name, writes }: TornWrites): Promise<WireClient> {
  const client = await prepared(proxied, queueOf(mode, name));
  for (const octets of writes(queueOf(mode, name))) client.send(octets);
  await client.until("connection.close", () => client.close !== null);
  client.send(wire().closeOk().octets);
  client.end();
  await client.until("the end of the stream", () => client.ended !== null);
  return client;
}

async function clean(proxied: Proxied, mode: Mode): Promise<WireClient> {
  const client = await prepared(proxied, queueOf(mode, CLEAN));
  client.send(wire().close().octets);
  await client.received("10.51");
  client.end();
  return client;
}

async function refused(proxied: Proxied, mode: Mode): Promise<WireClient> {
  const client = await WireClient.connect(proxied.port);
  client.login({ name: queueOf(mode, REFUSED), password: WRONG_PASSWORD });
  await client.until("the end of the stream", () => client.ended !== null);
  client.end();
  return client;
}

function queueOf(mode: Mode, name: string): string {
  return `${mode}: ${name}`;
}

const OTHER_PROTOCOLS = [
  { name: "an HTTP request", octets: text("GET / HTTP/1.1\r\nHost: broker\r\n\r\n") },
  { name: "a TLS handshake", octets: hex("16 0301 0029 01 000025 0303 -- a ClientHello's first octets") },
];

describe.skipIf(!live).each(OTHER_PROTOCOLS)("$name", ({ name, octets }) => {
  it("is refused by the broker, and named", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const proxied = await startProxy({ upstream: broker.port, args: ["--record", folder], onTestFinished });
    const client = await WireClient.connect(proxied.port);
    client.send(octets);
    await client.until("the end of the stream", () => client.ended !== null);
    client.destroy();
    const { connection } = await proxied.closed(client.port);
    expect((await proxied.stop()).code).toBe(1);
    const emitted = proxied.findings().map(({ finding }) => finding);
    expect(emitted.map(({ rule }) => rule)).toEqual(["handshake"]);
    expect(emitted[0]!.message).toContain(`The client opened with ${name}`);
    expect(emitted[0]!.message).toContain("the server refused it and wants AMQP 0-9-1");
    const report = await inspect(readdirSync(folder).map(file => join(folder, file)));
    expect(unnumbered(emitted, [connection])).toEqual(unnumbered(report.findings, report.connections));
  });
});

/** What is in a queue, read past the proxy. */
async function messagesIn(queue: string, count: number): Promise<string[]> {
  const connection = await connect({ port: broker.port });
  try {
    const channel = await connection.createChannel();
    const bodies: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`${queue}: ${bodies.length} of ${count} messages within ${PATIENCE} ms`));
      const timer = setTimeout(late, PATIENCE);
      const receive = (body: string): void => {
        if (bodies.push(body) < count) return;
        clearTimeout(timer);
        resolve();
      };
      channel.consume(queue, message => receive(message!.content.toString()), { noAck: true }).catch(reject);
    });
    const { messageCount } = await channel.checkQueue(queue);
    expect(messageCount).toBe(0);
    return bodies;
  } finally {
    await connection.close();
  }
}

describe.skipIf(!live).each(MODES)("$mode", ({ mode }) => {
  const haunting = () => hauntings.get(mode)!;
  const guarded = mode === "guarded";

  describe.each(TORN_WRITES)("$name", ({ name, rule, isMasked }) => {
    const client = () => haunting().clients.get(name)!;
    const live = () => haunting().proxied.findings(client().port);

    it("is told at once, then explained", () => {
      const events = haunting().proxied.of(client().port);
      expect(events.map(({ event }) => event)).toEqual(
        expect.arrayContaining(["opened", "fault", "finding", "closed"]),
      );
      expect(events.find(({ event }) => event === "fault")).toMatchObject({ rule, severity: "error" });
      expect(live()[0]!.finding).toMatchObject({ rule, severity: "error", direction: "client-to-server" });
      expect(live()[0]!.recording).toMatch(/\.pcapng$/);
    });

    it("is what inspect finds in the recording", () => {
      const { report, proxied } = haunting();
      const recorded = report.connections.find(({ client: { port } }) => port === client().port)!;
      // The guard's close frame is in the recording, as the client heard it; there it looks like the broker's.
      const found = report.findings
        .filter(({ connection }) => connection === recorded.id)
        .filter(({ direction }) => !guarded || direction === "client-to-server");
      const emitted = live();
      expect(emitted).toHaveLength(guarded ? 1 : 2);
      if (isMasked === true && mode !== "recorded with credentials") {
        // What broke cannot be seen any more, but where.
        expect(found[0]).toMatchObject({ severity: "error", streamOffset: emitted[0]!.finding.streamOffset });
        return;
      }
      expect(
        unnumbered(
          emitted.map(({ finding }) => finding),
          emitted.map(({ connection }) => connection),
        ),
      ).toEqual(unnumbered(found, [recorded]));
      const { verdict } = proxied.of(client().port).at(-1)!.connection;
      expect(verdict.predicted).toEqual(recorded.verdict.predicted);
      expect(verdict.observed).toEqual(guarded ? null : recorded.verdict.observed);
    });

    if (guarded) {
      it("never reaches the broker", () => {
        const lines = loggedAbout(broker, queueOf(mode, name));
        expect(lines.filter(line => line.startsWith("[error]"))).toEqual([]);
        expect(lines.at(-1)).toBe("[warning] client unexpectedly closed TCP connection");
      });

      it("what came before it has arrived, and nothing of it", async () => {
        expect(await messagesIn(queueOf(mode, name), GOOD.length)).toEqual(GOOD);
      });

      it("is explained to the client", () => {
        const { close, ended } = client();
        expect(close).toMatchObject({ code: 501 });
        expect(close!.text).toMatch(/^FRAME_ERROR - ghostframe: \S/);
        expect(ended).toBe("fin");
        const guardedEvents = haunting().proxied.events.filter(({ event }) => event === "guarded");
        expect(guardedEvents).toHaveLength(TORN_WRITES.length);
      });
      return;
    }

    it("is answered by the broker as predicted", () => {
      const { predicted, observed } = haunting().proxied.of(client().port).at(-1)!.connection.verdict;
      if (predicted?.outcome !== "close") throw new Error("no connection.close was predicted");
      const { close } = client();
      expect(predicted.text).toBe(unwrapped(close!.text));
      expect(predicted).toMatchObject({ code: close!.code, classId: close!.classId, methodId: close!.methodId });
      expect(observed).toMatchObject({ outcome: "close", ...close });
      const errors = loggedAbout(broker, queueOf(mode, name)).filter(line => line.startsWith("[error]"));
      expect(errors.map(unwrapped)).toContain(`[error] ${predicted.log![1]}`);
    });
  });

  it("says nothing of a good client", () => {
    const { clients, proxied } = haunting();
    const { port } = clients.get(CLEAN)!;
    expect(proxied.of(port).map(({ event }) => event)).toEqual(["opened", "closed"]);
  });

  it("ends with what it found", () => {
    const { end, clients } = haunting();
    expect(end).toMatchObject({ code: 1, signal: null, stderr: "" });
    expect(end.counters).toMatchObject({ connections: clients.size, uninspected: 0, refused: 0, untold: 0 });
  });

  it("records what it was asked to", () => {
    const { clients, report, recording, proxied } = haunting();
    const recorded = report.connections.map(({ client: { port } }) => port);
    for (const { name } of TORN_WRITES) expect(recorded).toContain(clients.get(name)!.port);
    // Neither is a finding: the broker tells a client that cannot log in nothing.
    const others = mode === "recorded on findings" ? 0 : 2;
    expect(recorded).toHaveLength(TORN_WRITES.length + others);
    const shown = mode === "recorded with credentials";
    for (const secret of [WRONG_PASSWORD, "\0guest\0guest"]) expect(recording.includes(secret)).toBe(shown);
    expect(JSON.stringify(proxied.events)).not.toContain(WRONG_PASSWORD);
  });
});
