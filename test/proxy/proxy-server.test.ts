import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BusyPolling } from "../../src/proxy/busy-polling.ts";
import { ProxyError } from "../../src/proxy/proxy-error.ts";
import { ProxyServer } from "../../src/proxy/proxy-server.ts";
import { type CertificateFiles, Certificates } from "./certificates.ts";
import { freePort, listening, type Proxied, proxied } from "./proxied.ts";
import { readProxyHeader } from "./proxy-header.ts";
import { RecordingTap } from "./recording-tap.ts";
import { fate, received, until } from "./relayed-pair.ts";

let certificates: Certificates;
let server: CertificateFiles;

beforeAll(() => {
  certificates = new Certificates();
  server = certificates.issue("server", "DNS:localhost,IP:127.0.0.1");
});
afterAll(() => certificates[Symbol.dispose]());

function pem({ cert, key }: CertificateFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

/** A client that speaks TLS, its handshake done. */
async function tlsClient({ at }: Proxied, options: object = {}): Promise<TLSSocket> {
  const tcp = createConnection({ port: at.port, host: at.address, allowHalfOpen: true });
  const socket = connectTls({ socket: tcp, servername: "localhost", ca: readFileSync(certificates.ca), ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** Sends random octets through an echo, and ends the stream: whether the same came back. */
async function echoes(socket: Socket, size: number): Promise<boolean> {
  const octets = randomBytes(size);
  const hash = createHash("sha256");
  socket.on("data", chunk => hash.update(chunk));
  const ended = once(socket, "end");
  for (let at = 0; at < size; ) {
    const next = at + 1 + Math.floor(Math.random() * 30_000);
    socket.write(octets.subarray(at, next));
    at = next;
  }
  socket.end();
  await ended;
  return hash.digest("hex") === createHash("sha256").update(octets).digest("hex");
}

describe("a connection", () => {
  it.each(["127.0.0.1", "::1"])("over %s is relayed, and told with its addresses", async host => {
    await using proxy = await proxied({ host });
    const client = await proxy.client();
    expect(await echoes(client, 300_000)).toBe(true);
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events).toEqual(["connected", "end 0 fin", "end 1 fin", "closed"]);
    expect(proxy.taps[0]!.octets).toEqual([300_000, 300_000]);
    expect(proxy.taps[0]!.upstream).toEqual(proxy.broker);
    const [{ number, client: from, listener, upstream, encrypted }] = proxy.connections as [never];
    expect({ number, listener, upstream, encrypted }).toEqual({
      number: 1,
      listener: { address: host, port: proxy.at.port },
      upstream: proxy.broker,
      encrypted: { client: false, upstream: false },
    });
    expect(from).toMatchObject({ address: host });
    expect(proxy.server.counters).toEqual({ open: 0, accepted: 1, refused: 0, probes: 0 });
  });

  it("keeps the thread awake together with the others", async () => {
    let turned = false;
    const polling = new BusyPolling({
      now: () => 0,
      next: () => {
        turned = true;
      },
    });
    await using proxy = await proxied({ polling });
    const clients = [await proxy.client(), await proxy.client()];
    for (let exchange = 0; exchange < 5; exchange++) {
      expect(turned).toBe(false);
      const client = clients[exchange % 2]!;
      client.write("echo");
      await received(client, 4);
    }
    expect(turned).toBe(true);
  });

  it("through a listener for both families shows IPv4 as such", async () => {
    await using proxy = await proxied({ host: "::" });
    const client = createConnection({ port: proxy.at.port, host: "127.0.0.1", allowHalfOpen: true });
    expect(await echoes(client, 10)).toBe(true);
    expect(proxy.connections[0]).toMatchObject({
      client: { address: "127.0.0.1" },
      listener: { address: "127.0.0.1", port: proxy.at.port },
    });
  });

  it("is one of many at a time", async () => {
    await using proxy = await proxied();
    const clients = await Promise.all(Array.from({ length: 200 }, () => proxy.client()));
    await until(() => proxy.server.counters.open === 200);
    expect(await Promise.all(clients.map(client => echoes(client, 50_000)))).toEqual(clients.map(() => true));
    await Promise.all(proxy.taps.map(tap => tap.over));
    expect(proxy.server.counters).toEqual({ open: 0, accepted: 200, refused: 0, probes: 0 });
  });

  it("leaves nothing behind", { timeout: 30_000 }, async () => {
    await using proxy = await proxied();
    const resources = (): number => process.getActiveResourcesInfo().filter(name => /TCP|Timeout/.test(name)).length;
    await echoes(await proxy.client(), 10);
    await until(() => proxy.server.counters.open === 0);
    await new Promise(resolve => setImmediate(resolve));
    const before = resources();
    for (let round = 0; round < 100; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const client = await proxy.client();
          if (index % 4 === 0) client.resetAndDestroy();
          else await echoes(client, 10);
        }),
      );
    }
    await until(() => proxy.server.counters.open === 0 && proxy.taps.every(tap => tap.events.at(-1) === "closed"));
    await until(() => resources() <= before);
    expect(proxy.server.counters.accepted).toBeGreaterThan(1500);
    expect(proxy.problems).toEqual([]);
  });

  it("goes to the broker of the listener it came through", async () => {
    const names = ["one", "two"];
    const brokers = names.map(name => createServer(socket => socket.on("error", () => {}).end(name)));
    const upstreams = [];
    for (const broker of brokers) upstreams.push(await listening(broker));
    const proxy = new ProxyServer({
      routes: upstreams.map(({ address, port }) => ({
        listen: { host: "127.0.0.1", port: 0 },
        upstream: { host: address, port, tls: false, shown: "" },
      })),
      open: () => {
        throw new Error("no tap");
      },
      problem: message => problems.push(message),
    });
    const problems: string[] = [];
    for (const [index, { port }] of (await proxy.listen()).entries()) {
      const client = createConnection({ port, host: "127.0.0.1" });
      expect(String(await received(client, 3))).toBe(names[index]);
      client.destroy();
    }
    expect(problems[0]).toBe("connection 1 is relayed uninspected: its inspection failed (no tap)");
    await proxy.drain(1000);
    for (const broker of brokers) await new Promise(resolve => broker.close(resolve));
  });
});

