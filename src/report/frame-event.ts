/**
 * The events of `ghostframe frames`, one a line: the frames, and what breaks their sequence. They are not part of the
 * report because they are written while the capture is read.
 */

import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import type { FieldValue } from "../amqp/field-table.ts";
import { CONNECTION_CLASS } from "../amqp/method-keys.ts";
import { methodName, methodOf } from "../amqp/method-registry.ts";
import { decodeProperties, type Values, walkArguments } from "../amqp/payload.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { longlong, short } from "../bytes/big-endian.ts";
import { pad, printable } from "../bytes/printable.ts";
import { withoutCredentials } from "../connection/credentials.ts";
import type { Direction } from "../connection/direction.ts";
import { doubtfulWords } from "../connection/doubtful-words.ts";
import type { Secret } from "../connection/incident.ts";
import { PIECE } from "../connection/piece-set.ts";
import type { Moment, Side } from "../net/connection-observer.ts";
import { isoTime } from "../net/place.ts";
import type { Direction as DirectionName, Endpoint } from "./report.ts";

interface Place {
  time: string;
  input: number;
  packet: number;
  connection: string;
  /** Null in mid-stream, as long as it is not known which end is the client. */
  direction: DirectionName | null;
  /** If `direction` is null: the end that sent it, as an index into `endpoints` of the event of that name. */
  sender?: Side;
  streamOffset: number;
}

export interface FrameEvent extends Place {
  event: "frame";
  /** method, header, body or heartbeat. */
  type: string;
  channel: number;
  /** Octets of payload. */
  size: number;
  method?: string;
  /** The important arguments of a method: no reserved ones, no tables, no secrets; bits only if they are set. */
  arguments?: Scalars;
  bodySize?: number;
  /** The content header's properties, headers left out. */
  properties?: Scalars;
  /** Part of the payload was not captured. */
  hidden?: true;
}

/** The first packet of a connection; after an EndpointsEvent, the packet that shows which end is the client. */
export interface ConnectionEvent {
  event: "connection";
  time: string;
  input: number;
  packet: number;
  connection: string;
  client: Endpoint;
  server: Endpoint;
}

/**
 * The first packet of a connection in mid-stream, if it is not known yet which end is the client. A ConnectionEvent
 * follows as soon as a method shows it.
 */
export interface EndpointsEvent {
  event: "endpoints";
  time: string;
  input: number;
  packet: number;
  connection: string;
  endpoints: [Endpoint, Endpoint];
}

export interface BrokenEnvelopeEvent extends Place {
  event: "broken-envelope";
  /** Left out if the header may hold part of a SASL response. */
  frame?: { type: number; channel: number; size: number };
}

export interface BoundaryFoundEvent extends Place {
  event: "boundary-found";
}

/** What followed from the boundary found at `since` broke: it stood inside a message body, or a frame broke here. */
export interface BoundaryRefutedEvent extends Place {
  event: "boundary-refuted";
  since: number;
}

export type FramesEvent =
  | FrameEvent
  | ConnectionEvent
  | EndpointsEvent
  | BrokenEnvelopeEvent
  | BoundaryFoundEvent
  | BoundaryRefutedEvent;

type Scalars = Record<string, string | number | boolean>;

/** Arguments that authenticate. They never reach any output. */
const SECRETS = new Set(["response", "challenge", "new-secret"]);

function place(from: Direction, moment: Moment, streamOffset: number): Place {
  const { input, packet } = moment;
  const where = { time: isoTime(moment), input, packet, connection: `c${from.connection}` };
  if (!from.senderKnown) return { ...where, direction: null, sender: from.side, streamOffset };
  return { ...where, direction: from.isClient ? "client-to-server" : "server-to-client", streamOffset };
}

export function connectionEvent(number: number, moment: Moment, client: Endpoint, server: Endpoint): ConnectionEvent {
  const { input, packet } = moment;
  return { event: "connection", time: isoTime(moment), input, packet, connection: `c${number}`, client, server };
}

export function endpointsEvent(number: number, moment: Moment, endpoints: [Endpoint, Endpoint]): EndpointsEvent {
  const { input, packet } = moment;
  return { event: "endpoints", time: isoTime(moment), input, packet, connection: `c${number}`, endpoints };
}

/** A frame with its payload of `size` octets, which is null if it was not captured whole. */
export function frameEvent(
  from: Direction,
  type: number,
  channel: number,
  size: number,
  payload: Uint8Array | null,
): FrameEvent {
  const where = place(from, from.scanner.frameMoment(), from.scanner.frameOffset);
  const event: FrameEvent = { event: "frame", ...where, type: frameTypeName(type), channel, size };
  if (payload === null) event.hidden = true;
  else if (type === FRAME_METHOD && size >= 4) {
    const method = methodOf(short(payload, 0), short(payload, 2));
    event.method = methodName(short(payload, 0), short(payload, 2));
    if (method !== undefined) {
      const values: Values = new Map();
      // Octets of a client that do not decode as this method may be another method, with its secret.
      const decodes = walkArguments(method, payload, 0, size, values) === null;
      if (!decodes && (from.isClient || method.classId === CONNECTION_CLASS)) values.clear();
      event.arguments = scalars(values, from);
    }
  } else if (type === FRAME_HEADER && size >= 14 && channel !== 0 && short(payload, 0) === BASIC_CLASS) {
    // Only if it certainly is one: a handshake method with a broken type octet holds credentials here.
    event.bodySize = longlong(payload, 4);
    event.properties = scalars(decodeProperties(payload, 0, size), from);
  }
  return event;
}

