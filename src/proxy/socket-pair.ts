import type { Socket } from "node:net";
import type { Side } from "../net/connection-observer.ts";
import { SideSocket } from "./side-socket.ts";

export const SIDES = [0, 1] as const;

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

/** What happens on the sockets of a pair. */
export interface SocketPairListener {
  data(side: Side, chunk: Uint8Array): void;
  /** What was written to this side has gone out. */
  drained(side: Side): void;
  /** The side's stream has ended, unless it was reset: `SideSocket.ifEnded` shows which. */
  ending(side: Side): void;
  error(side: Side, error: Error): void;
  /** The side's TCP connection is closed. */
  closed(side: Side): void;
}

/** The two sockets of a relayed connection: the client's, and the broker's once there is one. */
export class SocketPair {
  readonly #listener: SocketPairListener;
  readonly #closed: [boolean, boolean] = [false, true];
  #client: SideSocket;
  #upstream: SideSocket | null = null;

  /** @param tcp the client's connection */
  constructor(tcp: Socket, listener: SocketPairListener) {
    this.#listener = listener;
    this.#client = new SideSocket(tcp, tcp);
    this.#listenToConnection(0, tcp);
  }

  get client(): SideSocket {
    return this.#client;
  }

  of(side: Side): SideSocket | null {
    return side === 0 ? this.#client : this.#upstream;
  }

  isClosed(side: Side): boolean {
    return this.#closed[side];
  }

  /** Both sockets are closed. */
  get isOver(): boolean {
    return this.#closed[0] && this.#closed[1];
  }

  /** From now on `socket` gives the client's octets. */
  startClient(socket: Socket): void {
    this.#client = new SideSocket(socket, this.#client.tcp);
    this.#listenToStream(0, this.#client);
  }

  connect(upstream: SideSocket): void {
    this.#upstream = upstream;
    this.#closed[1] = false;
    this.#listenToConnection(1, upstream.tcp);
    this.#listenToStream(1, upstream);
  }

  #listenToConnection(side: Side, tcp: Socket): void {
    tcp.on("error", error => this.#listener.error(side, error));
    tcp.once("close", () => {
      this.#closed[side] = true;
      this.#listener.closed(side);
    });
  }

  #listenToStream(side: Side, { socket, tcp }: SideSocket): void {
    socket.on("data", chunk => this.#listener.data(side, chunk));
    socket.on("drain", () => this.#listener.drained(side));
    socket.on("end", () => this.#listener.ending(side));
    if (socket !== tcp) socket.on("error", error => this.#listener.error(side, error));
  }
}