describe("a broker", () => {
  it("that is down: its client is reset", async () => {
    const port = await freePort();
    await using proxy = await proxied({ brokerAt: { address: "127.0.0.1", port } });
    expect((await fate(proxy.call())).how).toBe("rst");
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events).toEqual(["trouble upstream-refused", "end 0 rst", "closed"]);
    expect(proxy.taps[0]!.messages).toEqual([`the broker at 127.0.0.1:${port} refused the connection (ECONNREFUSED)`]);
  });

  it("whose name has no address: its client is reset", async () => {
    await using proxy = await proxied({ brokerAt: { address: "broker.invalid", port: 5672 } });
    expect((await fate(proxy.call())).how).toBe("rst");
    expect(proxy.taps[0]!.messages[0]).toMatch(
      /^the broker at broker\.invalid:5672 cannot be found: the name has no address \((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  it("that accepts nobody: its client waits, and its going ends the attempt", async () => {
    await using deaf = await deafServer();
    await using proxy = await proxied({ brokerAt: deaf.at });
    const client = await proxy.client();
    client.write("AMQP\0\0\x09\x01");
    await until(() => proxy.taps.length === 1);
    expect(proxy.taps[0]!.events).toEqual([]);
    client.resetAndDestroy();
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events).toEqual(["end 0 rst", "trouble client-reset", "closed"]);
  });

  it("that resets at once: so is its client", async () => {
    const broker = createServer({ pauseOnConnect: true }, socket => socket.resetAndDestroy());
    await using proxy = await proxied({ broker });
    expect((await fate(proxy.call())).how).toBe("rst");
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events).toContain("trouble upstream-reset");
    expect(proxy.taps[0]!.messages[0]).toContain(`the broker at 127.0.0.1:${proxy.broker.port} reset the connection`);
  });
});

it("a client that resets while the broker does not read is noticed", async () => {
  await using proxy = await proxied({ broker: createServer({ pauseOnConnect: true }), timeouts: { probe: 5 } });
  const client = await proxy.client();
  client.write(Buffer.alloc(64 * 1024 * 1024));
  await until(() => (proxy.taps[0]?.octets[0] ?? 0) > 300_000);
  client.resetAndDestroy();
  await proxy.taps[0]!.over;
  expect(proxy.taps[0]!.events).toEqual(["connected", "end 0 rst", "trouble client-reset", "end 1 rst", "closed"]);
});

describe("the PROXY protocol", () => {
  it.each([
    ["v1", "127.0.0.1"],
    ["v2", "127.0.0.1"],
    ["v1", "::1"],
    ["v2", "::1"],
  ] as const)("%s over %s comes before everything else", async (proxyProtocol, host) => {
    let atBroker: Promise<Buffer> | null = null;
    const size = { "v1 127.0.0.1": 50, "v2 127.0.0.1": 28, "v1 ::1": 30, "v2 ::1": 52 }[`${proxyProtocol} ${host}`]!;
    const broker = createServer(socket => {
      atBroker = received(socket, size);
    });
    await using proxy = await proxied({ broker, proxyProtocol, host });
    const client = await proxy.client();
    client.write("AMQP\0\0\x09\x01".repeat(10));
    await until(() => atBroker !== null);
    const header = readProxyHeader(await atBroker!);
    expect(header).toMatchObject({
      family: host === "::1" ? "TCP6" : "TCP4",
      source: `${host} ${client.localPort}`,
      destination: `${host} ${proxy.at.port}`,
    });
    await until(() => proxy.taps[0]!.octets[0] === 80);
  });

  it("goes in clear before TLS", async () => {
    const broker = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const atTls = createTlsServer(pem(server), socket => socket.pipe(socket));
    let header: Buffer | null = null;
    broker.on("connection", async socket => {
      socket.once("readable", () => {
        header = socket.read(28) as Buffer;
        atTls.emit("connection", socket);
      });
    });
    await using proxy = await proxied({
      broker,
      proxyProtocol: "v2",
      tlsName: "localhost",
      upstreamTls: { ca: certificates.ca },
    });
    const client = await proxy.client();
    const { localPort } = client;
    expect(await echoes(client, 1000)).toBe(true);
    expect(readProxyHeader(header!)).toMatchObject({ source: `127.0.0.1 ${localPort}`, size: 28 });
  });
});

describe("TLS on both sides", () => {
  const broker = (): ReturnType<typeof createTlsServer> =>
    createTlsServer({ ...pem(server), allowHalfOpen: true } as object, socket => {
      socket.on("error", () => {});
      socket.pipe(socket);
    });

  it("relays every octet, both ends of stream, and tells what is encrypted", async () => {
    await using proxy = await proxied({
      broker: broker(),
      tlsName: "localhost",
      clientTls: server,
      upstreamTls: { ca: certificates.ca },
    });
    expect(await echoes(await tlsClient(proxy), 3_000_000)).toBe(true);
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.octets).toEqual([3_000_000, 3_000_000]);
    expect(proxy.taps[0]!.hash(0)).toBe(proxy.taps[0]!.hash(1));
    expect(proxy.taps[0]!.events).toEqual(["connected", "end 0 fin", "end 1 fin", "closed"]);
    expect(proxy.connections[0]!.encrypted).toEqual({ client: true, upstream: true });
  });

  it("relays a client's reset, and a broker's", async () => {
    const atBroker: TLSSocket[] = [];
    const tcps: Socket[] = [];
    const tls = broker()
      .on("secureConnection", socket => atBroker.push(socket))
      .on("connection", tcp => tcps.push(tcp));
    await using proxy = await proxied({
      broker: tls,
      tlsName: "localhost",
      clientTls: server,
      upstreamTls: { insecure: true },
    });
    for (const who of ["client", "broker"] as const) {
      const tcp = createConnection({ port: proxy.at.port, host: "127.0.0.1" });
      const client = connectTls({ socket: tcp, rejectUnauthorized: false });
      client.write("hello");
      await received(client, 5);
      const other = who === "client" ? atBroker.at(-1)! : client;
      const seen = fate(other);
      (who === "client" ? tcp : tcps.at(-1)!).resetAndDestroy();
      expect((await seen).how).toBe("rst");
      const tap = proxy.taps.at(-1)!;
      await tap.over;
      expect(tap.events).toContain(`trouble ${who === "client" ? "client" : "upstream"}-reset`);
      expect(tap.events.filter(event => event.startsWith("end"))).toHaveLength(2);
    }
  });

  it.each([
    [
      "no authority that we trust",
      {},
      "localhost",
      /^the TLS handshake with the broker at localhost:\d+ failed: .+ \([A-Z_]+\)$/,
    ],
    [
      "another name",
      { ca: "" },
      "127.0.0.2",
      /does not match certificate's altnames|IP: 127\.0\.0\.2 is not in the cert's list/,
    ],
  ])("refuses a broker with %s", async (_, upstreamTls, tlsName, message) => {
    const tls = broker();
    await listening(tls, "0.0.0.0");
    await using proxy = await proxied({
      broker: tls,
      tlsName,
      upstreamTls: "ca" in upstreamTls ? { ca: certificates.ca } : upstreamTls,
    });
    expect((await fate(proxy.call())).how).toBe("rst");
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events).toEqual(["trouble upstream-tls", "end 0 rst", "closed"]);
    expect(proxy.taps[0]!.messages[0]).toMatch(message);
  });

  it("verifies a broker although NODE_TLS_REJECT_UNAUTHORIZED=0", async ({ onTestFinished }) => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    await using proxy = await proxied({ broker: broker(), tlsName: "localhost" });
    expect((await fate(proxy.call())).how).toBe("rst");
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events[0]).toBe("trouble upstream-tls");
  });

  it("by address: the certificate names it", async () => {
    await using proxy = await proxied({
      broker: broker(),
      tlsName: "127.0.0.1",
      upstreamTls: { ca: certificates.ca },
    });
    expect(await echoes(await proxy.client(), 10)).toBe(true);
  });

  it("that the broker does not answer: the client's going ends it", async () => {
    await using proxy = await proxied({
      broker: createServer(),
      tlsName: "localhost",
      upstreamTls: { insecure: true },
    });
    const client = await proxy.client();
    await until(() => proxy.taps.length === 1);
    client.resetAndDestroy();
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events).toEqual(["end 0 rst", "trouble client-reset", "closed"]);
  });
});