export function brokenEnvelopeEvent(from: Direction, fault: EnvelopeFault, secret: Secret): BrokenEnvelopeEvent {
  const { type, channel, size } = fault;
  const where = place(from, fault.moment, fault.streamOffset);
  // Octets that are no header may be of any kind; those around them are not kept here.
  const isHeader = type >= FRAME_METHOD && (type <= FRAME_BODY || type === FRAME_HEARTBEAT);
  const { header } = fault;
  const octets = Uint8Array.of(...header, ...fault.payload.subarray(0, PIECE - 1));
  const mayBeToken = doubtfulWords(octets).some(([at]) => at < header.length);
  const hides = secret === "all" || (from.isClient && (!isHeader || mayBeToken || from.discretion.holds(octets)));
  return { event: "broken-envelope", ...where, ...(hides ? {} : { frame: { type, channel, size } }) };
}

export function boundaryFoundEvent(from: Direction, moment: Moment, streamOffset: number): BoundaryFoundEvent {
  return { event: "boundary-found", ...place(from, moment, streamOffset) };
}

export function boundaryRefutedEvent(from: Direction, since: number): BoundaryRefutedEvent {
  const { scanner } = from;
  return { event: "boundary-refuted", ...place(from, scanner.frameMoment(), scanner.frameOffset), since };
}

function scalars(values: Values, { discretion, forensics }: Direction): Scalars {
  const shown = (name: string, text: string): string =>
    name === "reply-text" && forensics === null ? discretion.unexplainedText(text) : discretion.text(text);
  const kept: Scalars = {};
  for (const [name, value] of values) {
    if (SECRETS.has(name) || name.startsWith("reserved") || value === false) continue;
    const scalar = toScalar(value);
    if (scalar !== undefined)
      kept[name] = typeof scalar === "string" ? shown(name, withoutCredentials(scalar)) : scalar;
  }
  return kept;
}

function toScalar(value: FieldValue): string | number | boolean | undefined {
  if (typeof value === "bigint") return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
  return typeof value === "object" ? undefined : value;
}

/** Columns of a wire string in a line of text. */
const MAX_STRING_COLUMNS = 60;

/** The event as a line of text, without its line feed. */
export function frameLine(event: FramesEvent): string {
  const start = `${event.time.slice(11, -1)} ${pad(String(event.packet), 7, "right")} ${pad(event.connection, 4)}`;
  if (event.event === "connection") return `${start} ${endpoint(event.client)} -> ${endpoint(event.server)}`;
  if (event.event === "endpoints") {
    const [first, second] = event.endpoints;
    return `${start} ${endpoint(first)} <?> ${endpoint(second)} (not known yet which one is the client)`;
  }
  const head = `${start} ${arrow(event)} ${pad(String(event.streamOffset), 9, "right")}`;
  switch (event.event) {
    case "broken-envelope": {
      const { frame } = event;
      const claim =
        frame === undefined ? "" : `: header says type ${frame.type}, channel ${frame.channel}, size ${frame.size}`;
      return `${head} !! broken frame${claim}`;
    }
    case "boundary-found":
      return `${head} == frames go on here`;
    case "boundary-refuted":
      return `${head} == the frames since ${event.since} may have stood inside a body: they break here`;
    case "frame": {
      const details = frameDetails(event);
      const line = `${head} ch ${pad(String(event.channel), 4)} ${pad(event.type, 9)} ${pad(String(event.size), 6, "right")}`;
      return details === "" ? line : `${line} ${details}`;
    }
  }
}

/** The shown content of the payload: method, arguments, body size, properties. "" for a body. */
export function frameDetails(event: FrameEvent): string {
  if (event.hidden) return "(not captured whole)";
  const parts = [event.method ?? "", bodySize(event), text(event.arguments), text(event.properties)];
  return parts.filter(Boolean).join(" ");
}

function endpoint({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

/** From the client or to it; with a question mark, from the end named first or second. */
function arrow({ direction, sender }: Place): string {
  if (direction === null) return sender === 0 ? "?>" : "<?";
  return direction === "client-to-server" ? "->" : "<-";
}

/** In double quotes, or in single ones if it holds double ones, to show it as it is on the wire if possible. */
function quoted(value: string): string {
  const shown = printable(value, MAX_STRING_COLUMNS);
  if (!shown.includes('"')) return `"${shown}"`;
  return shown.includes("'") ? `"${shown.replaceAll('"', '\\"')}"` : `'${shown}'`;
}

function bodySize(event: FrameEvent): string {
  return event.bodySize === undefined ? "" : `body-size=${event.bodySize}`;
}

function text(values: Scalars | undefined): string {
  return Object.entries(values ?? {})
    .map(([name, value]) => {
      if (value === true) return name;
      return `${name}=${typeof value === "string" ? quoted(value) : value}`;
    })
    .join(" ");
}
