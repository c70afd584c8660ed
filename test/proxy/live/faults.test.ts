/** A real RabbitMQ that dies, clients that die: who hears what, and what is told. */
import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { connect } from "amqplib";
import { expect, it, type TestContext } from "vitest";
import type { TroubleEvent } from "../../../src/report/live-event.ts";
import { type Broker, startBroker } from "../../support/private-broker.ts";
import { PATIENCE, type Proxied, startProxy } from "../../support/proxied.ts";
import { wire } from "../../support/wire.ts";
import { loggedAbout } from "./broker-answers.ts";
import { brokerOrSkip } from "./live-tools.ts";
import { WireClient } from "./wire-client.ts";

const live = brokerOrSkip("faults.test.ts");

/** Where the broker was there is another one now: what connects to its port reaches that. */
async function takeThePlace(
  port: number,
  broker: Broker,
  onTestFinished: TestContext["onTestFinished"],
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const upstream = connectTcp({ host: broker.host, port: broker.port });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  expect((server.address() as AddressInfo).port).toBe(port);
}

async function publishedAndRead(port: number, queue: string): Promise<string> {
  const connection = await connect({ port });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { exclusive: true });
  channel.sendToQueue(queue, Buffer.from("after the fault"));
  await channel.waitForConfirms();
  const message = await channel.get(queue, { noAck: true });
  await connection.close();
  return message === false ? "nothing" : message.content.toString();
}

/** A client that has written the first part of a frame. */
async function inMidFrame(proxied: Proxied, name: string): Promise<WireClient> {
  const client = await WireClient.open(proxied.port, { name });
  client.send(wire().channelOpen(1).queueDeclare(1, name).octets);
  await client.received("50.11");
  client.send(wire().publish(1, "x".repeat(3000), { routingKey: name }).octets.subarray(0, 2000));
  return client;
}

function troubles(proxied: Proxied, client: WireClient): string[] {
  return proxied.of(client.port).flatMap(event => (event.event === "trouble" ? [event.kind] : []));
}

function rules(proxied: Proxied, client: WireClient): string[] {
  return proxied.findings(client.port).map(({ finding }) => finding.rule);
}

it.skipIf(!live)("a client dies; the broker is killed, is away, is back", async ({ onTestFinished }) => {
  const [broker, next] = await Promise.all([startBroker(), startBroker()]);
  onTestFinished(() => next.stop());
  onTestFinished(() => broker.stop());
  const proxied = await startProxy({ upstream: broker.port, onTestFinished });

  const dying = await inMidFrame(proxied, "dying");
  dying.reset();
  expect((await proxied.closed(dying.port)).connection.ended).toBe("rst");
  expect(troubles(proxied, dying)).toEqual(["client-reset"]);
  expect(rules(proxied, dying)).toEqual(["stalled-frame"]);
  await untilLogged(broker, "dying", "[warning] client unexpectedly closed TCP connection");

  const names = ["idle 1", "idle 2", "idle 3"];
  const idle = await Promise.all(names.map(name => WireClient.open(proxied.port, { name })));
  const busy = await inMidFrame(proxied, "busy");
  await broker.stop();
  for (const client of [...idle, busy]) {
    await client.until("the end of the stream", () => client.ended !== null);
    client.end();
    await proxied.closed(client.port);
  }
  // A killed process's idle connections are ended by its kernel, in good order; those with octets it had not read are reset.
  expect(idle.map(({ ended }) => ended)).toEqual(names.map(() => "fin"));
  expect(idle.flatMap(client => troubles(proxied, client))).toEqual([]);
  expect(idle.map(client => rules(proxied, client))).toEqual(names.map(() => ["ended-abruptly"]));
  expect(troubles(proxied, busy)).toEqual(busy.ended === "rst" ? ["upstream-reset"] : []);
  expect(rules(proxied, busy)).toEqual(["stalled-frame"]);

  // It may be reset before it knows that it was connected.
  const early = connectTcp(proxied.port, "127.0.0.1");
  await expect(once(early, "end")).rejects.toThrow("ECONNRESET");
  const refused = await proxied.until(
    "upstream-refused",
    (event): event is TroubleEvent => event.event === "trouble" && event.kind === "upstream-refused",
  );
  expect(refused.upstream.port).toBe(broker.port);

  await takeThePlace(broker.port, next, onTestFinished);
  expect(await publishedAndRead(proxied.port, "back")).toBe("after the fault");
  const { code, counters, stderr } = await proxied.stop();
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  // The two whose frames were cut short, and the three that nobody closed.
  expect(counters).toMatchObject({ errors: 2, warnings: 0, notes: 3, uninspected: 0 });
});

/** Waits for a line about a connection: the broker writes its log when it likes. */
async function untilLogged(broker: Broker, name: string, line: string): Promise<void> {
  await expect.poll(() => loggedAbout(broker, name), { timeout: PATIENCE }).toContain(line);
}
