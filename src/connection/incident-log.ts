import type { Moment } from "../net/connection-observer.ts";
import type { Incident } from "./incident.ts";
import type { IncidentListener } from "./observers.ts";

/** Frames in good order after which an incident is over. */
const QUIET_FRAMES = 32;
/** The same if their order was wrong: a content continues behind any number of other frames. */
const QUIET_FRAMES_OF_ORDER = 192;
/** Incidents kept of one direction; later ones are counted in the last of them. */
export const MAX_INCIDENTS = 256;

/** The incidents of one direction: the one that is under way, and those that are over. */
export class IncidentLog {
  readonly over: Incident[] = [];
  readonly #closing: (incident: Incident) => void;
  readonly #listener: IncidentListener | null;
  #open: Incident | null = null;

  /** `closing` is called with an incident when it is over, before it is stored and the listener is called. */
  constructor(closing: (incident: Incident) => void, listener: IncidentListener | null) {
    this.#closing = closing;
    this.#listener = listener;
  }

  /** The incident under way: further faults belong to it. */
  get open(): Incident | null {
    return this.#open;
  }

  /** Something is wrong with this direction already. */
  get broken(): boolean {
    return this.#open !== null || this.over.some(incident => incident.severity === "error");
  }

  get full(): boolean {
    return this.over.length >= MAX_INCIDENTS;
  }

  /** A first fault: the incident is under way. */
  begin(incident: Incident): void {
    this.#open = incident;
    this.#listener?.incidentBegan(incident);
  }

  /** An incident of one frame, over as soon as it is seen. */
  file(incident: Incident): void {
    this.over.push(incident);
    this.#listener?.incidentOver(incident);
  }

  /** Another fault in the incident under way, up to `endOffset`. */
  again(incident: Incident, endOffset: number, moment: Moment): void {
    incident.faults++;
    incident.quiet = 0;
    incident.endOffset = Math.max(incident.endOffset, endOffset);
    incident.to.set(moment);
  }

  /** A frame in good order: after some of them the incident under way is over. */
  calm(incident: Incident): void {
    incident.quiet++;
    const limit = incident.rule === "content-order" ? QUIET_FRAMES_OF_ORDER : QUIET_FRAMES;
    if (incident.quiet >= limit && !this.full) this.close();
  }

  close(): void {
    const incident = this.#open;
    if (incident === null) return;
    this.#closing(incident);
    this.#open = null;
    this.file(incident);
  }
}
