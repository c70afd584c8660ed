import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FrameBoundarySearch } from "../amqp/frame-boundary-search.ts";
import { FrameScanner } from "../amqp/frame-scanner.ts";
import type { FrameSink } from "../amqp/frame-sink.ts";
import { methodOf } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { mayBeWhole, WholeMessage } from "../amqp/whole-message.ts";
import { short } from "../bytes/big-endian.ts";
import { Moment, type Side, type StreamEnd } from "../net/connection-observer.ts";
import { BoundaryHypothesis } from "./boundary-hypothesis.ts";
import type { Channel } from "./channel.ts";
import { DirectionFrames } from "./direction-frames.ts";
import { DirectionIncidents } from "./direction-incidents.ts";
import type { DirectionSetting } from "./direction-setting.ts";
import type { Discretion } from "./discretion.ts";
import type { EarlyWarnings } from "./early-warnings.ts";
import { FrameLimits } from "./frame-limits.ts";
import type { Incident } from "./incident.ts";
import type { IncidentLog } from "./incident-log.ts";
import type { DirectionListener, FrameListener, Predictor, StreamForensics, UsedChannels } from "./observers.ts";
import { PredictorFeed } from "./predictor-feed.ts";

/**
 * One direction of an AMQP connection: its frames, judged in the order in which they were sent.
 *
 * Theory of operation. Everything is judged by what this direction itself has sent, never by when the other direction
 * was captured: two directions of a capture are not in step. Channel and content states are forgotten whenever octets
 * were missed or the envelope broke, and what is unknown is never wrong. A fault opens an incident, further faults
 * belong to it, and it is over after a run of frames in good order.
 */
export class Direction implements FrameSink {
  readonly side: Side;
  readonly scanner: FrameScanner;
  readonly moment: Moment;
  frames = 0;
  /** Frames of which a part was not captured; they are in `frames` as well. */
  hidden = 0;
  /** Number of the connection, as AmqpConnection's. */
  connection = 0;
  /** What must not be shown of the connection. */
  readonly discretion: Discretion;
  /** Set where the octets are kept for explaining what breaks. */
  forensics: StreamForensics | null = null;
  /** Set where frames or messages are looked at one by one. */
  listener: FrameListener | null = null;
  /** The other end has sent connection.close: a frame left unfinished here is expected. */
  closedByPeer = false;
  /** The capture ends inside one of its frames. */
  isCutShort = false;
  /** Whether `isClient` is certain: the beginning was seen, or a method that only one end may send. */
  senderKnown = true;

  readonly #listener: DirectionListener;
  readonly #incidents: DirectionIncidents;
  readonly #log: IncidentLog;
  readonly #prediction: PredictorFeed;
  readonly #frames: DirectionFrames;
  readonly hypothesis: BoundaryHypothesis;
  readonly limits: FrameLimits;

  constructor(side: Side, listener: DirectionListener, setting: DirectionSetting) {
    const { moment, sizeLimit, budget, predictor, incidents } = setting;
    this.hypothesis = new BoundaryHypothesis(setting.trusted);
    this.side = side;
    this.discretion = listener.discretion;
    this.#prediction = new PredictorFeed(predictor);
    this.#listener = listener;
    this.moment = moment;
    this.scanner = new FrameScanner(this, moment, sizeLimit, (from, limit, fault) =>
      this.forensics !== null && fault !== null
        ? this.forensics.search(fault, this, limit)
        : new FrameBoundarySearch(from, limit, budget),
    );
    this.limits = new FrameLimits(this.scanner);
    this.#incidents = new DirectionIncidents(this, moment, incidents, listener.discretion);
    this.#log = this.#incidents.log;
    this.#frames = new DirectionFrames(this, listener, this.#prediction, this.#incidents, this.hypothesis);
  }

