import {
  CHANNEL_OPEN,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
  CONNECTION_OPEN,
  CONNECTION_OPEN_OK,
  CONNECTION_START,
  CONNECTION_START_OK,
  CONNECTION_TUNE,
  CONNECTION_TUNE_OK,
} from "../amqp/method-keys.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Moment } from "../net/connection-observer.ts";
import { copyOf } from "../net/moment-order.ts";
import { Heartbeats } from "./heartbeats.ts";

/** The steps of a connection that are methods (§1.4.2), in the order in which they come. */
const METHODS = [
  ["start", CONNECTION_START],
  ["startOk", CONNECTION_START_OK],
  ["tune", CONNECTION_TUNE],
  ["tuneOk", CONNECTION_TUNE_OK],
  ["open", CONNECTION_OPEN],
  ["openOk", CONNECTION_OPEN_OK],
  ["firstChannel", CHANNEL_OPEN],
  ["close", CONNECTION_CLOSE],
  ["closeOk", CONNECTION_CLOSE_OK],
] as const;
/** And those of TCP, TLS and the client's first octets, before and behind them. */
const BEFORE = ["synAck", "clientHello", "serverHello", "protocolHeader"] as const;
const BEHIND = ["fin", "rst"] as const;
type Method = (typeof METHODS)[number][0];
export type Phase = (typeof BEFORE)[number] | Method | (typeof BEHIND)[number];

const ORDER: readonly Phase[] = [...BEFORE, ...METHODS.map(([phase]) => phase), ...BEHIND];
const phases = new Map<number, Phase>(METHODS.map(([phase, key]) => [key, phase]));

/** When each step was first seen, and heartbeats between them. */
export class ConnectionPhases {
  readonly heartbeats = new Heartbeats();
  readonly #moments = new Map<Phase, Moment>();

  /** A method, by its key. */
  take(key: number, moment: Moment): void {
    const phase = phases.get(key);
    if (phase !== undefined && !this.#moments.has(phase)) this.#moments.set(phase, copyOf(moment));
  }

  /** The steps that no method shows, when the connection is over. */
  conclude({ carrier, amqp, hellos }: InspectedConnection): void {
    const { synAck, fin, rst } = carrier;
    const [clientHello, serverHello] = hellos;
    const { protocolHeader } = amqp;
    for (const [phase, moment] of Object.entries({ synAck, clientHello, serverHello, protocolHeader, fin, rst })) {
      if (moment != null) this.#moments.set(phase as Phase, moment);
    }
  }

  at(phase: Phase): Moment | null {
    return this.#moments.get(phase) ?? null;
  }

  /** Those that were seen, in the order in which they come. */
  get seen(): [Phase, Moment][] {
    return ORDER.flatMap(phase => {
      const moment = this.at(phase);
      return moment === null ? [] : [[phase, moment] as [Phase, Moment]];
    });
  }
}
