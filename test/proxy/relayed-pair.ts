/** A relay between two TCP connections of this process, with all four sockets in the test's hands. */
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import type { BusyPolling } from "../../src/proxy/busy-polling.ts";
import type { ConnectionGuard } from "../../src/proxy/connection-tap.ts";
import { Relay } from "../../src/proxy/relay.ts";
import { SideSocket } from "../../src/proxy/side-socket.ts";
import type { ReadPace } from "../../src/proxy/slow-reader.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "../../src/proxy/timeouts.ts";
import type { AttemptListener } from "../../src/proxy/upstream.ts";
import { RecordingTap } from "./recording-tap.ts";

export interface RelayedPair {
  relay: Relay;
  /** The peers. Neither is read from yet. */
  client: Socket;
  broker: Socket;
  /** The relay's own sockets. */
  accepted: Socket;
  upstream: Socket;
  tap: RecordingTap;
  problems: string[];
  /** The broker is connected. */
  connect: () => void;
  /** A connection to the broker is wanted. */
  isAsked: () => boolean;
  wasAbandoned: () => boolean;
  overs: () => number;
  [Symbol.asyncDispose]: () => Promise<void>;
}

export interface PairOptions {
  /** Left out, both sides are connected at once. */
  waiting?: boolean;
  guard?: ConnectionGuard;
  tap?: RecordingTap;
  probeSilently?: boolean;
  pace?: ReadPace;
  polling?: BusyPolling;
  timeouts?: Partial<Timeouts>;
}

export async function relayedPair(options: PairOptions = {}): Promise<RelayedPair> {
  const [client, accepted, front] = await connection();
  const [upstream, broker, back] = await connection();
  broker.pause();
  client.pause();
  const tap = options.tap ?? new RecordingTap();
  const problems: string[] = [];
  let listener: AttemptListener | null = null;
  let abandoned = false;
  let overs = 0;
  const endpoint = { address: "127.0.0.1", port: 1 };
  const relay = new Relay(accepted, {
    connection: {
      number: 7,
      client: { address: "127.0.0.1", port: client.localPort! },
      listener: endpoint,
      upstream: endpoint,
      encrypted: { client: false, upstream: false },
    },
    connect: to => {
      listener = to;
      return {
        abandon: () => {
          abandoned = true;
          upstream.destroy();
        },
      };
    },
    probeSilently: options.probeSilently ?? false,
    pace: options.pace ?? null,
    polling: options.polling ?? null,
    counters: { octets: [0, 0], pauses: 0 },
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    problem: message => problems.push(message),
    over: () => {
      overs++;
    },
  });
  relay.watch(tap, options.guard ?? null);
  relay.start(accepted);
  const connect = (): void => {
    const at = { address: "127.0.0.1", port: upstream.remotePort! };
    const steps = { host: at.address, began: 1000, resolved: null, reached: 1001, secured: null };
    listener!.connected(new SideSocket(upstream, upstream), at, steps);
  };
  if (options.waiting !== true) {
    listener!.reached();
    connect();
  }
  return {
    relay,
    client,
    broker,
    accepted,
    upstream,
    tap,
    problems,
    connect,
    isAsked: () => listener !== null,
    wasAbandoned: () => abandoned,
    overs: () => overs,
    [Symbol.asyncDispose]: async () => {
      for (const socket of [client, broker, upstream]) socket.destroy();
      await until(() => overs > 0);
      for (const server of [front, back]) await closed(server);
    },
  };
}

/** Both ends of a TCP connection over loopback, and the server that made it: its end is paused. */
async function connection(): Promise<[Socket, Socket, Server]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [[peer]] = (await Promise.all([once(server, "connection"), once(socket, "connect")])) as [[Socket], unknown];
  // A reset is what some tests are about. Who wants to see it listens, too.
  for (const end of [socket, peer]) end.on("error", () => {});
  return [socket, peer, server];
}

async function closed(server: Server): Promise<void> {
  await new Promise(resolve => server.close(resolve));
}

/** Reads a socket to its end: how that came, and how many octets before it. */
export async function fate(socket: Socket): Promise<{ how: "fin" | "rst" | "closed"; octets: number }> {
  let octets = 0;
  return await new Promise(resolve => {
    socket.on("data", chunk => {
      octets += chunk.length;
    });
    // libuv may call a reset that comes with octets an end of stream: to write nothing tells which.
    const ended = (): void => {
      if (!socket.writable) resolve({ how: "fin", octets });
      else socket.write("", error => error == null && resolve({ how: "fin", octets }));
    };
    if (socket.readableEnded) ended();
    else socket.once("end", ended);
    socket.once("error", error =>
      resolve({ how: "code" in error && error.code === "ECONNRESET" ? "rst" : "closed", octets }),
    );
    socket.once("close", () => resolve({ how: "closed", octets }));
    socket.resume();
  });
}

/** Resolves when so many octets have come, to exactly those. */
export async function received(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  return await new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      octets += chunk.length;
      if (octets < count) return;
      socket.off("data", take);
      socket.pause();
      resolve(Buffer.concat(chunks));
    };
    socket.on("data", take);
    socket.once("close", () => reject(new Error(`closed after ${octets} of ${count} octets`)));
    socket.resume();
  });
}

/** Resolves when the condition holds: it is looked at in every turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}
