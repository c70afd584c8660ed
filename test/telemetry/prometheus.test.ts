/** A real Prometheus scrapes a proxy while clients publish and one tears: every query of the dashboard and every rule works. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, it, type TestContext } from "vitest";
import dashboard from "../../docs/grafana/ghostframe.json" with { type: "json" };
import type { ProxyEvent } from "../../src/report/live-event.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";
import { startProxy } from "../support/proxied.ts";
import { startSmallBroker } from "../support/small-broker.ts";
import { TEARING, TORN, tornStream } from "../support/torn-stream.ts";
import { clientHandshake, wire } from "../support/wire.ts";

const isThere = spawnSync("prometheus", ["--version"]).status === 0;
if (!isThere) {
  if (process.env.CI) throw new Error("prometheus (Debian: prometheus) is missing, and CI may not go without it");
  process.stderr.write("\nSKIPPED: test/telemetry/prometheus – prometheus is missing\n\n");
}

const ALERTS = join(ROOT, "docs", "grafana", "alerts.yml");
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts one that scrapes five times a second; returns its API's URL. */
async function startPrometheus(
  target: string,
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
): Promise<string> {
  const folder = temporaryFolder(onTestFinished);
  mkdirSync(join(folder, "data"));
  const config = join(folder, "prometheus.yml");
  writeFileSync(
    config,
    `global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
rule_files: [${JSON.stringify(ALERTS)}]
scrape_configs: [{ job_name: ghostframe, static_configs: [{ targets: [${JSON.stringify(target)}] }] }]
`,
  );
  const port = await freePort();
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
  return `http://127.0.0.1:${port}/api/v1`;
}

interface Series {
  metric: Record<string, string>;
  value: [number, string];
}

async function query(api: string, expression: string): Promise<Series[]> {
  const answer = await fetch(`${api}/query?query=${encodeURIComponent(expression)}`).catch(() => null);
  if (answer === null) return [];
  const { status, data, error } = (await answer.json()) as {
    status: string;
    data: { result: Series[] };
    error?: string;
  };
  expect({ status, error, expression }).toEqual({ status: "success", error: undefined, expression });
  return data.result;
}

/** A client whose messages are confirmed, until it is told to stop. */
async function publisher(port: number): Promise<() => void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  socket.write(clientHandshake().channelOpen(1).confirmSelect(1).channelOpen(2).consume(2, "tasks").octets);
  // The other one of these messages comes from the broker.
  socket.on("data", chunk => {
    if (chunk.includes("a message")) socket.write(wire().ack(2, 1).octets);
  });
  const timer = setInterval(() => socket.write(wire().publish(1, "a message").octets), 50);
  return () => {
    clearInterval(timer);
    socket.end();
  };
}

it.skipIf(!isThere)("Prometheus finds what was published and what broke", async context => {
  const { onTestFinished } = context;
  const broker = await startSmallBroker();
  onTestFinished(() => broker.close());
  const args = ["--admin", "127.0.0.1:0", "--record", temporaryFolder(onTestFinished)];
  const proxied = await startProxy({ upstream: broker.port, args, onTestFinished });
  const { message } = await proxied.until(
    "where metrics are served",
    (event): event is ProxyEvent => event.event === "proxy" && event.message.includes("metrics and health"),
  );
  const [admin, target] = /http:\/\/(\S+)/.exec(message)!;
  const api = await startPrometheus(target!, context);
  const stop = await publisher(proxied.port);
  onTestFinished(stop);
  await expect.poll(() => query(api, 'up{job="ghostframe"} == 1'), { timeout: 20_000, interval: 100 }).toHaveLength(1);
  const torn = connect(proxied.port, "127.0.0.1").resume();
  for (const piece of tornStream()) await new Promise(resolve => torn.write(piece, resolve));
  torn.end();

  const broken = 'ghostframe_findings_total{ghostframe_finding_rule="frame-end"}';
  await expect
    .poll(() => query(api, broken), { timeout: 20_000, interval: 100 })
    .toMatchObject([{ value: [expect.any(Number), "1"] }]);
  const confirmed = 'sum(ghostframe_messages_total{ghostframe_outcome="confirmed"})';
  await expect
    .poll(async () => Number((await query(api, confirmed))[0]?.value[1]), { timeout: 10_000 })
    .toBeGreaterThan(2);
  await expect
    .poll(() => query(api, 'ALERTS{alertname="GhostframeNewFinding",alertstate="firing"}'), { timeout: 10_000 })
    .toMatchObject([{ metric: { ghostframe_finding_rule: "frame-end" } }]);

  // As Prometheus's own lint has it: names, units, help.
  const input = await (await fetch(`${admin}/metrics`)).text();
  expect(spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" })).toMatchObject({
    stderr: "",
    status: 0,
  });

  const expressions = dashboard.panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5s")),
  );
  expect(expressions.length).toBeGreaterThan(15);
  for (const expression of expressions) {
    expect(await query(api, expression), expression).not.toEqual([]);
  }
  const rules = (await (await fetch(`${api}/rules`)).json()) as {
    data: { groups: { rules: { name: string; health: string }[] }[] };
  };
  const unwell = rules.data.groups.flatMap(group => group.rules).filter(({ health }) => health !== "ok");
  expect(unwell).toEqual([]);
  const exemplars = `${api}/query_exemplars?query=ghostframe_findings_total&start=${Date.now() / 1000 - 60}&end=${Date.now() / 1000}`;
  const { data } = (await (await fetch(exemplars)).json()) as {
    data: { exemplars: { labels: { trace_id: string } }[] }[];
  };
  // No span is sent: what a producer sent is known all the same.
  expect([TORN.traceId, TEARING.traceId]).toContain(data[0]!.exemplars[0]!.labels.trace_id);
});

it.skipIf(!isThere)("promtool takes the rules", () => {
  expect(readFileSync(ALERTS, "utf8")).toContain("GhostframeNewFinding");
  const { status, stdout } = spawnSync("promtool", ["check", "rules", ALERTS], { encoding: "utf8" });
  expect(stdout).toContain("SUCCESS");
  expect(status).toBe(0);
});
