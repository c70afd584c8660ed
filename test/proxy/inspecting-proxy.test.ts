/** The proxy without its command line, between a client and a broker that only know their parts. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { describe, expect, it, type TestContext } from "vitest";
import { InspectingProxy } from "../../src/proxy/inspecting-proxy.ts";
import type { LiveEvent, ProxyCounters } from "../../src/report/live-event.ts";
import { WRITE_ALL } from "../support/event-samples.ts";
import { clientHandshake, join, serverHandshake, text, wire } from "../support/wire.ts";

const WORKER = new URL("../../dist/proxy/inspector-worker.js", import.meta.url);
const GREETING = serverHandshake().channelOpenOk(1).octets;
const GOOD = clientHandshake().channelOpen(1).publish(1, "good").octets;
const BROKEN = wire().frame(3, 1, text("torn"), { end: 0x41 }).octets;
/** Behind so many octets in good order an incident is over. */
const CALM = (() => {
  const calm = wire();
  for (let i = 0; i < 20; i++) calm.publish(1, "c".repeat(400));
  return calm.octets;
})();

interface Scene {
  events: LiveEvent[];
  client: Socket;
  /** The proxy's. */
  port: number;
  /** What the broker was sent until the client's stream ended. */
  received: Promise<Buffer>;
  end: () => Promise<ProxyCounters>;
}

/** A client behind a proxy, its handshake with the broker done. */
async function scene({ onTestFinished }: TestContext, guard: boolean): Promise<Scene> {
  const brokers = new Set<Socket>();
  const broker = createServer(socket => {
    brokers.add(socket.on("error", () => {}));
    socket.write(GREETING);
  });
  broker.listen(0, "127.0.0.1");
  await once(broker, "listening");
  const { port } = broker.address() as AddressInfo;
  const events: LiveEvent[] = [];
  let inspected = (): void => {};
  const inspectorRuns = new Promise<void>(resolve => {
    inspected = resolve;
  });
  const proxy = new InspectingProxy({
    routes: [
      { listen: { host: "127.0.0.1", port: 0 }, upstream: { host: "127.0.0.1", port, tls: false, shown: "a broker" } },
    ],
    broker: "rabbitmq-3.10",
    record: null,
    guard,
    // A busy machine may need longer than a client is made to wait.
    guardExplains: 20_000,
    sharedSockets: false,
    writing: WRITE_ALL,
    newThread: data => new Worker(WORKER, { workerData: data }),
    emit: event => {
      const live = event.event === "proxy" ? event : (JSON.parse(event.text) as LiveEvent);
      events.push(live);
      if (live.event === "opened") inspected();
    },
  });
  const [address] = await proxy.listen();
  const received = once(broker, "connection").then(([socket]) => {
    onTestFinished(() => void (socket as Socket).destroy());
    return buffer(socket as Socket);
  });
  const client = connect(address!.port, "127.0.0.1");
  onTestFinished(async () => {
    for (const socket of [client, ...brokers]) socket.destroy();
    broker.close();
    await proxy.close();
  });
  client.write(GOOD);
  // A guarded client hears why within a bounded time, which a thread that has yet to start would use up.
  await Promise.all([once(client, "readable"), inspectorRuns]);
  const { port: proxyPort } = address!;
  return { events, client, port: proxyPort, received, end: () => proxy.drain(5000, () => 0) };
}

function guardedMessage(events: readonly LiveEvent[]): string | undefined {
  const event = events.find(each => each.event === "guarded");
  return event?.event === "guarded" ? event.message : undefined;
}

describe("an inspecting proxy", () => {
  it("relays what breaks, tells of it, and counts it", async context => {
    const { events, client, received, end } = await scene(context, false);
    client.end(join(BROKEN, CALM));
    const [octets] = await Promise.all([received, buffer(client)]);
    expect(Uint8Array.from(octets)).toEqual(join(GOOD, BROKEN, CALM));
    expect(await end()).toMatchObject({ connections: 1, errors: 1, warnings: 0, uninspected: 0, refused: 0 });
    expect(events[0]).toMatchObject({ event: "proxy", kind: "listening" });
    expect(events.at(-1)).toMatchObject({ event: "proxy", kind: "summary", counters: { errors: 1 } });
    const emitted = events.filter(({ event }) => event !== "proxy" && event !== "fault");
    expect(emitted.map(({ event }) => event)).toEqual(["opened", "finding", "closed"]);
  });

  it.for([
    { when: "while it is not over", behind: wire().publish(1, "calm").publish(1, "calm").octets },
    { when: "that is over before it is asked for", behind: CALM },
  ])("tells a guarded client why, of an incident $when", async ({ behind }, context) => {
    const { events, client, received, end } = await scene(context, true);
    client.write(join(BROKEN, behind));
    let answer = "";
    for await (const octets of client) {
      answer += (octets as Buffer).toString("latin1");
      if (answer.includes("ghostframe")) client.end();
    }
    const octets = await received;
    expect(Uint8Array.from(octets)).toEqual(GOOD);
    await end();
    // It is told when it is decided, and explained later.
    expect(guardedMessage(events)).toMatch(/^The body frame at offset \d+ .* must end with 0xce/);
    expect(answer).toContain("FRAME_ERROR - ghostframe: The frame at offset ");
    expect(events.filter(({ event }) => event === "finding")).toHaveLength(1);
  });
});

describe("a proxy with a guard", () => {
  it("tells of every guarded client that it is stopped, whatever that does then", async context => {
    const WAYS: ((client: Socket) => void)[] = [
      client => client.end(() => client.destroy()),
      client => client.end(),
      client => void client.pause(),
      client => setTimeout(() => client.resetAndDestroy(), 20),
    ];
    const CLIENTS = 100;
    const { events, client, port, end } = await scene(context, true);
    client.end(wire().close().octets);
    const clients = Array.from({ length: CLIENTS }, () => connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
    context.onTestFinished(() => {
      for (const each of clients) each.destroy();
    });
    for (const [i, each] of clients.entries()) {
      each.on("error", () => {}).on("end", () => each.end());
      each.once("data", () => {
        each.write(BROKEN, () => WAYS[i % WAYS.length]!(each));
      });
      each.write(GOOD);
    }
    const of = (kind: string): LiveEvent[] => events.filter(({ event }) => event === kind);
    await expect.poll(() => of("closed").length, { timeout: 15_000 }).toBe(CLIENTS + 1);
    expect(await end()).toMatchObject({ guarded: CLIENTS, uninspected: 0, refused: 0 });
    expect(of("guarded")).toHaveLength(CLIENTS);
    expect(of("trouble")).toEqual([]);
    const rules = events.flatMap(event => (event.event === "finding" && event.final ? [event.finding.rule] : []));
    // Nobody is blamed for what the guard did.
    expect(rules).toEqual(Array.from({ length: CLIENTS }, () => "frame-end"));
  });
});
