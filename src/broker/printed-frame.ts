/** Frames as rabbit_reader's errors print them. */
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { binary } from "./erlang-term.ts";

const PRINTED_OCTETS = 16;

/** `type 3, first 16 octets = <<…>>`; `octets` are the first of its payload, `size` is the number of all. */
export function printedFrame(type: number, octets: Uint8Array, size: number, unicodeTerms: boolean): string {
  const amount = size <= PRINTED_OCTETS ? "all" : `first ${PRINTED_OCTETS}`;
  return `type ${type}, ${amount} octets = ${binary(octets, unicodeTerms)}`;
}

/** The first octets of a frame's payload; with `start` −1 they are the first of `bytes`. */
export function firstOctets(bytes: Uint8Array, start: number, size: number): Uint8Array {
  const from = Math.max(start, 0);
  return bytes.subarray(from, from + Math.min(size, PRINTED_OCTETS));
}

/** The same for a frame whose envelope is broken. */
export function firstOctetsOf(fault: EnvelopeFault): Uint8Array {
  const octets = fault.behindOffset === fault.endOffset ? fault.payload : Uint8Array.from(fault.behind);
  return octets.slice(0, Math.min(fault.size, PRINTED_OCTETS));
}
