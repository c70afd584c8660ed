#!/usr/bin/env node
/**
 * npm run bench:size -- [--megabytes N]… [--piped N]… [--connections N]… [--broken N]…
 *
 * What `inspect` costs by size: clean captures of so many megabytes, in a file or, piped, by a pipe from the program that
 * makes them; clean ones of 200 MB with so many connections; and so many broken connections, each broken in another way
 * (more than a thousand: in one of three ways).
 * Whole processes, one run each: processor seconds, elapsed, peak memory. Fails where not every connection and frame is
 * found, or a clean capture takes more memory than it may. Needs GNU time. Captures go to the folder for temporary files.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeCapture } from "./make-capture.mjs";

const here = name => fileURLToPath(new URL(name, import.meta.url));
const GHOSTFRAME = here("../../bin/ghostframe.js");
const GENERATOR = here("make-capture.mjs");
const MOST_MEBIBYTES = 150;
/** More for each connection that is open or has just closed, up to so many; and for each that is over, in the report. */
const MOST_OF_OPEN = 30 / 1024;
const MOST_OPEN = 5096;
const MOST_OF_CLOSED = 6 / 1024;
/** Each broken in another way; more are of three kinds. */
const MOST_VARIED = 1000;
/** Megabytes of the captures with more or fewer connections. */
const MEGABYTES = 200;

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", multiple: true, default: ["40", "400", "4000"] },
    piped: { type: "string", multiple: true, default: ["40000"] },
    connections: { type: "string", multiple: true, default: ["1", "100", "10000", "100000"] },
    broken: { type: "string", multiple: true, default: ["1", "100", "1000", "10000"] },
  },
});
const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "size.pcap");
let failures = 0;

console.log(`Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${process.platform}

| capture | packets | processor s | elapsed s | peak MiB | MB a processor second |
| --- | --- | --- | --- | --- | --- |`);
for (const size of values.megabytes) clean(`${count(size)} MB, 8 connections`, makeCapture(path, Number(size)));
for (const size of values.piped) await piped(Number(size));
for (const many of values.connections) {
  clean(`${MEGABYTES} MB, ${count(many)} connections`, makeCapture(path, MEGABYTES, "pcap", { count: Number(many) }));
}
for (const many of values.broken) broken(Number(many));
process.exitCode = failures > 0 ? 1 : 0;

function clean(what, made) {
  const measured = judged(what, made, inspected(path));
  row(what, made, measured);
}

/** The program that makes the capture runs beside: the time elapsed is of both. */
async function piped(size) {
  rmSync(path, { force: true });
  execFileSync("mkfifo", [path]);
  const generator = spawn(process.execPath, [GENERATOR, path, String(size)], { stdio: ["ignore", "pipe", "inherit"] });
  let made = "";
  generator.stdout.setEncoding("utf8").on("data", text => {
    made += text;
  });
  const ended = new Promise(resolve => generator.once("close", resolve));
  const measured = inspected(path);
  await ended;
  rmSync(path);
  const what = `${count(size)} MB through a pipe`;
  row(what, JSON.parse(made), judged(what, JSON.parse(made), measured));
}

function broken(many) {
  const kind = many > MOST_VARIED ? "broken" : "varied";
  const program = [here("../support/run-ts.mjs"), here("../support/many-connections.ts"), kind, String(many), path];
  execFileSync(process.execPath, program);
  const measured = inspected(path);
  const what = `${count(many)} broken connections${kind === "broken" ? " of three kinds" : ""}`;
  const { connections, inputs } = measured.report;
  if (connections.length !== many) fail(what, `${connections.length} connections`);
  row(what, { packets: inputs[0].packets, octets: inputs[0].octets }, measured);
}

function inspected(capture) {
  const args = ["-f", "%U %S %e %M", process.execPath, GHOSTFRAME, "inspect", "--format", "json", capture];
  const { status, stdout, stderr } = spawnSync("/usr/bin/time", args, { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0 && status !== 1) throw new Error(`inspect ended with status ${status}: ${stderr}`);
  const [user, system, elapsed, kibibytes] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { report: JSON.parse(stdout), seconds: user + system, elapsed, mebibytes: kibibytes / 1024 };
}

/** Of a clean capture everything must be found, in so much memory. */
function judged(what, made, measured) {
  const { connections, findings, inputs } = measured.report;
  const frames = connections.reduce((sum, { frames: of }) => sum + of.clientToServer + of.serverToClient, 0);
  if (frames !== made.frames) fail(what, `${frames} of ${made.frames} frames`);
  if (connections.length !== made.connections) fail(what, `${connections.length} of ${made.connections} connections`);
  if (inputs[0].packets !== made.packets) fail(what, `${inputs[0].packets} of ${made.packets} packets`);
  if (findings.some(({ severity }) => severity === "error")) fail(what, "a finding in clean traffic");
  const most =
    MOST_MEBIBYTES + Math.min(made.connections, MOST_OPEN) * MOST_OF_OPEN + made.connections * MOST_OF_CLOSED;
  if (measured.mebibytes > most) fail(what, `more than ${most.toFixed(0)} MiB`);
  return measured;
}

function fail(what, found) {
  failures++;
  console.error(`size-bench: ${what}: ${found}`);
}

function row(what, { packets, octets }, { seconds, elapsed, mebibytes }) {
  const cells = [count(packets), seconds.toFixed(2), elapsed.toFixed(2), mebibytes.toFixed(0)];
  console.log(`| ${[what, ...cells, (octets / 1e6 / seconds).toFixed(0)].join(" | ")} |`);
}

function count(number) {
  return Number(number).toLocaleString("en");
}
