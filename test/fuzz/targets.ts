/** What is fuzzed: each takes octets of anybody, and may not throw, hang, fail inside, or let a terminal act on them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { METHODS } from "../../src/amqp/method-registry.ts";
import { decodeArguments, decodeProperties } from "../../src/amqp/payload.ts";
import { CaptureError } from "../../src/capture/capture-error.ts";
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import { InputError } from "../../src/capture/input-error.ts";
import { PcapReader } from "../../src/capture/pcap-reader.ts";
import { BaselineError, readBaseline } from "../../src/check/baseline.ts";
import { check } from "../../src/check/check.ts";
import { ConfigError, readConfig } from "../../src/check/config.ts";
import { outputs } from "../../src/check/outputs/outputs.ts";
import { joinParts, type Part, PartError, partText, readPart } from "../../src/check/part.ts";
import { policyOf } from "../../src/check/policy.ts";
import { reportOf } from "../../src/cli/merge-command.ts";
import { OutputFileError } from "../../src/cli/output-file-error.ts";
import { ResumeFile } from "../../src/cli/resume-file.ts";
import { readReport } from "../../src/cli/view-command.ts";
import { BrokerLog } from "../../src/explain/broker-log.ts";
import { IncidentCounts } from "../../src/explain/incident-counts.ts";
import { Inspection } from "../../src/inspect.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { explainAll } from "../../src/report/explain.ts";
import { explainText } from "../../src/report/explain-text.ts";
import { formats } from "../../src/report/formats.ts";
import { cutLayout } from "../../src/report/html/layout/cut.ts";
import { laidOut, placePieces } from "../../src/report/html/layout/scale.ts";
import { piecesOf } from "../../src/report/html/layout/wire.ts";
import { html } from "../../src/report/html.ts";
import { json } from "../../src/report/json.ts";
import type { PartialResult } from "../../src/report/partial/partial-result.ts";
import type { Report } from "../../src/report/report.ts";
import { KeyLog } from "../../src/tls/key-log.ts";
import { nodeCrypto } from "../../src/tls/node-crypto.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";
import { below, mutated } from "./mutate.ts";

type Draw = () => number;

export interface Target {
  /** What is changed. */
  corpus: () => Uint8Array[];
  /** Changes an input; most are changed anywhere. */
  change?: (octets: Uint8Array, corpus: readonly Uint8Array[], next: Draw) => Uint8Array;
  /** Throws where something is wrong. */
  run: (octets: Uint8Array) => void | Promise<void>;
}

const MAX_OCTETS = 40_000;

/** Run in the project's root. */
const FIXTURES = "fixtures";

function captures(folder = ""): Uint8Array[] {
  return readdirSync(join(FIXTURES, folder), { recursive: true, encoding: "utf8" })
    .filter(file => /\.pcap(ng)?(\.gz)?$/.test(file))
    .sort()
    .map(file => captureAt(join(folder, file)))
    .filter(({ length }) => length <= MAX_OCTETS);
}

