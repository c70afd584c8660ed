/** Where frames can start in some octets, and how strong the evidence for each start is. */
import { methodOf } from "../../amqp/method-registry.ts";
import { walkArguments, walkProperties } from "../../amqp/payload.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
} from "../../amqp/spec/constants.ts";
import { long, short } from "../../bytes/big-endian.ts";
import { foreignLength, mayBeForeign } from "../foreign.ts";
import { HEADER_AND_IDS, headerFits, idsFit, type Sender } from "./sender.ts";

/** No frame starts here. */
export const NO_START = 0;
/** The header of a content body fits; a reading decides whether a body is due. */
export const BODY_START = 1;
/** Header and ids of a method or content header fit; what follows does not decode, or is not there. */
export const HALF_START = 2;
/** A whole method, content header or heartbeat decodes, up to its frame-end octet. */
export const WHOLE_START = 3;

/** Starts examined: octets in which more seem to start are no frames. The bound on memory. */
const MAX_STARTS = 1 << 16;
/** Places at which another protocol is searched for. */
const MAX_FOREIGN = 8;

const NEITHER = 0;
const FRAME = 1;
const FOREIGN = 2;
/** What may begin with an octet, in one look-up: nearly everywhere it is nothing. */
const FIRST_OCTETS = Uint8Array.from({ length: 256 }, (_, octet) => {
  if ((octet >= FRAME_METHOD && octet <= FRAME_BODY) || octet === FRAME_HEARTBEAT) return FRAME;
  return mayBeForeign(octet) ? FOREIGN : NEITHER;
});

/** All starts in octets[from, end), ascending. */
export class Starts {
  /** Indices of the octets at which they stand. */
  readonly at: number[] = [];
  /** BODY_START, HALF_START or WHOLE_START of each. */
  readonly strength: number[] = [];
  readonly #index = new Map<number, number>();
  /** Octets of another protocol, by the index at which they begin. */
  readonly foreign = new Map<number, number>();

  constructor(octets: Uint8Array, from: number, end: number, sender: Sender) {
    for (let at = from; at + FRAME_ENVELOPE <= end; at++) {
      const type = octets[at]!;
      const first = FIRST_OCTETS[type];
      if (first === NEITHER) continue;
      if (first === FOREIGN) {
        if (this.foreign.size < MAX_FOREIGN) this.#noteForeign(octets, at, end);
        continue;
      }
      const strength = strengthAt(octets, at, end, sender);
      if (strength === NO_START) continue;
      this.#index.set(at, this.at.length);
      this.at.push(at);
      this.strength.push(strength);
      if (this.at.length === MAX_STARTS) break;
    }
  }

  #noteForeign(octets: Uint8Array, at: number, end: number): void {
    const length = foreignLength(octets, at, end);
    if (length > 0) this.foreign.set(at, length);
  }

  /** How strong the start at an index is. */
  strengthAt(at: number): number {
    const i = this.#index.get(at);
    return i === undefined ? NO_START : this.strength[i]!;
  }

  /** Position in `at` of the first start that is not before index `from`. */
  firstFrom(from: number): number {
    let low = 0;
    let high = this.at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at[middle]! < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How strong the start at octets[at] is, NO_START to WHOLE_START. */
export function strengthAt(octets: Uint8Array, at: number, end: number, sender: Sender): number {
  const type = octets[at]!;
  const channel = short(octets, at + 1);
  const size = long(octets, at + 3);
  if (!headerFits(sender, type, channel, size)) return NO_START;
  if (type === FRAME_HEARTBEAT) return octets[at + FRAME_HEADER_SIZE] === FRAME_END ? WHOLE_START : NO_START;
  if (type === FRAME_BODY) return BODY_START;
  if (at + HEADER_AND_IDS > end) return NO_START;
  const payload = at + FRAME_HEADER_SIZE;
  if (!idsFit(sender, type, channel, short(octets, payload), short(octets, payload + 2))) return NO_START;
  if (payload + size >= end || octets[payload + size] !== FRAME_END) return HALF_START;
  return decodes(octets, payload, type, size) ? WHOLE_START : HALF_START;
}

/** Whether a method's arguments, or a content header's properties, decode: octets[payload, payload + size). */
export function decodes(octets: Uint8Array, payload: number, type: number, size: number): boolean {
  if (type === FRAME_HEADER) return size >= 14 && walkProperties(octets, payload, size, null) === null;
  if (type !== FRAME_METHOD) return true;
  const method = methodOf(short(octets, payload), short(octets, payload + 2));
  return method !== undefined && walkArguments(method, octets, payload, size, null) === null;
}
