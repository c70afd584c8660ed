import { textOf } from "../amqp/field-table.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../amqp/spec/constants.ts";
import type { Message, Span, Writer } from "./diagnosis.ts";
import type { ReadFrame } from "./read-frames.ts";

/** Headers kept of a message, and characters of each value. */
const MAX_HEADERS = 32;
const MAX_HEADER_LENGTH = 256;

/** The writers of an incident, and which of them wrote each frame. */
export interface Writers {
  writers: Writer[];
  of: ReadonlyMap<ReadFrame, string>;
}

/** A writer at work: where its last frame ends, and the message it is writing. */
interface AtWork {
  writer: Writer;
  busyUntil: number;
  message: Message | null;
  bodyLeft: number;
}

/**
 * Separates the writers. A writer writes one frame after the other, so a frame that begins inside another one has
 * another writer; and a writer keeps to its channel. `frames` are in the order in which they begin; those before `from`
 * serve only to identify messages, with all that they hold. `stoppedAt` is where the broker stopped reading.
 */
export function separateWriters(frames: readonly ReadFrame[], from: number, stoppedAt: number): Writers {
  const atWork: AtWork[] = [];
  const of = new Map<ReadFrame, string>();
  for (const frame of frames) {
    const [begin] = frame.spans[0]!;
    const [lastOffset, lastOctets] = frame.spans.at(-1)!;
    const end = frame.complete ? lastOffset + lastOctets : Number.POSITIVE_INFINITY;
    const writer = whoWrites(atWork, frame, begin);
    writer.busyUntil = end;
    if (lastOffset + lastOctets > from) {
      if (writer.writer.name === "")
        writer.writer.name = writerName(atWork.filter(each => each.writer.name !== "").length);
      of.set(frame, writer.writer.name);
      for (const span of frame.spans) writer.writer.spans.push([...span]);
    }
    follow(writer, frame, stoppedAt);
  }
  const writers = atWork.map(({ writer }) => writer).filter(({ name }) => name !== "");
  for (const writer of writers) {
    writer.spans = joined(writer.spans);
    writer.messages = writer.messages.filter(message =>
      message.spans.some(([offset, octets]) => offset + octets > from),
    );
    for (const message of writer.messages) message.spans = joined(message.spans);
  }
  writers.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { writers, of };
}

function whoWrites(atWork: AtWork[], { channel, type }: ReadFrame, begin: number): AtWork {
  const idle = atWork.filter(({ writer, busyUntil }) => writer.channels[0] === channel && busyUntil <= begin);
  // Content goes on with the writer that began it; a new publish belongs to a writer with none open.
  const fits = idle.find(({ message, bodyLeft }) =>
    type === FRAME_HEADER || type === FRAME_BODY ? message !== null : message === null || bodyLeft === 0,
  );
  const known = fits ?? idle.at(-1);
  if (known !== undefined) return known;
  const writer: Writer = { name: "", channels: [channel], spans: [], messages: [] };
  const fresh: AtWork = { writer, busyUntil: 0, message: null, bodyLeft: 0 };
  atWork.push(fresh);
  return fresh;
}

/** Follows the message that a writer is writing. */
function follow(at: AtWork, frame: ReadFrame, stoppedAt: number): void {
  const spans: Span[] = frame.spans.map(span => [...span]);
  switch (frame.type) {
    case FRAME_METHOD:
      at.message = null;
      if (!frame.opensContent) return;
      at.message = {
        exchange: textOf(frame.values.get("exchange")),
        routingKey: textOf(frame.values.get("routing-key")),
        headers: {},
        spans,
        fate: "delivered",
      };
      at.writer.messages.push(at.message);
      break;
    case FRAME_HEADER:
      if (at.message === null) return;
      // Its method was overwritten, or is lost. A writer goes on publishing where it did, as far as is known.
      if (isWhole(at)) {
        const { exchange, routingKey } = at.message;
        at.message = { exchange, routingKey, headers: {}, spans: [], fate: "delivered" };
        at.writer.messages.push(at.message);
      }
      describe(at.message, frame);
      at.message.spans.push(...spans);
      at.bodyLeft = frame.bodySize ?? 0;
      break;
    case FRAME_BODY:
      // Behind a whole message it belongs to none: a buffer that was sent twice has begun with it.
      if (at.message === null || isWhole(at)) return;
      at.message.spans.push(...spans);
      at.bodyLeft -= frame.size;
      break;
    case FRAME_HEARTBEAT:
      return;
  }
  const [offset, octets] = spans.at(-1)!;
  if (at.message === null) return;
  if (frame.spans.length > 1 || !frame.complete) at.message.fate = "torn";
  else if (offset + octets > stoppedAt && at.message.fate === "delivered") at.message.fate = "unread";
}

/** All of its message has come. */
function isWhole({ message, bodyLeft }: AtWork): boolean {
  return message?.size !== undefined && bodyLeft === 0;
}

function describe(message: Message, { values, bodySize }: ReadFrame): void {
  if (bodySize !== null) message.size = bodySize;
  const property = (name: string, key: "messageId" | "correlationId" | "appId"): void => {
    const value = values.get(name);
    if (typeof value === "string") message[key] = value;
  };
  property("message-id", "messageId");
  property("correlation-id", "correlationId");
  property("app-id", "appId");
  const headers = values.get("headers");
  if (!(headers instanceof Map)) return;
  for (const [name, value] of headers) {
    if (Object.keys(message.headers).length >= MAX_HEADERS) break;
    if (name === "traceparent" && typeof value === "string") message.traceparent = value;
    else if (value !== null && typeof value !== "object") {
      Object.defineProperty(message.headers, name, {
        value: String(value).slice(0, MAX_HEADER_LENGTH),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
}

/** A, B, C, … */
export function writerName(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `W${index + 1}`;
}

/** Spans in order; those that touch become one. */
export function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const [offset, octets] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += octets;
    else result.push([offset, octets]);
  }
  return result;
}
