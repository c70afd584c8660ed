#!/usr/bin/env node
/**
 * node test/bench/proxy-soak.mjs [--relay ghostframe|haproxy|bare] [--connections N] [--at-once N] [--assert]
 *
 * Many short connections through a relay, each with a handshake, one publish and a close: what a client does that connects
 * for each message. Samples resident memory and open files, and prints by how much they grow per 10,000 connections once
 * the first fifth, in which caches fill and code is compiled, is over. With --assert growth makes the exit code 1.
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
const MOST_FILES_LEFT = 2;
const PER = 10_000;
const BODY_OCTETS = 300;
const LINES = 10;
const SETTLED_MILLISECONDS = 2000;

const { values } = parseArgs({
  options: {
    relay: { type: "string", default: "ghostframe" },
    connections: { type: "string", default: "100000" },
    "at-once": { type: "string", default: "20" },
    assert: { type: "boolean", default: false },
  },
});
const connections = Number(values.connections);
const atOnce = Number(values["at-once"]);
if (!(connections >= PER && connections % PER === 0) || !(atOnce >= 1) || !RELAYS.slice(1).includes(values.relay)) {
  console.error(`usage: node test/bench/proxy-soak.mjs [--relay ${RELAYS.slice(1).join("|")}] [--connections N] \
[--at-once N] [--assert]
connections: a multiple of ${PER}`);
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
  /** @type {{ done: number, resident: number, files: number }[]} */
  const samples = [];
  const sample = done => {
    samples.push({ done, resident: residentOctets(relay.pid), files: openFiles(relay.pid) });
    if (samples.length === 1 || done % (connections / LINES) === 0) printSample(samples.at(-1));
  };
  console.log(
    `${values.relay}: ${connections} connections, ${atOnce} at once\n\n| connections | MiB | files |\n|---|---|---|`,
  );
  sample(0);
  const job = { port: relay.port, connections, atOnce, bodyOctets: BODY_OCTETS };
  const { seconds } = await ends.run("churn", job, sample);
  await delay(SETTLED_MILLISECONDS);
  const filesLeft = openFiles(relay.pid) - filesBefore;
  await relay.stop();

  const flat = samples.filter(({ done }) => done >= connections / 5);
  const growth = slope(flat, "resident") * PER;
  const perSecond = connections / seconds;
  console.log(`
${perSecond.toFixed(0)} connections a second
Growth per ${PER} connections, over the last 80 %: ${(growth / 1024).toFixed(0)} KiB of memory, \
${(slope(flat, "files") * PER).toFixed(1)} files
Files left open when all connections were closed: ${filesLeft}`);
  const failures = [];
  if (perSecond < LEAST_PER_SECOND) failures.push(`less than ${LEAST_PER_SECOND} connections a second`);
  if (growth > MOST_GROWTH_OCTETS) failures.push(`memory grows by more than ${MOST_GROWTH_OCTETS / 1024} KiB`);
  if (filesLeft > MOST_FILES_LEFT) failures.push(`${filesLeft} files were left open`);
  return failures;
}

function printSample({ done, resident, files }) {
  console.log(`| ${done} | ${(resident / 1024 / 1024).toFixed(1)} | ${files} |`);
}

/** Of the straight line with the least squares through the samples: growth per connection. */
function slope(samples, what) {
  const mean = of => samples.reduce((sum, each) => sum + each[of], 0) / samples.length;
  const [middle, level] = [mean("done"), mean(what)];
  let above = 0;
  let below = 0;
  for (const each of samples) {
    above += (each.done - middle) * (each[what] - level);
    below += (each.done - middle) ** 2;
  }
  return above / below;
}