describe("TLS towards clients", () => {
  it("tells who does not speak it", async () => {
    await using proxy = await proxied({ clientTls: server });
    const client = await proxy.client();
    client.write("AMQP\0\0\x09\x01");
    await fate(client);
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.events[0]).toBe("trouble client-tls");
    expect(proxy.taps[0]!.messages[0]).toMatch(
      /^the client at 127\.0\.0\.1:\d+ speaks without TLS: .* no TLS record \(ERR_SSL_WRONG_VERSION_NUMBER\)$/,
    );
  });

  it.each([
    [
      "an HTTP request",
      "GET / HTTP/1.1\r\n\r\n",
      /speaks without TLS: it sent an HTTP request \(ERR_SSL_HTTP_REQUEST\)$/,
    ],
    ["a TLS record that is none", "\x16\x03\x01\0\x05\x05hello", /failed in the TLS handshake: .*\(ERR_SSL_[A-Z_]+\)$/],
  ])("tells of %s", async (_, octets, message) => {
    await using proxy = await proxied({ clientTls: server });
    const client = await proxy.client();
    client.write(octets, "latin1");
    await fate(client);
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.messages[0]).toMatch(message);
    expect(proxy.taps[0]!.messages[0]).not.toMatch(/ssl.*\.c:/);
  });

  it("does not wait for ever for a handshake", async () => {
    await using proxy = await proxied({ clientTls: server, timeouts: { handshake: 20 } });
    await fate(await proxy.client());
    await proxy.taps[0]!.over;
    expect(proxy.taps[0]!.messages[0]).toContain("ERR_TLS_HANDSHAKE_TIMEOUT");
  });

  it("asks for certificates", async () => {
    const client = certificates.issue("client", "DNS:client");
    await using proxy = await proxied({ clientTls: { ...server, clientCa: certificates.ca } });
    expect(await echoes(await tlsClient(proxy, pem(client)), 1000)).toBe(true);
    const stranger = await tlsClient(proxy);
    expect((await fate(stranger)).octets).toBe(0);
    await until(() => proxy.taps.length === 2);
    await proxy.taps[1]!.over;
    expect(proxy.taps[1]!.events[0]).toBe("trouble client-tls");
    expect(proxy.taps[1]!.events).not.toContain("connected");
    expect(proxy.taps[1]!.messages[0]).toMatch(
      /^the client at 127\.0\.0\.1:\d+ showed no certificate, and was refused$/,
    );
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("tells of every certificate that is not trusted: %s", async version => {
    using others = new Certificates();
    const client = pem(others.issue("client", "DNS:client"));
    await using proxy = await proxied({ clientTls: { ...server, clientCa: certificates.ca } });
    for (let round = 0; round < 5; round++) {
      const stranger = await tlsClient(proxy, { ...client, minVersion: version, maxVersion: version });
      expect((await fate(stranger)).octets).toBe(0);
      await until(() => proxy.taps.length === round + 1);
      const tap = proxy.taps[round]!;
      await tap.over;
      expect(tap.events[0]).toBe("trouble client-tls");
      expect(tap.messages[0]).toMatch(/ showed a certificate that is not trusted, and was refused \([A-Z_]+\)$/);
    }
    expect(proxy.connections.map(({ upstream }) => upstream)).toHaveLength(5);
    expect(proxy.taps.flatMap(({ events }) => events)).not.toContain("connected");
  });

  it("lets nobody in who resumes a session that began without a certificate", async () => {
    await using proxy = await proxied({ clientTls: { ...server, clientCa: certificates.ca } });
    const first = createConnection({ port: proxy.at.port, host: proxy.at.address });
    const options = { servername: "localhost", ca: readFileSync(certificates.ca) };
    const sessions: Buffer[] = [];
    const stranger = connectTls({ socket: first, ...options }).on("session", session => sessions.push(session));
    await fate(stranger);
    for (const session of sessions) {
      const again = createConnection({ port: proxy.at.port, host: proxy.at.address });
      await fate(connectTls({ socket: again, ...options, session }));
    }
    await until(() => proxy.taps.length === 1 + sessions.length);
    for (const tap of proxy.taps) {
      await tap.over;
      expect(tap.events[0]).toBe("trouble client-tls");
      expect(tap.events).not.toContain("connected");
    }
  });

  it("takes new certificates, keeps the old ones where the new are no good", async () => {
    const files = certificates.issue("changing", "DNS:localhost");
    await using proxy = await proxied({ clientTls: files });
    const serial = async (): Promise<string> => {
      const socket = await tlsClient(proxy);
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const first = await serial();
    const old = await tlsClient(proxy);
    certificates.issue("changing", "DNS:localhost");
    expect(await serial()).toBe(first);
    await proxy.server.reloadCertificates();
    const second = await serial();
    expect(second).not.toBe(first);
    expect(await echoes(old, 1000)).toBe(true);

    writeFileSync(files.cert, "no certificate");
    await proxy.server.reloadCertificates();
    expect(await serial()).toBe(second);
    expect(proxy.problems).toHaveLength(1);
    expect(proxy.problems[0]).toContain(
      `the certificates in use are kept: ${files.cert}: expected a PEM certificate with the key of ${files.key}`,
    );
  });

  it.each([
    [
      "a certificate that is not there",
      { cert: "/nowhere/cert.pem" },
      /^\/nowhere\/cert\.pem: cannot be read \(ENOENT\)/,
    ],
    ["an authority without certificates", { clientCa: "key" }, /expected certificates in PEM form, found none$/],
  ])("does not begin with %s", async (_, wrong, message) => {
    const files = "clientCa" in wrong ? { ...server, clientCa: server.key } : { ...server, ...wrong };
    const proxy = new ProxyServer({ routes: [], clientTls: files, open: () => ({}) as never, problem: () => {} });
    const error = await proxy.listen().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProxyError);
    expect((error as Error).message).toMatch(message);
  });
});

