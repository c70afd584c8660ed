#!/usr/bin/env node
/**
 * npm run bench:telemetry -- [--rounds N] [--seconds N] [--only capture|proxy]… [--assert]
 *
 * What telemetry costs, in whole processes that take turns.
 *
 *   capture   100,000 messages of a capture, each in a trace of its own, to JSON lines in a file, and by HTTP as protobuf
 *             and as JSON to a receiver that looks at nothing; beside `inspect` and `messages` without telemetry. All spans
 *             must arrive.
 *   proxy     with and without --otlp: traced and confirmed messages alone, 1,000 and 10,000 a second (how late the last one
 *             was), and 1,000 a second beside connections that publish as fast as they can: their throughput, relayed and
 *             inspected. Every message is looked at where telemetry is on: small ones at full speed show what that costs,
 *             and have no target. Where they are
 *             more than the inspector can look at, connections go on uninspected, and that is told.
 *
 * Medians of the turns are shown, and of the ratios within each. With --assert a missed target makes the exit code 1.
 */
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { processorSeconds, startEnds, startRelay } from "./bench-processes.mjs";
import { makeTracedCapture } from "./traced-capture.mjs";

const here = name => fileURLToPath(new URL(name, import.meta.url));
const GHOSTFRAME = here("../../bin/ghostframe.js");
const TIME = "/usr/bin/time";
const MESSAGES = 100_000;
/** A publish, a delivery, the settlement of it. */
const SPANS = 1.5 * MESSAGES;
const MOST_SECONDS = 15;
const LEAST_THROUGHPUT = 0.9;
const RATE = 1000;
const FAST_RATE = 10_000;
const CONNECTIONS = 4;
const LARGE = 65536;
/** Small ones last: where they are too many to be inspected, what is relayed goes on uninspected. */
const BODIES = [LARGE, 300];
const WARM_UP_SECONDS = 0.5;

const PARTS = ["capture", "proxy"];
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    only: { type: "string", multiple: true, default: [] },
    assert: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
if (!(rounds >= 1) || !(seconds > 0) || !values.only.every(name => PARTS.includes(name))) {
  console.error("usage: npm run bench:telemetry -- [--rounds N] [--seconds N] [--only capture|proxy]… [--assert]");
  process.exit(2);
}
const wants = part => values.only.length === 0 || values.only.includes(part);

let missed = false;
const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
const receiver = fork(here("otlp-sink.mjs"));
process.on("exit", () => {
  receiver.kill();
  rmSync(folder, { recursive: true, force: true });
});
const [{ port }] = await once(receiver, "message");
const url = `http://127.0.0.1:${port}`;

console.log(
  `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}; ${rounds} rounds`,
);
try {
  if (wants("capture")) captures();
  if (wants("proxy")) await proxies();
} catch (error) {
  console.error(`telemetry-bench: ${error.message}`);
  process.exit(1);
}
process.exit(values.assert && missed ? 1 : 0);

function captures() {
  const capture = join(folder, "traced.pcapng");
  const { octets } = makeTracedCapture(capture, MESSAGES);
  console.log(`\nA capture of ${MESSAGES} messages, ${(octets / 1e6).toFixed(0)} MB, ${SPANS} spans\n`);
  const out = join(folder, "out");
  const ways = {
    inspect: ["inspect", capture],
    messages: ["messages", capture, "--format", "ndjson"],
    "inspect, file": ["inspect", capture, `--otlp=file:${out}`],
    "inspect, protobuf": ["inspect", capture, `--otlp=${url}`],
    "inspect, json": ["inspect", capture, `--otlp=${url}`],
  };
  const took = Object.fromEntries(Object.keys(ways).map(name => [name, { seconds: [], processor: [] }]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, args] of Object.entries(ways)) {
      const env = name.endsWith("json") ? { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" } : {};
      const found = timed(args, env);
      if (name.endsWith("file")) {
        const spans = readFileSync(join(out, "traces.jsonl"), "latin1").split('"startTimeUnixNano":"').length - 1;
        if (spans < SPANS) throw new Error(`${name}: ${spans} spans of ${SPANS} were written`);
        rmSync(out, { recursive: true, force: true });
      }
      if (round === 0) continue;
      took[name].seconds.push(found.seconds);
      took[name].processor.push(found.processor);
    }
  }
  console.log("| | seconds | from–to | processor seconds |\n| --- | --- | --- | --- |");
  for (const [name, { seconds: all, processor }] of Object.entries(took)) {
    const range = `${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)}`;
    console.log(`| ${name} | ${median(all).toFixed(2)} | ${range} | ${median(processor).toFixed(2)} |`);
    if (name.includes(",")) judge(`${name}: seconds, at most ${MOST_SECONDS}`, median(all), at => at <= MOST_SECONDS);
  }
}

