/**
 * Recordings of one and the same program: what it does wrong is the `Corruption`, all else is different each time it is
 * recorded.
 */
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import { conclude } from "../../src/capture/capture-reading.ts";
import { Inspection } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { Report } from "../../src/report/report.ts";
import { pcapHeader, pcapRecord } from "../support/capture-writer.ts";
import { carrying, type TcpFields } from "../support/segments.ts";
import { clientHandshake, field, HANDSHAKE, serverHandshake, wire } from "../support/wire.ts";

export interface Corruption {
  /** Octets of the publish that are written before another writer's come. Infinity: nothing is torn. */
  tornAfter?: number;
  /** The channel of the one who writes into it. */
  intruder?: "same channel" | "another channel" | "channel 0";
  /** Whether the rest of the torn publish is written. */
  completed?: boolean;
  queue?: string;
  exchange?: string;
}

/** What differs between two recordings of the same. */
export interface Circumstances {
  clientPort?: number;
  address?: string;
  seconds?: number;
  /** Messages that go well before the one that is torn. */
  before?: number;
  bodySize?: number;
  channel?: number;
  product?: string;
}

const SEGMENT = 1400;

/** The capture's octets: a handshake, messages, what is corrupt, messages again, and the broker's answer. */
export function recording(corruption: Corruption = {}, circumstances: Circumstances = {}): Uint8Array {
  const { clientPort = 40_000, address = "10.0.0.1", seconds = 1_700_000_000, product = "billing" } = circumstances;
  const torn = corruption.tornAfter !== Number.POSITIVE_INFINITY;
  const client = clientHandshake({ properties: { product: field.S(product) } }).raw(
    published(corruption, circumstances),
  );
  const { channel = 1 } = circumstances;
  const server = serverHandshake()
    .channelOpenOk(channel)
    .channelOpenOk(channel + 1);
  if (torn) server.close(501, "FRAME_ERROR - type 3, first 16 octets = <<…>>: {invalid_frame_end_marker,97}");

  const packets: Uint8Array[] = [];
  const send = (fromClient: boolean, octets: Uint8Array, tcp: TcpFields): void => {
    const ends = fromClient ? { from: clientPort, to: 5672 } : { from: 5672, to: clientPort };
    const source = fromClient ? address : "10.0.0.2";
    const destination = fromClient ? "10.0.0.2" : address;
    const { bytes } = carrying(octets)
      .tcp({ ...ends, ...tcp })
      .ipv4({ source, destination })
      .ethernet();
    packets.push(pcapRecord({ seconds: seconds + packets.length, fraction: packets.length, data: bytes }));
  };
  const none = new Uint8Array(0);
  send(true, none, { flags: "S", sequence: 999 });
  send(false, none, { flags: "SA", sequence: 4999, acknowledgment: 1000 });
  send(true, none, { sequence: 1000, acknowledgment: 5000 });
  const stream = (fromClient: boolean, octets: Uint8Array, from: number, to: number): void => {
    const first = fromClient ? 1000 : 5000;
    for (let at = from; at < to; at += SEGMENT) {
      send(fromClient, octets.subarray(at, Math.min(at + SEGMENT, to)), { flags: "PA", sequence: first + at });
    }
  };
  const [up, down] = [client.octets, server.octets];
  stream(true, up, 0, HANDSHAKE);
  stream(false, down, 0, HANDSHAKE);
  stream(true, up, HANDSHAKE, up.length);
  stream(false, down, HANDSHAKE, down.length);
  send(true, none, { flags: "FA", sequence: 1000 + up.length, acknowledgment: 5000 + down.length });
  send(false, none, { flags: "FA", sequence: 5000 + down.length, acknowledgment: 1001 + up.length });
  return new Uint8Array(Buffer.concat([pcapHeader(), ...packets]));
}

function published(corruption: Corruption, { channel = 1, before = 2, bodySize = 900 }: Circumstances): Uint8Array {
  const {
    tornAfter = 400,
    intruder = "another channel",
    completed = true,
    queue = "tasks",
    exchange = "",
  } = corruption;
  const message = { exchange, routingKey: queue };
  const stream = wire()
    .channelOpen(channel)
    .channelOpen(channel + 1);
  for (let i = 0; i < before; i++) stream.publish(channel, body(100 + i), message);
  const torn = wire().publish(channel, body(bodySize), message).octets;
  const written = wire();
  if (intruder === "channel 0") written.heartbeat();
  else written.publish(intruder === "same channel" ? channel : channel + 1, body(150), message);
  stream.raw(torn.subarray(0, tornAfter));
  if (tornAfter < torn.length) stream.raw(written.octets);
  if (completed) stream.raw(torn.subarray(tornAfter));
  for (let i = 0; i < 6; i++) stream.publish(channel + 1, body(200 + i), message);
  return stream.octets;
}

function body(size: number): string {
  return "a".repeat(size);
}

/** The report on a capture's octets, as `inspect` makes it of a file. */
export function inspectOctets(capture: Uint8Array, path = "recorded.pcap"): Report {
  const inspection = new Inspection({ explain: true });
  inspection.beginInput();
  const feed = new CaptureFeed(record => inspection.packet(record));
  feed.push(capture, 0, capture.length);
  inspection.endInput(path, conclude(path, feed, "end of file"));
  return buildReport(inspection.finish());
}
