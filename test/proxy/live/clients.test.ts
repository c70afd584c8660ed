/** Real clients that work as they should, through the built proxy to a real RabbitMQ: all arrives, and nothing is told. */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import { inspect } from "../../../src/inspect.ts";
import type { Finding } from "../../../src/report/report.ts";
import { tearsOf } from "../../../src/telemetry/tears.ts";
import { temporaryFolder } from "../../support/command.ts";
import { DAMAGES, inspected, packetsOf } from "../../support/damaged.ts";
import { OtlpReceiver, plainAttributes } from "../../support/otlp-receiver.ts";
import { unnumbered } from "../../support/played-connections.ts";
import { type Broker, startBroker } from "../../support/private-broker.ts";
import { PATIENCE, type Proxied, startProxy } from "../../support/proxied.ts";
import { loggedAbout, unwrapped } from "./broker-answers.ts";
import { BUNNY, PHP_AMQPLIB, PIKA, programOrSkip, runProgram } from "./client-programs.ts";
import { brokerOrSkip } from "./live-tools.ts";

const SUITE = "clients.test.ts";
/** Bodies around the one frame that 131,072 octets of frame-max leave room for, among others. */
const SIZES = [0, 1, 100, 4096, 131_063, 131_064, 131_065, 262_128, 1_000_000];
/** amqplib writes a publish at once where its body is shorter than 2 KiB. */
const WRITTEN_AT_ONCE = 1900;
const live = brokerOrSkip(SUITE);
let broker: Broker;

beforeAll(async () => {
  if (live) broker = await startBroker();
});
afterAll(() => broker?.stop());

function proxy({ onTestFinished }: TestContext, ...args: string[]): Promise<Proxied> {
  return startProxy({ upstream: broker.port, args, onTestFinished });
}

