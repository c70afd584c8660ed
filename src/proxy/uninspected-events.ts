import { isoTime } from "../net/place.ts";
import type { EventWriting } from "../report/event-writer.ts";
import type { RelayedConnection } from "./connection-tap.ts";
import type { CountMessage, EventMessage } from "./event-message.ts";
import { EventMessages } from "./event-messages.ts";
import { type InspectionlessEvent, uninspectedEvent } from "./uninspected-event.ts";
import { WallClock } from "./wall-clock.ts";

/** Milliseconds after which events that were not emitted are counted. */
const COUNTED_AFTER = 60_000;

/** Events of connections that no inspector has, on the relay's thread. */
export class UninspectedEvents {
  readonly #messages: EventMessages;
  readonly #emit: (event: EventMessage | CountMessage) => void;
  readonly #clock = new WallClock();
  #counting: NodeJS.Timeout | null = null;

  constructor(writing: EventWriting | null, emit: (event: EventMessage | CountMessage) => void) {
    this.#messages = new EventMessages(writing);
    this.#emit = emit;
  }

  take(event: InspectionlessEvent, connection: RelayedConnection): void {
    const { seconds, time } = this.#now();
    this.#emit(this.#messages.message(uninspectedEvent(event, connection, time), seconds));
    this.#counting ??= setTimeout(() => this.close(), COUNTED_AFTER).unref();
  }

  /** Counts what was not emitted one by one. */
  close(): void {
    if (this.#counting === null) return;
    clearTimeout(this.#counting);
    this.#counting = null;
    const { seconds, time } = this.#now();
    for (const count of this.#messages.counts(seconds, time, true)) this.#emit(count);
  }

  #now(): { seconds: number; time: string } {
    this.#clock.read();
    const { seconds, microseconds } = this.#clock;
    return { seconds, time: isoTime({ seconds, nanoseconds: microseconds * 1000, timeDigits: 6 }) };
  }
}
