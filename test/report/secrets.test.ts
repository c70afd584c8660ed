/**
 * The gate: what authenticates a client reaches no output, however the octets that carry it are damaged. Searched for is
 * any PIECE of it in a row, as text, as decimals, as hexadecimal digits and in base64, and a number whose octets it is.
 */
import { describe, expect, it } from "vitest";
import { PcapReader } from "../../src/capture/pcap-reader.ts";
import { check } from "../../src/check/check.ts";
import { outputs } from "../../src/check/outputs/outputs.ts";
import { policyOf } from "../../src/check/policy.ts";
import { FrameEvents } from "../../src/cli/frame-events.ts";
import { FrameFilter } from "../../src/cli/frame-filter.ts";
import { CredentialsMask } from "../../src/connection/credentials-mask.ts";
import { ServerMask } from "../../src/connection/server-mask.ts";
import { Inspection } from "../../src/inspect.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { LiveInspection } from "../../src/proxy/live-inspection.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { formats } from "../../src/report/formats.ts";
import { frameLine } from "../../src/report/frame-event.ts";
import { LiveText } from "../../src/report/live-text.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import {
  CLIENTS,
  damages,
  OPAQUE,
  OPAQUE_REFRESH,
  opened,
  QUOTING,
  REFRESH,
  REFRESHING,
  running,
  spellings,
  TOKEN,
  tornIds,
  WORK,
} from "../support/secret-scenes.ts";
import { join } from "../support/wire.ts";

/** Everything that is told of a capture, by output. */
async function outputsOf(capture: Uint8Array): Promise<[output: string, text: string][]> {
  const lines: string[] = [];
  const frames = new FrameEvents(new FrameFilter({}), event => lines.push(JSON.stringify(event), frameLine(event)));
  const read = (explain: boolean) => {
    const inspection = new Inspection({
      seed: 1,
      explain,
      ...(explain ? {} : { listener: frames, onConnection: (n, tcp, known) => frames.connection(n, tcp, known) }),
    });
    const reader = new PcapReader(record => inspection.packet(record));
    inspection.beginInput();
    reader.read(capture, 0, capture.length);
    const { packets, notes } = reader;
    const reading = { packets, notes, octets: capture.length, truncated: null, error: null, stopped: false };
    inspection.endInput("one.pcap", { format: "pcap", ...reading });
    return buildReport(inspection.finish());
  };
  const all: [string, string][] = [];
  for (const report of [read(true), read(false)]) {
    for (const [name, load] of Object.entries(formats)) {
      all.push([name, (await load())(report, { columns: 80, colour: false, all: true })]);
    }
    for (const finding of report.findings) all.push(["octets", finding.octets.map(({ hex }) => hex).join("")]);
    const result = check([{ path: "one.pcap", report }], { policy: policyOf(), expectations: [] }, null);
    for (const [name, load] of Object.entries(outputs))
      all.push([name, (await load())(result, { all: true, columns: 80, colour: false })]);
  }
  all.push(["frames", lines.join("\n")]);
  return all;
}

/** What a proxy tells of the same octets, and what it records of them. */
function relayed(segments: readonly Segment[]): [output: string, text: string][] {
  const recorded: number[] = [];
  const events: string[] = [];
  const mask = new CredentialsMask();
  const masks = [mask, new ServerMask(mask.masked.pieces)] as const;
  const moment = new Moment();
  const lines = new LiveText({ columns: 200, colour: false, all: true });
  const inspection = new LiveInspection({
    broker: "rabbitmq-3.10",
    moment,
    emit: event => events.push(JSON.stringify(event), lines.write(event)),
  });
  inspection.opened({
    number: 1,
    client: END,
    listener: END,
    upstream: END,
    encrypted: { client: false, upstream: false },
  });
  for (const { side, octets, lost } of segments) {
    if (lost === true) continue;
    inspection.data(1, side, octets, 0, octets.length);
    for (const octet of masks[side].mask(octets)) recorded.push(octet);
  }
  inspection.end(1, 1, "rst");
  inspection.closed(1);
  return [
    ["live events", events.join("\n")],
    ["recording", Buffer.from(recorded).toString("latin1")],
  ];
}

