/**
 * What clients of a real RabbitMQ know of their own messages, and what `messages` says of the recording: the same. Of a
 * recording that was taken badly it says nothing else, but may say that it does not know.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { Inspection } from "../../src/inspect.ts";
import { Ledger } from "../../src/messages/ledger.ts";
import type { Message } from "../../src/messages/message.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { BUNNY, type ClientProgram, PHP_AMQPLIB, PIKA, programOrSkip } from "../proxy/live/client-programs.ts";
import { brokerOrSkip } from "../proxy/live/live-tools.ts";
import { ended, ghostframe, startCommand, temporaryFolder } from "../support/command.ts";
import { DAMAGES, type Packet, packetsOf } from "../support/damaged.ts";
import { type Broker, startBroker } from "../support/private-broker.ts";
import { startProxy } from "../support/proxied.ts";

const SUITE = "accounts.test.ts";
const AMQPLIB = { library: "amqplib", command: process.execPath, ending: "mjs" } as const;
type Client = Pick<ClientProgram, "library" | "command" | "ending">;

/** What a client tells of a message, or the recording. */
type Account = Pick<MessageRecord, "operation" | "outcome" | "messageId" | "deliveryTag" | "code">;

const live = brokerOrSkip(SUITE);
const clients: readonly Client[] = [
  AMQPLIB,
  ...[PIKA, BUNNY, PHP_AMQPLIB].filter(program => live && programOrSkip(SUITE, program)),
];
let broker: Broker;
const cleanups: (() => unknown)[] = [];
const onTestFinished: TestContext["onTestFinished"] = cleanup => void cleanups.push(cleanup as () => unknown);
/** What all of them tell. */
let accounts: Account[];
/** All of them in one. */
let recording: string;

beforeAll(async () => {
  if (!live) return;
  broker = await startBroker();
  const folder = temporaryFolder(onTestFinished);
  const proxied = await startProxy({ upstream: broker.port, args: ["--record", folder], onTestFinished });
  const told = await Promise.all(clients.map(async client => run(client, proxied.port)));
  accounts = accountsIn(told.join(""));
  await proxied.stop();
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  recording = join(folder, name!);
});
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  await broker?.stop();
});

async function run({ library, command, ending }: Client, port: number): Promise<string> {
  const program = fileURLToPath(new URL(`clients/account.${ending}`, import.meta.url));
  const child = startCommand(command, [program, String(port), library]);
  child.stdin.end();
  onTestFinished(() => void child.kill("SIGKILL"));
  const { code, stdout, stderr } = await ended(child);
  expect([code, stderr], library).toEqual([0, ""]);
  return stdout;
}

/** What the lines of NDJSON tell of each message, in order of what it is. */
function accountsIn(ndjson: string): Account[] {
  const lines = ndjson.split("\n").filter(line => line !== "");
  return lines.map(line => accountOf(JSON.parse(line) as MessageRecord)).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function accountOf({ operation, messageId, outcome, deliveryTag = 0, code = 0 }: Account): Account {
  return { operation, ...(messageId && { messageId }), outcome, deliveryTag, code };
}

function keyOf({ operation, messageId, deliveryTag }: Account): string {
  return `${operation} ${messageId} ${deliveryTag}`;
}

/** What is told of some of a recording's packets. */
function toldOf(packets: readonly Packet[]): Account[] {
  const told: Account[] = [];
  const ledger = new Ledger((message: Message) => void told.push(accountOf(message as Account)));
  const inspection = new Inspection({ explain: false }, { ledger });
  inspection.beginInput();
  for (const [i, { record }] of packets.entries()) {
    record.number = i + 1;
    inspection.packet(record);
  }
  const none = { notes: [], truncated: null, error: null, stopped: false };
  inspection.endInput("some packets", { format: "pcapng", packets: packets.length, octets: 0, ...none });
  inspection.finish();
  return told;
}

describe.skipIf(!live)("an account by each client", () => {
  it("is what `messages` tells of the recording", async () => {
    const { code, stdout, stderr } = await ghostframe(["messages", recording, "--format", "ndjson"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(accountsIn(stdout)).toEqual(accounts);
    expect(accounts).toHaveLength(clients.length * 28);
    expect(new Set(accounts.map(({ outcome }) => outcome)).size).toBe(7);
  });

  it("is contradicted by no part of the recording", async () => {
    const truth = new Map(accounts.map(account => [keyOf(account), account]));
    const all = await packetsOf(recording);
    const wrong: string[] = [];
    for (const client of new Set(all.map(packet => packet.client))) {
      for (const [what, rest] of partsOf(all.filter(packet => packet.client === client))) {
        for (const told of toldOf(rest)) {
          const { outcome, code } = truth.get(keyOf(told)) ?? {};
          const isRight = told.outcome === "unknown" || (told.outcome === outcome && told.code === code);
          if (!isRight)
            wrong.push(`${what}: ${keyOf(told)} ${told.outcome} ${told.code}, and it was ${outcome} ${code}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Two losses can hide an acknowledgment, and that its channel was opened again: docs/messages.md tells. */
const SEVERAL_LOSSES = /^one packet in|^cut to/;

function* partsOf(packets: readonly Packet[]): Generator<[what: string, rest: readonly Packet[]]> {
  for (const [what, damage] of DAMAGES) if (!SEVERAL_LOSSES.test(what)) yield [what, damage(packets)];
  for (const i of packets.keys()) {
    yield [`packet ${i + 1} lost`, packets.toSpliced(i, 1)];
    if (i % 4 === 3) yield [`begun at packet ${i + 1}`, packets.slice(i)];
  }
}
