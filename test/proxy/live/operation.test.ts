/** The built proxy as its operator meets it: signals, exit codes, streams that nobody reads, ports and limits. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync, readdirSync } from "node:fs";
import { type AddressInfo, connect, createServer, Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, type TestContext } from "vitest";
import type { LiveEvent } from "../../../src/report/live-event.ts";
import { ghostframe, ROOT, temporaryFolder } from "../../support/command.ts";
import { PATIENCE, type Proxied, startProxy } from "../../support/proxied.ts";
import { clientHandshake, serverHandshake, text, wire } from "../../support/wire.ts";
import { digestOf, Listener, speak } from "./octet-peers.ts";

type Cleanup = TestContext["onTestFinished"];

/** A server for as long as the test lasts; whoever is connected at its end is cut off. */
async function listen(onTestFinished: Cleanup, serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    serve(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** A broker that says its part of a handshake and no more. */
function silentBroker(onTestFinished: Cleanup): Promise<number> {
  return listen(onTestFinished, socket => {
    socket.write(serverHandshake().channelOpenOk(1).octets);
    socket.resume().on("end", () => socket.end());
  });
}

/** A client that is connected through, with its handshake done. */
async function opened(port: number, onTestFinished: Cleanup): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.write(clientHandshake().channelOpen(1).octets);
  await once(socket, "data");
  return socket;
}

/** How a socket's stream ends. What comes before it is read. */
function endOf(socket: Socket): Promise<"fin" | "rst"> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`a socket is open after ${PATIENCE} ms`)), PATIENCE);
    const is = (end: "fin" | "rst") => (): void => {
      clearTimeout(timer);
      resolve(end);
    };
    socket.resume().on("end", is("fin")).on("error", is("rst")).on("close", is("rst"));
  });
}

function many<Value>(count: number, make: (i: number) => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => make(i)));
}

