/**
 * One relayed connection: two sockets, and what passes between them.
 *
 * Every octet goes on as it came, and only then is the tap told. An end of stream (FIN) goes on as one, after what
 * came before it; a reset as a reset, at once. A side is read only as fast as the other one takes.
 *
 * A connection waits, relays, and may be stopped; it is over when both sockets are closed:
 *
 *     waiting ──► relaying ──► stopping          waiting: for the broker
 *        └───────────────────────►┘              stopping: the client is told why, and may end its stream
 *
 * Bound: of each direction at most MAX_PENDING_OCTETS are held in this process, besides what TLS and a guard hold.
 */
import type { Socket } from "node:net";
import type { Side } from "../net/connection-observer.ts";
import type { Endpoint } from "../report/report.ts";
import { BrokerSilence } from "./broker-silence.ts";
import type { BusyPolling } from "./busy-polling.ts";
import type { ConnectionGuard, ConnectionTap, RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import { Forwarder } from "./forwarder.ts";
import { reasonOf } from "./proxy-error.ts";
import { lossOf, silenceOf } from "./relay-trouble.ts";
import { SideSocket } from "./side-socket.ts";
import { type ReadPace, SlowReader } from "./slow-reader.ts";
import type { Timeouts } from "./timeouts.ts";
import type { AttemptListener } from "./upstream.ts";

/** Octets that Node reads from a socket at once. */
const CHUNK_OCTETS = 64 * 1024;
/** Octets of a client that are read before its broker is connected. Then it must wait; its going is not noticed. */
const MAX_EARLY_OCTETS = 16 * 1024;
/**
 * A chunk that waits to be written while less than a socket's high-water mark (16 KiB, Node's own) was waiting, and
 * one that Node had read, or reads ahead, when the source was paused: each may come on top of that mark.
 */
export const MAX_PENDING_OCTETS = 2 * (CHUNK_OCTETS + 16 * 1024);

const SIDES = [0, 1] as const;

/** What those who look at a connection may do to it. */
export interface Relayed {
  /**
   * Ends the connection from the proxy's side. Nothing more is relayed; the broker's stream ends after what was
   * admitted, the client is sent the closeFrame (or, for null, the end of its stream) and closed when it has ended its own.
   */
  stop(closeFrame: Uint8Array | null): void;
}

export interface RelaySurroundings {
  connection: RelayedConnection;
  /** Begins to connect to the broker. */
  connect: (listener: AttemptListener) => { abandon(): void };
  pace: ReadPace | null;
  /** Null where the thread sleeps as soon as it may. */
  polling: BusyPolling | null;
  timeouts: Timeouts;
  problem: (message: string) => void;
  /** Both sockets are closed, and the tap knows. */
  over: () => void;
}

export class Relay implements Relayed, AttemptListener {
  readonly #surroundings: RelaySurroundings;
  #phase: "waiting" | "relaying" | "stopping" = "waiting";
  #started = false;
  #client: SideSocket;
  #upstream: SideSocket | null = null;
  #attempt: { abandon(): void } | null = null;
  #tap: ConnectionTap | null = null;
  readonly #forwarder: Forwarder;
  readonly #silence: BrokerSilence;
  #slowReader: SlowReader | null = null;
  /** The client's stream has ended, and its last octets are still sipped. */
  #lastOctetsWait = false;
  /** What the client sent before there was a broker. */
  #early: Uint8Array[] = [];
  #earlyOctets = 0;
  #earlyEnd = false;
  /** Whose end was told, and whose socket is closed. */
  readonly #ended: [boolean, boolean] = [false, false];
  readonly #closed: [boolean, boolean] = [false, true];
  #troubled = false;
  #deadline: NodeJS.Timeout | null = null;
  /** A stop that the guard asked for while it was at work: it comes after what the guard admits. */
  #stopAsked: { closeFrame: Uint8Array | null } | null = null;

  /** @param tcp the client's connection, paused */
  constructor(tcp: Socket, surroundings: RelaySurroundings) {
    this.#surroundings = surroundings;
    this.#client = new SideSocket(tcp, tcp);
    const { connection, timeouts, problem } = surroundings;
    this.#forwarder = new Forwarder({
      number: connection.number,
      sink: side => (this.#ended[side] ? null : (this.#sideSocket(side === 0 ? 1 : 0)?.socket ?? null)),
      problem,
      stop: () => this.stop(null),
    });
    this.#silence = new BrokerSilence(timeouts.silence, () => this.#tellSilence());
    this.#listenTo(0, tcp);
  }

  /** Who is told, and who stands in the way. */
  watch(tap: ConnectionTap, guard: ConnectionGuard | null): void {
    this.#tap = tap;
    this.#forwarder.setGuard(guard);
  }

  /** Begins: `socket` gives the client's octets. Those stay with the kernel, but for a few, until the broker is there. */
  start(socket: Socket): void {
    this.#client = new SideSocket(socket, this.#client.tcp);
    this.#started = true;
    this.#listen(0, this.#client);
    socket.resume();
    this.#attempt = this.#surroundings.connect(this);
  }

  reached(): void {
    this.#silence.reached();
  }

  connected(sideSocket: SideSocket, upstream: Endpoint): void {
    this.#attempt = null;
    this.#upstream = sideSocket;
    this.#surroundings.connection.upstream = upstream;
    this.#closed[1] = false;
    this.#listenTo(1, sideSocket.tcp);
    this.#listen(1, sideSocket);
    this.#cancelDeadline();
    this.#phase = "relaying";
    this.#tell(tap => tap.connected(upstream));
    const { pace } = this.#surroundings;
    if (pace !== null) this.#slowReader = this.#slowReaderTo(pace, sideSocket);
    this.#passEarly();
    // Its stream was over before anybody listened.
    if (sideSocket.socket.readableEnded) this.#ending(1);
  }

  failed(trouble: RelayTrouble): void {
    this.#attempt = null;
    this.abort(trouble);
  }

  /** Resets both sides. */
  abort(trouble: RelayTrouble): void {
    this.#trouble(trouble);
    this.#silence.end();
    this.#abandonAttempt();
    for (const side of SIDES) this.#reset(side);
    if (!this.#isOver) this.#setDeadline(this.#surroundings.timeouts.stopping);
  }

  stop(closeFrame: Uint8Array | null): void {
    if (this.#phase === "stopping" || this.#isOver) return;
    if (this.#forwarder.admitting) {
      this.#stopAsked ??= { closeFrame };
      return;
    }
    this.#phase = "stopping";
    this.#silence.end();
    this.#slowReader?.stop();
    this.#early = [];
    this.#abandonAttempt();
    this.#setDeadline(this.#surroundings.timeouts.stopping);
    const { socket } = this.#client;
    if (closeFrame !== null && socket.writable) socket.write(closeFrame);
    if (closeFrame === null || this.#ended[0]) socket.end();
    if (this.#earlyEnd) this.#end(0);
    this.#upstream?.socket.end();
    // What still comes is read, to see the ends, and thrown away.
    socket.resume();
    this.#upstream?.socket.resume();
  }

  /** Looks after a side that nobody reads from. */
  probe(): void {
    if (this.#phase === "stopping" || !this.#started) return;
    this.#client.probe();
    this.#upstream?.probe();
  }

  #listenTo(side: Side, tcp: Socket): void {
    tcp.on("error", error => this.#error(side, error));
    tcp.once("close", () => this.#close(side));
  }

  #listen(side: Side, { socket, tcp }: SideSocket): void {
    socket.on("data", chunk => this.#data(side, chunk));
    socket.on("drain", () => this.#drained(side));
    socket.on("end", () => this.#ending(side));
    if (socket !== tcp) socket.on("error", error => this.#error(side, error));
  }

  #data(side: Side, chunk: Uint8Array): void {
    if (side === 0) this.#silence.asked();
    else this.#silence.end();
    if (this.#phase !== "relaying") this.#unrelayed(chunk);
    else if (side === 0 && this.#slowReader !== null) this.#slowReader.take(chunk);
    else this.#pass(side, chunk);
  }

  #pass(side: Side, chunk: Uint8Array): void {
    const from = this.#sideSocket(side)!.socket;
    const to = this.#sideSocket(side === 0 ? 1 : 0)!.socket;
    this.#forwarder.write(side, chunk, to);
    const written = to.writableLength === 0;
    // A chunk above the high-water mark counts as too much even when the kernel took it all at once.
    if (to.writableNeedDrain && !written) from.pause();
    const given = written && this.#forwarder.isOpen && chunk.length === chunk.buffer.byteLength;
    // Not #tell: a closure for every chunk is too many.
    try {
      this.#tap?.data(side, chunk, given);
    } catch (error) {
      this.#loseTap(error);
    }
    this.#surroundings.polling?.relayed(chunk.length);
    this.#stopIfAsked();
  }

  #unrelayed(chunk: Uint8Array): void {
    if (this.#phase === "stopping") return;
    this.#early.push(chunk);
    this.#earlyOctets += chunk.length;
    if (this.#earlyOctets >= MAX_EARLY_OCTETS) this.#client.socket.pause();
  }

  #passEarly(): void {
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) this.#data(0, chunk);
    if (this.#earlyEnd && this.#phase === "relaying") this.#hasEnded(0);
    else if (this.#slowReader === null && !this.#upstream!.socket.writableNeedDrain) this.#client.socket.resume();
  }

  #slowReaderTo(pace: ReadPace, { socket }: SideSocket): SlowReader {
    const { socket: source } = this.#client;
    return new SlowReader(pace, source, octets => {
      this.#pass(0, octets);
      return !socket.writableNeedDrain || socket.writableLength === 0;
    });
  }

  /** What was written to `side` has gone out: the other one may be read again. */
  #drained(side: Side): void {
    if (side === 1 && this.#slowReader !== null) {
      this.#slowReader.drained();
      return;
    }
    const source = this.#sideSocket(side === 0 ? 1 : 0)?.socket;
    if (source?.isPaused()) source.resume();
  }

  #ending(side: Side): void {
    this.#sideSocket(side)!.ifEnded(() => this.#hasEnded(side));
  }

  #hasEnded(side: Side): void {
    if (this.#phase === "waiting") {
      this.#earlyEnd = true;
      this.#setDeadline(this.#surroundings.timeouts.halfClosed);
    } else if (side === 0 && this.#slowReader !== null && this.#phase === "relaying") {
      this.#lastOctetsWait = true;
      this.#slowReader.finish(() => this.#end(0));
    } else {
      this.#end(side);
    }
  }

  /** A side has ended its stream: so does the other one hear. */
  #end(side: Side): void {
    const to = this.#sideSocket(side === 0 ? 1 : 0)?.socket;
    if (this.#phase === "stopping") {
      if (side === 0) this.#client.socket.end();
    } else if (to !== undefined) {
      this.#forwarder.writeRest(side, to);
      to.end();
    }
    this.#tellEnd(side, "fin");
    this.#stopIfAsked();
  }

  #error(side: Side, error: Error): void {
    this.#tellEnd(side, "rst");
    if (this.#phase !== "stopping") this.#trouble(lossOf(side, this.#surroundings.connection, error));
    this.#lose(side);
  }

  /** A side is gone: the other one goes the same way, unless it is being parted from. */
  #lose(side: Side): void {
    this.#abandonAttempt();
    this.#sideSocket(side)?.destroy();
    if (this.#phase !== "stopping") this.#reset(side === 0 ? 1 : 0);
  }

  #close(side: Side): void {
    this.#closed[side] = true;
    // A client may be closed, both its streams over in good order, while its last octets are still sipped.
    const sips = side === 0 && this.#lastOctetsWait && this.#phase === "relaying";
    if (!this.#ended[side] && !sips) {
      this.#tellEnd(side, this.#earlyEnd && side === 0 ? "fin" : "rst");
      this.#lose(side);
    }
    if (!this.#isOver) {
      if (this.#phase === "relaying") this.#setDeadline(this.#surroundings.timeouts.linger);
      return;
    }
    this.#cancelDeadline();
    this.#slowReader?.stop();
    this.#silence.end();
    this.#tell(tap => tap.closed());
    this.#tap = null;
    this.#forwarder.setGuard(null);
    this.#surroundings.over();
  }

  #reset(side: Side): void {
    const sideSocket = this.#sideSocket(side);
    if (sideSocket === null || this.#closed[side]) return;
    this.#tellEnd(side, "rst");
    sideSocket.reset();
  }

  #stopIfAsked(): void {
    const asked = this.#stopAsked;
    if (asked === null) return;
    this.#stopAsked = null;
    this.stop(asked.closeFrame);
  }

  #trouble(trouble: RelayTrouble): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.#tell(tap => tap.trouble(trouble));
  }

  /** The connection goes on, so that what ends it is told as well. */
  #tellSilence(): void {
    const { connection, timeouts } = this.#surroundings;
    const trouble = silenceOf(connection, this.#phase === "waiting", timeouts.silence / 1000);
    this.#tell(tap => tap.trouble(trouble));
  }

  #tellEnd(side: Side, reason: "fin" | "rst"): void {
    if (this.#ended[side]) return;
    this.#ended[side] = true;
    if (side === 1) this.#silence.end();
    this.#tell(tap => tap.end(side, reason));
  }

  #tell(what: (tap: ConnectionTap) => void): void {
    if (this.#tap === null) return;
    try {
      what(this.#tap);
    } catch (error) {
      this.#loseTap(error);
    }
  }

  #loseTap(error: unknown): void {
    this.#tap = null;
    const { connection, problem } = this.#surroundings;
    problem(
      `connection ${connection.number} is relayed uninspected from here: its inspection failed (${reasonOf(error)})`,
    );
  }

  #sideSocket(side: Side): SideSocket | null {
    return side === 0 ? this.#client : this.#upstream;
  }

  get #isOver(): boolean {
    return this.#closed[0] && this.#closed[1];
  }

  #abandonAttempt(): void {
    this.#attempt?.abandon();
    this.#attempt = null;
  }

  /** After so long, whatever is still open is closed. */
  #setDeadline(milliseconds: number): void {
    this.#cancelDeadline();
    this.#deadline = setTimeout(() => {
      this.#abandonAttempt();
      for (const side of SIDES) {
        // A stream that is cut short must not look like one that came to its end.
        if (this.#phase === "relaying") this.#reset(side);
        this.#sideSocket(side)?.destroy();
      }
    }, milliseconds);
  }

  #cancelDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }
}
