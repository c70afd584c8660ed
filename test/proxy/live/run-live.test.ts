/** `ghostframe run --squeeze` around a real client, to a real RabbitMQ: it shakes a race out, and finds none where none is. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../../../src/check/check-result.ts";
import { ghostframe, temporaryFolder } from "../../support/command.ts";
import { type Broker, startBroker } from "../../support/private-broker.ts";
import { PIKA, programOrSkip } from "./client-programs.ts";
import { brokerOrSkip } from "./live-tools.ts";

const SUITE = "run-live.test.ts";
const CLIENT = [PIKA.command, fileURLToPath(new URL("race-publishers.py", import.meta.url))];
const live = brokerOrSkip(SUITE) && programOrSkip(SUITE, PIKA);
let broker: Broker;

beforeAll(async () => {
  if (live) broker = await startBroker();
});
afterAll(() => broker?.stop());

describe.skipIf(!live)("threads that share a connection of pika's", () => {
  it.for<[what: string, args: string[], stdout: string, code: number]>([
    ["without a lock: it breaks, and the run fails", ["shared", "20000"], "broken\n", 1],
    ["with a lock", ["locked", "1000"], "whole\n", 0],
  ])("%s", async ([, args, stdout, code], { onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const env = { AMQP_URL: `amqp://guest:guest@127.0.0.1:${broker.port}/%2f`, TMPDIR: folder };
    const options = ["--squeeze", "--keep", folder, "--output", `json=${join(folder, "result.json")}`];
    const end = await ghostframe(["run", ...options, "--", ...CLIENT, ...args], { env });
    expect(end, end.stderr).toMatchObject({ stdout, code });
    expect(end.stderr).toContain(code === 0 ? "\nPASSED: 0 failing\n" : "\nFAILED: ");
    expect(readdirSync(folder).filter(name => name.endsWith(".pcapng"))).toHaveLength(1);

    const { captures } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as CheckResult;
    const failing = captures[0]!.findings.filter(({ state }) => state === "failing");
    const ofClient = failing.filter(({ finding }) => finding.direction === "client-to-server");
    // Beside what is broken, contents that two threads mixed in good frames may be found, as warnings.
    expect(ofClient.some(({ level }) => level === "error")).toBe(code === 1);
    if (code === 0) expect(ofClient).toEqual([]);
    const [connection] = captures[0]!.connections;
    expect(connection!.clientProperties).toMatchObject({ product: "Pika Python Client Library" });
  });
});
