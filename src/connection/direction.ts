import { argumentsFit, propertiesFit } from "../amqp/argument-skip.ts";
import { AWAITS_HEADER, afterHeader, isInContent } from "../amqp/content-order.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FrameBoundarySearch, type SearchBudget } from "../amqp/frame-boundary-search.ts";
import { FrameScanner, UNKNOWN_FRAME_LIMIT } from "../amqp/frame-scanner.ts";
import type { FrameSink } from "../amqp/frame-sink.ts";
import { CHANNEL_CLOSE, CONNECTION_CLASS, CONNECTION_CLOSE, CONNECTION_CLOSE_OK } from "../amqp/method-keys.ts";
import { type Method, methodOf } from "../amqp/method-registry.ts";
import { walkArguments, walkProperties } from "../amqp/payload.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  frameTypeName,
  LEAST_CONTENT_HEADER,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { mayBeWhole, WholeMessage } from "../amqp/whole-message.ts";
import { longlong, short } from "../bytes/big-endian.ts";
import { grouped } from "../bytes/grouped.ts";
import { capital } from "../bytes/words.ts";
import type { Moment, Side, StreamEnd } from "../net/connection-observer.ts";
import type { Channel } from "./channel.ts";
import { headerFault, takeBody, takeHeader, takeMethod } from "./channel-rules.ts";
import { ChannelStates } from "./channel-states.ts";
import {
  channelZeroFault,
  contentOnZero,
  heartbeatFault,
  outOfTurn,
  shortHeader,
  shortMethod,
  unknownMethod,
} from "./connection-rules.ts";
import { carriesCredentials, mayHoldCredentials } from "./credentials.ts";
import type { Fault } from "./fault.ts";
import { Handshake } from "./handshake.ts";
import { Incident, type Secret } from "./incident.ts";
import { IncidentLog } from "./incident-log.ts";
import { ChannelProducers, SplitContents } from "./near-misses.ts";
import type { DirectionListener, FrameJudge, FrameListener, IncidentListener, StreamForensics } from "./observers.ts";
import { RULES, type RuleId, type Severity } from "./rules.ts";
import { stalledFrame } from "./stalled-frame.ts";

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
  readonly splits = new SplitContents();
  readonly producers = new ChannelProducers();
  frames = 0;
  /** Frames of which a part was not captured; they are in `frames` as well. */
  hidden = 0;
  /** Number of the connection, as AmqpConnection's. */
  connection = 0;
  /** Set where the octets are kept for explaining what breaks. */
  forensics: StreamForensics | null = null;
  /** Set for `ghostframe frames`. */
  listener: FrameListener | null = null;
  /** This direction has sent connection.close or close-ok: what it sends then is nobody's concern. */
  closing = false;
  /** The other end has sent connection.close, so that a frame left unfinished here is no wonder. */
  closedByPeer = false;
  /** Whether `isClient` is certain: the beginning was seen, or a method that only one end may send. */
  senderKnown = true;

  /** Judges the client's direction until it has its verdict. */
  #judge: FrameJudge | null;
  /** A broken envelope that the judge is to hear of when it is clear what broke. */
  #unsettled: EnvelopeFault | null = null;
  readonly #listener: DirectionListener;
  readonly #moment: Moment;
  readonly #handshake: Handshake;
  readonly #log: IncidentLog;
  readonly #channels = new ChannelStates();
  /** Largest payload that fits into frame-max together with its envelope. */
  #payloadLimit: number;
  #toldTolerated = false;

  constructor(
    side: Side,
    listener: DirectionListener,
    moment: Moment,
    sizeLimit: number,
    budget: SearchBudget,
    judge: FrameJudge | null,
    incidents: IncidentListener | null,
  ) {
    this.side = side;
    this.#log = new IncidentLog(incident => this.#closing(incident), incidents);
    this.#judge = judge;
    this.#listener = listener;
    this.#moment = moment;
    this.#handshake = new Handshake(side === 0);
    this.#payloadLimit = sizeLimit;
    this.scanner = new FrameScanner(this, moment, sizeLimit, (from, limit, fault) =>
      this.forensics !== null && fault !== null
        ? this.forensics.search(fault, this, limit)
        : new FrameBoundarySearch(from, limit, budget),
    );
  }

  /** Who sends in this direction; may turn out only in mid-stream. */
  get isClient(): boolean {
    return this.#handshake.isClient;
  }
  set isClient(value: boolean) {
    this.#handshake.isClient = value;
    this.senderKnown = true;
  }

  /** Incidents that are over, in the order in which they ended. */
  get incidents(): readonly Incident[] {
    return this.#log.over;
  }

  /** The incident under way. */
  get openIncident(): Incident | null {
    return this.#log.open;
  }

  /** Hands the judgement of this direction to `judge`, or ends it. */
  judgeBy(judge: FrameJudge | null): void {
    // What broke before may be settled since the last frame.
    if (judge === null) this.#settle();
    this.#judge = judge;
  }

  /** The beginning was not seen: nothing is known, perhaps not even the sender. The frame boundary is looked for. */
  beginUnknown(senderKnown: boolean): void {
    this.#handshake.beginUnknown();
    this.#judge?.uncertain();
    this.senderKnown = senderKnown;
    this.#channels.forgetAll();
    this.limitsUnknown();
    this.scanner.lose();
  }

  /** Octets of the handshake were missed, and with them what was negotiated. */
  limitsUnknown(): void {
    this.scanner.sizeLimit = UNKNOWN_FRAME_LIMIT;
    this.#payloadLimit = UNKNOWN_FRAME_LIMIT;
  }

  /** frame-max was negotiated; 0 means that there is none. */
  negotiated(frameMax: number): void {
    this.scanner.sizeLimit = frameMax === 0 ? NO_LIMIT : frameMax;
    this.#payloadLimit = frameMax === 0 ? NO_LIMIT : frameMax - FRAME_ENVELOPE;
  }

  /** The next octets of the stream: bytes[start, end). */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.forensics !== null) this.forensics.received(bytes, start, end, this.scanner.offset, this.#moment);
    if (this.#judge !== null) this.#judge.delivered(this.#moment.seconds, this.#moment.nanoseconds);
    this.scanner.receive(bytes, start, end);
  }

  /** Whether this direction has sent frames on a channel, or opened it. */
  usesChannel(channel: number): boolean {
    return this.#channels.isUsed(channel);
  }

  gap(missing: number): void {
    this.#handshake.miss();
    this.scanner.gap(missing);
    this.forensics?.gap(missing);
  }

  end(reason: StreamEnd): void {
    this.scanner.finish();
    this.#settle();
    this.#judge = null;
    if (reason !== "capture-ended" && !this.closing && !this.closedByPeer && !this.#log.broken) this.#stalled(reason);
    if (this.#log.open !== null && this.scanner.lost) this.#log.open.endOffset = this.scanner.offset;
    this.#log.close();
    this.scanner.stop();
    this.forensics?.end();
  }

  /** The stream may have ended inside a frame: tells so. */
  #stalled(reason: "fin" | "rst"): void {
    const incident = stalledFrame(this.scanner, this.side, reason);
    if (incident === null) return;
    incident.to.set(this.#moment);
    this.#log.begin(incident);
    // What the frame seems to lack may have been written elsewhere: it is looked for as behind any broken one.
    if (this.forensics !== null) this.scanner.breakPartial();
  }

  // FrameSink

  frame(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    this.frames++;
    if (this.forensics !== null) this.forensics.frame(this.scanner.frameOffset);
    if (!this.senderKnown && type === FRAME_METHOD && size >= METHOD_IDS_SIZE) this.#learnSender(bytes, start);
    if (this.listener !== null) this.listener.frame(this, type, channel, bytes, start, size);
    if (this.#handshake.unsure) this.#handshake.learn(type, channel);
    if (size > this.#payloadLimit) this.#tolerated(type, channel, size);
    const incident = this.#log.open;
    const faults = incident === null ? 0 : incident.faults;
    switch (type) {
      case FRAME_METHOD:
        this.#method(channel, bytes, start, size);
        break;
      case FRAME_HEADER:
        this.#contentHeader(channel, bytes, start, size);
        break;
      case FRAME_BODY:
        if (this.#judge !== null) this.#judgeFrame(type, channel, bytes, start, size, undefined, true);
        if (!this.closing) this.#contentBody(channel, size);
        break;
      case FRAME_HEARTBEAT:
        if (this.#judge !== null) this.#judgeFrame(type, channel, bytes, start, size, undefined, true);
        if (!this.closing) this.#heartbeat(channel, size);
    }
    if (incident !== null && incident.faults === faults) this.#log.calm(incident);
  }

  messages(bytes: Uint8Array, from: number, end: number): number {
    if (!this.#handshake.over || this.closing || !this.senderKnown) return 0;
    if (this.listener?.wantsMessages === true) return 0;
    if (this.#log.open !== null || this.#unsettled !== null) return 0;
    const base = this.scanner.frameOffset - from;
    const limit = this.#payloadLimit;
    let at = from;
    while (mayBeWhole(bytes, at, end) && whole.read(bytes, at, end, limit) && this.#takes(whole, bytes, base)) {
      at = whole.behind;
    }
    return at - from;
  }

  /**
   * Does at once what the frames of a message do one by one, if its place is right: then nothing but a verdict of the
   * judge can come of it. The octet of stream offset `base` + i is bytes[i].
   */
  #takes(message: WholeMessage, bytes: Uint8Array, base: number): boolean {
    const { channel, at, headerAt, bodyAt, behind } = message;
    const state = this.#channels.known(channel);
    if (state === undefined || !state.takesContent) return false;
    if (this.#judge !== null) {
      if (!this.#judge.message(message, bytes, base + behind)) return false;
      if (this.#judge.settled) this.#judge = null;
    }
    this.scanner.frameOffset = base + at;
    this.frames += 3;
    if (this.forensics !== null) this.forensics.message(base + at, base + headerAt, base + bodyAt);
    if (state !== this.#channels.last) this.#channel(channel);
    this.#contentBegins(state, message.method);
    if (this.isClient && this.producers.sampling) {
      const start = headerAt + FRAME_HEADER_SIZE;
      this.producers.header(channel, bytes, start, message.headerSize, base + headerAt, this.scanner.frameMoment());
    }
    return true;
  }

  hiddenFrame(type: number, channel: number, size: number): void {
    this.frames++;
    this.hidden++;
    if (this.listener !== null) this.listener.hiddenFrame(this, type, channel, size);
    if (type === FRAME_BODY) {
      if (this.#judge !== null) this.#judgeFrame(type, channel, NOTHING, -1, size, undefined, true);
      if (!this.closing && channel !== 0) this.#contentBody(channel, size);
      return;
    }
    this.#judge?.uncertain();
    if (channel === 0) this.#handshake.miss();
    else this.#channels.forget(this.#channel(channel));
  }

  brokenEnvelope(fault: EnvelopeFault): void {
    // The first header is sent before there are credentials to send.
    const secret: Secret = this.#handshake.authenticates ? (this.#handshake.opening ? "payload" : "all") : "none";
    if (this.listener !== null) this.listener.brokenEnvelope(this, fault, secret);
    this.#channels.forgetAll();
    this.#unsettled = this.#judge === null ? null : fault;
    this.#settle();
    const { open } = this.#log;
    if (open !== null) {
      if (fault.streamOffset !== open.streamOffset) this.#log.again(open, fault.streamOffset, this.#moment);
      return;
    }
    const rule = fault.rule === "undecided" || fault.rule === "stalled" ? "frame-type" : fault.rule;
    const incident = new Incident(rule, "error", this.side, fault.streamOffset, fault.moment, "");
    incident.envelope = fault;
    incident.endOffset = this.scanner.offset;
    incident.to.set(this.#moment);
    incident.secret = secret;
    incident.frame = { type: fault.type, channel: fault.channel, size: fault.size };
    this.#log.begin(incident);
  }

  boundaryLost(): void {
    this.#judge?.uncertain();
    this.#channels.forgetAll();
    if (!this.#log.full) this.#log.close();
  }

  boundaryFound(streamOffset: number, moment: Moment): void {
    if (this.listener !== null) this.listener.boundaryFound(this, streamOffset, moment);
    const incident = this.#log.open;
    if (incident !== null) {
      if (incident.faults === 1) incident.foundAt = streamOffset;
      incident.endOffset = streamOffset;
      incident.to.set(moment);
    }
    this.#handshake.miss();
    this.#listener.boundaryFound(this);
  }

  /** The first octets, which are no frame, are not what they must be. What follows them means nothing. */
  openingFault(moment: Moment, message: string): void {
    const told = this.#log.over[0];
    if (told !== undefined) {
      // Told already, when the server's answer had not come yet.
      told.message = message;
      return;
    }
    const incident = new Incident("handshake", "error", this.side, 0, moment, message);
    incident.endOffset = this.scanner.offset;
    this.#log.file(incident);
    this.closing = true;
    this.scanner.stop();
  }

  #judgeFrame(
    type: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    method: Method | undefined,
    decodes: boolean,
  ): void {
    const judge = this.#judge!;
    if (this.#unsettled !== null) {
      // The broker is still waiting for the end of a frame whose header broke: what looks like frames is inside it.
      this.#settle();
      return;
    }
    judge.frame(type, channel, bytes, start, size, method, decodes, this.scanner.frameOffset + size + FRAME_ENVELOPE);
    if (judge.settled) this.#judge = null;
  }

  #settle(): void {
    if (this.#unsettled === null || this.#unsettled.rule === "undecided") return;
    this.#judge?.brokenEnvelope(this.#unsettled);
    this.#judge = null;
    this.#unsettled = null;
  }

  /** A method that only one end may send tells who sends here. */
  #learnSender(bytes: Uint8Array, start: number): void {
    const method = methodOf(short(bytes, start), short(bytes, start + 2));
    if (method !== undefined && method.from !== "both") this.#listener.methodFrom(this, method.from);
  }

  #method(channel: number, bytes: Uint8Array, start: number, size: number): void {
    if (size < METHOD_IDS_SIZE) {
      if (this.#judge !== null) this.#judgeFrame(FRAME_METHOD, channel, bytes, start, size, undefined, false);
      if (!this.closing) this.#tell(shortMethod(size), FRAME_METHOD, channel, size);
      return;
    }
    const classId = short(bytes, start);
    const methodId = short(bytes, start + 2);
    const method = methodOf(classId, methodId);
    const fits = method === undefined || argumentsFit(method, bytes, start, size);
    const undecodable = fits ? null : walkArguments(method, bytes, start, size, null);
    const decodes = undecodable === null;
    if (this.#judge !== null) this.#judgeFrame(FRAME_METHOD, channel, bytes, start, size, method, decodes);
    if (this.closing) return;
    if (method === undefined) {
      this.#tell(unknownMethod(classId, methodId), FRAME_METHOD, channel, size);
      return;
    }
    if (!decodes) {
      // The numbers in a clause may be misread octets.
      const secret = this.#handshake.authenticates || (this.isClient && carriesCredentials(method));
      const clause = secret ? `The arguments of ${method.name} do not decode` : capital(undecodable);
      this.#tell({ rule: "frame-malformed", clause }, FRAME_METHOD, channel, size);
    }
    if (channel === 0 || classId === CONNECTION_CLASS) {
      this.#connectionMethod(method, channel, bytes, start, size, decodes);
    } else this.#channelMethod(method, channel, bytes, start, size, decodes);
  }

  #connectionMethod(
    method: Method,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    const fault = channelZeroFault(method, channel);
    if (fault !== null) {
      this.#tell(fault, FRAME_METHOD, channel, size);
      return;
    }
    const { over } = this.#handshake;
    if (method.key === CONNECTION_CLOSE || method.key === CONNECTION_CLOSE_OK) this.closing = true;
    else if (!this.#handshake.advances(method.key)) this.#tell(outOfTurn(method, 0, over), FRAME_METHOD, 0, size);
    if (decodes) this.#listener.connectionMethod(this, method, bytes, start, size);
  }

  #channelMethod(
    method: Method,
    number: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    const channel = this.#channel(number);
    if (!this.#handshake.over) {
      this.#tell(outOfTurn(method, number, false), FRAME_METHOD, number, size);
      return;
    }
    this.#tellAll(takeMethod(channel, method, this.isClient), FRAME_METHOD, number, size);
    if (method.content) this.#contentBegins(channel, method);
    if (method.key === CHANNEL_CLOSE && decodes) {
      this.#listener.channelClose(this, number, method, bytes, start, size);
    }
  }

  #contentBegins(state: Channel, method: Method): void {
    this.splits.publishes++;
    state.split = false;
    state.method = method;
    state.methodOffset = this.scanner.frameOffset;
  }

  #contentHeader(number: number, bytes: Uint8Array, start: number, size: number): void {
    const ofBasic = size >= LEAST_CONTENT_HEADER && short(bytes, start) === BASIC_CLASS;
    const plain = ofBasic && propertiesFit(bytes, start, size);
    const undecodable = !ofBasic || plain ? null : walkProperties(bytes, start, size, null);
    if (this.#judge !== null) this.#judgeFrame(FRAME_HEADER, number, bytes, start, size, undefined, plain);
    if (this.closing) return;
    if (number === 0) this.#tell(contentOnZero("A content header"), FRAME_HEADER, 0, size);
    else if (size < LEAST_CONTENT_HEADER) this.#tell(shortHeader(size), FRAME_HEADER, number, size);
    else {
      const channel = this.#channel(number);
      this.#tellAll(takeHeader(channel), FRAME_HEADER, number, size);
      const fault = headerFault(channel, bytes, start, undecodable);
      if (fault !== null) this.#tell(fault, FRAME_HEADER, number, size);
      else if (this.isClient) {
        const { frameOffset } = this.scanner;
        this.producers.header(number, bytes, start, size, frameOffset, this.scanner.frameMoment());
      }
      channel.content = afterHeader(longlong(bytes, start + BODY_SIZE_AT));
    }
  }

  #contentBody(channel: number, size: number): void {
    if (channel === 0) this.#tell(contentOnZero("A content body"), FRAME_BODY, 0, size);
    else this.#tellAll(takeBody(this.#channel(channel), size), FRAME_BODY, channel, size);
  }

  #heartbeat(channel: number, size: number): void {
    const fault = heartbeatFault(channel, size);
    if (fault !== null) this.#tell(fault, FRAME_HEARTBEAT, channel, size);
  }

  /** RabbitMQ forgives the envelope's 8 octets beyond frame-max; another broker need not. Said once. */
  #tolerated(type: number, channel: number, size: number): void {
    if (this.#toldTolerated || this.scanner.sizeLimit === UNKNOWN_FRAME_LIMIT) return;
    this.#toldTolerated = true;
    const incident = this.#incidentHere(
      "frame-too-large",
      "warning",
      `A ${frameTypeName(type)} frame of ${grouped(size)} octets on channel ${channel} exceeds frame-max ${grouped(this.scanner.sizeLimit)} by its envelope of ${size - this.#payloadLimit} octets; RabbitMQ tolerates this, the specification does not.`,
    );
    incident.frame = { type, channel, size };
    incident.endOffset = this.scanner.frameOffset + size + FRAME_ENVELOPE;
    this.#log.file(incident);
  }

  #tellAll(faults: readonly Fault[], type: number, channel: number, size: number): void {
    for (let i = 0; i < faults.length; i++) this.#tell(faults[i]!, type, channel, size);
  }

  /** A fault of the frame being handed on: it opens an incident, or belongs to the one under way. */
  #tell({ rule, clause }: Fault, type: number, channel: number, size: number): void {
    const { open } = this.#log;
    const behind = this.scanner.frameOffset + size + FRAME_ENVELOPE;
    if (open !== null) {
      this.#log.again(open, behind, this.#moment);
      return;
    }
    const incident = this.#incidentHere(rule, RULES[rule].severity, `${clause}.`);
    incident.frame = { type, channel, size };
    incident.endOffset = behind;
    this.#log.begin(incident);
  }

  #incidentHere(rule: RuleId, severity: Severity, message: string): Incident {
    const { frameOffset } = this.scanner;
    const incident = new Incident(rule, severity, this.side, frameOffset, this.scanner.frameMoment(), message);
    incident.to.set(this.#moment);
    return incident;
  }

  /** An incident is over. */
  #closing(incident: Incident): void {
    const { envelope } = incident;
    // Of other rules the order of frames tells nothing, but that a frame was sent twice.
    const isOrder = incident.rule === "content-order";
    if (envelope === null) this.forensics?.disorder(incident.streamOffset, incident.endOffset, isOrder);
    if (incident.secret === "none" && envelope !== null && this.isClient && mayHoldCredentials(envelope)) {
      incident.secret = "payload";
    }
  }

  #channel(number: number): Channel {
    const channels = this.#channels;
    const { last } = channels;
    if (channels.isCurrent(last)) {
      if (last.number === number) return last;
      if (isInContent(last.content)) {
        const { frameOffset } = this.scanner;
        this.splits.split(last, last.content === AWAITS_HEADER, number, frameOffset, this.scanner.frameMoment());
      }
    }
    return channels.take(number);
  }
}

const NO_LIMIT = 0xffffffff;
const NOTHING = new Uint8Array(0);
/** The body size's place in a content header, behind class-id and weight. */
const BODY_SIZE_AT = 4;
/** Overwritten by each message before it is looked at; a direction's own would keep the octets it read last. */
const whole = new WholeMessage();
