/** Every octet arrives as it was sent, both ways, whatever it is and whatever the proxy does besides. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/command.ts";
import { startProxy } from "../../support/proxied.ts";
import { listenTo } from "../../support/recorded.ts";
import { clientHandshake, serverHandshake, type Wire } from "../../support/wire.ts";
import { selfSigned } from "./certificates.ts";
import { commandOrSkip } from "./live-tools.ts";
import { digestOf, Listener, type Received, speak } from "./octet-peers.ts";

/** Connections at a time. */
const SPEAKERS = 6;
const OCTETS = 1_000_000;
/** What is sipped takes its time. */
const SIPPED_OCTETS = 300_000;
const SQUEEZE = ["--squeeze", "--squeeze-sip", "4096", "--squeeze-pause", "0"];
const BODIES = [0, 1, 4000, 131_064, 131_063, 50_000];

const hasOpenssl = commandOrSkip("identity.test.ts", "openssl", "openssl", "version");

interface Row {
  name: string;
  /** What is sent from either side. */
  octets: (count: number) => [client: Uint8Array, server: Uint8Array];
  tls?: boolean;
  record?: boolean;
  args?: readonly string[];
}

const rows: Row[] = [
  { name: "random octets", octets: noise },
  { name: "random octets, squeezed", octets: noise, args: SQUEEZE },
  { name: "random octets, TLS on both sides", octets: noise, tls: true },
  { name: "random octets, recorded", octets: noise, record: true },
  { name: "AMQP", octets: conversation },
  { name: "AMQP, squeezed", octets: conversation, args: SQUEEZE },
  { name: "AMQP, TLS on both sides", octets: conversation, tls: true },
  { name: "AMQP, recorded", octets: conversation, record: true },
  { name: "AMQP, guarded", octets: conversation, args: ["--guard"] },
  { name: "AMQP, all of it", octets: conversation, tls: true, record: true, args: ["--guard", ...SQUEEZE] },
];

/** Nothing that looks like the beginning of a protocol. */
function noise(count: number): [Uint8Array, Uint8Array] {
  const octets = (): Uint8Array => {
    const random = randomBytes(count);
    random[0] = 0x2a;
    return random;
  };
  return [octets(), octets()];
}

/** A client that publishes and closes, a server that delivers: bodies of random octets, up to and beyond a frame. */
function conversation(count: number): [Uint8Array, Uint8Array] {
  const message = { pieces: 131_064 };
  const filled = (stream: Wire, add: (body: Uint8Array) => void): void => {
    for (let i = 0; stream.length < count; i++) add(randomBytes(BODIES[i % BODIES.length]! * (1 + (i % 3))));
  };
  const client = clientHandshake().channelOpen(1);
  filled(client, body => client.publish(1, body, message).heartbeat());
  const server = serverHandshake().channelOpenOk(1);
  filled(server, body => server.deliver(1, body, message).heartbeat());
  return [client.close().octets, server.closeOk().octets];
}

describe("octets arrive as they were sent", { concurrent: true }, () => {
  it.for(rows)("$name", async ({ octets, tls = false, record = false, args = [] }, context) => {
    const { onTestFinished } = context;
    if (tls && !hasOpenssl) context.skip("openssl is missing");
    const folder = temporaryFolder(onTestFinished);
    const certificates = tls ? { proxy: selfSigned(folder, "proxy"), broker: selfSigned(folder, "broker") } : null;
    const recordings = join(folder, "recordings");
    const [fromClient, fromServer] = octets(args.includes("--squeeze") ? SIPPED_OCTETS : OCTETS);
    const listener = await Listener.open(fromServer, certificates?.broker ?? null, onTestFinished);
    const proxied = await startProxy({
      upstream: `${tls ? "amqps" : "amqp"}://127.0.0.1:${listener.port}`,
      args: [
        ...args,
        ...(record ? ["--record", recordings, "--record-credentials"] : []),
        ...(certificates === null ? [] : ["--ca", certificates.broker.cert]),
        ...(certificates === null ? [] : ["--tls-cert", certificates.proxy.cert, "--tls-key", certificates.proxy.key]),
      ],
      onTestFinished,
    });

    const clients = Array.from({ length: SPEAKERS }, () =>
      speak(proxied.port, fromClient, certificates?.proxy ?? null),
    );
    const times = (received: Received) => Array.from({ length: SPEAKERS }, () => received);
    expect(await Promise.all(clients)).toEqual(times(digestOf(fromServer)));
    expect(await Promise.all(listener.received)).toEqual(times(digestOf(fromClient)));

    const { code, counters, stderr } = await proxied.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(counters).toMatchObject({ connections: SPEAKERS, errors: 0, warnings: 0, notes: 0 });
    const ended = proxied.events.filter(event => event.event === "closed").map(({ connection }) => connection.ended);
    expect(ended).toEqual(Array.from({ length: SPEAKERS }, () => "fin"));
    if (!record) return;
    const files = readdirSync(recordings);
    expect(files).toHaveLength(1);
    const { connections } = listenTo(readFileSync(join(recordings, files[0]!)));
    expect(connections.map(connection => digestOf(connection.octets(0)))).toEqual(times(digestOf(fromClient)));
    expect(connections.map(connection => digestOf(connection.octets(1)))).toEqual(times(digestOf(fromServer)));
  });
});
