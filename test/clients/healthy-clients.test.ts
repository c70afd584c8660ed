/**
 * Healthy clients of a real RabbitMQ, recorded by the proxy: of each scenario exactly what is right is told, the same in
 * every run; `check` passes but for warnings that are right; and of a recording that was taken badly nothing worse is told.
 * `npm run test:clients` runs it.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Finding, Report } from "../../src/report/report.ts";
import { selfSigned } from "../proxy/live/certificates.ts";
import { brokerOrSkip } from "../proxy/live/live-tools.ts";
import { ghostframe, temporaryFolder } from "../support/command.ts";
import { DAMAGES, inspected, LOSSES, packetsOf } from "../support/damaged.ts";
import { type Broker, startBroker } from "../support/private-broker.ts";
import { startProxy } from "../support/proxied.ts";
import { CLIENTS, type Client, isThere } from "./clients.ts";
import { ALONE, runScenario } from "./scenario-run.ts";

const {
  GHOSTFRAME_CLIENT_RUNS = "0",
  GHOSTFRAME_CLIENT = "",
  GHOSTFRAME_SCENARIO = "",
  GHOSTFRAME_CLIENT_KEEP,
} = process.env;
const RUNS = Number(GHOSTFRAME_CLIENT_RUNS);
const live = RUNS > 0 && brokerOrSkip("../../clients/healthy-clients.test.ts");
const asked = CLIENTS.filter(({ library }) => library.includes(GHOSTFRAME_CLIENT));
let broker: Broker;

beforeAll(async () => {
  if (live) broker = await startBroker();
});
afterAll(() => broker?.stop());

describe.skipIf(!live).each(asked)("$library", client => {
  const there = live && isThere(client);
  if (live && !there) process.stderr.write(`\nSKIPPED: ${client.library} is missing (${client.from})\n\n`);
  const prepared = temporaryFolder(cleanup => afterAll(cleanup as () => void));
  beforeAll(() => {
    if (there) client.prepare?.(prepared);
  });
  const scenarios = Object.entries(client.scenarios).filter(([name]) => name.includes(GHOSTFRAME_SCENARIO));

  it.skipIf(!there || scenarios.length === 0).each(scenarios)(
    "%s",
    async (scenario, right) => {
      const folder = folderOf(client, scenario);
      const runs = await recorded(client, scenario, prepared, folder);
      const files = readdirSync(folder).map(name => join(folder, name));
      const report = await inspect(files);
      for (const ports of runs) {
        const sure = reported(report, ports).filter(name => !right.includes(`${name}?`));
        expect(sure).toEqual(right.filter(name => !name.endsWith("?")));
      }
      const { code, stdout } = await ghostframe(["check", ...files]);
      const fails = right.some(name => name.endsWith(" warning")) ? 1 : 0;
      expect({ code, stdout: code === fails ? "" : stdout }).toEqual({ code: fails, stdout: "" });
      await expectNoAlarm(files, runs[0]!, right);
    },
    600_000,
  );
});

/** Where a scenario is recorded: for its own time, or to be looked at later. */
function folderOf({ library }: Client, scenario: string): string {
  if (GHOSTFRAME_CLIENT_KEEP === undefined) return temporaryFolder(cleanup => afterAll(cleanup as () => void));
  const folder = join(GHOSTFRAME_CLIENT_KEEP, `${library} ${scenario}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs a scenario several times through one proxy; the ports of each run's connections. */
async function recorded(client: Client, scenario: string, prepared: string, folder: string): Promise<number[][]> {
  const cleanups: (() => unknown)[] = [];
  const onTestFinished = (cleanup: () => unknown) => void cleanups.push(cleanup);
  const args = ["--record", folder];
  if (scenario === "tls") {
    const { cert, key } = selfSigned(prepared, "localhost");
    args.push("--tls-cert", cert, "--tls-key", key);
  }
  const proxied = await startProxy({ upstream: broker.port, args, onTestFinished: onTestFinished as never });
  const [before = [], after = []] = ALONE[scenario] ?? [];
  const runs: number[][] = [];
  try {
    if (before.length > 0) await broker.control(...before);
    for (let run = 0; run < RUNS; run++) {
      const queue = `${client.library} ${scenario} ${run}`.replaceAll(/[^\w.]/g, "-");
      runs.push(await runScenario(client.command(prepared), scenario, queue, broker, proxied));
    }
    await proxied.stop();
  } finally {
    if (after.length > 0) await broker.control(...after);
    for (const cleanup of cleanups) await cleanup();
  }
  return runs;
}

/** Rules and levels told of the connections from these ports, each once. */
function reported({ connections, findings }: Report, ports: readonly number[]): string[] {
  const ids = new Set(connections.filter(({ client }) => ports.includes(client.port)).map(({ id }) => id));
  expect(ids.size).toBe(ports.length);
  return [
    ...new Set(findings.filter(({ connection }) => connection !== null && ids.has(connection)).map(nameOf)),
  ].sort();
}

function nameOf({ rule, severity }: Finding): string {
  return `${rule} ${severity}`;
}

/** However badly it was taken, the recording of these clients raises no error, and no warning but what is right. */
async function expectNoAlarm(
  files: readonly string[],
  ports: readonly number[],
  right: readonly string[],
): Promise<void> {
  for (const file of files) {
    const packets = (await packetsOf(file)).filter(({ client }) => ports.includes(client));
    for (const [what, damage] of [...DAMAGES, ...LOSSES]) {
      const { findings } = inspected(damage(packets));
      const alarms = findings.filter(finding => finding.severity !== "note" && !right.includes(nameOf(finding)));
      expect(
        alarms.map(({ rule, message }) => `${rule}: ${message}`),
        what,
      ).toEqual([]);
    }
  }
}
