/**
 * What clients of a real RabbitMQ know of their own messages, and what `messages` says of the recording: the same. Of a
 * recording that was taken badly it says nothing else, but may say that it does not know.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { RuleId } from "../../src/connection/rules.ts";
import { Inspection, inspect } from "../../src/inspect.ts";
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
type Client = Pick<ClientProgram, "library" | "command"> & { readonly ending: ClientProgram["ending"] | "go" };

/** What a client tells of a message, or the recording. */
type Account = Pick<MessageRecord, "operation" | "outcome" | "messageId" | "deliveryTag" | "code">;

const live = brokerOrSkip(SUITE);
/** Nothing is fetched: Debian's package golang-github-rabbitmq-amqp091-go-dev brings the library's source. */
const GO_ENVIRONMENT = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "" };
const hasGo = live && spawnSync("go", ["list", "github.com/rabbitmq/amqp091-go"], { env: GO_ENVIRONMENT }).status === 0;
if (live && !hasGo) process.stderr.write(`\nSKIPPED: ${SUITE}, amqp091-go – Go or its library is missing\n\n`);
const clients: readonly Client[] = [
  AMQPLIB,
  ...[PIKA, BUNNY, PHP_AMQPLIB].filter(program => live && programOrSkip(SUITE, program)),
  ...(hasGo ? [{ library: "amqp091-go", command: "go", ending: "go" } as const] : []),
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
  const outputs = await Promise.all(clients.map(async client => run(client, proxied.port)));
  accounts = accountsIn(outputs.join(""));
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
  const [runs, ...before] = ending === "go" ? [await built(program)] : [command, program];
  const child = startCommand(runs, [...before, String(port), library]);
  child.stdin.end();
  onTestFinished(() => void child.kill("SIGKILL"));
  const { code, stdout, stderr } = await ended(child);
  expect([code, stderr], library).toEqual([0, ""]);
  return stdout;
}

/** The program, built. */
async function built(program: string): Promise<string> {
  const binary = join(temporaryFolder(onTestFinished), "account");
  const child = startCommand("go", ["build", "-o", binary, program], { env: GO_ENVIRONMENT });
  child.stdin.end();
  const { code, stderr } = await ended(child);
  expect([code, stderr]).toEqual([0, ""]);
  return binary;
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

/** Rules that warn of what is settled wrongly, or never: these clients do nothing of that. */
const WARNINGS: readonly RuleId[] = ["delivery-tag", "unconfirmed", "unacknowledged"];

/** What is told of some of a recording's packets, and the warnings in it. */
function reportedOf(packets: readonly Packet[]): { reported: Account[]; warnings: string[] } {
  const reported: Account[] = [];
  const ledger = new Ledger((message: Message) => void reported.push(accountOf(message as Account)));
  const inspection = new Inspection({ explain: false }, { ledger });
  inspection.beginInput();
  for (const [i, { record }] of packets.entries()) {
    record.number = i + 1;
    inspection.packet(record);
  }
  const none = { notes: [], truncated: null, error: null, stopped: false };
  inspection.endInput("some packets", { format: "pcapng", packets: packets.length, octets: 0, ...none });
  const findings = inspection.finish().connections.flatMap(connection => connection.findings);
  const warnings = findings.map(({ finding }) => finding).filter(({ rule }) => WARNINGS.includes(rule));
  return { reported, warnings: warnings.map(({ message }) => message) };
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
        const { reported, warnings } = reportedOf(rest);
        wrong.push(...warnings.map(words => `${what}: ${words}`));
        for (const each of reported) {
          const { outcome, code } = truth.get(keyOf(each)) ?? {};
          const isRight = each.outcome === "unknown" || (each.outcome === outcome && each.code === code);
          if (!isRight)
            wrong.push(`${what}: ${keyOf(each)} ${each.outcome} ${each.code}, and it was ${outcome} ${code}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

const hasPika = live && programOrSkip(SUITE, PIKA);

describe.skipIf(!hasPika)("a consumer that was forked with its connection, and acknowledges as its parent does", () => {
  it("is warned of: the broker knows no such tag any more", async () => {
    const folder = temporaryFolder(onTestFinished);
    const proxied = await startProxy({ upstream: broker.port, args: ["--record", folder], onTestFinished });
    const program = fileURLToPath(new URL("clients/acknowledge-after-fork.py", import.meta.url));
    const child = startCommand(PIKA.command, [program, String(proxied.port)]);
    child.stdin.end();
    onTestFinished(() => void child.kill("SIGKILL"));
    const { code, stdout, stderr } = await ended(child);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe("406 PRECONDITION_FAILED - unknown delivery tag 1\n");
    await proxied.stop();
    const { findings } = await inspect(readdirSync(folder).map(name => join(folder, name)));
    const finding = findings.find(({ rule }) => rule === "delivery-tag");
    expect(finding).toMatchObject({ severity: "warning", direction: "client-to-server" });
    expect(finding?.message).toContain("delivery tag 1 on channel 1, which was acknowledged before");
    expect(finding?.do).toContain("forked");
  });
});

function* partsOf(packets: readonly Packet[]): Generator<[what: string, rest: readonly Packet[]]> {
  for (const [what, damage] of DAMAGES) yield [what, damage(packets)];
  for (const i of packets.keys()) {
    yield [`packet ${i + 1} lost`, packets.toSpliced(i, 1)];
    if (i % 4 === 3) yield [`begun at packet ${i + 1}`, packets.slice(i)];
  }
}
