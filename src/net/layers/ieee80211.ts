/**
 * IEEE 802.11 data frames that are not encrypted, and the headers that radios put in front of them.
 *
 * ```text
 * 802.11       frame control 2 | duration 2 | addresses 18 | sequence 2 | address 6, from one access point to another
 *              | QoS 2, of its subtypes | HT 4, if the order bit is set | LLC
 * radiotap     version 1 | padding 1 | length 2 | fields present 4 … | fields, aligned, little-endian
 * Prism        message 4 | length 4 | …      AVS   version 4 | length 4 | …
 * ```
 */
import { long } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import type { LayeredPacket } from "./layered-packet.ts";
import { IEEE_802_11, LINK_TYPE, LLC } from "./protocol-numbers.ts";

/** Frames of managing and controlling the air hold nothing. */
export const IEEE_802_11_MANAGEMENT = LINK_TYPE | 0xff01;
/** Several packets in one frame. */
export const IEEE_802_11_AGGREGATE = LINK_TYPE | 0xff02;

const DATA = 2;
const TO_AND_FROM_ACCESS_POINT = 0x03;
const PROTECTED = 0x40;
const ORDER = 0x80;
const QOS = 0x08;
const NO_DATA = 0x04;
const MORE_FRAGMENTS = 0x04;

export function ieee80211(packet: LayeredPacket): number {
  return readFrame(packet, false);
}

function readFrame(packet: LayeredPacket, padded: boolean): number {
  const { bytes, at } = packet;
  if (!packet.has(2)) return HEADER_INCOMPLETE;
  const subtype = bytes[at]! >>> 4;
  const flags = bytes[at + 1]!;
  if ((bytes[at]! & 3) !== 0) return MALFORMED; // version
  if (((bytes[at]! >>> 2) & 3) !== DATA || (subtype & NO_DATA) !== 0) return packet.notRead(IEEE_802_11_MANAGEMENT);
  if (!packet.has(24)) return HEADER_INCOMPLETE;
  let length = 24;
  if ((flags & TO_AND_FROM_ACCESS_POINT) === TO_AND_FROM_ACCESS_POINT) length += 6;
  let aggregate = false;
  if ((subtype & QOS) !== 0) {
    if (!packet.has(length + 2)) return HEADER_INCOMPLETE;
    aggregate = (bytes[at + length]! & 0x80) !== 0;
    length += 2;
    if ((flags & ORDER) !== 0) length += 4;
  }
  if ((flags & PROTECTED) !== 0) return packet.notRead(IEEE_802_11);
  if (aggregate || (flags & MORE_FRAGMENTS) !== 0 || (bytes[at + 22]! & 0x0f) !== 0) {
    return packet.notRead(IEEE_802_11_AGGREGATE);
  }
  return packet.pass(padded ? (length + 3) & ~3 : length, LLC);
}

const RADIOTAP_TIME = 1;
const RADIOTAP_FLAGS = 2;
const PADDED = 0x20;

export function radiotap(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  const length = bytes[at + 2]! | (bytes[at + 3]! << 8);
  if (bytes[at] !== 0 || length < 8) return MALFORMED;
  if (!packet.has(length)) return HEADER_INCOMPLETE;
  let fieldsAt = 8;
  for (let word = at + 4; (bytes[word + 3]! & 0x80) !== 0 && fieldsAt + 4 <= length; word += 4) fieldsAt += 4;
  let flags = 0;
  const present = bytes[at + 4]!;
  if ((present & RADIOTAP_FLAGS) !== 0) {
    if ((present & RADIOTAP_TIME) !== 0) fieldsAt = ((fieldsAt + 7) & ~7) + 8;
    if (fieldsAt < length) flags = bytes[at + fieldsAt]!;
  }
  packet.at += length;
  return readFrame(packet, (flags & PADDED) !== 0);
}

/** Prism and AVS both give their length in the second word, in the byte order of who wrote it. */
export function radioHeader(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  const word = long(bytes, at + 4);
  const length = word < 0x1_0000 ? word : bytes[at + 4]! | (bytes[at + 5]! << 8);
  if (length < 8) return MALFORMED;
  return packet.pass(length, IEEE_802_11);
}
