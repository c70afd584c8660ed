/** Accepts clients on every listener, and relays each of them to its broker. */
import { createServer, type Server, type Socket } from "node:net";
import { OWN_MARK, SHUTDOWN_CODE } from "../connection/own-close.ts";
import type { Endpoint } from "../report/report.ts";
import { endpointText, type ListenAddress, localEndpoint, remoteEndpoint, type UpstreamAddress } from "./address.ts";
import { Admission } from "./admission.ts";
import type { BusyPolling } from "./busy-polling.ts";
import { ClientHeaders, type TrustedAddresses } from "./client-header.ts";
import { connectionClose } from "./close-frame.ts";
import type { ConnectionGuard, ConnectionTap, Relayed, RelayedConnection } from "./connection-tap.ts";
import type { RelayCounters } from "./forwarder.ts";
import { acceptProblems, listenError } from "./listen-problems.ts";
import { reasonOf } from "./proxy-error.ts";
import { type ProxyProtocol, proxyHeader } from "./proxy-protocol.ts";
import { Relay } from "./relay.ts";
import type { ReadPace } from "./slow-reader.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "./timeouts.ts";
import { ClientTls, type ClientTlsFiles, UpstreamTls, type UpstreamTlsSettings, versionOf } from "./tls.ts";
import { KEEP_ALIVE_MS, UpstreamAttempt } from "./upstream.ts";
import { Upstreams } from "./upstreams.ts";

export interface Route {
  listen: ListenAddress;
  /** The broker for clients, and those for when it is down, in order. */
  upstream: UpstreamAddress;
  others?: readonly UpstreamAddress[];
}

export interface ProxyServerOptions {
  routes: readonly Route[];
  /** Called for every accepted client: returns the tap for its events, and the guard that its octets pass through. */
  open: (connection: RelayedConnection, relayed: Relayed) => { tap: ConnectionTap; guard?: ConnectionGuard | null };
  /** Gets what the operator should know; it ends nothing. One sentence without a full stop. */
  problem: (message: string) => void;
  /** TLS with clients; null or missing for none. */
  clientTls?: ClientTlsFiles | null;
  /** How an `amqps` upstream is verified. */
  upstreamTls?: UpstreamTlsSettings;
  proxyProtocol?: ProxyProtocol | null;
  /** The addresses whose connections begin with a PROXY header, which names the client; null or missing for none. */
  proxyProtocolFrom?: TrustedAddresses | null;
  /** Connect to the broker only after a client has sent something. */
  probeSilently?: boolean;
  /** Null or missing for as many as the operating system gives. */
  maxConnections?: number | null;
  /** The same for one client's address. */
  maxPerAddress?: number | null;
  /** How slowly clients are read: `--squeeze`. Null or missing: as fast as the broker takes their octets. */
  pace?: ReadPace | null;
  /** Keeps the thread awake after small chunks; null or missing if it sleeps. */
  polling?: BusyPolling | null;
  timeouts?: Partial<Timeouts>;
}

export class ProxyServer {
  readonly #options: ProxyServerOptions;
  readonly #timeouts: Timeouts;
  readonly #listeners: Server[] = [];
  readonly #upstreams: Upstreams[] = [];
  readonly #relays = new Set<Relay>();
  readonly #headers: ClientHeaders;
  #clientTls: ClientTls | null = null;
  #upstreamTls: UpstreamTls | null = null;
  /** Clients that came before every listener was bound; null when all are. */
  #arrived: { tcp: Socket; upstreams: Upstreams }[] | null = [];
  #number = 0;
  /** What passed through. */
  readonly relayed: RelayCounters = { octets: [0, 0], pauses: 0 };
  readonly #admission: Admission;
  #probing: NodeJS.Timeout | null = null;
  #allClosed: (() => void) | null = null;