describe("too many connections", () => {
  it("are reset, and told", async () => {
    await using proxy = await proxied({ maxConnections: 1 });
    const first = await proxy.client();
    await until(() => proxy.server.counters.open === 1);
    expect((await fate(proxy.call())).how).toBe("rst");
    await proxy.taps[1]!.over;
    expect(proxy.taps[1]!.events).toEqual(["trouble too-many-connections", "end 0 rst", "closed"]);
    expect(proxy.taps[1]!.messages[0]).toMatch(/ was refused: 1 connections are open, as many as allowed$/);
    expect(proxy.server.counters).toEqual({ open: 1, accepted: 1, refused: 1, probes: 0 });
    expect(await echoes(first, 10)).toBe(true);
    await proxy.taps[0]!.over;
    expect(await echoes(await proxy.client(), 10)).toBe(true);
  });
});

describe("drain", () => {
  it("waits for connections to end", async () => {
    await using proxy = await proxied();
    const client = await proxy.client();
    await until(() => proxy.server.counters.open === 1);
    const drained = proxy.server.drain(60_000);
    expect(await echoes(client, 1000)).toBe(true);
    await drained;
    expect(proxy.taps[0]!.events).toEqual(["connected", "end 0 fin", "end 1 fin", "closed"]);
    await expect(proxy.client()).rejects.toThrow("ECONNREFUSED");
  });

  it("resets what does not end in time", async () => {
    await using proxy = await proxied();
    const client = await proxy.client();
    await until(() => proxy.taps[0]?.events.includes("connected") === true);
    const seen = fate(client);
    await proxy.server.drain(10);
    expect((await seen).how).toBe("rst");
    expect(proxy.taps[0]!.events).toEqual(["connected", "trouble shutdown", "end 0 rst", "end 1 rst", "closed"]);
  });
});

