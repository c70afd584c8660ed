/**
 * How well octets, some of them unknown, fit a frame that begins at a given place. Counted in bits: how much more
 * likely a fitting octet is in a frame than in arbitrary octets.
 */
import { methodOf } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { type HeaderWindow, numberAt } from "./header-window.ts";

export interface FrameFit {
  /** Index of the frame's first octet. */
  at: number;
  /** 1, 2, 3 or 8; null if the octet is not known and cannot be inferred. */
  type: number | null;
  channel: number | null;
  size: number | null;
  /** The method whose ids follow, if they do. */
  method: string | null;
  bits: number;
  /** Octets of the frame that are known. */
  known: number;
}

const TYPES = [FRAME_HEARTBEAT, FRAME_METHOD, FRAME_HEADER, FRAME_BODY];
const CLASSES = [10, 20, 40, 50, 60, 85, 90];

/** The frame that fits best at `at`, or null if none can begin there. */
export function frameFit(window: HeaderWindow, at: number): FrameFit | null {
  let best: FrameFit | null = null;
  const given = window[at] ?? null;
  for (const type of TYPES) {
    if (given !== null && given !== type) continue;
    const bits = fitBits(window, at, type);
    if (bits === null || (best !== null && best.bits >= bits.bits)) continue;
    best = {
      at,
      // If the octet is hidden, nothing distinguishes the types, except a heartbeat's zeros.
      type: given ?? (type === FRAME_HEARTBEAT && bits.known >= 5 ? type : null),
      channel: numberAt(window, at + 1, at + 3),
      size: numberAt(window, at + 3, at + 7),
      method: methodAt(window, at + 7, type),
      ...bits,
    };
  }
  return best;
}

function fitBits(window: HeaderWindow, at: number, type: number): { bits: number; known: number } | null {
  let bits = 0;
  let known = 0;
  for (let cell = 0; at + cell < window.length; cell++) {
    const octet = window[at + cell];
    if (octet === null || octet === undefined) continue;
    const fit = cellBits(type, cell, octet, window[at + 1] === 0);
    if (fit === null) return null;
    bits += fit;
    known++;
    if (type === FRAME_HEARTBEAT && cell === 7) break;
  }
  if (type === FRAME_METHOD && numberAt(window, at + 7, at + 11) !== null && methodAt(window, at + 7, type) === null) {
    return null;
  }
  return { bits, known };
}

/** Bits of evidence by `octet` as the `cell`th octet of a frame of `type`; null if it cannot stand there. */
function cellBits(type: number, cell: number, octet: number, channelBelow256: boolean): number | null {
  if (type === FRAME_HEARTBEAT) {
    const wanted = cell === 0 ? FRAME_HEARTBEAT : cell === 7 ? FRAME_END : 0;
    return octet === wanted ? 8 : null;
  }
  switch (cell) {
    case 0:
      return 6;
    case 1: // channels beyond 2047, RabbitMQ's channel-max, are not opened
      return octet === 0 ? 6 : octet <= 7 ? 3 : null;
    case 2:
      if (octet === 0 && channelBelow256) return type === FRAME_METHOD ? 0 : null;
      return octet <= 16 ? 3 : 1;
    case 3: // no frame of 16 MiB or more
      return octet === 0 ? 7 : null;
    case 4:
      return octet <= 1 ? 5 : octet <= 15 ? 2 : null;
    case 5:
    case 6:
      return 0;
  }
  if (type === FRAME_METHOD) {
    if (cell === 7) return octet === 0 ? 8 : null;
    if (cell === 8) return CLASSES.includes(octet) ? 5 : null;
    if (cell === 9) return octet === 0 ? 8 : null;
  } else if (type === FRAME_HEADER) {
    // Class 60, weight 0; a body has less than 2^40 octets.
    if (cell === 8) return octet === BASIC_CLASS ? 8 : null;
    if (cell <= 13) return octet === 0 ? 8 : null;
  }
  return 0;
}

function methodAt(window: HeaderWindow, at: number, type: number): string | null {
  const classId = numberAt(window, at, at + 2);
  const methodId = numberAt(window, at + 2, at + 4);
  if (type !== FRAME_METHOD || classId === null || methodId === null) return null;
  return methodOf(classId, methodId)?.name ?? null;
}

/** Bits of evidence that octets [0, size) begin a frame header; null if they cannot be one. */
export function headBits(window: HeaderWindow, size: number): number | null {
  const head = window.slice(0, size);
  if (head.every(octet => octet === null)) return 0;
  let best: number | null = null;
  for (const type of [FRAME_METHOD, FRAME_HEADER, FRAME_BODY]) {
    if (head[0] !== null && head[0] !== type) continue;
    const bits = fitBits(head, 0, type)?.bits;
    if (bits !== undefined && (best === null || bits > best)) best = bits;
  }
  return best;
}