/** Throws where something could not be sent. Processor time is told where GNU time is there. */
function timed(args, env) {
  const command = [...(existsSync(TIME) ? [TIME, "-f", "%U %S"] : []), process.execPath, GHOSTFRAME, ...args];
  const began = performance.now();
  const { status, stderr } = spawnSync(command[0], command.slice(1), {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0 || stderr.includes("telemetry")) throw new Error(`${args[0]} ended with ${status}: ${stderr}`);
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { seconds: (performance.now() - began) / 1000, processor: user + system };
}

async function proxies() {
  const ends = await startEnds();
  const relays = { without: [], with: [`--otlp=${url}`] };
  const started = [];
  for (const [name, options] of Object.entries(relays)) {
    started.push({ name, relay: await startRelay("ghostframe", ends.port, folder, options), connections: 0 });
  }
  const jobs = [
    ...[RATE, FAST_RATE].map(rate => ({ rate, connections: 0, bodyOctets: 0 })),
    ...BODIES.map(bodyOctets => ({ rate: RATE, connections: CONNECTIONS, bodyOctets })),
  ];
  for (const options of jobs) {
    const isSmall = options.connections > 0 && options.bodyOctets < LARGE;
    const found = { without: [], with: [] };
    try {
      for (let turn = 0; turn <= rounds; turn++) {
        for (const each of started) {
          const result = await measured(ends, each, { ...options, seconds: turn === 0 ? WARM_UP_SECONDS : seconds });
          if (turn > 0) found[each.name].push(result);
        }
      }
      show(options, found);
    } catch (error) {
      if (!isSmall) throw error;
      console.log(`\nbodies of ${options.bodyOctets} octets at full speed: ${error.message}`);
    }
    for (const { name, relay } of isSmall ? [] : started) {
      if (relay.told().includes("telemetry")) throw new Error(`${name} telemetry: ${relay.told()}`);
    }
  }
  for (const { relay } of started) await relay.stop();
}

async function measured(ends, each, options) {
  const before = processorSeconds(each.relay.pid);
  const sent = await ends.run("traced", { port: each.relay.port, ...options });
  const relayed = performance.now();
  each.connections += options.connections + 1;
  await each.relay.inspected(each.connections);
  const took = sent.seconds + (performance.now() - relayed) / 1000;
  return { speed: sent.own / took, late: sent.late, cost: (processorSeconds(each.relay.pid) - before) / took };
}

function show({ rate, connections, bodyOctets }, found) {
  const beside = `beside ${connections} connections at full speed, bodies of ${bodyOctets} octets`;
  const title = `${rate} traced messages a second, ${connections === 0 ? "alone" : beside}`;
  console.log(`\n${title}\n\n| telemetry | MB/s | ms late | processors |\n| --- | --- | --- | --- |`);
  for (const [name, turns] of Object.entries(found)) {
    const of = key => median(turns.map(turn => turn[key]));
    const cells = [(of("speed") / 1e6).toFixed(0), of("late").toFixed(1), of("cost").toFixed(2)];
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  const ratio = median(found.with.map(({ speed }, i) => speed / found.without[i].speed));
  if (connections > 0 && bodyOctets < LARGE)
    console.log(`throughput with telemetry, to that without: ${ratio.toFixed(2)}`);
  if (bodyOctets < LARGE) return;
  judge(
    `throughput with telemetry, to that without: at least ${LEAST_THROUGHPUT}`,
    ratio,
    at => at >= LEAST_THROUGHPUT,
  );
}

function judge(what, found, isMet) {
  const met = isMet(found);
  missed ||= !met;
  console.log(`${what}: ${found.toFixed(2)}, ${met ? "met" : "missed"}`);
}

/** @param {number[]} list */
function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}
