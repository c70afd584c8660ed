/**
 * What `ghostframe frames` tells, one event a line: the frames, and what breaks their sequence. Kept apart from the
 * report because it is written while the capture is read.
 */
import type { FieldValue } from "../amqp/field-table.ts";
import type { EnvelopeFault, FrameScanner } from "../amqp/frame-scanner.ts";
import { methodName, methodOf } from "../amqp/method-registry.ts";
import { decodeArguments, decodeProperties, type Values } from "../amqp/payload.ts";
import { FRAME_HEADER, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { longlong, short } from "../bytes/big-endian.ts";
import { pad, printable } from "../bytes/printable.ts";
import { withoutCredentials } from "../connection/credentials.ts";
import type { Secret } from "../connection/incident.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { Direction, Endpoint } from "./report.ts";
import { isoTime } from "./time.ts";

interface Place {
  time: string;
  input: number;
  packet: number;
  connection: string;
  direction: Direction;
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
  /** The telling arguments of a method: no reserved ones, no tables, no secrets; bits only where they are set. */
  arguments?: Scalars;
  bodySize?: number;
  /** The content header's properties, headers left out. */
  properties?: Scalars;
  /** Part of the payload was not captured. */
  hidden?: true;
}

export interface ConnectionEvent {
  event: "connection";
  time: string;
  input: number;
  packet: number;
  connection: string;
  client: Endpoint;
  server: Endpoint;
}

export interface BrokenEnvelopeEvent extends Place {
  event: "broken-envelope";
  /** Left out where the header may hold part of a SASL response. */
  frame?: { type: number; channel: number; size: number };
}

export interface BoundaryFoundEvent extends Place {
  event: "boundary-found";
}

export type FramesEvent = FrameEvent | ConnectionEvent | BrokenEnvelopeEvent | BoundaryFoundEvent;

type Scalars = Record<string, string | number | boolean>;

/** Arguments that authenticate. They never reach any output. */
const SECRETS = new Set(["response", "challenge", "new-secret"]);

function place(connection: number, direction: Direction, moment: Moment, streamOffset: number): Place {
  const { input, packet } = moment;
  return { time: isoTime(moment), input, packet, connection: `c${connection}`, direction, streamOffset };
}

export function connectionEvent(number: number, moment: Moment, client: Endpoint, server: Endpoint): ConnectionEvent {
  const { input, packet } = moment;
  return { event: "connection", time: isoTime(moment), input, packet, connection: `c${number}`, client, server };
}

/** A frame as FrameSink is given it; `bytes` is null where its payload was not captured whole. */
export function frameEvent(
  connection: number,
  direction: Direction,
  scanner: FrameScanner,
  type: number,
  channel: number,
  bytes: Uint8Array | null,
  start: number,
  size: number,
): FrameEvent {
  const where = place(connection, direction, scanner.frameMoment(), scanner.frameOffset);
  const event: FrameEvent = { event: "frame", ...where, type: frameTypeName(type), channel, size };
  if (bytes === null) event.hidden = true;
  else if (type === FRAME_METHOD && size >= 4) {
    const method = methodOf(short(bytes, start), short(bytes, start + 2));
    event.method = methodName(short(bytes, start), short(bytes, start + 2));
    if (method !== undefined) event.arguments = scalars(decodeArguments(method, bytes, start, size));
  } else if (type === FRAME_HEADER && size >= 14 && channel !== 0 && short(bytes, start) === BASIC_CLASS) {
    // Only where it certainly is one: a handshake method with a broken type octet holds credentials here.
    event.bodySize = longlong(bytes, start + 4);
    event.properties = scalars(decodeProperties(bytes, start, size));
  }
  return event;
}

export function brokenEnvelopeEvent(
  connection: number,
  direction: Direction,
  fault: EnvelopeFault,
  secret: Secret,
): BrokenEnvelopeEvent {
  const { type, channel, size } = fault;
  const where = place(connection, direction, fault.moment, fault.streamOffset);
  return { event: "broken-envelope", ...where, ...(secret === "all" ? {} : { frame: { type, channel, size } }) };
}

export function boundaryFoundEvent(
  connection: number,
  direction: Direction,
  moment: Moment,
  streamOffset: number,
): BoundaryFoundEvent {
  return { event: "boundary-found", ...place(connection, direction, moment, streamOffset) };
}

function scalars(values: Values): Scalars {
  const kept: Scalars = {};
  for (const [name, value] of values) {
    if (SECRETS.has(name) || name.startsWith("reserved") || value === false) continue;
    const scalar = toScalar(value);
    if (scalar !== undefined) kept[name] = name === "reply-text" ? withoutCredentials(String(scalar)) : scalar;
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
  if (event.event === "connection") {
    const { client, server } = event;
    return `${start} ${client.address}:${client.port} -> ${server.address}:${server.port}`;
  }
  const arrow = event.direction === "client-to-server" ? "->" : "<-";
  const head = `${start} ${arrow} ${pad(String(event.streamOffset), 9, "right")}`;
  switch (event.event) {
    case "broken-envelope": {
      const { frame } = event;
      const claim =
        frame === undefined ? "" : `: header says type ${frame.type}, channel ${frame.channel}, size ${frame.size}`;
      return `${head} !! broken frame${claim}`;
    }
    case "boundary-found":
      return `${head} == frames go on here`;
    case "frame": {
      const details = event.hidden
        ? "(not captured whole)"
        : [event.method ?? "", bodySize(event), text(event.arguments), text(event.properties)]
            .filter(Boolean)
            .join(" ");
      const line = `${head} ch ${pad(String(event.channel), 4)} ${pad(event.type, 9)} ${pad(String(event.size), 6, "right")}`;
      return details === "" ? line : `${line} ${details}`;
    }
  }
}

function quoted(value: string): string {
  return `"${printable(value, MAX_STRING_COLUMNS).replaceAll('"', '\\"')}"`;
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
