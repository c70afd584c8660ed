import { foreignProtocolAt } from "../amqp/foreign-protocols.ts";
import { methodName, methodOf } from "../amqp/method-registry.ts";
import { FRAME_END, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { long, short } from "../bytes/big-endian.ts";
import { grouped } from "../bytes/grouped.ts";
import { isNameOctet } from "../bytes/octets.ts";

/**
 * The most likely meaning of each of some consecutive octets, judged by itself and its neighbours: a frame-end octet
 * and the header behind it, a heartbeat, payload text, an entry of a field table, another protocol. "" if nothing is
 * recognised. The octets are those at a fault, so frames and text are searched for at any place.
 */
export function likelyMeanings(octets: Uint8Array): string[] {
  const meanings = Array.from(octets, () => "");
  for (let at = 0; at < octets.length; ) {
    const reading =
      protocolAt(octets, at) ??
      frameAt(octets, at) ??
      tableEntryAt(octets, at) ??
      longStringAt(octets, at) ??
      textAt(octets, at);
    if (reading === null) {
      at++;
      continue;
    }
    for (const [size, meaning] of reading) {
      for (let i = 0; i < size && at < octets.length; i++) meanings[at++] = meaning;
    }
  }
  return meanings;
}

/** Runs of octets and what each run is. */
type Reading = readonly (readonly [size: number, meaning: string])[];

function protocolAt(octets: Uint8Array, at: number): Reading | null {
  const found = foreignProtocolAt(octets, at);
  return found === null ? null : [[found.amqp === true ? found.octets.length : found.inStream, found.label]];
}

/** A frame header, with the end octet of the frame before it if there is one. */
function frameAt(octets: Uint8Array, at: number): Reading | null {
  const ended = octets[at] === FRAME_END;
  const header = ended ? at + 1 : at;
  const left = octets.length - header;
  if (left < 4) return ended && left === 0 ? [[1, "frame-end octet"]] : null;
  const type = octets[header]!;
  const channel = short(octets, header + 1);
  const last = octets[header + 7] ?? FRAME_END;
  if (type === FRAME_HEARTBEAT && channel === 0 && zeros(octets, header + 3, 4) && last === FRAME_END) {
    const heartbeat = [Math.min(left, 8), "heartbeat frame"] as const;
    return ended ? [[1, "frame-end octet"], heartbeat] : [heartbeat];
  }
  // The first octet of a size is 0 in every frame of less than 16 MiB.
  if (type < 1 || type > 3 || channel > 2047 || octets[header + 3] !== 0) return null;
  const method = left >= 11 ? methodOf(short(octets, header + 7), short(octets, header + 9)) : undefined;
  // Without an end octet before it, only what stands behind the header is enough evidence.
  const basic = left >= 9 && short(octets, header + 7) === BASIC_CLASS && zeros(octets, header + 9, 2);
  const content = type === FRAME_HEADER && basic;
  if (!ended && !content && !(type === FRAME_METHOD && method !== undefined)) return null;
  const plain = type === FRAME_HEADER ? "content header" : frameTypeName(type);
  const named = type === FRAME_METHOD && method !== undefined ? method.name : plain;
  const size = left >= 7 ? `, ${grouped(long(octets, header + 3))} octets` : "";
  const meaning = `header of a ${named} frame: channel ${channel}${size}`;
  const frame: Reading = [[Math.min(left, 7), meaning]];
  const ids: Reading =
    method === undefined || type !== FRAME_METHOD ? [] : [[4, methodName(method.classId, method.methodId)]];
  return ended ? [[1, "frame-end octet"], ...frame, ...ids] : [...frame, ...ids];
}

/** An entry of a field table: the name's length, the name, its type, and a long string's length. */
function tableEntryAt(octets: Uint8Array, at: number): Reading | null {
  const length = octets[at]!;
  const end = Math.min(at + 1 + length, octets.length);
  if (length < 3 || length > 64 || end - at < 4) return null;
  for (let i = at + 1; i < end; i++) if (!isNameOctet(octets[i]!)) return null;
  const name = latin1(octets, at + 1, end);
  const whole = end === at + 1 + length;
  // A length that is a printable octet is more likely text, together with what follows.
  if (length >= 0x20 && !whole) return null;
  const quoted = `“${name}${whole ? "" : "…"}”`;
  return [
    [1, `length of the name ${quoted}`],
    [end - at - 1, `headers table: ${quoted}`],
  ];
}

/** The type and length of a long string in a field table. */
function longStringAt(octets: Uint8Array, at: number): Reading | null {
  if (octets[at] !== 0x53 /* S */ || at + 5 > octets.length || !zeros(octets, at + 1, 2)) return null;
  return [
    [1, "headers table: long string"],
    [4, `headers table: ${grouped(long(octets, at + 1))} octets of text`],
  ];
}

/** A run of printable ASCII, long enough not to be chance. */
function textAt(octets: Uint8Array, at: number): Reading | null {
  let end = at;
  while (end < octets.length && octets[end]! >= 0x20 && octets[end]! < 0x7f && longStringAt(octets, end) === null)
    end++;
  const atEdge = at === 0 || end === octets.length || octets[end] === 0x53;
  if (end - at < (atEdge ? 2 : 4)) return null;
  return [[end - at, `text “${latin1(octets, at, end)}”`]];
}

function zeros(octets: Uint8Array, from: number, size: number): boolean {
  for (let i = from; i < from + size && i < octets.length; i++) if (octets[i] !== 0) return false;
  return true;
}

function latin1(octets: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...octets.subarray(from, to));
}
