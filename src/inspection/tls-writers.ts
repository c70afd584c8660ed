/** Which writer wrote what on a TLS session of several writers, as far as a key log shows it: frames and messages. */
import { textOf } from "../amqp/field-table.ts";
import { methodName, methodOf } from "../amqp/method-registry.ts";
import { decodeArguments } from "../amqp/payload.ts";
import { FRAME_BODY, FRAME_ENVELOPE, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { long, short } from "../bytes/big-endian.ts";
import { printable } from "../bytes/printable.ts";
import type { Message, Writer } from "../forensics/diagnosis.ts";

/** Octets of a writer that are read, and frames that are named. */
const MAX_OCTETS = 1 << 16;
const MAX_FRAMES = 16;

/** One record of a writer. */
interface WrittenRecord {
  /** Under its keys. */
  number: number;
  packet: number;
  streamOffset: number;
  octets: number;
}

interface WrittenFrame {
  text: string;
  channel: number;
  message: Message | null;
}

/** One of the writers of a session, from the first record number on that two of them used. */
export class TlsWriter {
  /** A, B, C, … */
  readonly name: string;
  readonly records: WrittenRecord[] = [];
  /** Channel of the last frame that began with a record; −1 for none. */
  lastChannel = -1;
  #octets = new Uint8Array(0);

  constructor(index: number) {
    this.name = String.fromCharCode(0x41 + index);
  }

  /** A record that begins with these octets; no more of it is known. */
  began(octets: Uint8Array): void {
    if (octets.length >= FRAME_HEADER_SIZE) this.lastChannel = short(octets, 1);
  }

  wrote(record: WrittenRecord, bytes: Uint8Array, size: number): void {
    if (this.records.length < MAX_FRAMES) this.records.push(record);
    this.began(bytes.subarray(0, size));
    if (this.#octets.length >= MAX_OCTETS) return;
    const joined = new Uint8Array(this.#octets.length + size);
    joined.set(this.#octets);
    joined.set(bytes.subarray(0, size), this.#octets.length);
    this.#octets = joined;
  }

  /** Its frames in words, as long as they follow one another. */
  frames(): WrittenFrame[] {
    const frames: WrittenFrame[] = [];
    const octets = this.#octets;
    for (let at = 0; at + FRAME_ENVELOPE <= octets.length && frames.length < MAX_FRAMES; ) {
      const size = long(octets, at + 3);
      if (at + FRAME_ENVELOPE + size > octets.length) break;
      frames.push({
        text: frameInWords(octets, at),
        channel: short(octets, at + 1),
        message: messageOf(octets, at, size),
      });
      at += FRAME_ENVELOPE + size;
    }
    return frames;
  }

  /** The same as a writer of a diagnosis. */
  writer(): Writer {
    const frames = this.frames();
    return {
      name: this.name,
      channels: [...new Set(frames.map(({ channel }) => channel))],
      spans: this.records.map(({ streamOffset, octets }) => [streamOffset, octets]),
      messages: frames.flatMap(({ message }) => (message === null ? [] : [message])),
    };
  }
}

/**
 * The writer of this record, among several that may have written it: the one that has begun the content which it
 * continues, or that used its channel last. −1 if neither shows it.
 */
export function likelyWriter(writers: readonly { index: number; lastChannel: number }[], bytes: Uint8Array): number {
  const channel = short(bytes, 1);
  const same = writers.filter(({ lastChannel }) => lastChannel === channel);
  return same.length === 1 ? same[0]!.index : -1;
}

/** The frame that begins at this index, as far as its first octets show it: "basic.publish on channel 1". */
export function frameInWords(octets: Uint8Array, at: number): string {
  const type = octets[at];
  const left = octets.length - at;
  if (left < FRAME_HEADER_SIZE || type === undefined) return "octets that begin no frame";
  const where = `on channel ${short(octets, at + 1)}`;
  switch (type) {
    case FRAME_METHOD: {
      const ids = at + FRAME_HEADER_SIZE;
      if (left < FRAME_HEADER_SIZE + 4) return `a method ${where}`;
      const { exchange, routingKey } = messageOf(octets, at, long(octets, at + 3)) ?? {};
      const to =
        routingKey === undefined || exchange === undefined
          ? ""
          : ` to ${exchange === "" ? "the default exchange" : `"${printable(exchange, 80)}"`} with routing key "${printable(routingKey, 80)}"`;
      return `${methodName(short(octets, ids), short(octets, ids + 2))}${to} ${where}`;
    }
    case FRAME_HEADER:
      return `a content header ${where}`;
    case FRAME_BODY:
      return `a content body ${where}`;
    default:
      return type === 8 ? "a heartbeat" : "octets that begin no frame";
  }
}

function messageOf(octets: Uint8Array, at: number, size: number): Message | null {
  const payload = at + FRAME_HEADER_SIZE;
  if (octets[at] !== FRAME_METHOD || size < 4 || payload + size > octets.length) return null;
  const method = methodOf(short(octets, payload), short(octets, payload + 2));
  if (method?.name !== "basic.publish") return null;
  const values = decodeArguments(method, octets, payload, size);
  const exchange = textOf(values.get("exchange"));
  return { exchange, routingKey: textOf(values.get("routing-key")), headers: {}, spans: [], fate: "unread" };
}