const END = { address: "10.0.0.1", port: 5672 };

async function leaks(name: string, segments: readonly Segment[], secret: string, midStream = false): Promise<string[]> {
  const capture = conversationCapture([{ port: 40001, segments, end: "rst", midStream }]);
  const found: string[] = [];
  const live = midStream ? [] : relayed(segments);
  const searched = spellings(secret);
  for (const [output, shown] of [...(await outputsOf(capture)), ...live]) {
    // A text is broken into lines.
    const plain = shown
      .split("\n")
      .map(line => line.trim())
      .join("");
    const spelling = searched.find(each => plain.includes(each));
    if (spelling !== undefined) found.push(`${name}: ${output} shows ${spelling}`);
  }
  return found;
}

const bySingleOctets = (segments: readonly Segment[]): Segment[] =>
  segments.flatMap(({ side, octets }) => Array.from(octets, octet => ({ side, octets: Uint8Array.of(octet) })));

const EVERY = process.env.GHOSTFRAME_ALL_DAMAGES !== undefined;

describe("a secret", () => {
  it.each(CLIENTS.map(each => [each.name, each] as const))(
    "of %s, replayed in a running connection",
    async (_, each) => {
      const method = each.opening[each.carrier]!;
      const found: string[] = [];
      for (const [name, octets] of damages(method, EVERY)) {
        found.push(...(await leaks(name, [...opened(each), ...running(octets)], each.secret)));
      }
      expect(found).toEqual([]);
    },
    120_000,
  );

  it.each(CLIENTS.map(each => [each.name, each] as const))(
    "of %s, damaged in the handshake",
    async (_, each) => {
      const found: string[] = [];
      for (const [name, octets] of damages(each.opening[each.carrier]!, EVERY)) {
        const opening = each.opening.with(each.carrier, octets);
        found.push(...(await leaks(name, [...opened({ ...each, opening }), ...running(WORK)], each.secret)));
      }
      expect(found).toEqual([]);
    },
    120_000,
  );

  it("that is refreshed", async () => {
    const found: string[] = [];
    for (const [name, octets] of damages(REFRESH, true)) {
      found.push(...(await leaks(name, [...opened(REFRESHING), ...running(octets)], TOKEN)));
    }
    for (const [name, octets] of damages(REFRESH, EVERY)) {
      found.push(...(await leaks(`again, ${name}`, [...opened(REFRESHING), ...running(join(REFRESH, octets))], TOKEN)));
    }
    expect(found).toEqual([]);
  }, 240_000);

  it("that is refreshed, and no JSON web token", async () => {
    const found: string[] = [];
    for (const [name, octets] of tornIds(OPAQUE_REFRESH)) {
      const segments: Segment[] = [...running(octets), { side: 1, octets: QUOTING }];
      found.push(...(await leaks(name, [...opened(REFRESHING), ...segments], OPAQUE)));
      found.push(...(await leaks(`${name}, in mid-stream`, segments, OPAQUE, true)));
    }
    expect(found).toEqual([]);
  }, 120_000);

  it("that comes octet by octet, in mid-stream, or twice", async () => {
    const torn = running(join(WORK.subarray(0, 190), REFRESH, WORK.subarray(190)));
    const [first, second, third] = torn;
    const shapes: [string, Segment[], boolean][] = [
      ["octet by octet", bySingleOctets([...opened(REFRESHING), ...torn]), false],
      ["mid-stream", torn, true],
      ["retransmitted", [...opened(REFRESHING), first!, second!, { ...second!, again: true }, third!], false],
      ["lost before it", [...opened(REFRESHING), { ...first!, lost: true }, second!, third!], false],
    ];
    const found: string[] = [];
    for (const [name, segments, midStream] of shapes) found.push(...(await leaks(name, segments, TOKEN, midStream)));
    expect(found).toEqual([]);
  }, 60_000);
});
