/** How far a connection has come for the broker, by the methods of its channel 0 (rabbit_reader:handle_method0/2). */
import {
  CONNECTION_CLASS,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
  CONNECTION_OPEN,
  CONNECTION_SECURE_OK,
  CONNECTION_START_OK,
  CONNECTION_TUNE_OK,
  CONNECTION_UPDATE_SECRET,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments } from "../amqp/payload.ts";
import { long, short } from "../bytes/big-endian.ts";
import type { BrokerRules } from "./broker-rules.ts";
import { checkLogin } from "./login.ts";

/** States of rabbit_reader, as far as the client's octets move it. */
export const STARTING = 0;
export const SECURING = 1;
export const TUNING = 2;
export const OPENING = 3;
export const RUNNING = 4;
/** The client has closed the connection, and not all of its channels have ended yet: errors are still sent. */
export const CLOSING = 5;
/** All channels have ended: errors are logged only. */
export const CLOSED = 6;
/** The client speaks AMQP 1.0. */
export const NOT_JUDGED = 7;
const NAMES = ["starting", "securing", "tuning", "opening", "running", "closing", "closed", ""] as const;

/** What a server offers in connection.tune. */
export interface Offer {
  frameMax: number;
  channelMax: number;
}

/** RabbitMQ's defaults, used if the server's tune was not captured. */
const DEFAULT_OFFER: Offer = { frameMax: 131072, channelMax: 2047 };

/** The result of a method on channel 0. */
export type Step =
  | "taken"
  /** The client closes the connection. */
  | "closes"
  /** The client answers the server's close. */
  | "close-ok"
  /** It has no place in this state. */
  | "out-of-turn"
  /** The broker sends nothing, and resets: its reason. */
  | { refusal: string }
  /** The same, if the login is what it seems to be. */
  | { loginRefusal: string };

export class ConnectionState {
  now = STARTING;
  /** The protocol header has selected the methods of AMQP 0-8. */
  speaks08 = false;
  /** Every method since the beginning was seen. */
  certain = true;
  offer: Offer = DEFAULT_OFFER;
  /** The mechanisms the server offers, if that was seen. */
  mechanisms: string | null = null;
  /** As negotiated. */
  channelMax = 0;
  /** The user's name, if the login shows it. */
  user: Uint8Array | null = null;
  /** The client's capabilities ask for a notification when a consumer is cancelled with its queue. */
  notifiesCancel = false;
  readonly #rules: BrokerRules;

  constructor(rules: BrokerRules) {
    this.#rules = rules;
  }

  get name(): string {
    return NAMES[this.now]!;
  }

  /** Octets were missed: the connection is taken as running. */
  miss(): void {
    this.certain = false;
    if (this.now < RUNNING) this.now = RUNNING;
  }

  /** A method on channel 0 whose arguments decode, not in closing or closed. */
  take(method: Method, bytes: Uint8Array, start: number, size: number): Step {
    const state = this.now;
    switch (method.key) {
      case CONNECTION_START_OK:
        if (state !== STARTING) break;
        return this.#startOk(method, bytes, start, size);
      case CONNECTION_SECURE_OK:
        if (state !== SECURING) break;
        return "taken";
      case CONNECTION_TUNE_OK:
        if (state !== TUNING && state !== SECURING) break;
        return this.#tuneOk(short(bytes, start + 4), long(bytes, start + 6));
      case CONNECTION_OPEN:
        if (state !== OPENING) break;
        this.now = RUNNING;
        return "taken";
      case CONNECTION_CLOSE:
        if (state !== RUNNING) break;
        return "closes";
      case CONNECTION_CLOSE_OK:
        return "close-ok";
      case CONNECTION_UPDATE_SECRET:
        if (state !== RUNNING) break;
        return "taken";
    }
    // In mid-stream it is not known whether the handshake is over.
    return this.certain || method.classId !== CONNECTION_CLASS ? "out-of-turn" : "taken";
  }

  #startOk(method: Method, bytes: Uint8Array, start: number, size: number): Step {
    const { refusal, challenged, user } = checkLogin(bytes, start, size, this.mechanisms);
    this.user = user;
    const properties = decodeArguments(method, bytes, start, size).get("client-properties");
    const capabilities = properties instanceof Map ? properties.get("capabilities") : undefined;
    this.notifiesCancel = capabilities instanceof Map && capabilities.get("consumer_cancel_notify") === true;
    this.now = challenged ? SECURING : TUNING;
    return refusal === null ? "taken" : { loginRefusal: refusal };
  }

  #tuneOk(channelMax: number, frameMax: number): Step {
    const { offer } = this;
    // A client that asks for less uses an older broker, or would be refused.
    if (frameMax !== 0) this.#rules.saw(row => row.initialFrameMax <= frameMax);
    const minimum = this.#rules.row.initialFrameMax;
    const refused =
      (frameMax !== 0 && frameMax < minimum) ||
      exceeds(frameMax, offer.frameMax) ||
      exceeds(channelMax, offer.channelMax);
    if (refused) return { refusal: "failed to negotiate connection parameters" };
    this.channelMax = channelMax;
    this.now = OPENING;
    return "taken";
  }
}

function exceeds(wanted: number, offered: number): boolean {
  return offered !== 0 && (wanted === 0 || wanted > offered);
}
