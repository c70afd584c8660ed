import { PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";
import { BrokerPredictor } from "../broker/broker-predictor.ts";
import type { Prediction } from "../broker/verdict.ts";
import { BROKER_VERSIONS, type BrokerId } from "../broker/versions.ts";
import { AmqpConnection } from "../connection/amqp-connection.ts";
import type { Incident } from "../connection/incident.ts";
import { MAX_INCIDENTS } from "../connection/incident-log.ts";
import type { IncidentListener } from "../connection/observers.ts";
import type { Diagnosis } from "../forensics/diagnosis.ts";
import { DirectionForensics } from "../forensics/direction-forensics.ts";
import { merged } from "../forensics/explanation.ts";
import { remedyFor } from "../forensics/remedy.ts";
import type { ConnectionObserver, Side, StreamEnd } from "../net/connection-observer.ts";
import type { Carrier } from "./carrier.ts";
import type { FindingMade, InspectionEvent, InspectionSink, Uninspected } from "./event.ts";
import { causeOf, type IdentifiedIncident, identityOf } from "./identity.ts";
import type { InspectedConnection } from "./inspected-connection.ts";
import type { Beginning, Budgets, EngineSetting } from "./setting.ts";
import { mismatch } from "./verdict.ts";

/**
 * The inspection of one connection: owns the AMQP connection, the predictor of the broker's verdict and the forensics of
 * both directions, and tells what they find as events. The only place that puts them together.
 */
export class ConnectionInspection<By extends Carrier = Carrier>
  implements InspectedConnection<By>, ConnectionObserver, IncidentListener
{
  readonly carrier: By;
  readonly broker: BrokerId;
  readonly amqp: AmqpConnection;
  readonly sawBeginning: boolean;
  /** Nothing of it is looked at any more. */
  givenUp = false;

  /** null where no prediction is wanted. */
  readonly #predictor: BrokerPredictor | null;
  readonly #sink: InspectionSink<By>;
  /** Of both directions; null where nothing is explained. */
  readonly #forensics: readonly [DirectionForensics, DirectionForensics] | null;
  readonly #ended: [boolean, boolean] = [false, false];

  /** Something was found that is not told yet. */
  #hasNews = false;
  /** Incidents that are over, of each direction, and what was found of the connection as a whole. */
  readonly #over: readonly [Incident[], Incident[]] = [[], []];
  readonly #noted: Incident[] = [];
  /** The incident under way of each direction, and the one that was told to be. */
  readonly #open: [Incident | null, Incident | null] = [null, null];
  readonly #openTold: [Incident | null, Incident | null] = [null, null];
  /** Findings that are final, in the order in which they were told. */
  readonly #told: IdentifiedIncident[] = [];
  /** Incidents told of each direction. */
  readonly #counts: [number, number] = [0, 0];
  #isFull = false;
  /** Identities of findings told before they were final. */
  readonly #provisional = new Set<string>();

  /** `nextNumber` is asked once it turns out to be AMQP. */
  constructor(
    carrier: By,
    { sawBeginning, forced, expected }: Beginning,
    setting: EngineSetting<By>,
    budgets: Budgets,
    nextNumber: () => number,
  ) {
    const version = BROKER_VERSIONS[setting.broker];
    const forensics = (): DirectionForensics => new DirectionForensics(budgets.search, budgets.windows, budgets.steps);
    this.#sink = setting.sink;
    this.carrier = carrier;
    this.broker = setting.broker;
    this.#predictor = setting.predicts ? new BrokerPredictor(version) : null;
    this.#forensics = setting.explains ? [forensics(), forensics()] : null;
    this.sawBeginning = sawBeginning;
    let isComplete = false;
    let number = 0;
    const { position = { input: 0, packet: 0 } } = setting;
    const opened = (): void => {
      this.#emit({ kind: "connection-opened", connection: this, number, at: { ...position } });
    };
    this.amqp = new AmqpConnection({
      sawBeginning,
      forced,
      expected,
      predictor: this.#predictor,
      forensics: this.#forensics,
      initialFrameMax: version.initialFrameMax,
      moment: setting.moment,
      budget: budgets.search,
      listener: setting.listener ?? null,
      incidents: this,
      recognised: () => {
        number = nextNumber();
        // A sink must not see the connection before it is made.
        if (isComplete) opened();
        return number;
      },
      leave: () => this.leave(),
    });
    isComplete = true;
    if (number > 0) opened();
  }

  // ConnectionObserver

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    this.amqp.data(side, bytes, start, end);
    if (this.#hasNews) this.#emitNews();
  }

  gap(side: Side, missing: number, cut: boolean): void {
    this.amqp.gap(side, missing, cut);
    if (this.#hasNews) this.#emitNews();
  }

  /** Only the first end of a side counts. */
  end(side: Side, reason: StreamEnd): void {
    if (this.#ended[side]) return;
    this.#ended[side] = true;
    if (this.givenUp) return;
    this.amqp.end(side, reason);
    if (this.#hasNews) this.#emitNews();
  }

  // IncidentListener

  incidentBegan(incident: Incident): void {
    if (incident.side === null) return;
    this.#open[incident.side] = incident;
    this.#hasNews = true;
  }

  incidentOver(incident: Incident): void {
    if (incident.side === null) return;
    if (this.#open[incident.side] === incident) this.#open[incident.side] = null;
    this.#over[incident.side].push(incident);
    this.#hasNews = true;
  }

  noted(incident: Incident): void {
    this.#noted.push(incident);
    this.#hasNews = true;
  }

  get prediction(): Prediction | null {
    return this.#predictor?.prediction ?? null;
  }

  get explains(): boolean {
    return this.#forensics !== null;
  }

  frames(side: Side): number {
    return this.amqp.directions[side].frames + (this.#forensics?.[side].untangledFrames ?? 0);
  }

  /** Nothing more of its octets will come: tells what is found by that. */
  finish(): void {
    for (const side of [0, 1] as const) this.end(side, "capture-ended");
    if (this.givenUp) return;
    this.amqp.finish();
    this.#emitNews();
  }

  /** The connection is over, and was finished where it was inspected to its end. */
  close(): void {
    const differs = this.givenUp || this.amqp.state !== "amqp" ? null : mismatch(this);
    if (differs !== null) this.note(differs);
    this.#emit({ kind: "connection-closed", connection: this });
  }

  /** A finding about the connection that none of its octets shows. */
  note(incident: Incident): void {
    this.#emitFinding(incident, true);
  }

  /** Looks at it no more, and says why. */
  giveUp(why: Uninspected["why"], message: string): void {
    if (this.givenUp) return;
    this.givenUp = true;
    this.#emit({ kind: "uninspected", connection: this, why, message });
    for (const { scanner, forensics } of this.amqp.directions) {
      scanner.stop();
      forensics?.end();
    }
  }

  /** Whether a direction is broken at present. */
  get hasOpenIncident(): boolean {
    return this.#openTold[0] !== null || this.#openTold[1] !== null;
  }

  /** Tells early warnings so far, and with `open` the incidents under way, each once. They come again when they are final. */
  emitProvisional(open: boolean): void {
    for (const incident of this.amqp.earlyWarnings()) this.#emitOnce(incident);
    if (!open) return;
    for (const incident of this.#openTold) if (incident !== null) this.#emitOnce(incident);
  }

  /** Several tears that follow closely are one incident, and one diagnosis. */
  diagnosis({ side, streamOffset, endOffset }: Incident): Diagnosis | null {
    if (side === null || this.#forensics === null) return null;
    const findings = this.#forensics[side].explanations
      .filter(({ faultOffset }) => faultOffset >= streamOffset && faultOffset <= endOffset)
      .toSorted((a, b) => a.faultOffset - b.faultOffset)
      .map(({ finding }) => finding);
    if (findings.length === 0) return null;
    const finding = merged(findings);
    const unexplainedAt = findings.flatMap(each => each.unexplainedAt ?? []);
    return {
      ...finding,
      remedy: remedyFor(this.amqp.clientProperties, finding.kind),
      ...(unexplainedAt.length === 0 ? {} : { unexplainedAt }),
    };
  }

  cause(incident: Incident): string | null {
    return causeOf(incident, this.#told);
  }

  /** Nobody will look at its octets: it is not AMQP, or did not show that it is. */
  leave(): void {
    this.givenUp = true;
    const message = `left alone: it is ${this.amqp.protocol ?? "no AMQP 0-9-1"}`;
    this.#emit({ kind: "uninspected", connection: this, why: "left-alone", message });
  }

  #emit(event: InspectionEvent<By>): void {
    this.#sink(event);
  }

  #emitNews(): void {
    this.#hasNews = false;
    for (const side of [0, 1] as const) {
      const over = this.#over[side];
      while (over.length > 0 && !this.#awaitsAnswer(over[0]!)) {
        this.#counts[side]++;
        this.#emitFinding(over.shift()!, true);
      }
      // What waits is looked at again with the next octets.
      if (over.length > 0) this.#hasNews = true;
      const open = this.#open[side];
      if (open !== this.#openTold[side]) {
        this.#openTold[side] = open;
        if (open !== null) this.#emit({ kind: "incident-opened", connection: this, incident: open });
      }
    }
    if (!this.#isFull && Math.max(...this.#counts) >= MAX_INCIDENTS) {
      this.#isFull = true;
      const message = `${MAX_INCIDENTS} incidents of one direction were told; what follows is counted in the last of them`;
      this.#emit({ kind: "uninspected", connection: this, why: "full", message });
    }
    // A close is told behind the incident that led to it.
    if (this.hasOpenIncident) return;
    for (const incident of this.#noted.splice(0)) this.#emitFinding(incident, true);
  }

  /** What a client opened with is told when the server's answer to it is there: it says what was wanted. */
  #awaitsAnswer({ rule, streamOffset, envelope }: Incident): boolean {
    const isOpening = rule === "handshake" && streamOffset === 0 && envelope === null;
    const answered = this.amqp.directions[1].scanner.offset;
    return isOpening && answered < PROTOCOL_HEADER_SIZE && !this.#ended[0] && !this.#ended[1];
  }

  #emitOnce(incident: Incident): void {
    const identity = identityOf(incident);
    if (this.#provisional.has(identity)) return;
    this.#provisional.add(identity);
    this.#emitFinding(incident, false);
  }

  #emitFinding(incident: Incident, final: boolean): void {
    const identity = identityOf(incident);
    if (final) this.#told.push({ incident, identity });
    const event: FindingMade<By> = { kind: "finding", connection: this, incident, identity, final };
    this.#emit(event);
  }
}
