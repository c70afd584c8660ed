import { textOf } from "../amqp/field-table.ts";
import {
  BASIC_CANCEL,
  CONNECTION_BLOCKED,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
  CONNECTION_OPEN,
  CONNECTION_START,
  CONNECTION_START_OK,
  CONNECTION_TUNE,
  CONNECTION_TUNE_OK,
  CONNECTION_UNBLOCKED,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";
import {
  type ConnectionObserver,
  type InjectedReset,
  Moment,
  type PreludeFacts,
  type Side,
  type StreamEnd,
} from "../net/connection-observer.ts";
import { copyOf } from "../net/moment-order.ts";
import { AgreedLimits, type Negotiated } from "./agreed-limits.ts";
import { BrokerNotices } from "./broker-notices.ts";
import { readLimits, serverIdentity } from "./client-properties.ts";
import { type Close, Closes, readClose } from "./connection-close.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { ConnectionEnd } from "./connection-end.ts";
import { Direction } from "./direction.ts";
import { Discretion } from "./discretion.ts";
import { Gaps, midStreamIncident } from "./gaps.ts";
import type { Incident } from "./incident.ts";
import { Login } from "./login.ts";
import type { DirectionListener } from "./observers.ts";
import { type Decision, Recognition } from "./recognition.ts";
import { Settlements } from "./settlements.ts";

/** A server's frames before a limit is negotiated: its start carries a table of some size. */
const SERVER_LIMIT_BEFORE_TUNE = 131072;
/**
 * One TCP connection as AMQP 0-9-1: whether it is AMQP, what its ends agreed on, what was found. Its first octets
 * decide. In mid-stream it is AMQP if frames chain in either direction; until then the boundary is searched for.
 */
export class AmqpConnection implements ConnectionObserver, DirectionListener {
  state: "undecided" | "amqp" | "left-alone" = "undecided";
  /** Counts AMQP connections from 1 in the order in which they were recognised: c1, c2, …; 0 until then. */
  number = 0;
  /** The protocol of a connection that was left alone, for users who look for the connection in the report. */
  protocol: "TLS" | "AMQP 1.0" | null = null;
  readonly directions: readonly [Direction, Direction];
  readonly gaps: readonly [Gaps, Gaps] = [new Gaps(), new Gaps()];
  /** The side of the client. */
  client: Side = 0;
  /** When the client's first eight octets were there. */
  protocolHeader: Moment | null = null;
  /** The capture does not hold the connection's beginning. */
  midStream = false;
  /** What must not be shown of it. */
  readonly discretion = new Discretion();
  readonly settlements = new Settlements();
  readonly login = new Login();
  negotiated: Negotiated | null = null;
  /** From connection.open. */
  virtualHost: string | null = null;
  /** The first connection.close, and that of each side. */
  close: Close | null = null;
  readonly closes: [Close | null, Close | null] = [null, null];
  /** The server ended the connection by RST before anyone had sent connection.close. */
  get resetByServer(): boolean {
    return this.close === null && this.#end.wasResetBy((1 - this.client) as Side);
  }
  /** What was found about the connection as a whole; each direction has its own incidents. */
  readonly incidents: Incident[] = [];
  readonly #context: ConnectionContext;
  readonly #recognition: Recognition;
  readonly #limits: AgreedLimits;
  readonly #first = new Moment();
  readonly reportedCloses = new Closes();
  readonly #notices = new BrokerNotices();
  readonly #end = new ConnectionEnd();

  constructor(context: ConnectionContext) {
    this.#context = context;
    this.#first.set(context.moment);
    this.#recognition = new Recognition(context.expected);
    const { predictor, initialFrameMax, closedForFrames: trusted } = context;
    const setting = { ...context, trusted };
    this.directions = [
      new Direction(0, this, { ...setting, sizeLimit: initialFrameMax, predictor }),
      new Direction(1, this, { ...setting, sizeLimit: SERVER_LIMIT_BEFORE_TUNE, predictor: null }),
    ];
    this.#limits = new AgreedLimits(this.directions);
    for (const each of this.directions) each.forensics = context.forensics?.[each.side] ?? null;
    if (context.forced) this.#becomeAmqp();
    if (!context.sawBeginning) this.#beginUnknown();
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    this.#end.received(side, this.#context.moment);
    if (!this.midStream && !this.#recognition.complete(side)) at = this.#opening(side, bytes, start, end);
    else if (this.state === "undecided") this.#act(this.#recognition.search(bytes, start, end));
    if (at < end && this.#reads(side)) this.directions[side].receive(bytes, at, end);
  }

  gap(side: Side, missing: number, cut: boolean): void {
    const direction = this.directions[side];
    this.gaps[side].add(missing, cut, direction.scanner.offset, this.#context.moment);
    if (!this.midStream && !this.#recognition.complete(side)) {
      // The server's first octets matter less than the client's.
      if (side === 1 && this.#recognition.complete(0)) this.#recognition.missServer();
      else this.#beginUnknown();
    }
    this.#limits.missed();
    if (side !== this.client) this.#context.predictor?.serverMissed();
    direction.gap(missing);
    if (cut && direction.scanner.lost) this.gaps[side].lostBoundary = true;
  }

  prelude(side: Side, octets: number, what: PreludeFacts | null): void {
    this.directions[side].scanner.offset += octets;
    this.#recognition.behind ??= what?.protocol ?? null;
  }

  end(side: Side, reason: StreamEnd): void {
    this.#end.ended(this.directions[side], reason, this.#context.moment);
    if ((this.state === "undecided" || this.#context.forced) && !this.midStream) {
      this.#act(this.#recognition.conclude(this.#context.forced, reason !== "capture-ended"));
    }
    if (this.state === "left-alone") return;
    this.directions[side].end(reason);
  }

  connectionMethod(direction: Direction, method: Method, bytes: Uint8Array, start: number, size: number): void {
    const { predictor } = this.#context;
    const ofServer = direction.side !== this.client;
    switch (method.key) {
      case CONNECTION_START_OK:
        this.login.startOk(method, bytes, start, size);
        return;
      case CONNECTION_START:
        if (!ofServer) return;
        // Only AMQP 0-9-1's protocol header gets this answer (§2.2.4), even if nothing of the client is captured.
        this.#becomeAmqp();
        this.#serverStarted(decodeArguments(method, bytes, start, size));
        return;
      case CONNECTION_TUNE: {
        if (!ofServer) return;
        const offer = readLimits(decodeArguments(method, bytes, start, size));
        if (predictor !== null) predictor.offer = offer;
        this.#limits.offered(direction.side, offer.frameMax);
        return;
      }
      case CONNECTION_TUNE_OK:
        this.negotiated ??= this.#limits.agree(decodeArguments(method, bytes, start, size));
        return;
      case CONNECTION_OPEN:
        this.virtualHost ??= textOf(decodeArguments(method, bytes, start, size).get("virtual-host"));
        return;
      case CONNECTION_BLOCKED:
      case CONNECTION_UNBLOCKED:
        this.#notices.take(method, 0, decodeArguments(method, bytes, start, size), direction);
        return;
      case CONNECTION_CLOSE: {
        const close = readClose(direction.side, decodeArguments(method, bytes, start, size));
        this.directions[1 - direction.side]!.closedByPeer = true;
        this.close ??= close;
        this.closes[direction.side] ??= close;
        if (ofServer) predictor?.serverClosedConnection(close.text);
        this.#note(this.reportedCloses.take(close, null, this, direction.scanner));
        return;
      }
      case CONNECTION_CLOSE_OK:
        if (ofServer) this.reportedCloses.answered();
    }
  }

  channelMethod(direction: Direction, channel: number, method: Method, values: Values): void {
    if (method.key === BASIC_CANCEL) {
      this.#context.predictor?.serverCancelled(channel, textOf(values.get("consumer-tag")));
      this.#notices.take(method, channel, values, direction);
      return;
    }
    if (direction.side !== this.client) this.#context.predictor?.serverClosedChannel(channel);
    this.#note(this.reportedCloses.take(readClose(direction.side, values), channel, this, direction.scanner));
  }

  confirmed(channel: number, deliveryTag: number): void {
    this.directions[this.client].confirmed(channel, deliveryTag);
  }

  contentDelivered(bytes: Uint8Array, start: number, size: number): void {
    this.directions[this.client].warnings.producers.delivered(bytes, start, size);
  }

  methodFrom(direction: Direction, sender: "client" | "server"): void {
    this.client = (sender === "client" ? direction.side : 1 - direction.side) as Side;
    for (const each of this.directions) {
      each.isClient = each.side === this.client;
      if (this.client !== 0) each.predictBy(each.isClient ? this.#context.predictor : null);
    }
  }

  boundaryFound(): void {
    this.#becomeAmqp();
  }

  /** Findings about the connection as a whole, now that the timeline is over. */
  finish(injected?: InjectedReset | null): void {
    if (this.midStream && this.state === "amqp") this.#note(midStreamIncident(this.#first));
    this.settlements.finish(this.#end.ending(this, injected));
    for (const incident of [...this.earlyWarnings(), ...this.#notices.incidents()]) this.#note(incident);
    if (this.state === "amqp") this.#note(this.#end.incident(this, injected));
    for (const side of [0, 1] as const) for (const gap of this.gaps[side].incidents(side)) this.#note(gap);
  }

  /** Signs so far that the client's writers share what they must not share, and channels closed for soft errors. */
  earlyWarnings(): Incident[] {
    const { client, directions, login } = this;
    const ofWriters = directions[client].warnings.incidents(client, login.properties);
    return [...ofWriters, ...this.settlements.incidents(client), ...this.reportedCloses.incidents()];
  }

  /** Whether a side's octets behind its first ones are frames that are to be read. */
  #reads(side: Side): boolean {
    // A server's frames are read before its client's octets have come: a capture's two directions may be out of step.
    return this.state === "amqp" || (this.state === "undecided" && (this.midStream || side === 1));
  }

  #opening(side: Side, bytes: Uint8Array, start: number, end: number): number {
    const at = this.#recognition.receive(side, bytes, start, end);
    this.directions[side].scanner.offset += at - start;
    if (side === 0 && this.#recognition.clientOctets.length === PROTOCOL_HEADER_SIZE) {
      this.protocolHeader = copyOf(this.#context.moment);
      this.#context.predictor?.protocolHeader(this.#recognition.clientOctets);
    }
    const forced = this.#context.forced && this.#recognition.complete(0);
    this.#act(forced ? this.#recognition.conclude(true, false) : this.#recognition.decide());
    return at;
  }

  #act(decision: Decision): void {
    switch (decision.kind) {
      case "undecided":
        return;
      case "amqp":
        this.#becomeAmqp();
        return;
      case "refused":
        this.#becomeAmqp();
        this.#context.predictor?.serverRefused(this.#recognition.serverHeader);
        this.directions[0].openingFault(this.#first, decision.message);
        this.directions[1].scanner.stop();
        return;
      case "left-alone":
        if (this.state === "undecided") this.#leave(decision.protocol);
    }
  }

  #becomeAmqp(): void {
    if (this.state !== "undecided") return;
    this.state = "amqp";
    this.number = this.#context.recognised();
    for (const direction of this.directions) {
      direction.connection = this.number;
      direction.listener = this.#context.listener;
    }
  }

  #leave(protocol: "TLS" | "AMQP 1.0" | null): void {
    this.state = "left-alone";
    this.protocol = protocol;
    for (const direction of this.directions) {
      direction.scanner.stop();
      direction.forensics?.end();
      direction.forensics = null;
    }
    this.#context.leave();
  }

  #beginUnknown(): void {
    this.midStream = true;
    this.#limits.beginUnknown();
    for (const direction of this.directions) direction.beginUnknown(this.#context.sawBeginning);
  }

  #serverStarted(values: Values): void {
    this.#limits.beforeTune(this.client, this.#context.serverNamed(...serverIdentity(values)));
    this.#context.predictor?.serverStarted(textOf(values.get("mechanisms")));
  }

  #note(incident: Incident | null): void {
    if (incident === null) return;
    this.incidents.push(incident);
    this.#context.incidents?.noted(incident);
  }
}