  constructor(options: ProxyServerOptions) {
    this.#options = options;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#headers = new ClientHeaders({
      trusted: options.proxyProtocolFrom ?? null,
      timeout: this.#timeouts.handshake,
      speaksFirst: options.clientTls != null,
    });
    this.#admission = new Admission({
      connections: options.maxConnections ?? Number.POSITIVE_INFINITY,
      perAddress: options.maxPerAddress ?? Number.POSITIVE_INFINITY,
    });
  }

  /**
   * Connections that are open, that were accepted, that were refused because there were too many, and that came and
   * went without an octet.
   */
  get counters(): { open: number; accepted: number; refused: number; probes: number } {
    const { open, accepted, refused, probes } = this.#admission;
    return { open, accepted, refused, probes };
  }

  /**
   * Listens for every route. Resolves to the addresses in the order of routes. Rejects with a ProxyError: then it
   * listens nowhere.
   */
  async listen(): Promise<Endpoint[]> {
    const { routes, clientTls, upstreamTls } = this.#options;
    if (clientTls != null) this.#clientTls = await ClientTls.open(clientTls, this.#timeouts.handshake);
    if (routes.some(({ upstream, others = [] }) => [upstream, ...others].some(({ tls }) => tls)))
      this.#upstreamTls = await UpstreamTls.open(upstreamTls ?? {});
    try {
      for (const route of routes) this.#listeners.push(await this.#listenFor(route));
    } catch (error) {
      for (const listener of this.#listeners.splice(0)) listener.close();
      for (const { tcp } of this.#arrived ?? []) tcp.resetAndDestroy();
      throw error;
    }
    const arrived = this.#arrived ?? [];
    this.#arrived = null;
    for (const { tcp, upstreams } of arrived) this.#accept(tcp, upstreams);
    return this.addresses();
  }

  /** Where it listens, in the order of the routes, with the ports that were chosen for port 0. */
  addresses(): Endpoint[] {
    return this.#listeners.map(listener => {
      const bound = listener.address();
      return typeof bound === "object" && bound !== null
        ? { address: bound.address, port: bound.port }
        : { address: "", port: 0 };
    });
  }

  /** Reads certificates again, for new connections. An unusable one is reported, and the old one is kept. */
  async reloadCertificates(): Promise<void> {
    for (const certificates of [this.#clientTls, this.#upstreamTls]) {
      try {
        await certificates?.reload();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#options.problem(`the certificates in use are kept: ${message}`);
      }
    }
  }

  /**
   * Accepts no more clients, and waits until the open connections end.
   *
   * @param grace milliseconds after which those that are left are closed: by connection.close 320, or else reset
   */
  async drain(grace: number): Promise<void> {
    const allClosed = new Promise<void>(resolve => {
      this.#allClosed = resolve;
    });
    for (const upstreams of this.#upstreams) upstreams.close();
    this.#headers.abandon();
    const listeners = this.#listeners.map(listener => new Promise(resolve => listener.close(resolve)));
    this.#concludeIfAlone();
    const closeFrame = connectionClose(SHUTDOWN_CODE, `${OWN_MARK}the proxy shuts down`);
    const message = `the proxy shut down, and the connection was still open after ${grace} ms`;
    const timer = setTimeout(() => {
      for (const relay of this.#relays) relay.shutDown({ kind: "shutdown", message }, closeFrame);
    }, grace);
    await Promise.all([allClosed, ...listeners]);
    clearTimeout(timer);
  }

  async #listenFor(route: Route): Promise<Server> {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      // Of a client that is read slowly, as little as possible must be read ahead: one chunk.
      ...(this.#options.pace == null ? {} : { highWaterMark: 1 }),
    });
    const { host, port } = route.listen;
    const upstreams = new Upstreams([route.upstream, ...(route.others ?? [])], this.#options.problem);
    this.#upstreams.push(upstreams);
    server.on("connection", tcp => this.#arrive(tcp, upstreams));
    await new Promise<void>((resolve, reject) => {
      server.once("error", cause => reject(listenError(route.listen, cause)));
      server.listen({ host, port }, resolve);
    });
    server.removeAllListeners("error");
    server.on("error", acceptProblems(endpointText(host, port), this.#options.problem));
    return server;
  }

  /** Clients wait until all listeners are bound: before that it is not certain that the proxy can run. */
  #arrive(tcp: Socket, upstreams: Upstreams): void {
    if (this.#arrived === null) this.#accept(tcp, upstreams);
    else this.#arrived.push({ tcp: tcp.on("error", () => {}), upstreams });
  }

  #accept(tcp: Socket, upstreams: Upstreams): void {
    // The client is gone already, and so is its address.
    if (tcp.remoteAddress === undefined) {
      tcp.on("error", () => {}).destroy();
      return;
    }
    const peer = remoteEndpoint(tcp);
    if (!this.#headers.expects(peer.address)) {
      this.#admit(tcp, upstreams, peer, 0);
      return;
    }
    this.#headers.read(tcp, result => {
      if (result.kind === "read") this.#admit(tcp, upstreams, result.source ?? peer, result.octets);
      else if (result.kind === "left") {
        this.#admission.probed();
        tcp.on("error", () => {}).destroy();
      } else {
        const relay = this.#relay(tcp, this.#connection(tcp, upstreams, peer), upstreams, false);
        const message = `the client at ${endpointText(peer.address, peer.port)} ${result.message}`;
        relay.abort({ kind: "client-proxy-header", message });
      }
    });
  }

  /** @param before octets of the connection that are not its client's */
  #admit(tcp: Socket, upstreams: Upstreams, client: Endpoint, before: number): void {
    const connection = this.#connection(tcp, upstreams, client);
    const refusal = this.#admission.admit(connection);
    const relay = this.#relay(tcp, connection, upstreams, refusal === null);
    if (refusal !== null) {
      relay.abort({ kind: "too-many-connections", message: refusal });
      return;
    }
    this.#probing ??= setInterval(() => this.#probe(), this.#timeouts.probe).unref();
    this.#begin(tcp, relay, connection, before);
  }

  #connection(tcp: Socket, { first }: Upstreams, client: Endpoint): RelayedConnection {
    return {
      number: ++this.#number,
      client,
      listener: localEndpoint(tcp),
      upstream: { address: first.host, port: first.port },
      encrypted: { client: this.#clientTls !== null, upstream: first.tls },
    };
  }

  #relay(tcp: Socket, connection: RelayedConnection, upstreams: Upstreams, isAdmitted: boolean): Relay {
    const { pace, polling, problem, proxyProtocol } = this.#options;
    const relay: Relay = new Relay(tcp, {
      connection,
      probeSilently: this.#options.probeSilently ?? false,
      pace: pace ?? null,
      polling: polling ?? null,
      counters: this.relayed,
      timeouts: this.#timeouts,
      problem,
      connect: listener => {
        const { client, listener: listening } = connection;
        const header = proxyProtocol == null ? null : proxyHeader(proxyProtocol, client, listening);
        const { connect } = this.#timeouts;
        return upstreams.connect((address, attempt) => {
          return new UpstreamAttempt(address, address.tls ? this.#upstreamTls : null, header, connect, attempt);
        }, listener);
      },
      over: () => {
        this.#relays.delete(relay);
        if (isAdmitted) this.#admission.left(connection, relay.wasProbe);
        this.#concludeIfAlone();
      },
    });
    this.#relays.add(relay);
    try {
      const { tap, guard } = this.#options.open(connection, relay);
      relay.watch(tap, guard ?? null);
    } catch (error) {
      problem(`connection ${connection.number} is relayed uninspected: its inspection failed (${reasonOf(error)})`);
    }
    return relay;
  }

  #begin(tcp: Socket, relay: Relay, connection: RelayedConnection, before: number): void {
    if (this.#clientTls === null) {
      relay.start(tcp);
      return;
    }
    this.#clientTls.begin(tcp, {
      secured: socket => {
        connection.clientTlsVersion = versionOf(socket);
        relay.start(socket);
      },
      failed: (did, left) => {
        const message = `the client at ${endpointText(connection.client.address, connection.client.port)} ${did}`;
        // A client that leaves without an octet only checked whether the port is open.
        relay.abort(left && tcp.bytesRead === before ? null : { kind: "client-tls", message });
      },
    });
  }

  #probe(): void {
    for (const relay of this.#relays) relay.probe();
  }

  #concludeIfAlone(): void {
    if (this.#relays.size > 0) return;
    if (this.#probing !== null) clearInterval(this.#probing);
    this.#probing = null;
    this.#allClosed?.();
  }
}
