#!/usr/bin/env node
/**
 * npm run bench:squeeze -- [--runs N] [--client NAME]… [--octets N]… [--volume N] [--sip OCTETS] [--pause MS]
 *
 * What `ghostframe proxy --squeeze` does to real clients that do not synchronise their writes: how many messages they get
 * out whole before the first one is torn, without the option and with it. Prints a Markdown table.
 *
 * The clients in clients/ publish on one connection from three threads, as fast as they can, until VOLUME octets of bodies
 * are out or the proxy tells of the first fault. The broker is a private RabbitMQ, or the one that AMQP_URL names.
 * Every run has a proxy and a client process of its own.
 *
 * How much a client writes before a write is cut depends on its send buffer, and that on the network: on loopback, with
 * segments of 64 KB, Linux gives 4 MB, and where the MTU is 1500 it gives 190 KB. `unshare -n`, `ip link set lo mtu 1500 up`
 * and this program show the second.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const here = name => fileURLToPath(new URL(name, import.meta.url));
/** A client whose threads have lost each other's wake-ups waits for ever: its run ends untorn. */
const PATIENCE_MILLISECONDS = 60_000;

const CLIENTS = {
  bunny: { shown: "Bunny, its lock taken out", command: ["ruby", here("clients/bunny_without_lock.rb")] },
  pika: { shown: "pika, as it is", command: ["/usr/bin/python3", here("clients/pika_threads.py")] },
};

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    client: { type: "string", multiple: true, default: Object.keys(CLIENTS) },
    octets: { type: "string", multiple: true, default: ["300", "4096", "65536"] },
    volume: { type: "string", default: "8000000" },
    sip: { type: "string" },
    pause: { type: "string" },
  },
});
const runs = Number(values.runs);
const sizes = values.octets.map(Number);
const volume = Number(values.volume);
if (!(runs >= 1) || !sizes.every(size => size >= 1) || !values.client.every(name => name in CLIENTS)) {
  console.error(`usage: npm run bench:squeeze -- [--runs N] [--client NAME]… [--octets N]… [--volume N] [--sip N] [--pause N]
NAME: ${Object.keys(CLIENTS).join(", ")}`);
  process.exit(2);
}
const squeeze = ["--squeeze"];
if (values.sip !== undefined) squeeze.push("--squeeze-sip", values.sip);
if (values.pause !== undefined) squeeze.push("--squeeze-pause", values.pause);

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
const folder = mkdtempSync(join(tmpdir(), "ghostframe-squeeze-"));
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const { startBroker } = await privateBroker();
const broker = await startBroker();
const upstream = process.env.AMQP_URL ?? `amqp://${broker.host}:${broker.port}`;
try {
  const rows = [];
  for (const name of values.client) {
    for (const octets of sizes) rows.push(...(await rowsOf(CLIENTS[name], octets)));
  }
  printTable(rows);
} finally {
  await broker.stop();
}
process.exit(0);

async function rowsOf(client, octets) {
  const messages = Math.max(3, Math.floor(volume / octets));
  const { opening, message } = await sizesOnTheWire(client, octets);
  const rows = [];
  for (const squeezed of [false, true]) {
    const how = squeezed ? "`--squeeze`" : "";
    const options = squeezed ? squeeze : [];
    const found = [];
    for (let i = 0; i < runs; i++) {
      const { fault } = await run(client, { octets, messages, threads: 3, options });
      found.push(fault === null ? null : Math.max(0, Math.floor((fault.streamOffset - opening) / message)));
      if (process.stderr.isTTY) process.stderr.write(`\r${client.shown} ${octets} ${how} ${i + 1}/${runs} \r`);
    }
    rows.push([client.shown, count(octets), how, ...summary(found, messages)]);
  }
  return rows;
}

/** Octets that a client sends besides its messages, and octets of a message: of one publisher, who tears nothing. */
async function sizesOnTheWire(client, octets) {
  const none = await run(client, { octets, messages: 0, threads: 1, options: [] });
  const one = await run(client, { octets, messages: 1, threads: 1, options: [] });
  return { opening: none.octets, message: one.octets - none.octets };
}

/** One connection through a proxy of its own: its first fault, or null, and the octets its client sent. */
async function run({ command }, { octets, messages, threads, options }) {
  const proxy = start(
    [process.execPath, here("../../bin/ghostframe.js"), "proxy", "--format", "ndjson"],
    ["--listen", "127.0.0.1:0", "--upstream", upstream].concat(options),
  );
  const events = createInterface({ input: proxy.stdout });
  const client = { process: null };
  const timer = setTimeout(() => proxy.kill("SIGTERM"), PATIENCE_MILLISECONDS);
  try {
    for await (const line of events) {
      const event = JSON.parse(line);
      if (event.kind === "listening") {
        const url = `amqp://${/on (\S+)/.exec(event.message)[1]}`;
        client.process = start(command, [url, octets, messages, threads].map(String));
      }
      if (event.event === "fault" && event.severity === "error") return { fault: event, octets: null };
      if (event.event === "closed") return { fault: null, octets: event.connection.octets.clientToServer };
    }
    return { fault: null, octets: null };
  } finally {
    clearTimeout(timer);
    await Promise.all([proxy, client.process].filter(child => child !== null).map(kill));
  }
}

function start([command, ...first], rest) {
  const child = spawn(command, [...first, ...rest], { stdio: ["ignore", "pipe", "ignore"] });
  child.once("error", error => {
    console.error(`${command}: ${error.message}`);
    process.exit(1);
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** test/support/private-broker.ts, which is TypeScript, built for this run. */
async function privateBroker() {
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const options = [
    "--ignoreConfig",
    "--outDir",
    folder,
    "--target",
    "es2023",
    "--module",
    "nodenext",
    "--types",
    "node",
  ];
  const source = here("../support/private-broker.ts");
  const { status } = spawnSync(process.execPath, [join(typescript, "bin", "tsc"), ...options, source], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return import(pathToFileURL(join(folder, "private-broker.js")).href);
}

function summary(found, messages) {
  const torn = found.filter(before => before !== null).sort((a, b) => a - b);
  const share = `${torn.length} of ${found.length}`;
  if (torn.length === 0) return [`none in ${count(messages)}`, "", share];
  const median = torn[torn.length >> 1];
  return [count(median), `${count(torn[0])}–${count(torn.at(-1))}`, share];
}

function printTable(rows) {
  const line = cells => `| ${cells.join(" | ")} |`;
  const header = ["client", "octets", "", "whole messages before the first tear", "from–to", "runs torn"];
  console.log([line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n"));
}

function count(number) {
  return number.toLocaleString("en");
}
