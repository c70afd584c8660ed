#!/usr/bin/env node
/**
 * npm run bench -- [--size MEGABYTES]… [--format pcap|pcapng]… [--runs N]
 *
 * `ghostframe inspect` against a bare loop in Node that hops from frame header to frame header (bare-frames.mjs), tcpdump
 * and tshark (where they are installed) on captures made by make-capture.mjs: whole processes, in turn, median of N runs. Fails when ghostframe does not find every packet and every frame, or uses more
 * memory than it may: a fast wrong answer is no answer. Captures go to the folder for temporary files (TMPDIR moves it)
 * and are removed again.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeCapture } from "./make-capture.mjs";

const GHOSTFRAME = fileURLToPath(new URL("../../bin/ghostframe.js", import.meta.url));
const BARE_LOOP = fileURLToPath(new URL("bare-frames.mjs", import.meta.url));
const MOST_MEMORY = 150 * 1024 * 1024;
/** tshark takes a second for 10 MB: it is shown a larger capture once only, and one larger still not at all. */
const PATIENCE_MEGABYTES = 100;
const LEAST_PATIENCE_MEGABYTES = 1000;
const PORT = 5672;

const { values } = parseArgs({
  options: {
    size: { type: "string", multiple: true, default: ["40", "400"] },
    format: { type: "string", multiple: true, default: ["pcap", "pcapng"] },
    runs: { type: "string", default: "5" },
  },
});
const sizes = values.size.map(Number);
const runs = Number(values.runs);
if (
  !sizes.every(size => size > 0) ||
  !(runs >= 1) ||
  !values.format.every(each => each === "pcap" || each === "pcapng")
) {
  console.error("usage: npm run bench -- [--size MEGABYTES]… [--format pcap|pcapng]… [--runs N]");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const { bavail, bsize } = statfsSync(folder);
const needed = Math.max(...sizes) * 1.1e6;
if (bavail * bsize < needed) {
  console.error(`bench: ${folder} has no room for a capture of ${Math.max(...sizes)} MB. TMPDIR names another place.`);
  process.exit(2);
}

const hasGnuTime = spawnSync("/usr/bin/time", ["-f", "%M", "true"]).status === 0;
const hasTcpdump = spawnSync("tcpdump", ["--version"]).status === 0;
const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

console.log(
  `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${process.platform}`,
);
for (const [name, found] of Object.entries({ tcpdump: hasTcpdump, tshark: hasTshark })) {
  if (!found) console.log(`${name} is not installed: no comparison with it`);
}

let failures = 0;
const peaks = [];
for (const format of values.format) {
  for (const size of sizes) peaks.push(bench(format, size));
}
for (const format of values.format) {
  const ofFormat = peaks.filter(peak => peak.format === format).map(peak => peak.mebibytes);
  if (ofFormat.length > 1)
    console.log(`\n${format}: peak memory ${ofFormat.join(" → ")} MiB for ${sizes.join(" → ")} MB`);
}
process.exitCode = failures > 0 ? 1 : 0;

/** Measures one capture, prints its table. */
function bench(format, size) {
  const path = join(folder, `bench.${format}`);
  const capture = makeCapture(path, size, format);
  const count = number => number.toLocaleString("en");
  console.log(
    `\n${format}, ${size} MB: ${count(capture.packets)} packets, ${count(capture.frames)} frames, seed ${capture.seed}`,
  );

  /** @type {Record<string, { command: string[], seconds: number[], peak: number | null, runs: number }>} */
  const tools = {
    ghostframe: {
      command: [process.execPath, GHOSTFRAME, "inspect", "--format", "json", path],
      seconds: [],
      peak: null,
      runs,
    },
    "bare loop": { command: [process.execPath, BARE_LOOP, path], seconds: [], peak: null, runs },
  };
  if (hasTcpdump) {
    tools.tcpdump = { command: ["tcpdump", "-r", path, "-w", "/dev/null"], seconds: [], peak: null, runs };
  }
  if (hasTshark && size <= LEAST_PATIENCE_MEGABYTES) {
    const filter = ["-Y", "amqp.method.method == 10", "-T", "fields", "-e", "frame.number"];
    const command = ["tshark", "-r", path, "-d", `tcp.port==${PORT},amqp`, ...filter];
    tools.tshark = { command, seconds: [], peak: null, runs: size > PATIENCE_MEGABYTES ? 1 : Math.min(runs, 3) };
  }
  // The first round fills the page cache, checks the answer, and measures the memory.
  checkAnswer(capture, run(tools.ghostframe.command).stdout);
  const bare = JSON.parse(run(tools["bare loop"].command).stdout);
  if (bare.frames !== capture.frames || bare.broken > 0) fail(`the bare loop found ${bare.frames} frames`);
  for (const [name, tool] of Object.entries(tools)) {
    if (name !== "tshark" || size <= PATIENCE_MEGABYTES) tool.peak = peakMemory(tool.command);
  }
  for (let round = 0; round < runs; round++) {
    for (const tool of Object.values(tools)) if (round < tool.runs) tool.seconds.push(run(tool.command).seconds);
  }

  const own = median(tools.ghostframe.seconds);
  const header = ["", "seconds", "MB/s", "ghostframe is", "peak MiB", "runs"];
  const rows = Object.entries(tools).map(([name, { seconds, peak, runs: times }]) => [
    name,
    median(seconds).toFixed(3),
    (capture.octets / median(seconds) / 1e6).toFixed(0),
    name === "ghostframe" ? "" : comparison(median(seconds) / own),
    peak === null ? "–" : mebibytes(peak).toFixed(0),
    String(times),
  ]);
  printTable([header, ...rows]);
  const { peak } = tools.ghostframe;
  if (peak !== null && peak > MOST_MEMORY) fail(`ghostframe used ${mebibytes(peak).toFixed(0)} MiB, more than it may`);
  rmSync(path);
  return { format, mebibytes: peak === null ? "?" : mebibytes(peak).toFixed(0) };
}

function checkAnswer(capture, json) {
  const report = JSON.parse(json);
  const frames = report.connections.reduce(
    (sum, { frames: { clientToServer, serverToClient } }) => sum + clientToServer + serverToClient,
    0,
  );
  const expect = (what, found, expected) => {
    if (found !== expected) fail(`ghostframe found ${found} ${what}, and ${expected} are there`);
  };
  expect("packets", report.inputs[0].packets, capture.packets);
  expect("connections", report.connections.length, capture.connections);
  expect("frames", frames, capture.frames);
  expect("findings", report.findings.length, 0);
}

function run([command, ...args]) {
  const began = process.hrtime.bigint();
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 30 });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (status !== 0) {
    fail(`${command} ${args.join(" ")} ended with ${error ?? `status ${status}: ${stderr}`}`);
    process.exit(1);
  }
  return { seconds, stdout };
}

/** Octets of resident memory at the most; null where that cannot be measured here. */
function peakMemory([command, ...args]) {
  if (command === process.execPath) {
    // Node tells it by itself, on every system.
    const file = join(folder, "peak");
    const hook = `import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(file)},String(process.resourceUsage().maxRSS)))`;
    run([command, "--import", `data:text/javascript,${encodeURIComponent(hook)}`, ...args]);
    return Number(readFileSync(file, "utf8")) * 1024;
  }
  if (!hasGnuTime) return null;
  const { stderr } = spawnSync("/usr/bin/time", ["-f", "%M", command, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  return Number(stderr.trim().split("\n").at(-1)) * 1024;
}

function comparison(ratio) {
  return ratio >= 1 ? `${ratio.toFixed(1)}× faster` : `${(1 / ratio).toFixed(1)}× slower`;
}

function mebibytes(octets) {
  return octets / 1024 / 1024;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function printTable(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map(row => row[at].length)));
  for (const row of rows) {
    console.log(
      `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join("  ")}`,
    );
  }
}

function fail(message) {
  failures++;
  console.error(`bench: ${message}`);
}