  /** Whether the client sends in this direction; in mid-stream this may be known only later. */
  get isClient(): boolean {
    return this.#frames.handshake.isClient;
  }
  set isClient(value: boolean) {
    this.#frames.handshake.isClient = value;
    this.senderKnown = true;
  }
  /** Incidents that are over, in the order in which they ended. */
  get incidents(): readonly Incident[] {
    return this.#log.over;
  }
  /** It has sent connection.close or close-ok: what it sends after that is not judged. */
  get closing(): boolean {
    return this.#frames.closing;
  }
  /** Channels whose content is unfinished. */
  get unfinished(): Channel[] {
    return this.#frames.channels.unfinished();
  }
  get broken(): boolean {
    return this.#log.broken;
  }
  /** What is watched in the client's direction before anything breaks. */
  get warnings(): EarlyWarnings {
    return this.#frames.warnings;
  }
  get openIncident(): Incident | null {
    return this.#log.open;
  }

  /** Goes on with another predictor, or with none. */
  predictBy(predictor: Predictor | null): void {
    this.#prediction.handOver(predictor);
  }

  /** The beginning was not seen: nothing is known, perhaps not even the sender. The frame boundary is searched for. */
  beginUnknown(senderKnown: boolean): void {
    this.hypothesis.isMidStream = true;
    this.#frames.handshake.beginUnknown();
    this.#prediction.predictor?.uncertain();
    this.senderKnown = senderKnown;
    this.#frames.channels.forgetAll();
    this.limits.unknown();
    this.scanner.lose();
  }

