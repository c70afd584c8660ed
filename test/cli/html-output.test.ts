/** What a page is told besides the report. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { PageSample } from "../../src/cli/html-output.ts";
import { inspect } from "../../src/inspect.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";

const folder = mkdtempSync(join(tmpdir(), "ghostframe-html-output-"));
afterAll(() => rmSync(folder, { recursive: true }));

const opened: Segment[] = [
  { side: 0, octets: clientHandshake().octets.subarray(0, 8) },
  { side: 1, octets: serverHandshake().octets },
  { side: 0, octets: clientHandshake().channelOpen(1).octets.subarray(8) },
];

it("tells when each end sent heartbeats, an even sample of many, the messages, the steps, and others what they ask for", async () => {
  const beats = Array.from({ length: 300 }, (): Segment => ({ side: 0, octets: wire().heartbeat().octets }));
  const segments: Segment[] = [
    ...opened,
    { side: 0, octets: wire().publish(1, "a message").octets },
    { side: 1, octets: wire().heartbeat(2).octets },
    ...beats,
  ];
  const path = join(folder, "beats.pcap");
  writeFileSync(
    path,
    conversationCapture([
      { port: 40_000, segments },
      { port: 40_001, segments: opened },
    ]),
  );
  const sample = new PageSample();
  let connections = 0;
  const report = await inspect([path], sample.readers({ onConnectionFacts: () => connections++ }));
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(connections).toBe(2);

  const { heartbeats = {}, messages, steps = {} } = sample.data;
  expect(Object.keys(steps)).toEqual(["c1", "c2"]);
  expect(messages?.count).toBe(1);
  // Another connection had none.
  expect(Object.keys(heartbeats)).toEqual(["c1"]);
  const { client, broker, count } = heartbeats.c1!;
  expect(count).toBe(302);
  expect(broker).toHaveLength(2);
  expect(broker[0]).toBe(broker[1]);
  // A second lies between two packets, two between those that are kept.
  expect(client.length).toBeGreaterThan(128);
  expect(client.length).toBeLessThan(256);
  expect(new Set(client.slice(1).map((time, at) => time - client[at]!))).toEqual(new Set([2000]));
  expect(client[0]! - broker[0]!).toBe(1000);
});