/** Ends the proxy: it carried so many connections to their ends, and found nothing. */
async function expectSilence(proxied: Proxied, connections: number): Promise<void> {
  const isClosed = ({ event }: { event: string }) => event === "closed";
  await proxied.reports(`${connections} closed`, events => events.filter(isClosed).length === connections);
  const { code, counters, stderr } = await proxied.stop();
  const emitted = proxied.events.filter(({ event }) => !["opened", "closed", "proxy"].includes(event));
  expect(emitted).toEqual([]);
  expect(counters).toEqual({
    connections,
    probes: 0,
    guarded: 0,
    lostPackets: 0,
    uninspected: 0,
    refused: 0,
    errors: 0,
    warnings: 0,
    notes: 0,
    untold: 0,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

/** However badly it was taken, a recording of healthy clients raises neither an error nor a warning. */
async function expectNoAlarm(folder: string): Promise<void> {
  const recordings = await Promise.all(readdirSync(folder).map(name => packetsOf(join(folder, name))));
  expect(recordings.flatMap(packets => inspected(packets).connections)).not.toEqual([]);
  for (const [what, damage] of DAMAGES) {
    const findings = recordings.flatMap(packets => inspected(damage(packets)).findings);
    expect(
      findings.filter(({ severity }) => severity !== "note"),
      what,
    ).toEqual([]);
  }
}

function digest(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}

/** Publishes bodies on a channel of its own, consumes them again, and returns what of both has come. */
async function exchanged(connection: ChannelModel, queue: string, bodies: readonly Buffer[]): Promise<string[]> {
  const channel: ConfirmChannel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { exclusive: true });
  const digests: string[] = [];
  const allConsumed = new Promise<void>((resolve, reject) => {
    const late = () => reject(new Error(`${queue}: ${digests.length} of ${bodies.length} within ${PATIENCE} ms`));
    const timer = setTimeout(late, PATIENCE);
    const consumer = channel.consume(queue, message => {
      channel.ack(message!);
      if (digests.push(digest(message!.content)) < bodies.length) return;
      clearTimeout(timer);
      resolve();
    });
    consumer.catch(reject);
  });
  for (const body of bodies) channel.sendToQueue(queue, body, { headers: { traceparent: "00-1-2-03" } });
  await channel.waitForConfirms();
  await allConsumed;
  await channel.close();
  return digests;
}

describe.skipIf(!live)("amqplib", { concurrent: true }, () => {
  it.for<[how: string, args: string[]]>([
    ["plain", []],
    ["guarded", ["--guard"]],
    ["squeezed", ["--squeeze", "--squeeze-sip", "65536", "--squeeze-pause", "1"]],
  ])("%s: bodies of 0 octets to 5 MB", async ([, args], context) => {
    const proxied = await proxy(context, ...args);
    const connection = await connect({ port: proxied.port, frameMax: 131_072 });
    const bodies = [...SIZES, 5_000_000].map(size => randomBytes(size));
    expect(await exchanged(connection, `sizes ${args.join(" ")}`, bodies)).toEqual(bodies.map(digest));
    await connection.close();
    await expectSilence(proxied, 1);
  });

  it("50 channels at a time, and other connections", async context => {
    const folder = temporaryFolder(context.onTestFinished);
    const proxied = await proxy(context, "--record", folder);
    const count = await manyChannels(proxied, 1, WRITTEN_AT_ONCE);
    await expectSilence(proxied, count);
    const report = await inspect(readdirSync(folder).map(name => join(folder, name)));
    expect(report.findings).toEqual([]);
    await expectNoAlarm(folder);
    expect(report.connections.map(({ ended }) => ended)).toEqual(Array.from({ length: count }, () => "fin"));
  });

  it("50 channels that write a publish in pieces: a note, for amqplib does so in health", async context => {
    const proxied = await proxy(context);
    await manyChannels(proxied, 2, 10 * WRITTEN_AT_ONCE);
    const { code, counters } = await proxied.stop();
    expect(new Set(proxied.findings().map(({ finding }) => finding.rule))).toEqual(new Set(["split-content"]));
    expect(counters).toMatchObject({ errors: 0, warnings: 0 });
    expect(code).toBe(0);
  });
});

/** Exchanges messages up to so long over 50 channels of one connection, and some of four others; returns how many these are. */
async function manyChannels(proxied: Proxied, run: number, longest: number): Promise<number> {
  const connections = await Promise.all(Array.from({ length: 5 }, () => connect({ port: proxied.port })));
  const bodies = Array.from({ length: 11 }, (_, i) => randomBytes((i * longest) / 10));
  const expected = bodies.map(digest);
  const exchanges = connections.flatMap((connection, i) =>
    Array.from({ length: i === 0 ? 50 : 5 }, (_, channel) =>
      exchanged(connection, `many ${run} ${i} ${channel}`, bodies),
    ),
  );
  for (const digests of await Promise.all(exchanges)) expect(digests).toEqual(expected);
  await Promise.all(connections.map(connection => connection.close()));
  return connections.length;
}

describe.skipIf(!live).each([PIKA, BUNNY, PHP_AMQPLIB])("$library", program => {
  const isThere = live && programOrSkip(SUITE, program);

  it.skipIf(!isThere)("publishes with confirms and consumes", async context => {
    const folder = temporaryFolder(context.onTestFinished);
    const proxied = await proxy(context, "--record", folder);
    const args = [String(proxied.port), `queue of ${program.library}`, SIZES.join(",")];
    const { code, stdout, stderr } = await runProgram(program, "publish-and-consume", args, context.onTestFinished);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "same\n", stderr: "" });
    await expectSilence(proxied, 1);
    await expectNoAlarm(folder);
  });
});

/** pika tears nearly always here. Should it not, there is nothing to tell. */
describe.skipIf(!live)("pika, its connection shared by threads", () => {
  const isThere = live && programOrSkip(SUITE, PIKA);
  const TRIES = 5;

  it.skipIf(!isThere)("is told as it is recorded, and as the broker answers", async context => {
    for (let i = 0, torn = false; i < TRIES && !torn; i++) torn = await sharedByThreads(context, `threads ${i}`);
  });
});

