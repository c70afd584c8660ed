import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { UNKNOWN_FRAME_LIMIT } from "../amqp/frame-scanner.ts";
import { FRAME_BODY, FRAME_END, FRAME_HEADER, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Secret } from "./incident.ts";

/**
 * Whether an oversize frame really has the size in its header: its end octet stands where the size puts it (unless that
 * was not captured), and the stream goes on right behind, or ends there. `foundAt` is the stream offset where the
 * boundary was found again, or −1; `endOffset` is the one behind the incident.
 */
export function isGenuineOversize(fault: EnvelopeFault, foundAt: number, endOffset: number): boolean {
  if (fault.rule !== "frame-too-large") return false;
  const behind = fault.endOffset + 1;
  if (foundAt === behind) return fault.endOctet === FRAME_END || fault.endOctet < 0;
  return foundAt < 0 && endOffset === behind && fault.endOctet === FRAME_END;
}

/** What is wrong with a broken envelope, with the numbers that show it. */
export function envelopeSentence(fault: EnvelopeFault, foundAt: number, endOffset: number, secret: Secret): string {
  if (secret === "all") {
    return `A frame header of the client is broken at offset ${fault.streamOffset}; its octets may hold credentials and are not shown.`;
  }
  const { streamOffset, type, channel } = fault;
  const size = grouped(fault.size);
  switch (fault.rule) {
    case "frame-too-large": {
      const limit =
        fault.sizeLimit === UNKNOWN_FRAME_LIMIT
          ? `frame-max is not known${fault.size > UNKNOWN_FRAME_LIMIT ? "; 16 MiB would be believed" : ""}`
          : `frame-max is ${grouped(fault.sizeLimit)}`;
      if (isGenuineOversize(fault, foundAt, endOffset)) {
        return `The ${frameTypeName(type)} frame at offset ${streamOffset} on channel ${channel} really carries ${size} octets (${limit}): an oversize frame, not a corrupt header.`;
      }
      const claim = `The frame header at offset ${streamOffset} claims ${size} octets (type ${type}, channel ${channel}; ${limit})`;
      if (foundAt >= 0) {
        return `${claim}, but frames go on ${grouped(foundAt - streamOffset)} octets further: the size is spurious, the header corrupt.`;
      }
      return type === FRAME_HEADER || type === FRAME_BODY
        ? `${claim}, and no frame boundary follows it: a corrupt header, or an oversize frame that was cut short.`
        : `${claim}, and no frame boundary follows it: the header is corrupt.`;
    }
    case "frame-end": {
      const octet = `0x${fault.endOctet.toString(16).padStart(2, "0")}${asCharacter(fault.endOctet)}`;
      const found = secret === "none" ? octet : "another octet";
      const where = `frame at offset ${streamOffset} (channel ${channel}, ${size} octets)`;
      return `The ${frameTypeName(type)} ${where} must end with 0xce at offset ${fault.endOffset}, where ${found} stands.`;
    }
    default:
      return `The frame at offset ${streamOffset} has type ${type}, which AMQP 0-9-1 does not have (channel ${channel}, ${size} octets).`;
  }
}

function asCharacter(octet: number): string {
  return octet > 0x20 && octet < 0x7f ? ` (“${String.fromCharCode(octet)}”)` : "";
}
