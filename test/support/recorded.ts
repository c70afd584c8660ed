/** Recordings read back: by our own reader and assembler, and by tshark. */
import { spawnSync } from "node:child_process";
import { readCapture } from "../../src/capture/capture-source.ts";
import { PcapngReader } from "../../src/capture/pcapng-reader.ts";
import type { Side, StreamEnd } from "../../src/net/connection-observer.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import { join } from "./wire.ts";

/** What the assembler reported of one connection. */
export class RecordedConnection {
  readonly #pieces: [Uint8Array[], Uint8Array[]] = [[], []];
  gaps: [number[], number[]] = [[], []];
  ends: [StreamEnd | null, StreamEnd | null] = [null, null];

  add(side: Side, octets: Uint8Array): void {
    this.#pieces[side].push(octets);
  }

  octets(side: Side): Uint8Array {
    return join(...this.#pieces[side]);
  }
}

export class CaptureReading {
  readonly connections: RecordedConnection[] = [];
  packets = 0;
  readonly assembler = new TcpAssembler(() => {
    const recorded = new RecordedConnection();
    this.connections.push(recorded);
    return {
      data: (side, bytes, start, end) => recorded.add(side, Uint8Array.from(bytes.subarray(start, end))),
      gap: (side, missing) => recorded.gaps[side].push(missing),
      end: (side, reason) => {
        recorded.ends[side] = reason;
      },
    };
  });
}

/** Reads the octets of one capture. */
export function listenTo(capture: Uint8Array): CaptureReading {
  const listening = new CaptureReading();
  const reader = new PcapngReader(record => {
    listening.packets++;
    listening.assembler.packet(record);
  });
  const read = reader.read(capture, 0, capture.length);
  if (reader.finish(capture.length - read) !== null) throw new Error("the capture is truncated");
  listening.assembler.finish();
  return listening;
}

/** Reads files as one timeline. */
export async function listenToFiles(paths: readonly string[]): Promise<CaptureReading> {
  const listening = new CaptureReading();
  for (const [input, path] of paths.entries()) {
    listening.assembler.input = input;
    const reading = await readCapture(path, record => {
      listening.packets++;
      listening.assembler.packet(record);
    });
    const trouble = reading.error ?? reading.truncated;
    if (trouble !== null) throw new Error(trouble.message);
  }
  listening.assembler.finish();
  return listening;
}

export interface TsharkPacket {
  number: number;
  length: number;
  comment: string;
}

/**
 * Every packet; throws where tshark has an objection: a checksum, a malformed packet, a sign of loss. `gaps` are allowed
 * where a recording has some.
 */
export function sharkPackets(path: string, { gaps = false } = {}): TsharkPacket[] {
  const checks = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE"].flatMap(preference => ["-o", preference]);
  const columns = FIELDS.flatMap(field => ["-e", field]);
  const shark = spawnSync("tshark", ["-n", "-r", path, "-T", "fields", ...checks, ...columns], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (shark.status !== 0) throw new Error(shark.stderr);
  const lines = shark.stdout.split("\n").filter(line => line !== "");
  return lines.map(line => {
    const packet = Object.fromEntries(line.split("\t").map((value, i) => [FIELDS[i]!, value])) as Record<Field, string>;
    const checksums = [packet["tcp.checksum.status"], packet["ip.checksum.status"] || GOOD];
    const analysis =
      packet["tcp.analysis.flags"] !== "" &&
      packet["tcp.analysis.window_update"] === "" &&
      !(gaps && (packet["tcp.analysis.lost_segment"] !== "" || packet["tcp.analysis.ack_lost_segment"] !== ""));
    if (checksums.some(status => status !== GOOD) || packet["_ws.malformed"] !== "" || analysis) {
      throw new Error(`${path}: ${JSON.stringify(packet)}`);
    }
    return {
      number: Number(packet["frame.number"]),
      length: Number(packet["tcp.len"]),
      comment: packet["frame.comment"],
    };
  });
}

const FIELDS = [
  "frame.number",
  "tcp.len",
  "frame.comment",
  "tcp.checksum.status",
  "ip.checksum.status",
  "tcp.analysis.flags",
  "tcp.analysis.window_update",
  "tcp.analysis.lost_segment",
  "tcp.analysis.ack_lost_segment",
  "_ws.malformed",
  "_ws.expert.message",
] as const;
type Field = (typeof FIELDS)[number];

/** A checksum's status. */
const GOOD = "1";
