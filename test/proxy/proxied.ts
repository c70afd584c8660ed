/** A ProxyServer before a broker of this process. */
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import type { RelayedConnection } from "../../src/proxy/connection-tap.ts";
import { ProxyServer, type ProxyServerOptions } from "../../src/proxy/proxy-server.ts";
import type { Endpoint } from "../../src/report/report.ts";
import { RecordingTap } from "./recording-tap.ts";

export interface Proxied {
  server: ProxyServer;
  /** Where the proxy listens. */
  at: Endpoint;
  /** Where the broker does. */
  broker: Endpoint;
  connections: RelayedConnection[];
  taps: RecordingTap[];
  problems: string[];
  /** A client that begins to connect: the proxy may reset it before it knows that it is connected. */
  call: () => Socket;
  /** A client that is connected. */
  client: () => Promise<Socket>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

export interface ProxiedOptions extends Partial<Omit<ProxyServerOptions, "open" | "problem" | "routes">> {
  /** What answers; left out, one that sends back what it gets. */
  broker?: Server;
  /** Where nothing may listen. */
  brokerAt?: Endpoint;
  host?: string;
  /** The broker speaks TLS, and is called this. */
  tlsName?: string;
}

export async function proxied(options: ProxiedOptions = {}): Promise<Proxied> {
  const { broker: given, brokerAt, host = "127.0.0.1", tlsName, ...rest } = options;
  const broker = given ?? createServer({ allowHalfOpen: true }, echo);
  if (brokerAt === undefined && !broker.listening) await listening(broker, host);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket.on("error", () => {}));
    socket.once("close", () => sockets.delete(socket));
  };
  broker.on("connection", keep);
  const at = brokerAt ?? endpointOf(broker);
  const name = tlsName ?? at.address;
  const connections: RelayedConnection[] = [];
  const taps: RecordingTap[] = [];
  const problems: string[] = [];
  const server = new ProxyServer({
    ...rest,
    routes: [
      {
        listen: { host, port: 0 },
        upstream: { host: name, port: at.port, tls: tlsName !== undefined, shown: "" },
      },
    ],
    open: connection => {
      const tap = new RecordingTap();
      connections.push(connection);
      taps.push(tap);
      return { tap };
    },
    problem: message => problems.push(message),
  });
  const [listens] = await server.listen();
  const call = (): Socket => {
    const socket = createConnection({ port: listens!.port, host, allowHalfOpen: true });
    keep(socket);
    return socket;
  };
  return {
    server,
    at: listens!,
    broker: at,
    connections,
    taps,
    problems,
    call,
    client: async () => {
      const socket = call();
      await once(socket, "connect");
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      const drained = server.drain(0);
      for (const socket of sockets) socket.destroy();
      await drained;
      if (broker.listening) await new Promise(resolve => broker.close(resolve));
    },
  };
}

export async function listening(server: Server, host = "127.0.0.1"): Promise<Endpoint> {
  server.listen(0, host);
  await once(server, "listening");
  return endpointOf(server);
}

function endpointOf(server: Server): Endpoint {
  const { address, port } = server.address() as AddressInfo;
  return { address, port };
}

/** A port of this machine at which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listening(server);
  await new Promise(resolve => server.close(resolve));
  return port;
}

function echo(socket: Socket): void {
  socket.pipe(socket);
}
