/** Turns a capture's frames into the events of `ghostframe frames`, if they pass its filter. */
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import type { Direction } from "../connection/direction.ts";
import type { Secret } from "../connection/incident.ts";
import type { FrameListener } from "../connection/observers.ts";
import type { Moment, Side } from "../net/connection-observer.ts";
import type { TcpConnection } from "../net/tcp-connection.ts";
import {
  boundaryFoundEvent,
  boundaryRefutedEvent,
  brokenEnvelopeEvent,
  connectionEvent,
  endpointsEvent,
  type FramesEvent,
  frameEvent,
} from "../report/frame-event.ts";
import type { Endpoint } from "../report/report.ts";
import type { FrameFilter } from "./frame-filter.ts";

/** How much was reported on a connection's two ends. */
const NOTHING = 0;
const ENDPOINTS = 1;
const CLIENT = 2;

interface Introduced {
  tcp: TcpConnection;
  said: typeof NOTHING | typeof ENDPOINTS | typeof CLIENT;
}

/**
 * Most frames do not pass most filters: their numbers alone are checked, and only what passes becomes an event. A
 * connection in mid-stream is introduced with its first frame, which often shows which end is the client.
 */
export class FrameEvents implements FrameListener {
  readonly wantsMessages: boolean;
  readonly #filter: FrameFilter;
  readonly #emit: (event: FramesEvent) => void;
  /** By number of the connection. */
  readonly #connections: Introduced[] = [];

  constructor(filter: FrameFilter, emit: (event: FramesEvent) => void) {
    this.#filter = filter;
    this.wantsMessages = filter.takesMessages;
    this.#emit = emit;
  }

  /** An AMQP connection is recognised. `clientKnown`: its side 0 is the client. */
  connection(number: number, tcp: TcpConnection, clientKnown: boolean): void {
    const introduced: Introduced = { tcp, said: NOTHING };
    this.#connections[number] = introduced;
    this.#filter.meets(
      number,
      ([0, 1] as const).map(side => `${tcp.address(side)}:${tcp.port(side)}`),
    );
    if (clientKnown) this.#nameClient(number, introduced, 0, tcp.first);
  }

  /** The captures are read: connections without any frame are reported now. */
  finish(): void {
    this.#connections.forEach((introduced, number) => {
      if (introduced.said === NOTHING) this.#nameEndpoints(number, introduced);
    });
  }

  // oxlint-disable-next-line max-params -- hot path: once for every frame, as FrameListener has it
  frame(from: Direction, type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    this.#introduce(from);
    if (!this.#filter.takesFrame(type, channel, bytes, start, size)) return;
    if (!this.#filter.takesPlace(from.connection, from.scanner.frameMoment())) return;
    if (!this.#filter.isChosen(from, channel)) return;
    // A body's payload may not be there; it is not read.
    this.#emit(frameEvent(from, type, channel, size, bytes.subarray(start, start + size)));
  }

  hiddenFrame(from: Direction, type: number, channel: number, size: number): void {
    this.#introduce(from);
    if (!this.#filter.takesFrame(type, channel, null, 0, size)) return;
    if (!this.#filter.takesPlace(from.connection, from.scanner.frameMoment())) return;
    if (!this.#filter.isChosen(from, channel)) return;
    this.#emit(frameEvent(from, type, channel, size, null));
  }

  brokenEnvelope(from: Direction, fault: EnvelopeFault, secret: Secret): void {
    this.#introduce(from);
    if (!this.#filter.takesPlace(from.connection, fault.moment) || !this.#filter.isChosen(from, fault.channel)) return;
    this.#emit(brokenEnvelopeEvent(from, fault, secret));
  }

  boundaryFound(from: Direction, streamOffset: number, moment: Moment): void {
    this.#introduce(from);
    if (!this.#filter.takesPlace(from.connection, moment)) return;
    this.#emit(boundaryFoundEvent(from, moment, streamOffset));
  }

  guessRefuted(from: Direction, since: number): void {
    if (!this.#filter.takesPlace(from.connection, from.scanner.frameMoment())) return;
    this.#emit(boundaryRefutedEvent(from, since));
  }

  #introduce(from: Direction): void {
    const introduced = this.#connections[from.connection]!;
    if (introduced.said === CLIENT) return;
    if (from.senderKnown) {
      const client = (from.isClient ? from.side : 1 - from.side) as Side;
      // The first packet is not reported again: this is the frame that shows it.
      const moment = introduced.said === NOTHING ? introduced.tcp.first : from.scanner.frameMoment();
      this.#nameClient(from.connection, introduced, client, moment);
    } else if (introduced.said === NOTHING) this.#nameEndpoints(from.connection, introduced);
  }

  #nameClient(number: number, introduced: Introduced, client: Side, moment: Moment): void {
    introduced.said = CLIENT;
    if (!this.#filter.takesPlace(number, moment)) return;
    const { tcp } = introduced;
    this.#emit(connectionEvent(number, moment, endpoint(tcp, client), endpoint(tcp, (1 - client) as Side)));
  }

  #nameEndpoints(number: number, introduced: Introduced): void {
    introduced.said = ENDPOINTS;
    const { tcp } = introduced;
    if (!this.#filter.takesPlace(number, tcp.first)) return;
    this.#emit(endpointsEvent(number, tcp.first, [endpoint(tcp, 0), endpoint(tcp, 1)]));
  }
}

function endpoint(tcp: TcpConnection, side: Side): Endpoint {
  return { address: tcp.address(side), port: tcp.port(side) };
}
