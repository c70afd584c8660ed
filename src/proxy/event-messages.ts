import { eventLine } from "../report/event-line.ts";
import { EventSelection } from "../report/event-selection.ts";
import { type EventWriting, eventWriter } from "../report/event-writer.ts";
import type { ConnectionEvent, LiveEvent } from "../report/live-event.ts";
import { type CountMessage, type EventMessage, eventMessage } from "./event-message.ts";

/** Fingerprints that are remembered; beyond this, the oldest are forgotten. */
const MAX_FINGERPRINTS = 4096;

/** Writes those events of a thread that must be reported, and counts the others. */
export class EventMessages {
  readonly #selection: EventSelection | null;
  readonly #write: (event: LiveEvent) => string;

  /** Fingerprints whose line was given; null if no lines are asked for. */
  readonly #given: Set<string> | null;

  /**
   * @param writing null if the text is not read
   * @param lines whether findings of new fingerprints carry their line of JSON
   */
  constructor(writing: EventWriting | null, lines = false) {
    this.#given = lines ? new Set() : null;
    this.#selection = writing === null ? null : new EventSelection(writing);
    this.#write = writing === null ? () => "" : eventWriter(writing);
  }

  /** @param at seconds since 1970 */
  message(event: ConnectionEvent, at: number): EventMessage {
    const isSelected = this.#selection?.selects(event, at) === true;
    const message = eventMessage(event, liveEvent => (isSelected ? this.#write(liveEvent) : ""));
    if (event.event === "finding" && this.#isNew(event)) message.finding!.line = eventLine(event, false);
    return message;
  }

  #isNew({ finding, final, fingerprint }: ConnectionEvent & { event: "finding" }): boolean {
    const given = this.#given;
    if (given === null || !final || fingerprint === undefined || given.has(fingerprint)) return false;
    if (finding.severity === "note" || finding.cause !== undefined) return false;
    given.add(fingerprint);
    if (given.size > MAX_FINGERPRINTS)
      for (const oldest of given) {
        given.delete(oldest);
        break;
      }
    return true;
  }

  /** Counts that must be reported now; `all` at the end. `time`: the same as `at`, ISO 8601, UTC. */
  counts(at: number, time: string, all = false): CountMessage[] {
    const due = this.#selection?.due(at, time, all) ?? [];
    return due.map(event => ({ event: event.event, text: this.#write(event) }));
  }
}
