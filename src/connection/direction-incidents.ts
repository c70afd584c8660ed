import { AWAITS_ANY } from "../amqp/content-order.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { UNKNOWN_FRAME_LIMIT } from "../amqp/frame-scanner.ts";
import { CONNECTION_CLOSE_OK } from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_ENVELOPE, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Moment, StreamEnd } from "../net/connection-observer.ts";
import { secondsBetween } from "../net/moment-order.ts";
import type { BoundaryHypothesis } from "./boundary-hypothesis.ts";
import type { Channel } from "./channel.ts";
import type { ChannelStates } from "./channel-states.ts";
import { mayHoldCredentials } from "./credentials.ts";
import type { Discretion, Doubt } from "./discretion.ts";
import type { Fault } from "./fault.ts";
import { Incident, type Secret } from "./incident.ts";
import { IncidentLog } from "./incident-log.ts";
import type { IncidentListener, ObservedDirection, StreamForensics } from "./observers.ts";
import { RULES, type RuleId, type Severity } from "./rules.ts";
import { fitsChannel, stalledFrame } from "./stalled-frame.ts";
import { REACH, StrayCredentials } from "./stray-credentials.ts";

/** By then a client knows that the broker closed a channel: its later publishes are not on their way by chance. */
const UNAWARE_SECONDS = 5;

/** The direction whose incidents these are. */
interface Source extends ObservedDirection {
  readonly forensics: StreamForensics | null;
}

/** Turns the faults of one direction into incidents. The first fault opens one; those that follow belong to it. */
export class DirectionIncidents {
  readonly log: IncidentLog;
  readonly #source: Source;
  /** When the present octets were captured. */
  readonly #moment: Moment;
  readonly #stray: StrayCredentials;
  #reportedTolerated = false;
  #reportedBehindClose = false;
  /** It has answered the other side's connection.close; otherwise it has sent its own. */
  #answersClose = false;
  #reportedRefuted = false;
  #reportedRefused = false;
  /** The frame that the stream ended inside, which may be broken. */
  #unfinished: Incident | null = null;
  /** Octets were not captured, or the frame that they are of has not ended. */
  #missed = false;

