/** The one place where the differential test meets the predictor. */
import { REFERENCE_BROKER } from "../../src/broker/versions.ts";
import { Inspection } from "../../src/inspect.ts";
import { carrying, type PacketBuilder } from "./segments.ts";
import { wire } from "./wire.ts";

export type Prediction =
  | { outcome: "close"; code: number; text: string; classId: number; methodId: number; fatal?: boolean }
  | { outcome: "reset"; reason: string };

const SEGMENT = 1400;

/** What a broker sends to every client that greets it well. It says no more here, least of all channel.close. */
const GREETING = wire().start({}, "PLAIN AMQPLAIN").octets;

/** What the broker will do, from the client's octets alone; null when it will not end the connection. */
export function predict(clientOctets: Uint8Array): Prediction | null {
  // Where no octets are kept, what a prediction quotes of them may be a secret and is masked.
  const inspection = new Inspection({ explain: true, decodeAs: [5672], broker: REFERENCE_BROKER });
  inspection.beginInput();
  let number = 1;
  let received = 0;
  let said = 1;
  const packet = (builder: PacketBuilder): void => {
    const record = builder.ethernet().record(1, number++);
    // All at once, as most of them are sent.
    record.seconds = 1_700_000_000;
    record.nanoseconds = 0;
    inspection.packet(record);
  };
  const send = (flags: string, sequence: number, octets: Uint8Array): void => {
    said = sequence + Math.max(octets.length, 1);
    packet(carrying(octets).tcp({ flags, sequence, acknowledgment: received }).ipv4());
  };
  const answer = (flags: string, sequence: number, octets: Uint8Array): void => {
    const segment = carrying(octets).tcp({ from: 5672, to: 40000, flags, sequence, acknowledgment: said });
    received = sequence + Math.max(octets.length, 1);
    packet(segment.ipv4({ source: "10.0.0.2", destination: "10.0.0.1" }));
  };
  send("S", 0, NOTHING);
  answer("SA", 0, NOTHING);
  const header = clientOctets.subarray(0, 8);
  if (header.length > 0) send("A", 1, header);
  if (GREETED.includes(header.join(" "))) answer("A", 1, GREETING);
  for (let at = header.length; at < clientOctets.length; at += SEGMENT) {
    send("A", at + 1, clientOctets.subarray(at, at + SEGMENT));
  }
  return (inspection.finish().connections[0]?.details?.verdict.predicted ?? null) as Prediction | null;
}

/** The protocol headers of AMQP 0-9-1, 0-9 and 0-8. */
const GREETED = ["65 77 81 80 0 0 9 1", "65 77 81 80 1 1 0 9", "65 77 81 80 1 1 8 0", "65 77 81 80 1 1 9 1"];
const NOTHING = new Uint8Array(0);
