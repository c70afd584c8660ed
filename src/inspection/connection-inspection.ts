import { PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";
import { BrokerPredictor } from "../broker/broker-predictor.ts";
import { BrokerRules } from "../broker/broker-rules.ts";
import type { Prediction } from "../broker/verdict.ts";
import { grouped } from "../bytes/grouped.ts";
import { AmqpConnection } from "../connection/amqp-connection.ts";
import type { Incident } from "../connection/incident.ts";
import type { Prelude } from "../connection/prelude.ts";
import type { Diagnosis } from "../forensics/diagnosis.ts";
import { DirectionForensics } from "../forensics/direction-forensics.ts";
import type { ConnectionObserver, Moment, Side, StreamEnd } from "../net/connection-observer.ts";
import type { Carrier } from "./carrier.ts";
import type { InspectionSink, Uninspected } from "./event.ts";
import { endOfInspection } from "./failure.ts";
import { causeOf } from "./identity.ts";
import { diagnosisOf } from "./incident-diagnosis.ts";
import { IncidentNews } from "./incident-news.ts";
import type { InspectedConnection } from "./inspected-connection.ts";
import { PreludeReader } from "./prelude-reader.ts";
import type { Beginning, Budgets, EngineSetting } from "./setting.ts";
import { tapped } from "./tapped-observer.ts";
import type { TlsFacts } from "./tls-facts.ts";
import { TlsInspection } from "./tls-inspection.ts";
import { mismatch, standing } from "./verdict.ts";

/** Owns a connection's AMQP, TLS, predictor of the verdict and forensics, and emits their findings as events. */
export class ConnectionInspection<By extends Carrier = Carrier> implements InspectedConnection<By>, ConnectionObserver {
  readonly carrier: By;
  readonly rules: BrokerRules;
  readonly amqp: AmqpConnection;
  readonly sawBeginning: boolean;
  /** It is not inspected any more. */
  givenUp = false;
  /** An error of our own ended its inspection. */
  failed = false;
  /** null if no prediction is wanted. */
  readonly #predictor: BrokerPredictor | null;
  readonly #sink: InspectionSink<By>;
  /** One for each direction; null if nothing is explained. */
  readonly #forensics: readonly [DirectionForensics, DirectionForensics] | null;
  readonly #ended: [boolean, boolean] = [false, false];
  /** null if TLS records are not read: the connection is plain or forced to be AMQP, or that is switched off. */
  #tls: TlsInspection | null;
  /** AMQP, and others that get its octets. */
  readonly #plain: ConnectionObserver;
  /** Where octets go: to the reader of preludes; behind that to TLS, as long as it may be TLS. */
  #octets: ConnectionObserver;
  #beyondPrelude: ConnectionObserver;
  readonly preludes: Prelude[] = [];
  #isNotAmqp = false;
  readonly #news: IncidentNews<By>;
  /** It turned out to be AMQP, or TLS that may carry it. */
  recognised = false;
  /** Reports that it was recognised, once: a sink must not see the connection before it is made. */
  readonly #opened: () => void;

  /** `nextNumber` is called when it turns out to be AMQP. */
  constructor(
    carrier: By,
    beginning: Beginning,
    setting: EngineSetting<By>,
    budgets: Budgets,
    nextNumber: () => number,
  ) {
    const rules = new BrokerRules(setting.broker);
    this.#sink = setting.sink;
    this.#news = new IncidentNews<By>(this, setting.sink, incident => this.#awaitsAnswer(incident));
    this.carrier = carrier;
    this.rules = rules;
    this.#predictor = setting.predicts ? new BrokerPredictor(rules) : null;
    this.#forensics = setting.explains ? DirectionForensics.both(budgets) : null;
    const { sawBeginning, forced, expected } = beginning;
    this.sawBeginning = sawBeginning;
    let [isComplete, isOpened, number] = [false, false, 0];
    const opened = (): void => {
      if (isOpened) return;
      isOpened = true;
      this.recognised = true;
      if (number === 0) number = nextNumber();
      const at = { input: 0, packet: 0, ...setting.position };
      this.#sink({ kind: "connection-opened", connection: this, number, at });
    };
    this.#opened = opened;
    this.amqp = new AmqpConnection({
      closedForFrames: false,
      ...beginning,
      predictor: this.#predictor,
      forensics: this.#forensics,
      initialFrameMax: rules.initialFrameMax,
      serverNamed: (product, version) => rules.identify(product, version),
      moment: setting.moment,
      budget: budgets.search,
      listener: setting.listener ?? null,
      incidents: this.#news,
      recognised: () => {
        if (number === 0) number = nextNumber();
        if (isComplete) opened();
        return number;
      },
      leave: () => this.#leaveAmqp(),
    });
    this.#plain = tapped(this.amqp, setting.tap?.(carrier) ?? null);
    const context = { ...budgets, sawBeginning, expected, port: carrier.port(1), plain: this.#plain };
    this.#tls =
      forced || setting.readsTls !== true
        ? null
        : new TlsInspection(setting, context, {
            recognised: () => (this.#tls?.carriesOther === true ? this.leave("TLS") : opened()),
            isPlain: () => this.#isPlain(),
          });
    this.#beyondPrelude = this.#tls ?? this.#plain;
    const prelude = { beyond: () => this.#beyondPrelude, found: this.preludes, over: () => this.#preludeOver() };
    this.#octets = sawBeginning ? new PreludeReader(prelude) : this.#beyondPrelude;
    isComplete = true;
    if (number > 0) opened();
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (this.givenUp) return;
    // Not #contained: a closure for every piece is too many.
    try {
      this.#octets.data(side, bytes, start, end);
      if (this.#news.waiting) this.#news.emitNew();
    } catch (error) {
      this.fail(error);
    }
  }

  gap(side: Side, missing: number, cut: boolean): void {
    if (this.givenUp) return;
    this.#contained(() => {
      this.#octets.gap(side, missing, cut);
      if (this.#news.waiting) this.#news.emitNew();
    });
  }

  /** Only the first end of a side counts. */
  end(side: Side, reason: StreamEnd): void {
    if (this.#ended[side]) return;
    this.#ended[side] = true;
    if (this.givenUp) return;
    this.#contained(() => {
      this.#octets.end(side, reason);
      if (this.#news.waiting) this.#news.emitNew();
    });
  }

  get prediction(): Prediction | null {
    return standing(this.#predictor?.prediction ?? null, this.amqp);
  }
  get unexplained(): boolean {
    return this.#forensics?.some(({ exhausted }) => exhausted) === true;
  }
  get explains(): boolean {
    return this.#forensics !== null;
  }
  frames(side: Side): number {
    return this.amqp.directions[side].frames + (this.#forensics?.[side].untangledFrames ?? 0);
  }
  gaps(side: Side): number {
    return this.amqp.gaps[side].count + (this.#tls?.gaps[side].count ?? 0);
  }

  /** No more of its octets come: reports the resulting findings. */
  finish(): void {
    for (const side of [0, 1] as const) this.end(side, "capture-ended");
    if (this.givenUp) return;
    this.#contained(() => {
      for (const incident of this.#tls?.incidents() ?? []) this.#news.finding(incident, true);
      if (this.amqp.state === "amqp" || this.tls === null) this.amqp.finish(this.carrier.injectedReset);
      else for (const incident of this.#tls?.limits() ?? []) this.#news.finding(incident, true);
      this.#news.emitNew();
    });
  }

  /** The connection is over. It was finished before, if it was inspected to its end. */
  close(): void {
    this.#contained(() => {
      // A server's reaction to records that it cannot open cannot be predicted from frames.
      const predictable = !this.givenUp && this.amqp.state === "amqp" && this.#tls?.refused !== true;
      const differs = predictable ? mismatch(this, this.#predictor?.prediction ?? null) : null;
      if (differs !== null) this.note(differs);
    });
    this.#sink({ kind: "connection-closed", connection: this });
  }

  /** A finding about the connection that none of its octets shows. */
  note(incident: Incident): void {
    this.#news.finding(incident, true);
  }

  /** Stops its inspection, and reports why. */
  giveUp(why: Uninspected["why"], message: string, error: unknown = null): void {
    if (this.givenUp) return;
    this.givenUp = true;
    this.#sink({ kind: "uninspected", connection: this, why, message, error });
    for (const { scanner, forensics } of this.amqp.directions) {
      scanner.stop();
      forensics?.end();
    }
  }

  /**
   * An error of our own, from any part: it ends the inspection of this connection, and nothing else. Earlier findings
   * are reported.
   */
  fail(error: unknown): void {
    if (this.givenUp) return;
    this.failed = true;
    try {
      // It may have failed before it was known to be AMQP: the failure is reported all the same.
      this.#opened();
      this.#news.emitRest();
    } catch {
      // The same error may prevent its report, too.
    }
    const [client, server] = ([0, 1] as const).map(side => this.amqp.directions[side].scanner.offset);
    const where = `${grouped(client!)} octets from the client and ${grouped(server!)} from the broker`;
    this.giveUp("failed", endOfInspection(error, where), error);
  }

  /** Whether a direction is broken at present. */
  get hasOpenIncident(): boolean {
    return this.#news.hasOpen;
  }

  /** Reports the early warnings so far, and with `open` the open incidents, each once. They come again when final. */
  emitProvisional(open: boolean): void {
    this.#contained(() => {
      this.#news.provisional(this.amqp.earlyWarnings());
      if (open) this.#news.provisional();
    });
  }

  diagnosis(incident: Incident): Diagnosis | null {
    try {
      return this.#tls?.diagnosis(incident) ?? this.#diagnosed(incident);
    } catch (error) {
      // The finding itself is still valid.
      this.fail(error);
      return null;
    }
  }

  #diagnosed(incident: Incident): Diagnosis | null {
    if (incident.side === null || this.#forensics === null) return null;
    return diagnosisOf(incident, this.#forensics[incident.side], this.amqp.login.properties);
  }

  cause(incident: Incident): string | null {
    return causeOf(incident, this.#news.finals);
  }
  get hellos(): readonly [Moment | null, Moment | null] {
    return this.#tls?.connection.session.hellos ?? [null, null];
  }
  get tls(): TlsFacts | null {
    return this.#tls?.isTls === true ? this.#tls.facts(this.amqp.client) : null;
  }

  /** It is no TLS: what follows is not checked for records. */
  #isPlain(): void {
    if (this.#octets === this.#beyondPrelude) this.#octets = this.#plain;
    this.#beyondPrelude = this.#plain;
    this.#tls = null;
    if (this.#isNotAmqp) this.leave();
  }

  /** Its records are still read, as long as they are or may be TLS. */
  #leaveAmqp(): void {
    this.#isNotAmqp = true;
    if (this.#beyondPrelude === this.#plain) this.leave();
  }

  #preludeOver(): void {
    this.#octets = this.#beyondPrelude;
  }

  /** Its octets will not be read: it is not AMQP, or did not show that it is. */
  leave(protocol = this.amqp.protocol): void {
    this.amqp.protocol = protocol;
    this.givenUp = true;
    const message = `left alone: it is ${protocol ?? "no AMQP 0-9-1"}`;
    this.#sink({ kind: "uninspected", connection: this, why: "left-alone", message, error: null });
  }

  #contained(does: () => void): void {
    try {
      does();
    } catch (error) {
      this.fail(error);
    }
  }

  /** A client's wrong opening is reported after the server's answer, which shows what the server wanted. */
  #awaitsAnswer({ rule, streamOffset, envelope }: Incident): boolean {
    const isOpening = rule === "handshake" && streamOffset === 0 && envelope === null;
    const answered = this.amqp.directions[1].scanner.offset;
    return isOpening && answered < PROTOCOL_HEADER_SIZE && !this.#ended[0] && !this.#ended[1];
  }
}