  constructor(source: Source, moment: Moment, listener: IncidentListener | null, discretion: Discretion) {
    this.#stray = new StrayCredentials(discretion);
    discretion.doubts.push(() => this.#doubt());
    this.#source = source;
    this.#moment = moment;
    this.log = new IncidentLog(incident => this.#closing(incident), listener);
  }

  /** Faults of the frame being handed on, which has `size` octets of payload. */
  addAll(faults: readonly Fault[], type: number, channel: number, size: number): void {
    for (let i = 0; i < faults.length; i++) this.add(faults[i]!, type, channel, size);
  }

  add({ rule, clause }: Fault, type: number, channel: number, size: number): void {
    if (this.#source.hypothesis.open) return;
    const { open } = this.log;
    const behind = this.#source.scanner.frameOffset + size + FRAME_ENVELOPE;
    if (open !== null) {
      this.log.again(open, behind, this.#moment);
      return;
    }
    const incident = this.#ofFrame(rule, RULES[rule].severity, `${clause}.`);
    incident.frame = { type, channel, size };
    incident.endOffset = behind;
    this.#begin(incident);
  }

  /**
   * A frame whose payload fits into frame-max, but not with its envelope: `limit` is the largest that does. RabbitMQ
   * accepts such frames; another broker may not. Reported once.
   */
  tolerated(type: number, channel: number, size: number, limit: number): void {
    const { scanner } = this.#source;
    if (this.#reportedTolerated || this.#source.hypothesis.open || scanner.sizeLimit === UNKNOWN_FRAME_LIMIT) return;
    this.#reportedTolerated = true;
    const excess = size - limit;
    const message = `A ${frameTypeName(type)} frame of ${grouped(size)} octets on channel ${channel} exceeds frame-max ${grouped(scanner.sizeLimit)} by its envelope of ${excess} octets; RabbitMQ tolerates this, the specification does not.`;
    const incident = this.#ofFrame("frame-too-large", "note", message);
    incident.frame = { type, channel, size };
    incident.endOffset = scanner.frameOffset + size + FRAME_ENVELOPE;
    this.log.file(incident);
  }

  /** The direction sends connection.close, or close-ok. Returns true. */
  closes({ key }: Method): true {
    this.#answersClose = key === CONNECTION_CLOSE_OK;
    return true;
  }

  /**
   * The client goes on to send messages behind its own connection.close or close-ok: the broker discards them
   * (§1.4.2.8), RabbitMQ without a message. Reported once.
   */
  sentBehindClose({ name }: Method, channel: number, size: number): void {
    if (!this.#source.isClient || this.#reportedBehindClose) return;
    this.#reportedBehindClose = true;
    // Where frames are broken, the broker reads nothing anyway.
    if (this.log.open !== null) return;
    const closed = this.#answersClose
      ? "the broker had closed the connection, and the client had confirmed it"
      : "the client had closed the connection";
    const message = `${name} came on channel ${channel} after ${closed}: the broker discards it, and all messages behind it.`;
    const incident = this.#ofFrame("channel-state", "warning", message);
    incident.frame = { type: FRAME_METHOD, channel, size };
    incident.endOffset = this.#source.scanner.frameOffset + size + FRAME_ENVELOPE;
    this.log.file(incident);
  }

  /**
   * The client publishes on a channel that the broker has closed, long after that: until it answers with
   * channel.close-ok, the broker discards what it sends there (§1.5.2.5). Reported once.
   */
  sentBehindChannelClose({ name }: Method, channel: number, refused: NonNullable<Channel["refused"]>): void {
    const { scanner } = this.#source;
    const seconds = secondsBetween(refused.at, scanner.frameMoment());
    if (this.#reportedRefused || this.log.open !== null || seconds < UNAWARE_SECONDS) return;
    this.#reportedRefused = true;
    const message = `${name} came on channel ${channel}, ${seconds.toFixed(0)} s after the broker had closed it (${refused.words}): the broker discards it, and all messages on this channel until the client answers the close.`;
    const incident = this.#ofFrame("channel-state", "warning", message);
    incident.endOffset = scanner.frameOffset;
    this.log.file(incident);
  }

  brokenEnvelope(fault: EnvelopeFault, secret: Secret): void {
    const { open } = this.log;
    if (open !== null) {
      if (fault.streamOffset !== open.streamOffset) this.log.again(open, fault.streamOffset, this.#moment);
      return;
    }
    if (this.#unfinished !== null) {
      this.#unfinished.secret = secret;
      this.#begin(this.#unfinished);
      return;
    }
    const { side, scanner } = this.#source;
    const at = { side, streamOffset: fault.streamOffset, moment: fault.moment };
    const incident = new Incident(fault.brokenRule, "error", at, "");
    incident.envelope = fault;
    incident.endOffset = scanner.offset;
    incident.to.set(this.#moment);
    incident.secret = secret;
    incident.frame = { type: fault.type, channel: fault.channel, size: fault.size };
    this.#begin(incident);
  }

  boundaryFound(streamOffset: number, moment: Moment): void {
    const { open } = this.log;
    if (open === null) return;
    if (open.faults === 1) open.foundAt = streamOffset;
    open.endOffset = streamOffset;
    open.to.set(moment);
  }

  /**
   * What followed from a guessed boundary broke at the scanner's present frame. Whether it lay inside a body is not
   * known: a note, for the first such place.
   */
  guessRefuted({ foundAt: since, isMidStream }: BoundaryHypothesis): void {
    const { side, scanner } = this.#source;
    const { frameOffset: streamOffset } = scanner;
    if (this.#reportedRefuted) return;
    this.#reportedRefuted = true;
    const message = `What looked like frames from offset ${grouped(since)} on broke at offset ${grouped(streamOffset)}: it lay inside a message body, or a frame broke there.`;
    const at = { side, streamOffset, moment: scanner.frameMoment() };
    const incident = new Incident(isMidStream ? "mid-stream" : "capture-gap", "note", at, message);
    incident.isRefutedGuess = true;
    this.log.file(incident);
  }

  /** The first octets are no frame, and not what they must be. False if that was reported: only the words change. */
  opening(moment: Moment, message: string): boolean {
    const reported = this.log.over[0];
    if (reported !== undefined) {
      // The server's answer had not come yet.
      reported.message = message;
      return false;
    }
    const { side, scanner } = this.#source;
    const incident = new Incident("handshake", "error", { side, streamOffset: 0, moment }, message);
    incident.endOffset = scanner.offset;
    this.log.file(incident);
    return true;
  }

  /**
   * The stream has ended inside a frame. Where that is natural it is an incident only if the frame proves to be broken.
   * Returns false if it is no incident in any case.
   */
  endedInside(reason: StreamEnd, isNatural: boolean, channels: ChannelStates): boolean {
    const { scanner, side } = this.#source;
    const { partial } = scanner;
    const incident = stalledFrame(scanner, side, reason);
    if (partial === null || incident === null) return false;
    incident.to.set(this.#moment);
    if (!isNatural) {
      this.#begin(incident);
      return true;
    }
    const content = channels.known(incident.frame?.channel ?? 0)?.content ?? AWAITS_ANY;
    // Behind a broken frame nothing is known of the channel.
    if (fitsChannel(partial, content) && !(this.log.broken && content === AWAITS_ANY)) return false;
    this.#unfinished = incident;
    return true;
  }

  #begin(incident: Incident): void {
    this.#hide(incident);
    this.log.begin(incident);
  }

  /** Nothing comes any more. */
  end(): void {
    const { scanner } = this.#source;
    this.#missed ||= scanner.partial !== null;
    if (this.log.open !== null && scanner.lost) this.log.open.endOffset = scanner.offset;
    this.log.close();
  }

  #ofFrame(rule: RuleId, severity: Severity, message: string): Incident {
    const { side, scanner } = this.#source;
    const incident = new Incident(
      rule,
      severity,
      { side, streamOffset: scanner.frameOffset, moment: scanner.frameMoment() },
      message,
    );
    incident.to.set(this.#moment);
    return incident;
  }

  /** An incident is over. */
  #closing(incident: Incident): void {
    const { envelope } = incident;
    const { forensics } = this.#source;
    // With other rules the order of frames shows only that a frame was sent twice.
    const isOrder = incident.rule === "content-order";
    if (envelope === null) forensics?.disorder(incident.streamOffset, incident.endOffset, isOrder);
    this.#hide(incident);
  }

  /**
   * Octets of the client in an incident may hold credentials if a method that carries some stands near, in a frame or
   * not; and if the octets that would show it were not kept.
   */
  #hide(incident: Incident): void {
    const { forensics, isClient } = this.#source;
    if (!isClient) return;
    const near = forensics?.octetsFrom(incident.streamOffset - REACH) ?? null;
    if (near !== null) this.#stray.read(near, forensics!.keptUntil);
    if (incident.secret !== "none") return;
    const { envelope } = incident;
    const isNear = near === null ? envelope === null : this.#stray.found;
    if (isNear || (envelope !== null && mayHoldCredentials(envelope))) incident.secret = "payload";
  }

  /** More octets came, while something is broken: what they show of credentials is known before anything of them is shown. */
  received(): void {
    if (this.log.open !== null && this.#source.forensics !== null) this.#hide(this.log.open);
  }

  /** So many octets were not captured. */
  gap(missing: number): void {
    this.#missed = true;
    this.#source.forensics?.gap(missing);
  }

  /** What may be shown of what a broker quotes of this direction's octets. */
  #doubt(): Doubt {
    const { isClient, senderKnown, forensics, hypothesis, scanner } = this.#source;
    const { over, open } = this.log;
    if (!isClient && senderKnown) return "none";
    // What was not captured, or stands in a frame that has not ended, may be a method with a credential.
    const isUnknown = hypothesis.isMidStream || this.#missed || scanner.partial !== null;
    let doubt: Doubt = isUnknown ? "unexplained" : "none";
    for (const { secret, severity, streamOffset, endOffset } of open === null ? over : [...over, open]) {
      if (secret !== "none") return "near-credential";
      if (severity === "error" && forensics?.explains(streamOffset, endOffset) !== true) doubt = "unexplained";
    }
    return doubt;
  }
}
