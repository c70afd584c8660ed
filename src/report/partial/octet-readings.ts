import type { EnvelopeFault } from "../../amqp/envelope-fault.ts";
import { FRAME_HEADER_SIZE, frameTypeName } from "../../amqp/spec/constants.ts";
import { grouped } from "../../bytes/grouped.ts";
import type { Secret } from "../../connection/incident.ts";
import { likelyMeanings } from "../../forensics/octet-reading.ts";
import type { OctetReading } from "../report.ts";

/** The octets at a broken envelope, each with how a decoder reads it and what it more likely is. */
export function octetReadings(fault: EnvelopeFault, secret: Secret): OctetReading[] {
  if (secret === "all") return [];
  const shown = secret === "none";
  const behind = shown ? Uint8Array.from(fault.behind) : NOTHING;
  if (fault.behindOffset !== fault.endOffset) {
    const read = readings(fault.streamOffset, Uint8Array.of(...fault.header, ...behind), i => takenForHeader(fault, i));
    // A header that reads as one is what it was read as.
    if (read[0]!.likely.startsWith("header of")) for (let i = 0; i < FRAME_HEADER_SIZE; i++) read[i]!.likely = "";
    return read;
  }
  // The size was believed: header, payload and the place where the frame must end are three places, each read by
  // itself.
  const payload = readings(fault.streamOffset + FRAME_HEADER_SIZE, shown ? fault.payload : NOTHING, () => "payload");
  for (const reading of payload) if (reading.likely.startsWith("text")) reading.likely = "";
  return [
    ...readings(fault.streamOffset, fault.header, i => takenForHeader(fault, i)),
    ...payload,
    ...readings(fault.endOffset, behind, i => (i === 0 ? "frame-end octet" : "next frame")),
  ];
}

const NOTHING = new Uint8Array(0);

function readings(streamOffset: number, octets: Uint8Array, takenFor: (index: number) => string): OctetReading[] {
  const likely = likelyMeanings(octets);
  return Array.from(octets, (octet, i) => ({
    streamOffset: streamOffset + i,
    hex: octet.toString(16).padStart(2, "0"),
    takenFor: takenFor(i),
    likely: likely[i] === takenFor(i) ? "" : likely[i]!,
  }));
}

function takenForHeader(fault: EnvelopeFault, index: number): string {
  const { type, channel, size } = fault;
  if (index === 0)
    return frameTypeName(type) === `type ${type}` ? `type ${type}` : `type ${type} (${frameTypeName(type)})`;
  if (index <= 2) return `channel ${channel}`;
  if (index <= 6) return `size ${grouped(size)}`;
  if (index === FRAME_HEADER_SIZE + size) return "frame-end octet";
  return index < FRAME_HEADER_SIZE + size ? "payload" : "next frame";
}
