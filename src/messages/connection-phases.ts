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
import { Moment } from "../net/connection-observer.ts";

/** The steps of a connection, in the order in which they come (§1.4). */
const STEPS = [
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
export type Phase = (typeof STEPS)[number][0];

const phases = new Map<number, Phase>(STEPS.map(([phase, key]) => [key, phase]));

/** When the method of each step was seen first. */
export class ConnectionPhases {
  readonly #moments = new Map<Phase, Moment>();

  take(key: number, moment: Moment): void {
    const phase = phases.get(key);
    if (phase === undefined || this.#moments.has(phase)) return;
    const copy = new Moment();
    copy.set(moment);
    this.#moments.set(phase, copy);
  }

  at(phase: Phase): Moment | null {
    return this.#moments.get(phase) ?? null;
  }

  /** Those that were seen, in the order in which they come. */
  get seen(): [Phase, Moment][] {
    return STEPS.flatMap(([phase]) => {
      const moment = this.at(phase);
      return moment === null ? [] : [[phase, moment] as [Phase, Moment]];
    });
  }
}
