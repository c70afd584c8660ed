/** As much of the package pcap-parser 0.2.1 as its use here needs; it brings no types. */
declare module "pcap-parser" {
  import type { EventEmitter } from "node:events";

  export interface PcapPacket {
    header: {
      timestampSeconds: number;
      timestampMicroseconds: number;
      capturedLength: number;
      originalLength: number;
    };
    data: Buffer;
  }

  export interface PcapParser extends EventEmitter {
    on(event: "packet", listener: (packet: PcapPacket) => void): this;
    on(event: "end", listener: () => void): this;
    on(event: "error", listener: (error: Error) => void): this;
  }

  export function parse(source: string | NodeJS.ReadableStream): PcapParser;
}
