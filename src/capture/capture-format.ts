/** Which reader a file needs, by its first octets: names and extensions of captures are not reliable. */
import { CaptureError } from "./capture-error.ts";
import type { CaptureReader } from "./capture-reader.ts";
import { looksLike } from "./foreign-file.ts";
import type { PacketSink } from "./packet-record.ts";
import { isPcap, PcapReader } from "./pcap-reader.ts";
import { isPcapng, PcapngReader } from "./pcapng-reader.ts";
import type { SecretsSink } from "./pcapng-secrets.ts";

/** Octets that distinguish the formats. */
export const MAGIC_OCTETS = 4;

/** Octets that are examined to recognise what a file is that is no capture. */
export const FOREIGN_OCTETS = 4096;

/**
 * The reader for a file that begins with `first`: MAGIC_OCTETS of it at least, unless the file is shorter.
 *
 * @throws CaptureError when it is no capture; the message names what it looks like.
 */
export function openCapture(first: Uint8Array, sink: PacketSink, secrets?: SecretsSink): CaptureReader {
  if (isPcap(first)) return new PcapReader(sink);
  if (isPcapng(first)) return new PcapngReader(sink, secrets);
  throw new CaptureError(0, 1, `not a pcap or pcapng capture: ${looksLike(first)}`);
}
