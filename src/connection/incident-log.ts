import type { Moment } from "../net/connection-observer.ts";
import type { Incident } from "./incident.ts";

/** Frames in good order after which an incident is over. */
const QUIET_FRAMES = 32;
/** Incidents kept of one direction; what comes then is counted in the last of them. */
export const MAX_INCIDENTS = 256;

/** The incidents of one direction: the one that is under way, and those that are over. */
export class IncidentLog {
  readonly over: Incident[] = [];
  /** The incident under way: further faults belong to it. */
  open: Incident | null = null;
  readonly #closing: (incident: Incident) => void;

  /** `closing` is called with an incident when it is over, before it is filed. */
  constructor(closing: (incident: Incident) => void) {
    this.#closing = closing;
  }

  /** Something is wrong with this direction already. */
  get broken(): boolean {
    return this.open !== null || this.over.some(incident => incident.severity === "error");
  }

  get full(): boolean {
    return this.over.length >= MAX_INCIDENTS;
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
    if (incident.quiet >= QUIET_FRAMES && !this.full) this.close();
  }

  close(): void {
    const incident = this.open;
    if (incident === null) return;
    this.#closing(incident);
    this.over.push(incident);
    this.open = null;
  }
}
