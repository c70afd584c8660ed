/**
 * How a connection ended without connection.close (§1.4.2.7): which end ended it, after which silence, and what was
 * left unfinished. These are facts, not faults of a frame.
 */
import { AWAITS_HEADER } from "../amqp/content-order.ts";
import { textOf } from "../amqp/field-table.ts";
import { decodeArguments } from "../amqp/payload.ts";
import { grouped } from "../bytes/grouped.ts";
import { type InjectedReset, Moment, type Side, type StreamEnd } from "../net/connection-observer.ts";
import { secondsBetween } from "../net/moment-order.ts";
import type { Channel } from "./channel.ts";
import { Incident } from "./incident.ts";
import type { Ending } from "./settlements.ts";

/** Unfinished publishes that are described; the rest is counted. */
const MAX_DESCRIBED = 3;
/** Each end may take its peer as dead after two intervals without an octet (§4.2.7). */
const MISSED_INTERVALS = 2;
/** For clocks and schedulers: a silence that is shorter by this share counts as well. */
const TOLERANCE = 0.05;

/** A connection whose end is reported. */
interface EndedConnection {
  readonly client: Side;
  readonly close: { readonly sender: Side } | null;
  readonly negotiated: { heartbeat: number } | null;
  readonly directions: readonly [EndedDirection, EndedDirection];
  readonly gaps: readonly [{ count: number }, { count: number }];
}

interface EndedDirection {
  readonly side: Side;
  readonly scanner: { readonly lost: boolean };
  readonly frames: number;
  readonly broken: boolean;
  readonly closing: boolean;
  /** The incidents that are over. */
  readonly incidents: readonly Incident[];
  /** Channels whose content is unfinished. */
  readonly unfinished: readonly Channel[];
}

/** Which end ended a connection first, how and when; and when octets of each side came last. */
export class ConnectionEnd {
  /** The first end counts. */
  #side: Side = 0;
  #reason: StreamEnd = "capture-ended";
  readonly #at = new Moment();
  readonly #lastReceived: readonly [Moment, Moment] = [new Moment(), new Moment()];
  /** A direction ended where its frames could not be read. */
  #boundaryLost = false;

  readonly #finished: [boolean, boolean] = [false, false];
  #reset: { side: Side; isAnswer: boolean } | null = null;

  /** Whether a side's reset answered what the other had sent. */
  wasResetBy(side: Side): boolean {
    return this.#reset?.side === side && this.#reset.isAnswer;
  }

  /** Octets of a side have come. */
  received(side: Side, moment: Moment): void {
    this.#lastReceived[side].set(moment);
  }

  /** A side's stream ends; called before its direction ends. One reset ends both: the side that sent it ends first. */
  ended({ side, scanner }: EndedDirection, reason: StreamEnd, moment: Moment): void {
    if (scanner.lost) this.#boundaryLost = true;
    if (reason === "fin") this.#finished[side] = true;
    // If the other side had ended its stream already, a reset is no answer to its octets.
    if (reason === "rst" && this.#reset === null) this.#reset = { side, isAnswer: this.#finished[1 - side] !== true };
    if (reason === "capture-ended" || this.#reason !== "capture-ended") return;
    this.#side = side;
    this.#reason = reason;
    this.#at.set(moment);
  }

  /** What is known of its end, to judge what was left. */
  ending({ client, close, directions }: EndedConnection, injected?: InjectedReset | null): Ending {
    const isOver = this.#reason !== "capture-ended" || (close !== null && directions.every(({ closing }) => closing));
    const side = close?.sender ?? this.#side;
    const [zero, one] = this.#lastReceived;
    const { broken, incidents } = directions[client];
    const isBroken = broken || incidents.some(({ severity }) => severity === "error");
    const how = close === null ? `${this.#verb} the connection without connection.close` : "closed the connection";
    const words =
      injected && close === null && this.#reason === "rst"
        ? resetBetween(injected, client)
        : `The ${side === client ? "client" : "broker"} ${how}`;
    const by = isOver ? { side, words, closed: close !== null } : null;
    return { by, last: secondsBetween(zero, one) > 0 ? one : zero, client, isBroken };
  }

  get #verb(): string {
    return this.#reason === "fin" ? "ended" : "reset";
  }

  /** How it ended; null if it was still open, if a close may have been missed, or if an error explains it better. */
  incident(connection: EndedConnection, injected?: InjectedReset | null): Incident | null {
    const { client, close, negotiated, directions, gaps } = connection;
    if (this.#reason === "capture-ended" || close !== null) return null;
    if (this.#boundaryLost || gaps[0].count + gaps[1].count > 0) return null;
    if (directions.some(({ broken, closing, frames }) => broken || closing || frames === 0)) return null;
    const heartbeat = negotiated?.heartbeat ?? 0;
    const name = (side: Side): string => (side === client ? "client" : "broker");
    const other = (1 - this.#side) as Side;
    const isInjected = this.#reason === "rst" && injected != null;
    const how = isInjected
      ? resetBetween(injected, client)
      : `The ${name(this.#side)} ${this.#verb} the connection without connection.close`;
    const silence = secondsBetween(this.#lastReceived[other], this.#at);
    const isMissed = !isInjected && heartbeat > 0 && silence >= MISSED_INTERVALS * heartbeat * (1 - TOLERANCE);
    const why = isMissed
      ? `, after ${silence.toFixed(1)} s without an octet from the ${name(other)} (heartbeat ${heartbeat} s)`
      : "";
    const rule = isMissed ? "heartbeat-missed" : "ended-abruptly";
    return new Incident(
      rule,
      "note",
      { side: null, streamOffset: -1, moment: this.#at },
      `${how}${why}.${unfinished(directions[client].unfinished)}`,
    );
  }
}

/** "The connection was reset by something in between: TTL 64 in the broker's packets, 253 in the RST (packet 31)". */
export function resetBetween({ side, packet, sign }: InjectedReset, client: Side): string {
  const name = side === client ? "client" : "broker";
  const why =
    "goesOn" in sign
      ? `the ${name} goes on in packet ${sign.goesOn}, which is not read, after the RST in its name (packet ${packet})`
      : `TTL ${sign.usual} in the ${name}'s packets, ${sign.timeToLive} in the RST (packet ${packet})`;
  return `The connection was reset by something in between: ${why}`;
}

function unfinished(channels: readonly Channel[]): string {
  if (channels.length === 0) return "";
  const described = channels.slice(0, MAX_DESCRIBED).map(describe).join("; ");
  const rest = channels.length - MAX_DESCRIBED;
  return ` Unfinished: ${described}${rest > 0 ? `; and ${grouped(rest)} more` : ""}.`;
}

function describe(channel: Channel): string {
  const { number, content, method, arguments: octets, argumentsSize } = channel;
  const lacks = content === AWAITS_HEADER ? "its content header" : `${grouped(content)} octets of its body`;
  if (method === null || octets === null) return `content on channel ${number}, which lacks ${lacks}`;
  const values = decodeArguments(method, octets, 0, argumentsSize);
  const exchange = JSON.stringify(textOf(values.get("exchange")));
  const key = JSON.stringify(textOf(values.get("routing-key")));
  return `a publish to exchange ${exchange} with routing key ${key} on channel ${number}, which lacks ${lacks}`;
}