  /** The next octets of the stream: bytes[start, end). */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.forensics !== null) this.forensics.received(bytes, start, end, this.scanner.offset, this.moment);
    if (this.#log.open !== null) this.#incidents.received();
    this.#prediction.predictor?.delivered(this.moment.seconds, this.moment.nanoseconds);
    if (this.hypothesis.receive(this.scanner, this.moment, this.frames)) this.guessDecided(true);
    this.scanner.receive(bytes, start, end);
  }

  get isGuess(): boolean {
    return this.hypothesis.open;
  }

  /** The channels on which this direction has sent frames, without channel 0. */
  get channels(): UsedChannels {
    return this.#frames.channels;
  }

  /** The broker has confirmed what was published here on a channel, up to this number. */
  confirmed(channel: number, deliveryTag: number): void {
    const known = this.#frames.channels.known(channel);
    if (known !== undefined && deliveryTag > known.confirmed) known.confirmed = deliveryTag;
  }

  gap(missing: number): void {
    this.#frames.handshake.miss();
    this.scanner.gap(missing);
    this.#incidents.gap(missing);
  }

  end(reason: StreamEnd): void {
    this.scanner.finish();
    this.#prediction.handOver(null);
    const isInside = this.scanner.partial !== null;
    if (this.hypothesis.open) this.#endGuessing();
    else if (isInside) {
      const isNatural = reason === "capture-ended" || this.#frames.closing || this.closedByPeer || this.#log.broken;
      const mayBeBroken = this.#incidents.endedInside(reason, isNatural, this.#frames.channels);
      // What the frame seems to lack may have been written elsewhere: it is searched for as behind any broken frame.
      if (mayBeBroken && this.forensics !== null) this.scanner.breakPartial(isNatural ? "unfinished" : "stalled");
    }
    this.isCutShort = reason === "capture-ended" && isInside && !this.broken;
    this.#incidents.end();
    this.listener?.ended?.(this, reason);
    this.scanner.stop();
    this.forensics?.end();
  }

  // FrameSink

  frame(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    this.frames++;
    if (this.forensics !== null) this.forensics.frame(this.scanner.frameOffset);
    if (!this.senderKnown && type === FRAME_METHOD && size >= METHOD_IDS_SIZE) {
      const from = methodOf(short(bytes, start), short(bytes, start + 2))?.from ?? "both";
      if (from !== "both") this.#listener.methodFrom(this, from);
    }
    if (this.listener !== null) this.listener.frame(this, type, channel, bytes, start, size);
    if (this.#frames.handshake.unsure) this.#frames.handshake.learn(type, channel);
    if (size > this.limits.payload) this.#incidents.tolerated(type, channel, size, this.limits.payload);
    if (this.hypothesis.open) this.hypothesis.frame(type);
    const incident = this.#log.open;
    const faults = incident === null ? 0 : incident.faults;
    switch (type) {
      case FRAME_METHOD:
        this.#frames.method(channel, bytes, start, size);
        break;
      case FRAME_HEADER:
        this.#frames.contentHeader(channel, bytes, start, size);
        break;
      case FRAME_BODY:
        this.#frames.contentBody(channel, bytes, start, size);
        break;
      case FRAME_HEARTBEAT:
        this.#frames.heartbeat(channel, bytes, start, size);
    }
    if (incident !== null && incident.faults === faults) this.#log.calm(incident);
  }

  messages(bytes: Uint8Array, from: number, end: number): number {
    if (!this.#frames.takesMessages || !this.senderKnown || this.hypothesis.open) return 0;
    if (this.listener?.wantsMessages === true || this.#log.open !== null || this.#prediction.awaitsEvidence) return 0;
    const base = this.scanner.frameOffset - from;
    const limit = this.limits.payload;
    let at = from;
    while (mayBeWhole(bytes, at, end) && whole.read(bytes, at, end, limit)) {
      if (!this.#frames.message(whole, bytes, base)) break;
      this.frames += 3;
      if (this.listener !== null) this.listener.message?.(this, whole, bytes, base);
      if (this.forensics !== null) {
        this.forensics.message(base + at, base + whole.headerAt, base + whole.bodyAt);
      }
      at = whole.behind;
    }
    return at - from;
  }

  hiddenFrame(type: number, channel: number, size: number): void {
    this.frames++;
    this.hidden++;
    if (this.listener !== null) this.listener.hiddenFrame(this, type, channel, size);
    this.#frames.hidden(type, channel, size);
  }

  brokenEnvelope(fault: EnvelopeFault): void {
    const { secret } = this.#frames.handshake;
    if (this.listener !== null) this.listener.brokenEnvelope(this, fault, secret);
    this.#frames.channels.forgetAll();
    this.#prediction.brokenEnvelope(fault);
    this.#incidents.brokenEnvelope(fault, secret);
  }

  guessBroken(): "no-guess" | "refuted" | "in-doubt" {
    if (!this.hypothesis.open) return "no-guess";
    if (this.forensics !== null) return "in-doubt";
    this.guessDecided(false);
    return "refuted";
  }

  guessDecided(wasRight: boolean): void {
    if (wasRight) {
      this.listener?.missed?.(this);
      this.hypothesis.close(this.frames);
      this.#prediction.resume();
      return;
    }
    this.listener?.guessRefuted(this, this.hypothesis.foundAt);
    this.#incidents.guessRefuted(this.hypothesis);
    this.frames -= this.hypothesis.refute(this.frames);
    this.senderKnown = this.hypothesis.knewSender;
    if (this.frames === 0) this.limits.unknown();
    this.#frames.handshake.miss();
    this.#frames.channels.forgetAll();
  }

  boundaryLost(): void {
    this.listener?.missed?.(this);
    this.hypothesis.lose();
    this.#prediction.predictor?.uncertain();
    this.#frames.channels.forgetAll();
    if (!this.#log.full) this.#log.close();
  }

  boundaryFound(streamOffset: number, moment: Moment): void {
    if (this.listener !== null) this.listener.boundaryFound(this, streamOffset, moment);
    this.#incidents.boundaryFound(streamOffset, moment);
    // Behind a broken envelope, the octets before the boundary confirm it.
    if (this.#log.open === null && this.hypothesis.begin(streamOffset, this, this.moment)) this.#prediction.suspend();
    this.#frames.handshake.miss();
    this.#listener.boundaryFound(this);
  }

  /** The stream is over, and it is not known whether the guess was right; but nothing follows a close. */
  #endGuessing(): void {
    this.listener?.missed?.(this);
    const close = this.hypothesis.takeLastClose(this.scanner);
    if (close === null) return;
    const now = new Moment();
    now.set(this.moment);
    this.moment.set(close.moment);
    this.#frames.closed(close.method, close.octets);
    this.moment.set(now);
  }

  /** The first octets are no frame, and not what they must be. What follows them is not read. */
  openingFault(moment: Moment, message: string): void {
    if (!this.#incidents.opening(moment, message)) return;
    this.#frames.closing = true;
    this.scanner.stop();
  }
}

/** Overwritten by each message before it is read; one instance per direction would keep the octets it read last. */
const whole = new WholeMessage();
