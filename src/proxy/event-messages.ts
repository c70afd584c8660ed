import { EventSelection } from "../report/event-selection.ts";
import { type EventWriting, eventWriter } from "../report/event-writer.ts";
import type { ConnectionEvent, LiveEvent } from "../report/live-event.ts";
import { type CountMessage, type EventMessage, eventMessage } from "./event-message.ts";

/** Writes those events of a thread that are to be told, and counts the others. */
export class EventMessages {
  readonly #selection: EventSelection | null;
  readonly #write: (event: LiveEvent) => string;

  /** @param writing null where nobody reads the text */
  constructor(writing: EventWriting | null) {
    this.#selection = writing === null ? null : new EventSelection(writing);
    this.#write = writing === null ? () => "" : eventWriter(writing);
  }

  /** @param at seconds since 1970 */
  message(event: ConnectionEvent, at: number): EventMessage {
    const isTold = this.#selection?.tells(event, at) === true;
    return eventMessage(event, told => (isTold ? this.#write(told) : ""));
  }

  /** Counts that are to be told now; `all` at the end. `time`: the same as `at`, ISO 8601, UTC. */
  counts(at: number, time: string, all = false): CountMessage[] {
    const due = this.#selection?.due(at, time, all) ?? [];
    return due.map(event => ({ event: event.event, text: this.#write(event) }));
  }
}
