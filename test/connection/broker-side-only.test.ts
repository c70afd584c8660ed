/** A capture that has only what the broker sent, from the beginning: what it says is AMQP's, on any port. */
import { describe, expect, it } from "vitest";
import { Inspection } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { Report } from "../../src/report/report.ts";
import { carrying } from "../support/segments.ts";
import { serverHandshake, text } from "../support/wire.ts";

const SPOKEN = serverHandshake().channelOpenOk(1).close(501, "FRAME_ERROR").octets;

/** What a broker on port 5999 sent in pieces of `most` octets, SYN-ACK first. */
function inspected(octets: Uint8Array, most: number): Report {
  const inspection = new Inspection();
  inspection.beginInput();
  let number = 1;
  const send = (flags: string, sequence: number, piece: Uint8Array): void =>
    inspection.packet(
      carrying(piece)
        .tcp({ flags, sequence, from: 5999, to: 40_001, acknowledgment: 1 })
        .ipv4()
        .ethernet()
        .record(1, number++),
    );
  send("SA", 0, new Uint8Array(0));
  for (let at = 0; at < octets.length; at += most) send("A", at + 1, octets.subarray(at, at + most));
  return buildReport(inspection.finish());
}

describe("the broker's side alone", () => {
  it.each([1, 7, 100, 1448])("in pieces of %i octets tells that it closed", most => {
    const { findings, connections } = inspected(SPOKEN, most);
    expect(findings.map(({ rule }) => rule)).toContain("broker-close");
    expect(connections).toHaveLength(1);
  });

  it("of another protocol is none of ours", () => {
    expect(inspected(text("220 mail.example.com ESMTP\r\n".repeat(20)), 100).connections).toEqual([]);
  });
});
