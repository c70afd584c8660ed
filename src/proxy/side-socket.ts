import type { Socket } from "node:net";

/** Nothing, to be written: then the kernel reports whether the connection is still there. */
const NOTHING = new Uint8Array(0);

/** One side of a relayed connection: the stream of its octets, and the TCP connection below. */
export class SideSocket {
  /** A TLSSocket where the octets are encrypted. */
  readonly socket: Socket;
  readonly tcp: Socket;

  constructor(socket: Socket, tcp: Socket) {
    this.socket = socket;
    this.tcp = tcp;
  }

  /** Closes the connection by RST, and drops what is not written yet, as every reset does. */
  reset(): void {
    const { socket, tcp } = this;
    if (tcp.destroyed) return;
    // While a FIN is on its way to the kernel, libuv refuses a reset (EINVAL), and Node would then leak the socket.
    const finishing = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
    if (finishing && !socket.destroyed) socket.once("finish", () => tcp.resetAndDestroy());
    else tcp.resetAndDestroy();
  }

  /** Closes what is left of the connection, without waiting for anything. */
  destroy(): void {
    this.socket.destroy();
    this.tcp.destroy();
  }

  /**
   * Finds out whether the peer is gone while nothing is read: from a paused socket, and from one whose stream has
   * ended. Otherwise a broker that blocks its publishers would keep dead ones for hours. Writes nothing: that sends
   * nothing, and fails when the connection is gone.
   */
  probe(): void {
    const unread = this.socket.isPaused() || this.socket.readableEnded;
    if (unread && this.#canProbe) this.tcp.write(NOTHING);
  }

  /**
   * Calls `then` if the stream has ended by FIN, not by a reset. When octets and a reset wait together, libuv reads the
   * octets and reports an end of stream (UV_HANDLE_READ_PARTIAL with POLLHUP). The kernel knows better.
   */
  ifEnded(then: () => void): void {
    if (!this.#canProbe) then();
    else this.tcp.write(NOTHING, error => error == null && then());
  }

  /** Behind octets that wait to be written a probe would wait as well; those octets show it themselves. */
  get #canProbe(): boolean {
    return this.socket.writable && this.socket.writableLength === 0;
  }
}
