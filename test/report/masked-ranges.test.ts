/** What masking hides is told once, with how many ranges of octets it was. */
import { describe, expect, it } from "vitest";
import { PcapReader } from "../../src/capture/pcap-reader.ts";
import { Discretion } from "../../src/connection/discretion.ts";
import { Inspection } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { Report } from "../../src/report/report.ts";
import { text } from "../../src/report/text.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { field, join, text as octetsOf, type Wire, wire } from "../support/wire.ts";

const TOKEN = "eyJhbGciOi.Zq8vR2mXw4Lk.yT6nB1cJ9d";
const SERVER = wire().start().tune().openOk().channelOpenOk(1).octets;

function reportOf(client: Uint8Array): Report {
  const segments: Segment[] = [
    { side: 1, octets: SERVER },
    { side: 0, octets: client },
  ];
  const capture = conversationCapture([{ port: 40001, segments, end: "rst" }]);
  const inspection = new Inspection({ seed: 1, explain: true });
  const reader = new PcapReader(record => inspection.packet(record));
  inspection.beginInput();
  reader.read(capture, 0, capture.length);
  const { packets, notes } = reader;
  const reading = { packets, notes, octets: capture.length, truncated: null, error: null, stopped: false };
  inspection.endInput("one.pcap", { format: "pcap", ...reading });
  return buildReport(inspection.finish());
}

function opened(properties: Parameters<Wire["startOk"]>[0]): Wire {
  return wire().protocolHeader().startOk(properties, "PLAIN", "\0rabbit\0rabbit").tuneOk().open().channelOpen(1);
}

describe("ranges that are masked", () => {
  it("are told once for all, in text and JSON", () => {
    const torn = wire().publish(1, "d".repeat(190)).octets;
    const refresh = wire().updateSecret(TOKEN).octets;
    const client = join(
      opened({ product: field.S("rails") }).octets,
      torn.subarray(0, 60),
      refresh,
      torn.subarray(60),
      wire().publish(1, "e".repeat(40)).octets,
    );
    const report = reportOf(client);
    const masked = report.summary.masked ?? 0;
    expect(masked).toBeGreaterThan(0);
    const shown = text(report, { columns: 200 });
    expect(shown.match(/ranges? of octets (?:is|are) masked/g)).toHaveLength(1);
    expect(shown).toContain(`${masked} range`);
  });

  it("are not spoken of where there are none", () => {
    const report = reportOf(opened({ product: field.S("rails") }).publish(1, "whole").octets);
    expect(report.summary).not.toHaveProperty("masked");
    expect(text(report)).not.toContain("masked");
  });

  it("count each stretch of a text, each octet table, each value of a name that says so", () => {
    const discretion = new Discretion();
    discretion.learn(octetsOf("Kq7!zW3#xV9$hT5%"));
    expect(discretion.text("plain")).toBe("plain");
    expect(discretion.masked).toBe(0);
    discretion.text("one Kq7!zW3 and two xV9$hT5 of it");
    expect(discretion.masked).toBe(2);
    discretion.value("x-api-key", "anything");
    discretion.text("amqp://me:pass@host/");
    expect(discretion.masked).toBe(4);
  });
});