describe("a listener that cannot be", () => {
  it.each([
    ["in use", null, /^127\.0\.0\.1:\d+: another program listens there, expected a free port \(EADDRINUSE\)$/],
    ["of another machine", "192.0.2.1", /^192\.0\.2\.1:\d+: this machine has no such address, .*\(EADDRNOTAVAIL\)$/],
    ["with an unknown name", "nowhere.invalid", /^nowhere\.invalid:\d+: the name .*\((ENOTFOUND|EAI_AGAIN)\)$/],
  ])("%s", async (_, host, message) => {
    const taken = createServer();
    const { port } = await listening(taken);
    const upstream = { host: "127.0.0.1", port: 1, tls: false, shown: "" };
    const proxy = new ProxyServer({
      routes: [
        { listen: { host: "127.0.0.1", port: 0 }, upstream },
        { listen: { host: host ?? "127.0.0.1", port }, upstream },
      ],
      open: () => ({}) as never,
      problem: () => {},
    });
    const error = await proxy.listen().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProxyError);
    expect((error as Error).message).toMatch(message);
    expect(proxy.addresses()).toEqual([]);
    await new Promise(resolve => taken.close(resolve));
  });
});

it("relays nobody, and tells of nobody, before all listeners are bound", async () => {
  const taken = createServer();
  const { port } = await listening(taken);
  const upstream = { host: "127.0.0.1", port: 1, tls: false, shown: "" };
  // A name is looked up in another thread: the event loop turns in between.
  const free = { listen: { host: "localhost", port: 0 }, upstream };
  let opened = 0;
  const proxy = new ProxyServer({
    // Many, so that a client of the first one is there before the last one fails.
    routes: [...Array.from({ length: 100 }, () => free), { listen: { host: "127.0.0.1", port }, upstream }],
    open: () => {
      opened++;
      return { tap: new RecordingTap() };
    },
    problem: () => {},
  });
  const failed = proxy.listen().catch((thrown: unknown) => thrown);
  await until(() => proxy.addresses().length > 0);
  const [first] = proxy.addresses();
  const client = createConnection({ port: first!.port, host: first!.address });
  expect((await fate(client)).how).toBe("rst");
  expect(await failed).toBeInstanceOf(ProxyError);
  expect(opened).toBe(0);
  await new Promise(resolve => taken.close(resolve));
});