describe("signals", { concurrent: true }, () => {
  it("SIGTERM: connections may end, then it does", async ({ onTestFinished }) => {
    const proxied = await startProxy({ upstream: await silentBroker(onTestFinished), onTestFinished });
    const client = await opened(proxied.port, onTestFinished);
    proxied.signal("SIGTERM");
    expect((await proxied.proxyEvent("draining")).message).toContain("1 open connection");
    await expect(once(connect(proxied.port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED");
    client.end();
    expect(await endOf(client)).toBe("fin");
    expect(await proxied.end()).toEqual([0, null]);
    expect(proxied.events.filter(({ event }) => event === "trouble")).toEqual([]);
  });

  it("SIGTERM with --grace 1: clients are told, and those in the middle of a frame are reset", async ({
    onTestFinished,
  }) => {
    const part = wire().frame(1, 1, text("a method that is never whole")).octets.subarray(0, 12);
    let accepted = 0;
    const upstream = await listen(onTestFinished, socket => {
      const { octets } = serverHandshake().channelOpenOk(1);
      socket.write(++accepted === 3 ? Buffer.concat([octets, part]) : octets);
      socket.resume().on("end", () => socket.end());
    });
    const folder = temporaryFolder(onTestFinished);
    const proxied = await startProxy({ upstream, args: ["--grace", "1", "--record", folder], onTestFinished });
    const clients: Socket[] = [];
    for (let i = 0; i < 3; i++) clients.push(await opened(proxied.port, onTestFinished));
    const said = clients.map(client => {
      const chunks: Buffer[] = [];
      client.on("data", chunk => chunks.push(chunk)).on("end", () => client.end());
      return chunks;
    });
    const ends = clients.map(endOf);
    const began = performance.now();
    const { code, counters } = await proxied.stop();
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(await Promise.all(ends)).toEqual(["fin", "fin", "rst"]);
    const close = "CONNECTION_FORCED - ghostframe: the proxy shuts down";
    expect(said.map(chunks => Buffer.concat(chunks).includes(close))).toEqual([true, true, false]);
    const troubles = proxied.events.filter(event => event.event === "trouble");
    expect(troubles.map(({ kind }) => kind)).toEqual(["shutdown", "shutdown", "shutdown"]);
    expect(proxied.events.filter(({ event }) => event === "closed")).toHaveLength(3);
    expect(counters).toMatchObject({ connections: 3 });
    expect(proxied.findings()).toEqual([]);
    expect(code).toBe(0);
    const files = readdirSync(folder).flatMap(name => (name.endsWith(".pcapng") ? [join(folder, name)] : []));
    expect((await ghostframe(["inspect", ...files])).code).toBe(0);
    const { stdout } = await ghostframe(["connections", "--format", "ndjson", ...files]);
    expect(stdout.match(/ghostframe proxy shut down, and closed it\./g)).toHaveLength(2);
  });

  it("SIGINT: 130", async ({ onTestFinished }) => {
    const proxied = await startProxy({ upstream: await silentBroker(onTestFinished), onTestFinished });
    const client = await opened(proxied.port, onTestFinished);
    client.end();
    await proxied.closed(client.localPort!);
    expect((await proxied.stop("SIGINT")).code).toBe(130);
  });

  it("a second SIGINT ends it at once", async ({ onTestFinished }) => {
    const proxied = await startProxy({ upstream: await silentBroker(onTestFinished), onTestFinished });
    await opened(proxied.port, onTestFinished);
    proxied.signal("SIGINT");
    await proxied.proxyEvent("draining");
    const began = performance.now();
    proxied.signal("SIGINT");
    expect(await proxied.end()).toEqual([130, null]);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it("SIGHUP begins a new recording, and connections go on", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const upstream = await silentBroker(onTestFinished);
    const proxied = await startProxy({ upstream, args: ["--record", folder], onTestFinished });
    const client = await opened(proxied.port, onTestFinished);
    proxied.signal("SIGHUP");
    await proxied.proxyEvent("reloaded");
    client.write(wire().heartbeat(3).octets);
    client.end();
    await proxied.closed(client.localPort!);
    expect((await proxied.stop()).code).toBe(0);
    expect(readdirSync(folder)).toHaveLength(2);
  });
});

describe("what it cannot do", { concurrent: true }, () => {
  it("a port that is taken", async ({ onTestFinished }) => {
    const port = await listen(onTestFinished, () => {});
    const run = await ghostframe(["proxy", "--listen", String(port), "--upstream", "amqp://127.0.0.1"]);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^ghostframe: 127\.0\.0\.1:\d+: another program listens there.*\n$/);
    expect(run.code).toBe(2);
  });

  it("no broker there: the client is reset, and told why", async ({ onTestFinished }) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await once(server.close(), "close");
    const proxied = await startProxy({ upstream: port, onTestFinished });
    const client = connect(proxied.port, "127.0.0.1");
    expect(await endOf(client)).toBe("rst");
    const trouble = await proxied.until("trouble", event => event.event === "trouble");
    expect(trouble).toMatchObject({ kind: "upstream-refused", upstream: { port } });
    expect(trouble.message).toMatch(/127\.0\.0\.1:\d+ refused the connection \(.*ECONNREFUSED/);
    expect((await proxied.stop()).counters).toMatchObject({ connections: 1, errors: 0 });
  });

  it("more connections than --max-connections", async ({ onTestFinished }) => {
    const upstream = await silentBroker(onTestFinished);
    const proxied = await startProxy({ upstream, args: ["--max-connections", "2"], onTestFinished });
    const [first, second] = await many(2, () => opened(proxied.port, onTestFinished));
    expect(await endOf(connect(proxied.port, "127.0.0.1"))).toBe("rst");
    const trouble = await proxied.until("trouble", event => event.event === "trouble");
    expect(trouble).toMatchObject({ kind: "too-many-connections" });
    first!.end();
    await proxied.closed(first!.localPort!);
    const third = await opened(proxied.port, onTestFinished);
    for (const client of [second!, third]) client.destroy();
    expect((await proxied.stop()).counters).toMatchObject({ connections: 3, refused: 1 });
  });
});

describe("what is no AMQP", { concurrent: true }, () => {
  /** RabbitMQ's way: the protocol header it wants, then the end. */
  const refusing = (onTestFinished: Cleanup): Promise<number> =>
    listen(onTestFinished, socket => {
      socket.once("data", () => socket.end(Uint8Array.of(...text("AMQP"), 0, 0, 9, 1)));
    });

  async function emittedOf(proxied: Proxied): Promise<string[]> {
    await proxied.until("closed", event => event.event === "closed");
    return proxied.events
      .filter(event => event.event === "finding" || event.event === "uninspected")
      .map(event => (event.event === "finding" ? `${event.finding.rule}: ${event.finding.message}` : event.message));
  }

  it("an HTTP request, to a broker", async ({ onTestFinished }) => {
    const proxied = await startProxy({ upstream: await refusing(onTestFinished), onTestFinished });
    const client = connect({ host: "127.0.0.1", port: proxied.port });
    client.write("GET / HTTP/1.1\r\nHost: broker\r\n\r\n");
    await endOf(client);
    expect(await emittedOf(proxied)).toEqual([
      expect.stringMatching(/^handshake: The client opened with an HTTP request/),
    ]);
    expect((await proxied.stop()).code).toBe(1);
  });

  it("a TLS handshake, to a broker", async ({ onTestFinished }) => {
    const proxied = await startProxy({ upstream: await refusing(onTestFinished), onTestFinished });
    const client = connectTls({ host: "127.0.0.1", port: proxied.port, rejectUnauthorized: false });
    await endOf(client);
    expect(await emittedOf(proxied)).toEqual([
      expect.stringMatching(/^handshake: The client opened with a TLS handshake/),
    ]);
    expect((await proxied.stop()).code).toBe(1);
  });

  it("an HTTP server behind it", async ({ onTestFinished }) => {
    const upstream = await listen(onTestFinished, socket => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    });
    const proxied = await startProxy({ upstream, onTestFinished });
    const client = connect({ host: "127.0.0.1", port: proxied.port });
    client.write("GET / HTTP/1.1\r\nHost: broker\r\n\r\n");
    await endOf(client);
    expect(await emittedOf(proxied)).toEqual(["left alone: it is no AMQP 0-9-1"]);
    expect((await proxied.stop()).code).toBe(0);
  });
});

it("the same bug of thirty clients is told once, posted once, and counted", async ({ onTestFinished }) => {
  const CLIENTS = 30;
  const upstream = await silentBroker(onTestFinished);
  const posted: string[] = [];
  const hook = await listen(onTestFinished, socket => {
    socket.on("data", chunk => {
      posted.push(chunk.toString());
      socket.end("HTTP/1.1 204 No Content\r\n\r\n");
    });
  });
  const proxied = await startProxy({
    upstream,
    args: ["--guard", "--webhook", `http://127.0.0.1:${hook}/`],
    env: { GHOSTFRAME_WEBHOOK_SECRET: "of both" },
    collapses: true,
    onTestFinished,
  });
  for (let i = 0; i < CLIENTS; i++) {
    const client = await opened(proxied.port, onTestFinished);
    const port = client.localPort!;
    client.end(wire().frame(7, 1, text(`hello ${i}`)).octets);
    await proxied.closed(port);
  }
  const { counters, code } = await proxied.stop();
  const of = (kind: string): LiveEvent[] => proxied.events.filter(({ event }) => event === kind);
  expect([of("fault"), of("finding"), of("guarded")].map(({ length }) => length)).toEqual([1, 1, CLIENTS]);
  const { fingerprint } = proxied.findings()[0]!;
  expect(of("repeated").at(-1)).toMatchObject({ fingerprint, rule: "frame-type", count: CLIENTS - 1 });
  expect({ ...counters, code }).toMatchObject({ errors: CLIENTS, guarded: CLIENTS, unsent: 0, code: 1 });
  const all = posted.join("");
  expect(all.match(/^webhook-signature: v1,/gm)).toHaveLength(1);
  expect(JSON.parse(all.slice(all.indexOf("{")))).toMatchObject({
    data: { event: "finding", final: true, fingerprint },
  });
});

describe("an output that nobody reads", { concurrent: true }, () => {
  /** More events than a pipe holds. */
  const CONNECTIONS = 150;
  const fromClient = clientHandshake().octets;
  const fromServer = serverHandshake().octets;

  /** A proxy whose stdout is a pipe of which only the first line was read. */
  async function unread(onTestFinished: Cleanup) {
    const listener = await Listener.open(fromServer, null, onTestFinished);
    const fifo = join(temporaryFolder(onTestFinished), "stdout");
    execFileSync("mkfifo", [fifo]);
    // The reader first: a writer alone would wait for it.
    const reader = new Socket({ fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
    const stdout = openSync(fifo, "w");
    const args = ["proxy", "--listen", "0", "--upstream", `amqp://127.0.0.1:${listener.port}`, "--format", "ndjson"];
    const child = spawn(process.execPath, [join(ROOT, "bin", "ghostframe.js"), ...args], {
      stdio: ["ignore", stdout, "pipe"],
    });
    closeSync(stdout);
    onTestFinished(() => {
      child.kill("SIGKILL");
      reader.destroy();
    });
    const [line] = (await once(reader, "data")) as [Buffer];
    reader.pause();
    const port = Number(/listening on 127\.0\.0\.1:(\d+) /.exec(line.toString())![1]);
    return { child, reader, listener, port };
  }

  /** Relays connections, and sees their octets through. */
  async function relays(port: number, listener: Listener): Promise<void> {
    for (let i = 0; i < CONNECTIONS; i += 10) {
      const received = await many(10, () => speak(port, fromClient, null));
      expect(received).toEqual(received.map(() => digestOf(fromServer)));
    }
    const received = await Promise.all(listener.received);
    expect(received).toEqual(Array.from({ length: CONNECTIONS }, () => digestOf(fromClient)));
  }

  it("a pipe that nobody reads", async ({ onTestFinished }) => {
    const { child, listener, port } = await unread(onTestFinished);
    await relays(port, listener);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("a pipe that is read late", async ({ onTestFinished }) => {
    const { child, reader, listener, port } = await unread(onTestFinished);
    await relays(port, listener);
    let lines = "";
    const read = once(reader, "end");
    reader.setEncoding("utf8").on("data", more => {
      lines += more;
    });
    reader.resume();
    child.kill("SIGTERM");
    await read;
    const events = lines
      .trimEnd()
      .split("\n")
      .map(line => JSON.parse(line) as LiveEvent);
    expect(events.filter(({ event }) => event === "closed")).toHaveLength(CONNECTIONS);
    expect(events.at(-1)).toMatchObject({ event: "proxy", kind: "summary", counters: { untold: 0 } });
  });

  it("a pipe whose reader has gone", async ({ onTestFinished }) => {
    const { child, reader, listener, port } = await unread(onTestFinished);
    reader.destroy();
    await once(reader, "close");
    await relays(port, listener);
    const stderr = once(child.stderr!, "data");
    child.kill("SIGTERM");
    expect(String(await stderr)).toBe("ghostframe: stdout cannot be written (EPIPE)\n");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

it("1,000 idle connections: all are told, and nothing is left of them", { timeout: 60_000 }, async context => {
  if (!existsSync("/proc/self/fd")) context.skip("open files are counted in /proc");
  const { onTestFinished } = context;
  const COUNT = 1000;
  const upstream = await silentBroker(onTestFinished);
  // To look after shared sockets it opens files of its own. Staying awake is no use to it.
  const proxied = await startProxy({ upstream, args: ["--no-shared-sockets", "--no-busy-polling"], onTestFinished });
  const first = await opened(proxied.port, onTestFinished);
  first.end();
  await proxied.closed(first.localPort!);
  const before = proxied.openFiles();
  const clients: Socket[] = [];
  for (let i = 0; i < COUNT; i += 100) clients.push(...(await many(100, () => opened(proxied.port, onTestFinished))));
  expect(proxied.openFiles()).toBe(before + 2 * COUNT);
  for (const [i, client] of clients.entries()) {
    // Every way to end.
    if (i % 3 === 0) client.end();
    else if (i % 3 === 1) client.destroy();
    else client.resetAndDestroy();
  }
  const isClosed = ({ event }: { event: string }) => event === "closed";
  await proxied.reports("all closed", events => events.filter(isClosed).length === COUNT + 1);
  await expect.poll(() => proxied.openFiles(), { timeout: PATIENCE }).toBe(before);
  const { code, counters } = await proxied.stop();
  expect({ code, ...counters }).toMatchObject({ code: 0, connections: COUNT + 1, uninspected: 0, untold: 0 });
});
