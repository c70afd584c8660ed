#!/usr/bin/env node
/**
 * npm run bench:check -- [--captures N] [--kilobytes N] [--runs N]
 *
 * `ghostframe check` on many small captures, and on one that holds the packets of all of them: whole processes, in turn,
 * median of N runs. Fails when it does not find every frame in either, when the small ones take more than MOST_TIMES as
 * long, or more memory than they may. Captures go to the folder for temporary files (TMPDIR moves it) and are removed
 * again.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeCapture } from "./make-capture.mjs";

const GHOSTFRAME = fileURLToPath(new URL("../../bin/ghostframe.js", import.meta.url));
const MOST_TIMES = 3;
const MOST_MEMORY = 300 * 1024 * 1024;
const PCAP_FILE_HEADER = 24;
const PCAP_RECORD_HEADER = 16;
const ETHERNET = 14;
const IP = 20;
const IP_SOURCE = 12;
const IP_DESTINATION = 16;
const PORT = 5672;

const { values } = parseArgs({
  options: {
    captures: { type: "string", default: "1000" },
    kilobytes: { type: "string", default: "40" },
    runs: { type: "string", default: "5" },
  },
});
const [captures, kilobytes, runs] = [values.captures, values.kilobytes, values.runs].map(Number);
if (!(captures >= 1) || !(kilobytes >= 1) || !(runs >= 1)) {
  console.error("usage: npm run bench:check -- [--captures N] [--kilobytes N] [--runs N]");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const small = join(folder, "small");
const together = join(folder, "together.pcap");
mkdirSync(small);
const { frames, octets } = makeCapture(together, kilobytes / 1000, "pcap");
const capture = readFileSync(together);
for (let at = 0; at < captures; at++) {
  const own = fromOtherClients(capture, at);
  writeFileSync(join(small, `${String(at).padStart(6, "0")}.pcap`), own);
  if (at > 0) appendFileSync(together, own.subarray(PCAP_FILE_HEADER));
}

const processors = cpus();
console.log(`Node ${process.version} on ${processors.length} × ${processors[0]?.model ?? "unknown processor"}`);
console.log(`${captures} captures of ${octets} octets and ${frames} frames, seed as in make-capture.mjs`);

/** The first round fills the page cache and checks the answer. */
const tries = [small, together].map(path => {
  const { summary, passed } = JSON.parse(run(path, "--format", "json").stdout);
  if (!passed || summary.frames !== frames * captures) {
    console.error(`check-bench: ${path}: ${summary.frames} frames were found, not ${frames * captures}`);
    process.exit(1);
  }
  return { path, seconds: /** @type {number[]} */ ([]) };
});
for (let round = 0; round < runs; round++) {
  for (const { path, seconds } of tries) seconds.push(run(path).seconds);
}

const [apart, one] = tries.map(({ seconds }) => median(seconds));
const times = apart / one;
const memory = peakMemory(small);
console.log(`apart ${apart.toFixed(3)} s, together ${one.toFixed(3)} s: ${times.toFixed(2)} times as long`);
if (memory !== null) console.log(`peak memory apart ${(memory / 1024 / 1024).toFixed(0)} MiB`);
if (times > MOST_TIMES) fail(`may take ${MOST_TIMES} times as long`);
if (memory !== null && memory > MOST_MEMORY) fail(`may take ${MOST_MEMORY / 1024 / 1024} MiB`);

/** The same traffic between others, so that captures put together do not repeat each other. */
function fromOtherClients(octets, number) {
  const copy = Buffer.from(octets);
  for (let at = PCAP_FILE_HEADER; at < copy.length; at += PCAP_RECORD_HEADER + copy.readUInt32LE(at + 8)) {
    const ip = at + PCAP_RECORD_HEADER + ETHERNET;
    const isFromServer = copy.readUInt16BE(ip + IP) === PORT;
    copy.writeUInt16BE(number + 1, ip + (isFromServer ? IP_DESTINATION : IP_SOURCE) + 1);
  }
  return copy;
}

/** @param {string} why */
function fail(why) {
  console.error(`check-bench: ${captures} captures ${why}`);
  process.exitCode = 1;
}

/** @param {string} path @param {string[]} options */
function run(path, ...options) {
  const started = process.hrtime.bigint();
  const args = [GHOSTFRAME, "check", path, "--no-config", ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 30 });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0) throw new Error(`check ${path} ended with ${status}: ${stderr}`);
  return { stdout, seconds };
}

/** Octets, where GNU time is there to tell. @param {string} path */
function peakMemory(path) {
  const args = ["-f", "%M", process.execPath, GHOSTFRAME, "check", path, "--no-config"];
  const { status, stderr } = spawnSync("/usr/bin/time", args, { encoding: "utf8" });
  return status === 0 ? Number(stderr.trim().split("\n").at(-1)) * 1024 : null;
}

/** @param {number[]} list */
function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}
