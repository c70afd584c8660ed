/**
 * The gate of secrets.test.ts for what is not the report's text: pages, messages, connections, statistics, telemetry, parts,
 * comments in packets, repaired streams, recovered messages, live events and what the proxy's administration shows. One
 * capture holds every mechanism with every damage; one reading of it makes nearly all of the outputs.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathTo } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packetComments } from "../../src/annotate/packet-comments.ts";
import { check } from "../../src/check/check.ts";
import { checkPage } from "../../src/check/outputs/page.ts";
import { partText } from "../../src/check/part.ts";
import { policyOf } from "../../src/check/policy.ts";
import { captureChecks } from "../../src/cli/capture-checks.ts";
import { inspectPart } from "../../src/inspect.ts";
import { MessageStatistics } from "../../src/messages/message-statistics.ts";
import { TelemetryLink } from "../../src/proxy/telemetry-link.ts";
import type { FromInspectorPort, ToInspectorPort } from "../../src/proxy/telemetry-protocol.ts";
import { recover } from "../../src/recover/recover.ts";
import { recoveredRecord } from "../../src/recover/recovered-record.ts";
import { recoveredLine } from "../../src/recover/recovered-text.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { ConnectionReadings, connectionLine, connectionSummaries } from "../../src/report/connection-line.ts";
import { eventLine } from "../../src/report/event-line.ts";
import { explainAll } from "../../src/report/explain.ts";
import { explainText } from "../../src/report/explain-text.ts";
import { html } from "../../src/report/html.ts";
import { json } from "../../src/report/json.ts";
import { LiveText } from "../../src/report/live-text.ts";
import { FLAVORS } from "../../src/report/markdown/markup.ts";
import { markdown } from "../../src/report/markdown.ts";
import { csvRow } from "../../src/report/message-csv.ts";
import { messageLine } from "../../src/report/message-line.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { MessageTrace } from "../../src/report/message-trace.ts";
import { statisticsJson, statisticsText } from "../../src/report/statistics.ts";
import { CaptureTelemetry } from "../../src/telemetry/capture-telemetry.ts";
import { prometheusText } from "../../src/telemetry/open-metrics.ts";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";
import { tallied } from "../explain/explain-text.ts";
import { ghostframe } from "../support/command.ts";
import { conversationCapture, type PlayedConnection, type Segment } from "../support/conversation-capture.ts";
import { LiveScene } from "../support/live-scene.ts";
import { CLIENTS, damages, opened, REFRESH, REFRESHING, running, spellings, WORK } from "../support/secret-scenes.ts";
import { SecretSearch } from "../support/secret-search.ts";
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

const SCENES = [...scenes()];
/** For what reads a capture by itself: what masks is the same, and each third scene has each mechanism and kind of damage. */
const SOME_SCENES = SCENES.filter((_, i) => i % 3 === 0);
const fewer = pathTo(folder, "some-damage.pcap");

beforeAll(() => {
  const played = (segments: readonly Segment[], i: number): PlayedConnection => {
    return { port: 20_000 + i, segments, end: i % 2 === 0 ? "rst" : "fin" };
  };
  writeFileSync(capture, conversationCapture(SCENES.map(played)));
  writeFileSync(fewer, conversationCapture(SOME_SCENES.map(played)));
});

/** Open connections that the administration shows at a time, at most. */
const MOST_SHOWN = 1000;

const search = new SecretSearch([...CLIENTS, REFRESHING].flatMap(({ secret }) => spellings(secret)));

/** Spellings of a secret that stand in what was told, with the output that tells it. */
function shown(outputs: Readonly<Record<string, string>>): string[] {
  return Object.entries(outputs).flatMap(([name, text]) => {
    expect(text.length, name).toBeGreaterThan(50);
    return search.foundIn(text).map(each => `${name}: ${each}`);
  });
}

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each));
const telemetryParts = (sink: KeptTelemetry) =>
  ({ ids: new TraceIds(digest, null), choice: "all", sink, instruments: sink.instruments }) as const;
const textsOf = ({ spans, logs, instruments }: KeptTelemetry) => ({
  spans: plain(spans),
  logs: plain(logs),
  metrics: prometheusText([instruments.snapshot([0, 0], [1, 0])]),
});

it("finds what it looks for", () => {
  for (const { secret } of CLIENTS) {
    const octets = Buffer.from(`user ${secret}`);
    for (const text of [`x${secret}y`, octets.join(", "), octets.toString("hex"), octets.toString("base64")])
      expect(search.foundIn(text), text).not.toEqual([]);
    expect(search.foundIn(`${secret.slice(0, 3)}\n   ${secret.slice(3)}`)).not.toEqual([]);
  }
  expect(search.foundIn("eyJh and Kq7! are four octets each")).toEqual([]);
});

