/** Connecting to the broker: TCP, the PROXY header, TLS. */
import { createConnection, type Socket } from "node:net";
import { printable } from "../bytes/printable.ts";
import { codeOf, tlsReason } from "../capture/system-error.ts";
import type { UpstreamSteps } from "../report/live-event-sink.ts";
import type { Endpoint } from "../report/report.ts";
import { endpointText, remoteEndpoint, type UpstreamAddress } from "./address.ts";
import type { RelayTrouble } from "./connection-tap.ts";
import { reasonOf } from "./proxy-error.ts";
import { SideSocket } from "./side-socket.ts";
import { type UpstreamTls, versionOf } from "./tls.ts";

/** Idle milliseconds after which the kernel checks whether the peer is still there. */
export const KEEP_ALIVE_MS = 60_000;

/**
 * Milliseconds after which the next address of a name is tried. Node's own 250 would give up on a broker that is only
 * far away. The last address is tried for as long as the operating system waits.
 */
const NEXT_ADDRESS_MS = 2000;

/** Progress of an attempt to connect. At its end one of the last two is called, unless it was abandoned. */
export interface AttemptListener {
  /** The broker's host has accepted the connection; TLS may still be to come. */
  reached(): void;
  /** Octets may flow from the moment of this call on. */
  connected(broker: SideSocket, upstream: Endpoint, steps: UpstreamSteps): void;
  failed(trouble: RelayTrouble): void;
}

/** One attempt to connect to the broker. */
export class UpstreamAttempt {
  readonly #address: UpstreamAddress;
  readonly #tls: UpstreamTls | null;
  readonly #listener: AttemptListener;
  readonly #tcp: Socket;
  readonly #timer: NodeJS.Timeout;
  #stage: "tcp" | "tls" | "over" = "tcp";
  readonly #steps: UpstreamSteps;

  /**
   * @param tls null for a broker without TLS
   * @param header goes before everything else, in clear: the PROXY protocol's header, or null
   * @param timeout milliseconds, TLS included
   */
  constructor(
    address: UpstreamAddress,
    tls: UpstreamTls | null,
    header: Uint8Array | null,
    timeout: number,
    listener: AttemptListener,
  ) {
    this.#address = address;
    this.#tls = tls;
    this.#listener = listener;
    this.#steps = { host: address.host, began: now(), resolved: null, reached: 0, secured: null };
    this.#timer = setTimeout(() => {
      const error: NodeJS.ErrnoException = new Error(`no connection within ${timeout / 1000} s`);
      error.code = "ETIMEDOUT";
      this.#failed(error);
    }, timeout);
    this.#tcp = createConnection({
      host: address.host,
      port: address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    });
    this.#tcp.on("error", this.#failed);
    this.#tcp.once("lookup", () => {
      this.#steps.resolved = now();
    });
    this.#tcp.once("connect", () => {
      if (this.#stage === "over") return;
      this.#steps.reached = now();
      listener.reached();
      // TLS takes the connection over: not before the header is written.
      if (header === null) this.#tcpConnected();
      else this.#tcp.write(header, error => error == null && this.#tcpConnected());
    });
  }

  /** Ends the attempt without a call of its listener. */
  abandon(): void {
    if (this.#stage === "over") return;
    this.#end();
    this.#tcp.destroy();
  }

  #end(): void {
    this.#stage = "over";
    clearTimeout(this.#timer);
  }

  #tcpConnected(): void {
    if (this.#stage === "over") return;
    if (this.#tls === null) {
      this.#connected(this.#tcp);
      return;
    }
    this.#stage = "tls";
    const socket = this.#tls.connect(this.#tcp, this.#address);
    socket.on("error", this.#failed);
    socket.once("secureConnect", () => {
      if (this.#stage === "over") return;
      socket.off("error", this.#failed);
      this.#steps.secured = now();
      this.#steps.tlsVersion = versionOf(socket);
      this.#connected(socket);
    });
  }

  #connected(socket: Socket): void {
    this.#end();
    this.#listener.connected(new SideSocket(socket, this.#tcp), remoteEndpoint(this.#tcp), this.#steps);
  }

  readonly #failed = (error: Error): void => {
    const stage = this.#stage;
    if (stage === "over") return;
    this.#end();
    this.#tcp.destroy();
    const trouble = stage === "tls" ? handshakeTrouble(this.#address, error) : connectTrouble(this.#address, error);
    this.#listener.failed(trouble);
  };
}

/** Milliseconds since the epoch, with a fraction. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Why there is no connection to the broker. */
function connectTrouble({ host, port }: UpstreamAddress, error: Error): RelayTrouble {
  const broker = `the broker at ${printable(endpointText(host, port), 300)}`;
  const reason = printable(reasonOf(error), 200);
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return { kind: "upstream-refused", message: `${broker} refused the connection (${reason})` };
    case "ETIMEDOUT":
      return { kind: "upstream-timeout", message: `${broker} did not answer (${reason})` };
    case "ECONNRESET":
    case "EPIPE":
      return { kind: "upstream-reset", message: `${broker} reset the connection (${reason})` };
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return {
        kind: "upstream-unreachable",
        message: `${broker} cannot be found: the name has no address (${reason})`,
      };
    default:
      return { kind: "upstream-unreachable", message: `${broker} cannot be reached (${reason})` };
  }
}

function handshakeTrouble(address: UpstreamAddress, error: Error): RelayTrouble {
  const code = codeOf(error);
  if (code === "ECONNRESET" || code === "EPIPE") {
    const broker = `the broker at ${endpointText(address.host, address.port)}`;
    return { kind: "upstream-reset", message: `${broker} ended the connection during the TLS handshake (${code})` };
  }
  const message = `the TLS handshake with the broker at ${endpointText(address.host, address.port)} failed: ${tlsReason(error)}`;
  return { kind: "upstream-tls", message };
}
