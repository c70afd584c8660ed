#!/usr/bin/env node
/**
 * npm run bench:proxy -- [--rounds N] [--seconds N] [--only NAME]… [--assert]
 *
 * What a connection costs through `ghostframe proxy`, beside haproxy (TCP mode, one thread), a bare relay in Node, and no
 * relay at all: throughput, the delay added to a publish and its basic.ack, memory for an idle connection. Relays take
 * turns, several in every round; medians of the turns are shown, and of the ratios within each. The sink counts what
 * arrives, so that a relay that loses octets fails. Throughput is what was relayed and inspected: the time ends when
 * ghostframe has told of the end of all connections. One that falls too far behind, and leaves octets uninspected, fails.
 * Delay is measured of ghostframe with --no-busy-polling as well, which is "sleeping"; "processor µs" are the relay's, for a
 * round trip. Throughput of large bodies is measured of ghostframe with --admin as well, which follows every message:
 * "following"; small ones at full speed are more than it can follow (npm run bench:telemetry shows that). With --assert a missed target makes the exit code 1.
 *
 * NAME is a measurement (throughput, latency, memory) or a relay (direct, haproxy, bare, ghostframe, sleeping, following); without
 * one, all.
 * All processes share the machine's processors: where these are few, throughput is bounded by sink and load generator
 * too, and the processor time that a relay takes for a gigabyte says more. Memory and processor time need Linux's /proc.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { processorSeconds, RELAYS, residentOctets, startEnds, startRelay } from "./bench-processes.mjs";

const LEAST_THROUGHPUT = 0.9;
const LEAST_FOLLOWING = 0.95;
const MOST_ADDED_LATENCY = 1.3;
const MOST_IDLE_OCTETS = 64 * 1024;

const LARGE = 65536;
const BODIES = [300, LARGE];
const CONNECTIONS = 4;
const ROUND_TRIPS = 4000;
/** A machine is faster now and slower then: in short turns, many of them, all relays have the same weather. */
const THROUGHPUT_TURNS = 3;
const LATENCY_TURNS = 5;
const IDLE_CONNECTIONS = 1000;
const WARM_UP_SECONDS = 0.5;
const SETTLED_MILLISECONDS = 3000;

const MEASUREMENTS = ["throughput", "latency", "memory"];
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    only: { type: "string", multiple: true, default: [] },
    assert: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
if (!(rounds >= 1) || !(seconds > 0) || !values.only.every(name => [...MEASUREMENTS, ...RELAYS].includes(name))) {
  console.error(`usage: npm run bench:proxy -- [--rounds N] [--seconds N] [--only NAME]… [--assert]
NAME: ${[...MEASUREMENTS, ...RELAYS].join(", ")}`);
  process.exit(2);
}
const chosen = names => {
  const named = names.filter(name => values.only.includes(name));
  return named.length > 0 ? named : names;
};
const measurements = chosen(MEASUREMENTS);
const relays = chosen(RELAYS).filter(name => name !== "haproxy" || isInstalled("haproxy", "-v"));
/** How a relay waits hardly matters at full speed, nor to its memory: there it is measured only where it is named. */
const awake = relays.filter(name => name !== "following" && (name !== "sleeping" || values.only.includes(name)));

/** @type {{ what: string, found: number, target: number, met: boolean }[]} */
const targets = [];
const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

console.log(`Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, \
${process.platform}; ${rounds} rounds`);
const ends = await startEnds();
try {
  if (measurements.includes("throughput")) await throughput();
  if (measurements.includes("latency")) await latency();
  if (measurements.includes("memory")) await memory();
  printTargets();
} catch (error) {
  console.error(`proxy-bench: ${error.message}`);
  process.exit(1);
}
process.exit(values.assert && targets.some(({ met }) => !met) ? 1 : 0);

async function throughput() {
  for (const bodyOctets of BODIES) {
    const measure = async (relay, warmUp) => {
      const before = relay.pid === null ? null : processorSeconds(relay.pid);
      const job = { port: relay.port, bodyOctets, connections: CONNECTIONS };
      const sent = await ends.run("publish", { ...job, seconds: warmUp ? WARM_UP_SECONDS : seconds });
      const relayed = performance.now();
      relay.connections = (relay.connections ?? 0) + CONNECTIONS;
      await relay.inspected(relay.connections);
      // What is relayed and not inspected yet is not done with.
      const took = sent.seconds + (performance.now() - relayed) / 1000;
      const gigabytes = sent.octets / 1e9;
      return {
        speed: sent.octets / took,
        messages: sent.messages / took,
        cost: before === null ? null : (processorSeconds(relay.pid) - before) / gigabytes,
      };
    };
    const follows = bodyOctets === LARGE ? relays.filter(name => name === "following") : [];
    const found = await inTurn([...awake, ...follows], measure, rounds * THROUGHPUT_TURNS);
    const speed = name => median(found[name].map(turn => turn.speed));
    /** To another's in the same turn. */
    const times = (name, other = "haproxy") => median(found[name].map((turn, i) => turn.speed / found[other][i].speed));
    const rows = Object.entries(found).map(([name, of]) => [
      name,
      megabytes(speed(name)).toFixed(0),
      range(of.map(turn => megabytes(turn.speed))),
      count(median(of.map(turn => turn.messages))),
      found.haproxy ? times(name).toFixed(2) : "–",
      of[0].cost === null ? "–" : median(of.map(turn => turn.cost)).toFixed(2),
    ]);
    const header = ["", "MB/s", "from–to", "messages/s", "× haproxy", "processor s/GB"];
    printTable(`Throughput: bodies of ${count(bodyOctets)} octets, ${CONNECTIONS} connections`, [header, ...rows]);
    if (found.haproxy && found.ghostframe) {
      const of = `throughput × haproxy, bodies of ${count(bodyOctets)} octets`;
      atLeast(of, times("ghostframe"), LEAST_THROUGHPUT);
    }
    if (found.following && found.ghostframe) {
      const of = `throughput with every message followed × without, bodies of ${count(bodyOctets)} octets`;
      atLeast(of, times("following", "ghostframe"), LEAST_FOLLOWING);
    }
  }
}