/** Returns whether anything broke. */
async function sharedByThreads(context: TestContext, name: string): Promise<boolean> {
  const folder = temporaryFolder(context.onTestFinished);
  const squeeze = ["--squeeze", "--squeeze-sip", "4096", "--squeeze-pause", "1"];
  // What is masked in a recording, as it may be a secret, is not to be found again in it.
  const receiver = await OtlpReceiver.listen();
  context.onTestFinished(() => receiver.close());
  const args = ["--record", folder, "--record-credentials", `--otlp=${receiver.url}`, ...squeeze];
  const proxied = await proxy(context, ...args);
  await runProgram(PIKA, "share-connection", [String(proxied.port), name], context.onTestFinished, 4000);
  const { connection } = await proxied.until("closed", event => event.event === "closed");
  const { code } = await proxied.stop();
  const emitted = proxied.findings();
  const report = await inspect(readdirSync(folder).map(file => join(folder, file)));
  expect(
    unnumbered(
      emitted.map(({ finding }) => finding),
      [connection],
    ),
  ).toEqual(unnumbered(report.findings, report.connections));
  expect(connection.verdict).toEqual(report.connections[0]!.verdict);
  expect(code).toBe(emitted.some(({ finding }) => finding.severity !== "note") ? 1 : 0);
  // A client that resets its connection may do so before the broker has read what broke.
  // Its log is written behind its answer.
  const logged = await vi.waitFor(() => loggedAbout(broker, name), { timeout: 10_000 });
  const errors = logged.filter(line => line.startsWith("[error]"));
  if (errors.length > 0) expect(errors.map(unwrapped)).toContain(`[error] ${connection.verdict.predicted!.log![1]}`);
  expectInTraces(
    emitted.map(({ finding }) => finding),
    receiver,
  );
  return emitted.length > 0;
}

/** The traces of messages that findings name, as their producers wrote them, are in spans, links and log records. */
function expectInTraces(findings: readonly Finding[], receiver: OtlpReceiver): void {
  const spans = receiver.items<OtlpSpan>("traces");
  const at = ({ traceId, spanId }: Pick<OtlpSpan, "traceId" | "spanId">): OtlpSpan =>
    spans.find(span => span.traceId === traceId && span.spanId === spanId)!;
  const linked = ({ links }: OtlpSpan, reason: string) =>
    links.filter(({ attributes }) => plainAttributes(attributes)["ghostframe.link"] === reason).map(at);
  const logs = receiver.items<{ attributes: [] }>("logs").map(({ attributes }) => plainAttributes(attributes));
  for (const { id, rule, diagnosis } of findings) {
    const log = logs.find(each => each["ghostframe.finding.id"] === id)!;
    expect(log["ghostframe.finding.rule"]).toBe(rule);
    if (diagnosis === undefined) continue;
    const named = diagnosis.writers.flatMap(({ messages }) => messages.flatMap(each => each.traceparent ?? []));
    // Where nothing can be made of what broke, there is nothing to be found.
    if (named.length === 0) continue;
    const traces = new Set(named.map(traceparent => traceparent.split("-")[1]));
    expect(log["ghostframe.trace_ids"]).toEqual(expect.arrayContaining([...traces]));
    const cost = spans.filter(({ attributes }) => plainAttributes(attributes)["ghostframe.finding.id"] === id);
    expect(cost.map(({ traceId }) => traceId)).toEqual(expect.arrayContaining([expect.stringMatching(/^0{31}[1-6]$/)]));
    for (const { attributes, status } of cost) {
      expect(status.code).toBe(2);
      expect(plainAttributes(attributes)).toMatchObject({ "error.type": rule, "ghostframe.remedy": diagnosis.remedy });
    }
  }
  for (const span of spans) {
    for (const tearing of linked(span, "torn-by")) expect(linked(tearing, "tore")).toContain(span);
    for (const torn of linked(span, "tore")) expect(linked(torn, "torn-by")).toContain(span);
  }
  const tears = findings.flatMap(({ diagnosis }) => (diagnosis === undefined ? [] : [...tearsOf(diagnosis)]));
  if (tears.length > 0) expect(spans.some(span => linked(span, "torn-by").length > 0)).toBe(true);
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  attributes: [];
  status: { code?: number };
  links: { traceId: string; spanId: string; attributes: [] }[];
}
