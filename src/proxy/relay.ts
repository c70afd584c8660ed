/**
 * One relayed connection: two sockets, and the octets between them.
 *
 * Every octet is written on as it came; the tap gets it afterwards. An end of stream (FIN) is passed on as FIN, after
 * the octets before it. A reset is passed on as a reset, at once. A side is read only as fast as the other side takes
 * its octets.
 *
 *     waiting ──► relaying ──► stopping          waiting: for the broker
 *        └───────────────────────►┘              stopping: the client gets the reason, and may end its stream
 *
 * The connection is over when both sockets are closed.
 */
import type { Socket } from "node:net";
import type { Side } from "../net/connection-observer.ts";
import type { UpstreamSteps } from "../report/live-event-sink.ts";
import type { Endpoint } from "../report/report.ts";
import { BrokerSilence } from "./broker-silence.ts";
import type { BusyPolling } from "./busy-polling.ts";
import type { ConnectionGuard, ConnectionTap, Relayed, RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import { Deadline } from "./deadline.ts";
import { EarlyOctets } from "./early-octets.ts";
import { Forwarder, type RelayCounters } from "./forwarder.ts";
import { IdleCheck } from "./idle-check.ts";
import { reasonOf } from "./proxy-error.ts";
import { idleFor, lossOf, silenceOf } from "./relay-trouble.ts";
import type { SideSocket } from "./side-socket.ts";
import type { ReadPace } from "./slow-reader.ts";
import { otherSide, SIDES, SocketPair } from "./socket-pair.ts";
import { TapEvents } from "./tap-events.ts";
import type { Timeouts } from "./timeouts.ts";
import type { AttemptListener } from "./upstream.ts";

export interface RelayContext {
  connection: RelayedConnection;
  /** Begins to connect to the broker. */
  connect: (listener: AttemptListener) => { abandon(): void };
  /** Connect to the broker only after the client has sent something. */
  probeSilently: boolean;
  pace: ReadPace | null;
  /** Null if the thread sleeps whenever there is nothing to do. */
  polling: BusyPolling | null;
  counters: RelayCounters;
  timeouts: Timeouts;
  problem: (message: string) => void;
  /** Both sockets are closed, and the tap knows it. */
  over: () => void;
}

export class Relay implements Relayed, AttemptListener {
  readonly #context: RelayContext;
  #phase: "waiting" | "relaying" | "stopping" = "waiting";
  #started = false;
  #attempt: { abandon(): void } | null = null;
  readonly #sockets: SocketPair;
  readonly #events: TapEvents;
  readonly #forwarder: Forwarder;
  readonly #silence: BrokerSilence;
  readonly #idle: IdleCheck;
  readonly #early = new EarlyOctets();
  readonly #deadline = new Deadline(() => this.#closeAll());
  /** The client has sent an octet. */
  clientSpoke = false;
  #aborted = false;

  /** @param tcp the client's connection, paused */
  constructor(tcp: Socket, context: RelayContext) {
    this.#context = context;
    const { polling, counters, timeouts, problem } = context;
    const { number } = context.connection;
    this.#sockets = new SocketPair(tcp, {
      data: (side, chunk) => this.#data(side, chunk),
      drained: side => this.#forwarder.drained(side),
      ending: side => this.#sockets.of(side)!.ifEnded(() => this.#hasEnded(side)),
      error: (side, error) => this.#error(side, error),
      closed: side => this.#close(side),
    });
    this.#events = new TapEvents(error => {
      problem(`connection ${number} is relayed uninspected from here: its inspection failed (${reasonOf(error)})`);
    });
    const [sockets, events, stop] = [this.#sockets, this.#events, (): void => this.stop(null)];
    this.#forwarder = new Forwarder({ number, sockets, events, polling, counters, problem, stop });
    this.#idle = new IdleCheck(timeouts);
    this.#silence = new BrokerSilence(timeouts.silence, () => this.#brokerSilent());
  }

  /** From now on the tap gets the connection's events, and all octets pass through the guard. */
  watch(tap: ConnectionTap, guard: ConnectionGuard | null): void {
    this.#events.setTap(tap);
    this.#forwarder.setGuard(guard);
  }

  /** Begins: `socket` gives the client's octets. All but a few of them stay with the kernel until the broker is there. */
  start(socket: Socket): void {
    const { probeSilently, timeouts } = this.#context;
    this.#started = true;
    this.#sockets.startClient(socket);
    socket.resume();
    if (probeSilently) this.#deadline.set(timeouts.handshake);
    else this.#connect();
  }

  reached(): void {
    this.#silence.reached();
  }

  connected(broker: SideSocket, upstream: Endpoint, steps: UpstreamSteps): void {
    this.#attempt = null;
    Object.assign(this.#context.connection, { upstream, steps });
    this.#sockets.connect(broker);
    this.#deadline.cancel();
    this.#phase = "relaying";
    this.#events.connected(upstream);
    const { pace } = this.#context;
    if (pace !== null) this.#forwarder.readSlowly(pace);
    this.#passEarly(broker);
    // Its stream was over before there was a listener.
    if (broker.socket.readableEnded) broker.ifEnded(() => this.#hasEnded(1));
  }

  failed(trouble: RelayTrouble): void {
    this.#attempt = null;
    this.abort(trouble);
  }

  /** It came and went without an octet, as a health check does, and nothing failed. */
  get wasProbe(): boolean {
    return !this.clientSpoke && !this.#aborted;
  }

  /** Resets both sides, for a trouble; null if there is none. */
  abort(trouble: RelayTrouble | null): void {
    if (trouble !== null) {
      this.#aborted = true;
      this.#events.trouble(trouble);
    }
    this.#silence.end();
    this.#abandonAttempt();
    for (const side of SIDES) this.#reset(side);
    if (!this.#sockets.isOver) this.#deadline.set(this.#context.timeouts.stopping);
  }

  /** The proxy ends. A client that got whole frames gets `closeFrame`; any other connection is reset. */
  shutDown(trouble: RelayTrouble, closeFrame: Uint8Array): void {
    if (this.#phase === "relaying" && this.#forwarder.isBetweenFrames) {
      this.#aborted = true;
      this.#events.trouble(trouble);
      this.#events.data(1, closeFrame, false);
      this.stop(closeFrame);
    } else this.abort(trouble);
  }

  stop(closeFrame: Uint8Array | null): void {
    if (this.#phase === "stopping" || this.#sockets.isOver) return;
    if (this.#forwarder.defer(() => this.stop(closeFrame))) return;
    this.#phase = "stopping";
    this.#silence.end();
    this.#forwarder.stop();
    this.#early.take();
    this.#abandonAttempt();
    this.#deadline.set(this.#context.timeouts.stopping);
    const [socket, upstream] = [this.#sockets.client.socket, this.#sockets.of(1)?.socket];
    if (closeFrame !== null && socket.writable) socket.write(closeFrame);
    if (closeFrame === null || this.#events.hasEnded(0)) socket.end();
    if (this.#early.ended) this.#end(0);
    upstream?.end();
    // Octets that still come are read, so that the ends are seen, and are thrown away.
    socket.resume();
    upstream?.resume();
  }

  /** Checks whether the peers are still there, while their sockets are not read. */
  probe(): void {
    if (this.#phase === "stopping" || !this.#started) return;
    if (this.#phase === "relaying" && this.#idle.isOver()) this.abort(idleFor(this.#context.timeouts.idle / 1000));
    for (const side of SIDES) this.#sockets.of(side)?.probe();
  }

  #data(side: Side, chunk: Uint8Array): void {
    this.#idle.received();
    if (side === 1) this.#silence.end();
    else if (!this.clientSpoke) this.#spoke();
    if (this.#phase === "relaying") this.#forwarder.take(side, chunk);
    else if (this.#phase === "waiting") this.#keep(chunk);
  }

  #spoke(): void {
    this.clientSpoke = true;
    this.#silence.asked();
    if (this.#attempt === null && this.#phase === "waiting") this.#connect();
  }

  #connect(): void {
    this.#deadline.cancel();
    this.#attempt = this.#context.connect(this);
  }

  #keep(chunk: Uint8Array): void {
    this.#early.add(chunk);
    if (this.#early.isFull) this.#sockets.client.socket.pause();
  }

  #passEarly({ socket: to }: SideSocket): void {
    for (const chunk of this.#early.take()) this.#data(0, chunk);
    if (this.#early.ended && this.#phase === "relaying") this.#hasEnded(0);
    else if (!this.#forwarder.readsSlowly && !to.writableNeedDrain) this.#sockets.client.socket.resume();
  }

  #hasEnded(side: Side): void {
    if (this.#phase === "waiting") {
      this.#early.ended = true;
      if (this.#attempt === null) this.#sockets.client.socket.end();
      else this.#deadline.set(this.#context.timeouts.halfClosed);
    } else if (this.#phase === "relaying") {
      this.#forwarder.finish(side, () => this.#end(side));
    } else {
      this.#end(side);
    }
  }

  /** A side has ended its stream: the other side's stream is ended as well. */
  #end(side: Side): void {
    const to = this.#sockets.of(otherSide(side))?.socket;
    if (this.#phase === "stopping") {
      if (side === 0) this.#sockets.client.socket.end();
    } else if (to !== undefined) {
      this.#forwarder.writeRest(side, to);
      to.end();
    }
    this.#emitEnd(side, "fin");
    this.#forwarder.runDeferred();
  }

  #error(side: Side, error: Error): void {
    this.#emitEnd(side, "rst");
    if (this.#phase !== "stopping") {
      this.#events.trouble({ ...lossOf(side, this.#context.connection, error), clientSpoke: this.clientSpoke });
    }
    this.#lose(side);
  }

  /** A side is gone: the other one is reset as well, unless the connection is being stopped. */
  #lose(side: Side): void {
    this.#abandonAttempt();
    this.#sockets.of(side)?.destroy();
    if (this.#phase !== "stopping") this.#reset(otherSide(side));
  }

  #close(side: Side): void {
    // A client's socket may be closed, with both streams ended by FIN, while its last octets still wait here.
    const lastOctetsWait = side === 0 && this.#forwarder.lastOctetsWait && this.#phase === "relaying";
    if (!this.#events.hasEnded(side) && !lastOctetsWait) {
      this.#emitEnd(side, this.#early.ended && side === 0 ? "fin" : "rst");
      this.#lose(side);
    }
    if (!this.#sockets.isOver) {
      if (this.#phase === "relaying") this.#deadline.set(this.#context.timeouts.linger);
      return;
    }
    this.#deadline.cancel();
    this.#forwarder.stop();
    this.#silence.end();
    this.#events.closed();
    this.#forwarder.setGuard(null);
    this.#context.over();
  }

  #reset(side: Side): void {
    const sideSocket = this.#sockets.of(side);
    if (sideSocket === null || this.#sockets.isClosed(side)) return;
    this.#emitEnd(side, "rst");
    sideSocket.reset();
  }

  /** The connection continues: if trouble ends it later, that is emitted as well. */
  #brokerSilent(): void {
    const { connection, timeouts } = this.#context;
    this.#events.silent(silenceOf(connection, this.#phase === "waiting", timeouts.silence / 1000));
  }

  #emitEnd(side: Side, reason: "fin" | "rst"): void {
    if (side === 1) this.#silence.end();
    this.#events.end(side, reason);
  }

  #abandonAttempt(): void {
    this.#attempt?.abandon();
    this.#attempt = null;
  }

  /** The time is over: whatever is still open is closed. */
  #closeAll(): void {
    this.#abandonAttempt();
    for (const side of SIDES) {
      // A stream that is cut short must not look like one that was ended in order.
      if (this.#phase === "relaying") this.#reset(side);
      this.#sockets.of(side)?.destroy();
    }
  }
}