it("of no secret anything is told by what is made of a capture", async () => {
  const kept = new KeptTelemetry();
  const telemetry = new CaptureTelemetry(telemetryParts(kept), () => Promise.resolve());
  const statistics = new MessageStatistics();
  const readings = new ConnectionReadings();
  const records: MessageRecord[] = [];
  const lines: string[] = [];
  const result = await inspectPart([capture], {
    onMessage: record => records.push(record),
    onMessageLine: line => lines.push(line),
    onMessageFacts: message => {
      telemetry.message(message);
      statistics.add(message);
      readings.readers.onMessageFacts(message);
    },
    onConnectionFacts: facts => {
      telemetry.connection(facts);
      readings.readers.onConnectionFacts(facts);
    },
  });
  const report = buildReport(result);
  await telemetry.report(report);
  for (const { length } of [report.findings, records, lines, kept.spans]) expect(length).toBeGreaterThan(200);

  const trace = new MessageTrace();
  const summaries = connectionSummaries(report, readings);
  const captures = [{ path: capture, place: capture, isNamed: true, result }];
  const judged = check([{ path: capture, report }], { policy: policyOf(), expectations: [] }, null);
  const parts = { page: "@@title@@ @@plain@@ @@data@@" };
  const outputs = {
    ...textsOf(kept),
    "messages as text": records.map(messageLine).join("\n"),
    "messages as NDJSON": lines.join("\n"),
    "messages as CSV": records.map(csvRow).join("\n"),
    "messages for Perfetto": records.map(record => trace.event(record)).join("\n"),
    "connections as text": summaries.map(each => connectionLine(each, null)).join("\n"),
    "connections as NDJSON": plain(summaries),
    "statistics as text": statisticsText(statistics, report),
    "statistics as JSON": plain(statisticsJson(statistics, report)),
    "report as JSON": json(report),
    ...Object.fromEntries(FLAVORS.map(flavor => [`markdown for ${flavor}`, markdown(report, { flavor, all: true })])),
    "comments in packets": plain(packetComments(report, [0]).map(each => [...each])),
    "a part": partText({ shard: { number: 1, of: 1 }, job: { captures: 1, hash: "" }, folders: [], captures }),
    "a page": html({ report }, parts),
    "a page of a check": html(checkPage(judged), parts),
    doctor: plain(captureChecks(report)),
  };
  expect(shown(outputs)).toEqual([]);
}, 120_000);

it("nor by messages that are recovered", async () => {
  const recovered: string[] = [];
  await recover([fewer], { includeUnconfirmed: true }, async message => {
    const body = Buffer.from(message.content?.body ?? "").toString("latin1");
    recovered.push(recoveredLine(message), plain(recoveredRecord(message)), body);
  });
  expect(shown({ recovered: recovered.join("\n") })).toEqual([]);
}, 120_000);

it("nor by repaired streams", async () => {
  const repaired = pathTo(folder, "repaired.pcapng");
  const { stdout, stderr } = await ghostframe(["repair", fewer, "-o", repaired], { cwd: folder });
  expect(shown({ "what repair says": stdout + stderr, repaired: readFileSync(repaired, "latin1") })).toEqual([]);
}, 120_000);

it("nor by live events, and what the proxy's administration shows", async () => {
  const kept = new KeptTelemetry();
  const live = new LiveScene({ telemetry: telemetryParts(kept) });
  const { port1: inspector, port2: administration } = new MessageChannel();
  new TelemetryLink({ messages: "all", sendsSpans: true }, null, () => live.inspection.open, [0, 0]).connect(inspector);
  const connections: string[] = [];
  for (const [i, segments] of SOME_SCENES.entries()) {
    live.open(i + 1);
    for (const { side, octets } of segments) {
      if (side === 0) live.client(octets, i + 1);
      else live.broker(octets, i + 1);
    }
    live.end(1, i % 2 === 0 ? "rst" : "fin", i + 1);
    if (i % MOST_SHOWN !== MOST_SHOWN - 1 && i < SOME_SCENES.length - 1) continue;
    const asked: ToInspectorPort = { kind: "connections", request: i };
    administration.postMessage(asked);
    const [shownNow] = (await once(administration, "message")) as [Extract<FromInspectorPort, { kind: "connections" }>];
    connections.push(...shownNow.connections);
    for (let number = i - (i % MOST_SHOWN) + 1; number <= i + 1; number++) live.close(number);
  }
  inspector.close();
  expect(connections).toHaveLength(SOME_SCENES.length);
  live.pass(3);
  const text = new LiveText({ columns: 200, colour: false, all: true });
  const outputs = {
    ...textsOf(kept),
    "connections that are open": connections.join("\n"),
    "events as text": live.events.map(event => text.write(event)).join("\n"),
    "events as NDJSON": live.events.map(event => eventLine(event, false)).join("\n"),
    "events with octets": live.events.map(event => eventLine(event, true)).join("\n"),
  };
  expect(live.findings.length).toBeGreaterThan(100);
  expect(shown(outputs)).toEqual([]);
}, 120_000);

it("nor by what explains a broker's log with its octets", () => {
  const methods = [...CLIENTS.map(({ opening, carrier }) => opening[carrier]!), REFRESH];
  const lines = methods.flatMap(octets => {
    const list = octets.join(",");
    const payload = octets.subarray(7, -1).join(",");
    return [
      `2026-11-21 18:20:00.000 [error] <0.1.0> closing AMQP connection <0.1.0>: {handshake_error,starting,0,<<${payload}>>}`,
      `{bad_payload,<<${list}>>}`,
      `{frame_too_large,<<${list}>>}`,
      `Error on AMQP connection <0.1.0>: {unexpected_frame, method, <<${payload}>>}`,
      `unexpected octets: ${Buffer.from(octets).toString("hex")}`,
      `[${list}]`,
    ];
  });
  const printed = lines.map(line => {
    const report = explainAll(tallied(line));
    return explainText(report, { columns: 80, colour: false, all: true }) + plain(report);
  });
  expect(shown({ explain: printed.join("\n") })).toEqual([]);
});
