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
import { Inspection } from "../../src/inspect.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { LiveInspection } from "../../src/proxy/live-inspection.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { formats } from "../../src/report/formats.ts";
import { frameLine } from "../../src/report/frame-event.ts";
import { LiveText } from "../../src/report/live-text.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { field, join, table, text, type Wire, wire } from "../support/wire.ts";

const PIECE = 5;
const SECRET = "Kq7!zW3#xV9$hT5%";
const TOKEN = "eyJhbGciOi.Zq8vR2mXw4Lk.yT6nB1cJ9d";

/** Logs in with a mechanism, works, and refreshes its token: each method with a secret as octets of its own. */
interface Client {
  name: string;
  /** Protocol header, start-ok, what may follow up to open, and channel.open. */
  opening: readonly Uint8Array[];
  /** Which of the opening's methods carries the secret. */
  carrier: number;
  secret: string;
}

function client(name: string, mechanism: string, response: string | Uint8Array, secret: string, challenge?: string) {
  const shake: Wire[] = [wire().protocolHeader(), wire().startOk({ product: field.S("rails") }, mechanism, response)];
  if (challenge !== undefined) shake.push(wire().secureOk(challenge));
  const opening = [...shake, wire().tuneOk(), wire().open(), wire().channelOpen(1), wire().channelOpen(2)];
  return { name, opening: opening.map(({ octets }) => octets), carrier: challenge === undefined ? 1 : 2, secret };
}

const amqplain = table({ LOGIN: field.S("rabbit"), PASSWORD: field.S(SECRET) }).subarray(4);
const CLIENTS: readonly Client[] = [
  client("PLAIN", "PLAIN", `\0rabbit\0${SECRET}`, SECRET),
  client("AMQPLAIN", "AMQPLAIN", amqplain, SECRET),
  client("EXTERNAL", "EXTERNAL", SECRET, SECRET),
  client("RABBIT-CR-DEMO", "RABBIT-CR-DEMO", "rabbit", SECRET, `My password is ${SECRET}`),
];
/** A client that refreshes a token; its login says nothing of it. */
const REFRESHING = client("OAuth", "PLAIN", "\0rabbit\0rabbit", TOKEN);
const REFRESH = wire().updateSecret(TOKEN).octets;
const SERVER = wire().start().tune().openOk().channelOpenOk(1).channelOpenOk(2).octets;
const WORK = wire().publish(1, "d".repeat(190)).octets;
const AFTER = wire().publish(1, "e".repeat(40)).heartbeat().publish(1, "f".repeat(40)).octets;

function spellings(secret: string): string[] {
  return Array.from({ length: secret.length - PIECE + 1 }, (_, at) => secret.slice(at, at + PIECE))
    .flatMap(piece => {
      const octets = [...text(piece)];
      const hex = octets.map(octet => octet.toString(16).padStart(2, "0"));
      return [
        piece,
        JSON.stringify(piece).slice(1, -1),
        octets.join(","),
        octets.join(", "),
        hex.join(""),
        hex.join(" "),
        hex.join('","'),
      ];
    })
    .concat([0, 1, 2].map(cut => Buffer.from(secret.slice(cut)).toString("base64").slice(0, 8)));
}

/** Everything that is told of a capture, by output. */
async function told(capture: Uint8Array): Promise<[output: string, text: string][]> {
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
    if (side === 0) for (const octet of mask.mask(octets)) recorded.push(octet);
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
  for (const [output, shown] of [...(await told(capture)), ...live]) {
    // A text is broken into lines.
    const plain = shown.replace(/\s*\n\s*/g, "");
    const spelling = searched.find(each => plain.includes(each));
    if (spelling !== undefined) found.push(`${name}: ${output} shows ${spelling}`);
  }
  return found;
}

/** What becomes of a method with a secret, among a client's other octets. */
function* damages(method: Uint8Array, all: boolean): Generator<[name: string, octets: Uint8Array]> {
  const publish = wire().publish(2, "p".repeat(60)).octets;
  const cut = Math.floor(method.length / 2);
  yield ["whole, and again", join(method, method)];
  yield ["torn by a publish", join(method.subarray(0, cut), publish, method.subarray(cut))];
  for (const at of [4, 9, 30, 60, 190, 230]) {
    yield [`tears a publish at ${at}`, join(WORK.subarray(0, at), method, WORK.subarray(at))];
    if (at < method.length) yield [`head of ${at}`, join(method.subarray(0, at), WORK)];
  }
  for (let lost = 1; lost < method.length; lost += all ? 1 : 5)
    yield [`without its first ${lost}`, method.subarray(lost)];
  for (let at = 0; at < 15; at++) {
    for (const value of all ? [0, 1, 2, 3, 8, 0x3c, 0xff] : [3, 0xff]) {
      const changed = method.slice();
      changed[at] = value;
      yield [`octet ${at} is ${value}`, changed];
    }
  }
}

const opened = ({ opening }: Client): Segment[] => [
  { side: 0, octets: opening[0]! },
  { side: 1, octets: SERVER },
  ...opening.slice(1).map((octets): Segment => ({ side: 0, octets })),
];
const running = (octets: Uint8Array): Segment[] => [WORK, octets, AFTER].map(each => ({ side: 0, octets: each }));
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
