#!/usr/bin/env node
/**
 * node test/bench/proxy-soak.mjs [--relay ghostframe|sleeping|haproxy|bare] [--connections N] [--rate N] [--at-once N]
 *   [--warm-up N] [--assert]
 *
 * Many short connections through a relay, each with a handshake, one publish and a close: what a client does that connects
 * for each message. As fast as it goes, or --rate of them a second: `--connections 12000 --rate 200` is a minute. Before
 * them come those of the warm-up, in which caches fill and code is compiled. Samples resident memory and open files, and
 * prints by how much they grow per 10,000 connections, and what is left when all are closed. With --assert the exit code is
 * 1 where memory grows by more than its ups and downs explain, files or connections are left, or the pace is not kept.
 * Needs Linux's /proc.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openFiles, RELAYS, residentOctets, startEnds, startRelay } from "./bench-processes.mjs";

const LEAST_PER_SECOND = 200;
/** A hundred octets a connection: an entry that is kept for each takes more. */
const MOST_GROWTH_OCTETS = 1024 * 1024;
/** So many standard errors are chance: samples near each other are alike, which the error does not know. */
const CHANCE = 3;
const LEAST_OF_RATE = 0.95;
const PER = 10_000;
/** The load generator tells how far it is so often. */
const SAMPLED_EVERY = 1000;
const BODY_OCTETS = 300;
const LINES = 10;
const SETTLED_MILLISECONDS = 2000;
/** Paced connections are begun together for so long. */
const PACE_MILLISECONDS = 50;

const { values } = parseArgs({
  options: {
    relay: { type: "string", default: "ghostframe" },
    connections: { type: "string", default: "100000" },
    rate: { type: "string", default: "0" },
    "at-once": { type: "string", default: "20" },
    "warm-up": { type: "string", default: "20000" },
    assert: { type: "boolean", default: false },
  },
});
const connections = Number(values.connections);
const rate = Number(values.rate);
const atOnce = Number(values["at-once"]);
const warmUp = Number(values["warm-up"]);
const isRight = connections >= 5 * SAMPLED_EVERY && connections % SAMPLED_EVERY === 0 && rate >= 0 && atOnce >= 1;
if (!isRight || !(warmUp >= 0) || !RELAYS.slice(1).includes(values.relay)) {
  console.error(`usage: node test/bench/proxy-soak.mjs [--relay ${RELAYS.slice(1).join("|")}] [--connections N] \
[--rate N] [--at-once N] [--warm-up N] [--assert]
connections: a multiple of ${SAMPLED_EVERY}, ${5 * SAMPLED_EVERY} at least; rate: of them a second, 0 for as many as can be`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "ghostframe-soak-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
  const failures = await soak();
  for (const failure of failures) console.error(`proxy-soak: ${failure}`);
  process.exit(values.assert && failures.length > 0 ? 1 : 0);
} catch (error) {
  console.error(`proxy-soak: ${error.message}`);
  process.exit(1);
}

/** Prints what it finds; returns what is wrong with it. */
async function soak() {
  const ends = await startEnds();
  const relay = await startRelay(values.relay, ends.port, folder);
  await delay(SETTLED_MILLISECONDS);
  const filesBefore = openFiles(relay.pid);
  const job = { port: relay.port, connections, atOnce, bodyOctets: BODY_OCTETS };
  if (warmUp > 0) await ends.run("churn", { ...job, connections: warmUp });
  /** @type {{ done: number, resident: number, files: number }[]} */
  const samples = [];
  const pace = rate > 0 ? `${rate} a second` : `${atOnce} at once`;
  console.log(`${values.relay}: ${connections} connections, ${pace}\n\n| connections | MiB | files |\n|---|---|---|`);
  const sample = done => {
    const [before = -1] = samples.slice(-1).map(last => Math.floor((last.done * LINES) / connections));
    samples.push({ done, resident: residentOctets(relay.pid), files: openFiles(relay.pid) });
    if (Math.floor((done * LINES) / connections) > before) printSample(samples.at(-1));
  };
  sample(0);
  const { seconds } = rate > 0 ? await paced(ends, job, sample) : await ends.run("churn", job, sample);
  await delay(SETTLED_MILLISECONDS);
  const filesLeft = openFiles(relay.pid) - filesBefore;
  const { open } = await ends.totals();
  await relay.stop();

  const { growth, error } = growthOf(samples);
  const perSecond = connections / seconds;
  console.log(`
${perSecond.toFixed(0)} connections a second
Growth of memory per ${PER} connections: ${kibibytes(growth)} ± ${kibibytes(error)}
Left when all connections were closed: ${filesLeft} files, ${open} connections to the broker`);
  const least = rate > 0 ? LEAST_OF_RATE * rate : LEAST_PER_SECOND;
  const failures = [];
  if (perSecond < least) failures.push(`less than ${least} connections a second`);
  if (growth - CHANCE * error > MOST_GROWTH_OCTETS)
    failures.push(`memory grows by more than ${MOST_GROWTH_OCTETS / 1024} KiB`);
  if (filesLeft > 0) failures.push(`${filesLeft} files were left open`);
  if (open > 0) failures.push(`${open} connections to the broker outlived their clients`);
  if (relay.fellBehind()) failures.push("not all connections were inspected");
  return failures;
}

/** Begins as many as are due by now, over and over; what was late is made good. */
async function paced(ends, job, onProgress) {
  const began = performance.now();
  for (let done = 0; done < connections; ) {
    const due = Math.min(connections, Math.floor(((performance.now() - began) / 1000) * rate));
    if (due > done) await ends.run("churn", { ...job, connections: due - done });
    if (Math.floor(due / SAMPLED_EVERY) > Math.floor(done / SAMPLED_EVERY)) onProgress(due);
    done = due;
    await delay(PACE_MILLISECONDS);
  }
  return { seconds: (performance.now() - began) / 1000 };
}

function printSample({ done, resident, files }) {
  console.log(`| ${done} | ${(resident / 1024 / 1024).toFixed(1)} | ${files} |`);
}

function kibibytes(octets) {
  return `${(octets / 1024).toFixed(0)} KiB`;
}

/** Octets of memory per PER connections, by the straight line with the least squares, and its standard error. */
function growthOf(samples) {
  const mean = of => samples.reduce((sum, each) => sum + each[of], 0) / samples.length;
  const [middle, level] = [mean("done"), mean("resident")];
  const sum = of => samples.reduce((total, each) => total + of(each.done - middle, each.resident - level), 0);
  const spread = sum(done => done ** 2);
  const slope = sum((done, resident) => done * resident) / spread;
  const rest = sum((done, resident) => (resident - slope * done) ** 2);
  return { growth: slope * PER, error: Math.sqrt(rest / (samples.length - 2) / spread) * PER };
}
