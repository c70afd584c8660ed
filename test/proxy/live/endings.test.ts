/** How real clients and a real RabbitMQ end their connections, and what is told of it: exactly what happened. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { ClosedEvent } from "../../../src/report/live-event.ts";
import { startCommand } from "../../support/command.ts";
import { type Broker, startBroker } from "../../support/private-broker.ts";
import { type Proxied, startProxy } from "../../support/proxied.ts";
import { BUNNY, type ClientProgram, PHP_AMQPLIB, PIKA, programOrSkip } from "./client-programs.ts";
import { brokerOrSkip } from "./live-tools.ts";

const SUITE = "endings.test.ts";
const AMQPLIB: ClientProgram = {
  library: "amqplib",
  debian: "npm",
  command: process.execPath,
  probe: ["-e", ""],
  ending: "mjs",
};
const live = brokerOrSkip(SUITE);
const clients = [AMQPLIB, PIKA, BUNNY, PHP_AMQPLIB].filter(program => live && programOrSkip(SUITE, program));
let broker: Broker;

beforeAll(async () => {
  if (live) broker = await startBroker();
});
afterAll(() => broker?.stop());

interface Held {
  /** Has it close in good order, and waits for its end. */
  close(): Promise<void>;
  kill(): void;
}

/** A client that has published, and waits. */
async function held({ command, ending }: ClientProgram, port: number, { onTestFinished }: TestContext): Promise<Held> {
  const path = fileURLToPath(new URL(`hold-connection.${ending}`, import.meta.url));
  const child = startCommand(command, [path, String(port)]);
  const exit = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  let stderr = "";
  child.stderr.on("data", more => {
    stderr += more;
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), exit]);
  if (line !== "open") throw new Error(`${path}: ${line} ${stderr}`);
  return {
    close: async () => {
      child.stdin.end("close\n");
      await exit;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** What was told of each connection between opened and closed, once so many are closed. */
async function emittedOf(proxied: Proxied, connections: number): Promise<string[][]> {
  const closed = (): ClosedEvent[] => proxied.events.filter(event => event.event === "closed");
  await proxied.reports(`${connections} closed`, () => closed().length >= connections);
  return closed().map(({ connection }) =>
    proxied.of(connection.client.port).flatMap(event => {
      if (event.event === "trouble") return [event.kind];
      if (event.event === "finding") return [`${event.finding.severity} ${event.finding.rule}`];
      return event.event === "opened" || event.event === "closed" ? [] : [event.event];
    }),
  );
}

describe.skipIf(!live).each(clients)("$library", program => {
  it("that closes in good order, and one that is killed", async context => {
    const proxied = await startProxy({ upstream: broker.port, onTestFinished: context.onTestFinished });
    const client = await held(program, proxied.port, context);
    await client.close();
    expect(await emittedOf(proxied, 1)).toEqual([[]]);
    const killed = await held(program, proxied.port, context);
    killed.kill();
    // A killed process's kernel ends its streams in good order; what AMQP lacks is told.
    expect((await emittedOf(proxied, 2))[1]).toEqual(["note ended-abruptly"]);
    const { counters } = await proxied.stop();
    expect(counters).toMatchObject({ connections: 2, probes: 0, errors: 0, warnings: 0, refused: 0 });
  });
});

describe.skipIf(!live)("a health check", () => {
  it.for<[string, string[]]>([
    ["costs no event", []],
    ["costs no connection to the broker either, with --probe-silently", ["--probe-silently"]],
  ])("%s", async ([, args], { onTestFinished }) => {
    const proxied = await startProxy({ upstream: broker.port, args, onTestFinished });
    for (const way of ["end", "end", "resetAndDestroy"] as const) {
      const probe = connect(proxied.port, "127.0.0.1");
      await once(probe, "connect");
      const over = once(probe.on("error", () => {}).resume(), "close");
      probe[way]();
      await over;
    }
    const { counters, stderr } = await proxied.stop();
    expect(proxied.events.filter(({ event }) => event !== "proxy")).toEqual([]);
    expect({ ...counters, stderr }).toMatchObject({ connections: 0, stderr: "" });
    // A reset may be there before the client is accepted: then it is nobody.
    expect(counters.probes).toBeGreaterThanOrEqual(2);
  });
});

/** The last: there is no broker behind it. */
describe.skipIf(!live)("a broker that is restarted", () => {
  it("says so to its clients: connection.close 320, and no trouble beside it", async context => {
    const proxied = await startProxy({ upstream: broker.port, onTestFinished: context.onTestFinished });
    await Promise.all(clients.map(program => held(program, proxied.port, context)));
    // RabbitMQ takes SIGTERM as its operator's stop.
    process.kill(Number(readFileSync(join(dirname(broker.logPath!), "pid"), "utf8")), "SIGTERM");
    expect(await emittedOf(proxied, clients.length)).toEqual(clients.map(() => ["note broker-close"]));
    expect((await proxied.stop()).counters).toMatchObject({ connections: clients.length, errors: 0, warnings: 0 });
  });
});
