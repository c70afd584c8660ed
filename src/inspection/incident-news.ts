import type { Incident } from "../connection/incident.ts";
import { MAX_INCIDENTS } from "../connection/incident-log.ts";
import type { IncidentListener } from "../connection/observers.ts";
import type { Carrier } from "./carrier.ts";
import type { InspectionEvent } from "./event.ts";
import { type IdentifiedIncident, identityOf } from "./identity.ts";
import type { InspectedConnection } from "./inspected-connection.ts";

/** For one connection: takes incidents while its octets are read, and emits them after a piece of octets was read. */
export class IncidentNews<By extends Carrier = Carrier> implements IncidentListener {
  /** Something was found that is not emitted yet. */
  waiting = false;
  /** Findings that are final, in the order in which they were emitted. */
  readonly finals: IdentifiedIncident[] = [];
  readonly #connection: InspectedConnection<By>;
  readonly #emit: (event: InspectionEvent<By>) => void;
  /** Whether an incident that is over must not be emitted yet. */
  readonly #mustWait: (incident: Incident) => boolean;
  /** Incidents that are over, of each direction, and what was found of the connection as a whole. */
  readonly #over: readonly [Incident[], Incident[]] = [[], []];
  readonly #noted: Incident[] = [];
  /** The open incident of each direction, and the one that was emitted as open. */
  readonly #open: [Incident | null, Incident | null] = [null, null];
  readonly #openEmitted: [Incident | null, Incident | null] = [null, null];
  /** Incidents emitted for each direction. */
  readonly #counts: [number, number] = [0, 0];
  #isFull = false;
  /** Identities of findings emitted before they were final. */
  readonly #provisional = new Set<string>();

  constructor(
    connection: InspectedConnection<By>,
    emit: (event: InspectionEvent<By>) => void,
    mustWait: (incident: Incident) => boolean,
  ) {
    this.#connection = connection;
    this.#emit = emit;
    this.#mustWait = mustWait;
  }

  incidentBegan(incident: Incident): void {
    if (incident.side === null) return;
    this.#open[incident.side] = incident;
    this.waiting = true;
  }

  incidentOver(incident: Incident): void {
    if (incident.side === null) return;
    if (this.#open[incident.side] === incident) this.#open[incident.side] = null;
    this.#over[incident.side].push(incident);
    this.waiting = true;
  }

  noted(incident: Incident): void {
    this.#noted.push(incident);
    this.waiting = true;
  }

  /** Whether a direction is broken at present. */
  get hasOpen(): boolean {
    return this.#openEmitted[0] !== null || this.#openEmitted[1] !== null;
  }

  /** Emits what is new. */
  emitNew(): void {
    this.waiting = false;
    const connection = this.#connection;
    for (const side of [0, 1] as const) {
      const over = this.#over[side];
      while (over.length > 0 && !this.#mustWait(over[0]!)) {
        this.#counts[side]++;
        this.finding(over.shift()!, true);
      }
      // Incidents that wait are checked again with the next octets.
      if (over.length > 0) this.waiting = true;
      const open = this.#open[side];
      if (open !== this.#openEmitted[side]) {
        this.#openEmitted[side] = open;
        if (open !== null) this.#emit({ kind: "incident-opened", connection, incident: open });
      }
    }
    if (!this.#isFull && Math.max(...this.#counts) >= MAX_INCIDENTS) {
      this.#isFull = true;
      const message = `${MAX_INCIDENTS} incidents of one direction were reported; what follows is counted in the last of them`;
      this.#emit({ kind: "uninspected", connection, why: "full", message, error: null });
    }
    // A close is emitted behind the incident that led to it.
    if (!this.hasOpen) this.#emitNoted();
  }

  /** Emits all there is, as nothing will be added to it. */
  emitRest(): void {
    for (const incident of [...this.#over[0].splice(0), ...this.#over[1].splice(0)]) this.finding(incident, true);
    for (const side of [0, 1] as const) {
      const open = this.#open[side];
      this.#open[side] = null;
      this.#openEmitted[side] = null;
      if (open !== null) this.finding(open, true);
    }
    this.#emitNoted();
  }

  /** Emits a finding that is not final, once; without an argument, the open incidents. */
  provisional(incidents: readonly Incident[] = this.#openEmitted.filter(open => open !== null)): void {
    for (const incident of incidents) {
      const identity = identityOf(incident);
      if (this.#provisional.has(identity)) continue;
      this.#provisional.add(identity);
      this.finding(incident, false);
    }
  }

  finding(incident: Incident, final: boolean): void {
    const identity = identityOf(incident);
    if (final) this.finals.push({ incident, identity });
    this.#emit({ kind: "finding", connection: this.#connection, incident, identity, final });
  }

  #emitNoted(): void {
    for (const incident of this.#noted.splice(0)) this.finding(incident, true);
  }
}