async function latency() {
  const measure = async (relay, warmUp) => {
    const roundTrips = warmUp ? 2 * ROUND_TRIPS : ROUND_TRIPS;
    const before = relay.pid === null ? null : processorSeconds(relay.pid);
    const trips = await ends.run("pingPong", { port: relay.port, roundTrips, bodyOctets: BODIES[0] });
    const cost = before === null ? null : ((processorSeconds(relay.pid) - before) / roundTrips) * 1e6;
    return { ...trips, cost };
  };
  const found = await inTurn(
    relays.filter(name => name !== "following"),
    measure,
    rounds * LATENCY_TURNS,
  );
  const at = (name, quantile) => median(found[name].map(turn => turn[quantile]));
  /** To what came directly in the same turn. */
  const added = (name, quantile) =>
    found.direct &&
    name !== "direct" &&
    median(found[name].map((turn, i) => turn[quantile] - found.direct[i][quantile]));
  const rows = Object.keys(found).map(name => [
    name,
    ...["median", "p99"].flatMap(quantile => [
      at(name, quantile).toFixed(1),
      added(name, quantile) ? added(name, quantile).toFixed(1) : "–",
      found.haproxy && added(name, quantile) ? ratio(added(name, quantile), added("haproxy", quantile)) : "–",
    ]),
    found[name][0].cost === null ? "–" : mean(found[name].map(turn => turn.cost)).toFixed(0),
  ]);
  const header = ["µs", "median", "added", "× haproxy", "p99", "added", "× haproxy", "processor µs"];
  const trips = `${rounds * LATENCY_TURNS} turns of ${count(ROUND_TRIPS)} round trips`;
  printTable(`Latency: a publish of ${BODIES[0]} octets and its basic.ack, ${trips}`, [header, ...rows]);
  if (!found.direct || !found.haproxy || !found.ghostframe) return;
  for (const quantile of ["median", "p99"]) {
    // By chance haproxy may seem to add nothing at all.
    const times = added("ghostframe", quantile) / Math.max(added("haproxy", quantile), 1);
    atMost(`added latency × haproxy, ${quantile}`, times, MOST_ADDED_LATENCY);
  }
}

/** In a process of its own for each relay: what was measured before must not have made it larger. */
async function memory() {
  const rows = [];
  for (const name of awake.filter(each => each !== "direct")) {
    const relay = await startRelay(name, ends.port, folder);
    await delay(SETTLED_MILLISECONDS);
    const none = residentOctets(relay.pid);
    await ends.run("hold", { port: relay.port, connections: IDLE_CONNECTIONS });
    await delay(SETTLED_MILLISECONDS);
    const all = residentOctets(relay.pid);
    await ends.run("release", {});
    await relay.stop();
    if (none === null || all === null) return;
    const each = (all - none) / IDLE_CONNECTIONS;
    rows.push([name, (each / 1024).toFixed(1), mebibytes(none), mebibytes(all)]);
    if (name === "ghostframe") atMost("KiB per idle connection", each / 1024, MOST_IDLE_OCTETS / 1024);
  }
  const header = ["", "KiB per connection", "MiB with none", `MiB with ${count(IDLE_CONNECTIONS)}`];
  printTable("Memory: idle AMQP connections", [header, ...rows]);
}

/** Measures each relay once a turn, after one turn that does not count. */
async function inTurn(names, measure, turns) {
  const started = [];
  for (const name of names) started.push(await startRelay(name, ends.port, folder));
  const found = Object.fromEntries(names.map(name => [name, []]));
  for (const relay of started) await measure(relay, true);
  for (let turn = 0; turn < turns; turn++) {
    for (const relay of started) found[relay.name].push(await measure(relay, false));
  }
  const behind = started.filter(relay => relay.fellBehind());
  for (const relay of started) await relay.stop();
  // Octets that nobody looked at cost less: such figures are of another program.
  if (behind.length > 0) throw new Error(`${behind[0].name} fell behind, and did not inspect all that it relayed`);
  return found;
}

function atLeast(what, found, target) {
  targets.push({ what: `${what}: at least ${target}`, found, met: found >= target });
}

function atMost(what, found, target) {
  targets.push({ what: `${what}: at most ${target}`, found, met: found <= target });
}

function printTargets() {
  if (targets.length === 0) return;
  const rows = targets.map(({ what, found, met }) => [what, found.toFixed(2), met ? "met" : "missed"]);
  printTable("Targets", [["ghostframe", "found", ""], ...rows]);
}

function printTable(title, [header, ...rows]) {
  const line = cells => `| ${cells.join(" | ")} |`;
  console.log(`\n${title}\n\n${[line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n")}`);
}

function isInstalled(command, ...args) {
  if (spawnSync(command, args).status === 0) return true;
  console.error(`${command} is not installed: no comparison with it`);
  if (values.assert) process.exit(2);
  return false;
}

function ratio(found, reference) {
  return reference ? (found / reference).toFixed(2) : "–";
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function range(numbers) {
  return `${Math.min(...numbers).toFixed(0)}–${Math.max(...numbers).toFixed(0)}`;
}

function megabytes(octets) {
  return octets / 1e6;
}

function mebibytes(octets) {
  return (octets / 1024 / 1024).toFixed(1);
}

function count(number) {
  return Math.round(number).toLocaleString("en");
}