function captureAt(file: string): Uint8Array {
  const octets = readFileSync(join(FIXTURES, file));
  return new Uint8Array(file.endsWith(".gz") ? gunzipSync(octets) : octets);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString("utf8");

/** Packets stay whole records: what is changed is inside them. */
function changedPackets(capture: Uint8Array, others: readonly Uint8Array[], next: Draw): Uint8Array {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  if (capture.length < 24 || view.getUint32(0, true) !== 0xa1b2c3d4) return mutated(capture, others, next);
  const parts: Uint8Array[] = [capture.subarray(0, 24)];
  for (let at = 24; at + 16 <= capture.length; ) {
    const size = view.getUint32(at + 8, true);
    const header = capture.slice(at, at + 16);
    let data = capture.subarray(at + 16, at + 16 + size);
    at += 16 + size;
    const what = below(40, next);
    if (what === 0) continue;
    if (what <= 3) data = mutated(data, others, next);
    const lengths = new DataView(header.buffer);
    lengths.setUint32(8, data.length, true);
    lengths.setUint32(12, data.length, true);
    parts.push(header, data);
    if (what === 4) parts.push(header, data);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function inspected(octets: Uint8Array, explain: boolean): Report {
  const failures: unknown[] = [];
  const report = buildReport(resultOf(octets, explain, error => failures.push(error)));
  if (failures.length > 0) throw failures[0];
  const failed = report.findings.find(({ rule }) => rule === "internal-error");
  if (failed !== undefined) throw new Error(failed.message);
  return report;
}

function resultOf(octets: Uint8Array, explain = true, onFailure: (error: unknown) => void = () => {}): PartialResult {
  const keys = { log: new KeyLog(), crypto: nodeCrypto };
  const inspection = new Inspection({ seed: 1, explain, keys, onFailure });
  const feed = new CaptureFeed(
    record => inspection.packet(record),
    keyLog => inspection.secrets(keyLog),
  );
  inspection.beginInput();
  try {
    // Two chunks: records lie across them.
    feed.push(octets, 0, octets.length >> 1);
    feed.push(octets, octets.length >> 1, octets.length);
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
  }
  const { packets = 0, notes = [] } = feed.reader ?? {};
  const known = { packets, notes, octets: octets.length, truncated: null, error: null, stopped: false };
  inspection.endInput("fuzz.pcap", { format: "pcap", ...known });
  return inspection.finish();
}

/** Control characters but line feeds, escape sequences, bidirectional marks: what a terminal would act on. */
function expectSafe(what: string, text: string): void {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const isControl = (code < 0x20 && character !== "\n") || (code >= 0x7f && code < 0xa0);
    const turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    if (isControl || turns) throw new Error(`${what} shows U+${code.toString(16)}`);
  }
}

const WRITTEN = { columns: 80, colour: false, all: true };

async function throughAll(octets: Uint8Array): Promise<void> {
  const report = inspected(octets, true);
  inspected(octets, false);
  for (const [name, load] of Object.entries(formats)) expectSafe(name, (await load())(report, WRITTEN));
  const result = check([{ path: "fuzz.pcap", report }], { policy: policyOf(), expectations: [] }, null);
  for (const [name, load] of Object.entries(outputs)) expectSafe(name, (await load())(result, WRITTEN));
}

/** An HTML report keeps the elements of its page, and its pictures have a place for everything. */
function throughHtml(octets: Uint8Array): void {
  const report = inspected(octets, true);
  const page = "<title>@@title@@</title><pre>@@plain@@</pre><script>@@data@@</script>";
  const written = html({ report }, { page });
  if (written.match(/</g)!.length !== page.match(/</g)!.length) throw new Error("the page has elements of the wire's");
  const data = written.slice(written.indexOf("<script>") + 8, -"</script>".length);
  if (JSON.stringify(JSON.parse(data).report) !== JSON.stringify(report))
    throw new Error("the data are not the report");
  for (const { diagnosis, places = [] } of report.findings) {
    for (const place of diagnosis === undefined ? [] : places) {
      const pieces = laidOut(placePieces(piecesOf(diagnosis!), place), "folded", 400);
      const boxes = pieces.length === 0 ? [] : cutLayout(pieces, 400).boxes;
      for (const { at, width } of [...pieces, ...boxes]) {
        if (!(at >= 0 && width >= 0 && at + width < 4000)) throw new Error("a picture has no place for a piece");
      }
    }
  }
}

/** A conversation whose client's octets are changed. */
function conversation(octets: Uint8Array): Uint8Array {
  const segments: Segment[] = [
    { side: 0, octets: octets.subarray(0, 8) },
    { side: 1, octets: serverHandshake().channelOpenOk(1).octets },
  ];
  for (let at = 8; at < octets.length; at += 700) segments.push({ side: 0, octets: octets.subarray(at, at + 700) });
  return conversationCapture([{ port: 40001, segments: segments.filter(each => each.octets.length > 0) }]);
}

function lines(text: string): void {
  const counts = new IncidentCounts();
  const log = new BrokerLog();
  for (const line of text.split("\n")) {
    counts.line(line);
    log.line(line);
  }
  counts.end();
  log.end();
  expectSafe("explain", explainText(explainAll(counts), WRITTEN));
}

/** Runs what reads settings: a mistake in them is told by an error of this kind. */
function refusing(kind: new (...args: never[]) => Error, does: () => unknown): void {
  try {
    does();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

/** What a check found in the captures that are changed. */
function foundPart(): Part {
  const captures = ["interleaving/message-inside-a-body.pcap", "interleaving/two-publishers-one-socket.pcapng.gz"];
  return {
    shard: { number: 1, of: 1 },
    job: { captures: captures.length, hash: "" },
    folders: [],
    captures: captures.map(path => ({ path, place: path, isNamed: true, result: resultOf(captureAt(path)) })),
  };
}

export const TARGETS: Readonly<Record<string, Target>> = {
  capture: {
    corpus: () => captures(),
    run: octets => {
      const feed = new CaptureFeed(() => {});
      try {
        for (let at = 0; at < octets.length; at += 1000) feed.push(octets, at, Math.min(octets.length, at + 1000));
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
      }
    },
  },
  network: {
    corpus: () => captures().filter(({ length }) => length < 10_000),
    change: changedPackets,
    run: octets => {
      const nobody = { data: () => {}, gap: () => {}, end: () => {} };
      const assembler = new TcpAssembler(() => nobody);
      const reader = new PcapReader(record => assembler.packet(record));
      try {
        reader.read(octets, 0, octets.length);
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
      }
      assembler.finish();
    },
  },
  stream: {
    corpus: () =>
      [1, 2, 3].map(
        n =>
          clientHandshake()
            .channelOpen(1)
            .publish(1, "b".repeat(50 * n))
            .updateSecret("secret")
            .heartbeat()
            .publish(1, "x").octets,
      ),
    run: async octets => throughAll(conversation(octets)),
  },
  pipeline: { corpus: () => captures(), change: changedPackets, run: throughAll },
  payload: {
    corpus: () => [
      wire().startOk({}, "PLAIN", "\0a\0b").octets.subarray(7),
      wire().publish(1, "body").octets.subarray(7),
      wire().open().octets.subarray(7),
    ],
    run: octets => {
      for (const method of METHODS) decodeArguments(method, octets, 0, octets.length);
      if (octets.length >= 14) decodeProperties(octets, 0, octets.length);
    },
  },
  log: {
    corpus: () => [
      utf8(
        "2026-11-21 18:19:51.905 [error] <0.1.0> closing AMQP connection <0.1.0> (10.0.0.1:4 -> 10.0.0.2:5672):\n{frame_too_large,1544254578,131064}",
      ),
      utf8('{"time":"2026-11-21 18:19:51.905","level":"error","msg":"Error on AMQP connection","pid":"<0.1.0>"}'),
      utf8("com.rabbitmq.client.MalformedFrameException: Bad frame end marker: 97"),
      utf8("(505) UNEXPECTED_FRAME - expected content body, got non content body frame instead\n<<1,0,1,0,0,0,10>>"),
    ],
    run: octets => lines(textOf(octets)),
  },
  config: {
    corpus: () => [
      utf8(
        '{"failOn":"error","rules":{"frame-end":"off"},"limits":{"maxGaps":3},"expect":[{"captures":"bad/**","findings":["frame-end"]}],"baseline":"b.json","outputs":{"sarif":"x.sarif"}}',
      ),
    ],
    run: octets => refusing(ConfigError, () => readConfig(textOf(octets), "ghostframe.config.json")),
  },
  baseline: {
    corpus: () => [
      utf8(
        '{"schema":"ghostframe.baseline/1","fingerprints":1,"findings":[{"fingerprint":"0123456789abcdef","rule":"frame-end","capture":"a.pcap","count":2,"message":"m"}]}',
      ),
    ],
    run: octets => refusing(BaselineError, () => readBaseline(textOf(octets))),
  },
  part: {
    corpus: () => [utf8(partText(foundPart()))],
    run: octets =>
      refusing(PartError, () => {
        const { captures } = joinParts([{ name: "a.part", part: readPart(textOf(octets), "a.part") }]);
        for (const { path, result } of captures) reportOf(result, path);
      }),
  },
  report: {
    corpus: () => {
      const report = buildReport(foundPart().captures[0]!.result);
      const judged = check([{ path: "a.pcap", report }], { policy: policyOf(), expectations: [] }, null);
      return [utf8(json(report)), utf8(JSON.stringify(judged))];
    },
    run: octets => refusing(InputError, () => readReport(textOf(octets), "report.json")),
  },
  resume: {
    corpus: () => [utf8("ghostframe-resume/1 amqp://broker /\nsent 10.0.0.1:4/t/1/2\nconfirmed 10.0.0.1:4/t/1/2\n")],
    run: octets => {
      const folder = mkdtempSync(join(tmpdir(), "fuzz-resume-"));
      const path = join(folder, "resume");
      writeFileSync(path, octets);
      try {
        refusing(OutputFileError, () => new ResumeFile(path, "amqp://broker /").close());
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  keys: {
    corpus: () => [utf8(`CLIENT_RANDOM ${"0a".repeat(32)} ${"0b".repeat(48)}\n# a comment\n`)],
    run: octets => void new KeyLog().add(Buffer.from(octets).toString("latin1")),
  },
  tls: { corpus: () => captures("tls"), change: changedPackets, run: throughAll },
  html: { corpus: () => captures(), change: changedPackets, run: throughHtml },
};

/** The input of one turn: made of the seed and the turn alone. */
export function inputOf({ change = mutated }: Target, corpus: readonly Uint8Array[], next: Draw): Uint8Array {
  return change(corpus[below(corpus.length, next)]!, corpus, next);
}
