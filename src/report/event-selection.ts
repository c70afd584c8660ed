/** Selects the events to emit: by level, each problem once, and no kind too often. The others are counted. */
import { EventRates } from "./event-rates.ts";
import type { ConnectionEvent, CountEvent, LiveEvent } from "./live-event.ts";
import { Repeats } from "./repeats.ts";

/** From the level that is always emitted to the one that is emitted only on request. */
export const LEVELS = ["error", "warning", "info", "debug"] as const;
export type Level = (typeof LEVELS)[number];

export interface EventSelectionOptions {
  /** The least important level that is emitted. */
  level: Level;
  /** Every event is emitted, none only counted. */
  every: boolean;
  /** Otherwise: events of a kind and an address that are emitted in a minute. */
  perMinute: number;
}

export class EventSelection {
  readonly #level: Level;
  readonly #every: boolean;
  readonly #rates: EventRates;
  readonly #repeats = new Repeats();

  constructor({ level, every, perMinute }: EventSelectionOptions) {
    this.#level = level;
    this.#every = every;
    this.#rates = new EventRates(perMinute);
  }

  /** Whether an event must be emitted. `at`: seconds since 1970. */
  selects(event: ConnectionEvent, at: number): boolean {
    if (!isShownAt(levelOf(event), this.#level)) return false;
    if (this.#every) return true;
    if (event.event === "fault" && !this.#repeats.fault(event, at)) return false;
    if (event.event === "finding" && !this.#repeats.finding(event, at)) return false;
    return this.#rates.admits(kindOf(event), event.connection.client.address);
  }

  /** The counts that must be emitted now; `all` at the end. */
  due(at: number, time: string, all = false): CountEvent[] {
    const repeated = this.#repeats.due(at, time, all).filter(event => isShownAt(levelOf(event), this.#level));
    return [...repeated, ...this.#rates.due(at, time, all)];
  }
}

export function isShownAt(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(least);
}

export function levelOf(event: LiveEvent): Level {
  switch (event.event) {
    case "opened":
    case "closed":
      return "debug";
    case "fault":
    case "repeated":
      return LEVEL_OF[event.severity];
    case "finding":
      return LEVEL_OF[event.finding.severity];
    case "trouble":
    case "uninspected":
    case "guarded":
    case "limited":
      return "warning";
    case "proxy":
      return event.kind === "problem" ? "error" : "info";
  }
}

const LEVEL_OF = { error: "error", warning: "warning", note: "info" } as const;

/** `trouble upstream-refused`, `finding frame-end`, `closed`. */
function kindOf(event: ConnectionEvent): string {
  switch (event.event) {
    case "trouble":
      return `trouble ${event.kind}`;
    case "fault":
      return `fault ${event.rule}`;
    case "finding":
      return `finding ${event.finding.rule}`;
    default:
      return event.event;
  }
}