it("relays who came before all listeners were bound", async () => {
  const broker = createServer(socket => void socket.on("error", () => {}).end("hello"));
  const at = await listening(broker);
  const upstream = { host: at.address, port: at.port, tls: false, shown: "" };
  const proxy = new ProxyServer({
    routes: Array.from({ length: 100 }, () => ({ listen: { host: "localhost", port: 0 }, upstream })),
    open: () => ({ tap: new RecordingTap() }),
    problem: () => {},
  });
  const listens = proxy.listen();
  await until(() => proxy.addresses().length > 0);
  const [first] = proxy.addresses();
  const client = createConnection({ port: first!.port, host: first!.address });
  expect(String(await received(client, 5))).toBe("hello");
  client.destroy();
  await listens;
  await proxy.drain(1000);
  await new Promise(resolve => broker.close(resolve));
});

/** Listens in a process that stands still, with no room left for connections: nobody's SYN is answered any more. */
async function deafServer(): Promise<{
  at: { address: string; port: number };
  [Symbol.asyncDispose]: () => Promise<void>;
}> {
  const script = `
    const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port) + "\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const at = { address: "127.0.0.1", port: Number(line) };
  // The kernel takes one more than the backlog; what comes behind waits.
  const fillers = Array.from({ length: 6 }, () => createConnection({ port: at.port, host: at.address }));
  await until(() => fillers.filter(socket => !socket.connecting).length >= 2);
  return {
    at,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.on("error", () => {}).destroy();
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
