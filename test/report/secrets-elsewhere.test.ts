/**
 * The gate of secrets.test.ts for what is not the report's text: HTML, messages, connections, statistics, telemetry, comments
 * in packets, repaired streams, recovered messages. One capture holds every mechanism with every damage.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathTo } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packetComments } from "../../src/annotate/packet-comments.ts";
import { inspect } from "../../src/inspect.ts";
import type { ConnectionFacts } from "../../src/messages/ledger-context.ts";
import { html } from "../../src/report/html.ts";
import { CaptureTelemetry } from "../../src/telemetry/capture-telemetry.ts";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";
import { ghostframe } from "../support/command.ts";
import { conversationCapture, type PlayedConnection, type Segment } from "../support/conversation-capture.ts";
import { CLIENTS, damages, opened, REFRESH, REFRESHING, running, spellings, WORK } from "../support/secret-scenes.ts";
import { digest, KeptTelemetry } from "../support/telemetry.ts";

const folder = mkdtempSync(pathTo(tmpdir(), "secrets-"));
const capture = pathTo(folder, "every-damage.pcap");
afterAll(() => rmSync(folder, { recursive: true }));

function* scenes(): Generator<readonly Segment[]> {
  for (const client of CLIENTS) {
    const method = client.opening[client.carrier]!;
    for (const [, octets] of damages(method, false)) {
      yield [...opened(client), ...running(octets)];
      const opening = client.opening.with(client.carrier, octets);
      yield [...opened({ ...client, opening }), ...running(WORK)];
    }
  }
  for (const [, octets] of damages(REFRESH, false)) yield [...opened(REFRESHING), ...running(octets)];
}

beforeAll(() => {
  const connections = Array.from(scenes(), (segments, i): PlayedConnection => {
    return { port: 20_000 + i, segments, end: i % 2 === 0 ? "rst" : "fin" };
  });
  writeFileSync(capture, conversationCapture(connections));
});

const searched = [...new Set([...CLIENTS, REFRESHING].flatMap(({ secret }) => spellings(secret)))];

/** Spellings of a secret that stand in a text: a text is broken into lines. */
function shownIn(text: string): string[] {
  const plain = text.replace(/\s*\n\s*/g, "");
  return searched.filter(each => plain.includes(each));
}

it("of no secret the program's library tells anything to messages, connections, telemetry, comments or a page", async () => {
  const kept = new KeptTelemetry();
  const { instruments } = kept;
  const parts = { ids: new TraceIds(digest, null), choice: "all", sink: kept, instruments } as const;
  const telemetry = new CaptureTelemetry(parts, () => Promise.resolve());
  const messages: string[] = [];
  const report = await inspect([capture], {
    onMessageLine: line => messages.push(line),
    onMessageFacts: message => telemetry.message(message),
    onConnectionFacts: (facts: ConnectionFacts) => telemetry.connection(facts),
  });
  await telemetry.report(report);
  expect(report.findings.length).toBeGreaterThan(200);
  expect(messages.length).toBeGreaterThan(200);
  expect(kept.spans.length).toBeGreaterThan(200);
  const plain = (value: unknown) => JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each));
  const comments = packetComments(report, [0]).map(each => [...each]);
  const told = {
    messages: messages.join("\n"),
    spans: plain(kept.spans),
    logs: plain(kept.logs),
    comments: plain(comments),
    page: html({ report }, { page: "@@title@@ @@plain@@ @@data@@" }),
  };
  expect(Object.entries(told).flatMap(([name, text]) => shownIn(text).map(each => `${name}: ${each}`))).toEqual([]);
}, 240_000);

it("nor do the commands that print or write something else", async () => {
  const recovered = pathTo(folder, "recovered");
  const repaired = pathTo(folder, "repaired.pcapng");
  const runs = [
    ["connections", capture, "--format", "ndjson"],
    ["stats", capture, "--format", "json"],
    ["messages", capture, "--format", "perfetto"],
    ["recover", capture, "-o", recovered],
    ["repair", capture, "-o", repaired],
  ];
  const found: string[] = [];
  for (const args of runs) {
    const { stdout, stderr } = await ghostframe(args, { cwd: folder });
    expect(stdout.length, `${args[0]}: ${stderr}`).toBeGreaterThan(50);
    found.push(...shownIn(stdout + stderr).map(each => `${args[0]}: ${each}`));
  }
  const written = [repaired, ...readdirSync(recovered).map(file => pathTo(recovered, file))];
  for (const file of written) {
    found.push(...shownIn(readFileSync(file, "latin1")).map(each => `${file}: ${each}`));
  }
  expect(found).toEqual([]);
}, 240_000);
