/**
 * Copies a capture while it is read, with comments added to some of its packets. The readers check and number; the
 * octets that they took are written unchanged. Two things change besides the commented packets: a classic pcap file
 * becomes pcapng, and a section's length becomes "not known", as comments would make it wrong.
 */
import type { AnnotatedCopy } from "./annotated-copy.ts";
import { AnnotatedPcap } from "./annotated-pcap.ts";
import { AnnotatedPcapng } from "./annotated-pcapng.ts";
import { openCapture } from "./capture-format.ts";
import type { PacketSink } from "./packet-record.ts";
import { isPcap } from "./pcap-reader.ts";
import { isPcapng } from "./pcapng-reader.ts";

/** Gives the reader that copies a capture, for ReadOptions.open. */
export function annotatingReader(copy: AnnotatedCopy): typeof openCapture {
  return (first, sink, secrets) => {
    const numbering: PacketSink = record => {
      copy.lastNumber = record.number;
      sink(record);
    };
    if (isPcap(first)) return new AnnotatedPcap(numbering, copy);
    if (isPcapng(first)) return new AnnotatedPcapng(numbering, copy);
    return openCapture(first, sink, secrets);
  };
}
