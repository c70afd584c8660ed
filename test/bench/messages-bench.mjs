#!/usr/bin/env node
/**
 * npm run bench:messages -- [--size MEGABYTES] [--runs N]
 *
 * `ghostframe messages --format ndjson` against tshark with the same fields, on a capture made by make-capture.mjs: whole
 * processes; ghostframe's time is the median of N runs, tshark runs once. Fails where ghostframe is not ten times faster by
 * processor time, or takes more than 250 MiB. Needs GNU time and tshark.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeCapture } from "./make-capture.mjs";

const GHOSTFRAME = fileURLToPath(new URL("../../bin/ghostframe.js", import.meta.url));
const LEAST_RATIO = 10;
const MOST_MEMORY = 250 * 1024; // KiB
const FIELDS = [
  "frame.time_epoch",
  "frame.number",
  "tcp.stream",
  "amqp.channel",
  "amqp.method.arguments.exchange",
  "amqp.method.arguments.routing_key",
  "amqp.method.arguments.delivery_tag",
  "amqp.method.arguments.consumer_tag",
  "amqp.header.body-size",
  "amqp.method.properties.message_id",
  "amqp.method.properties.correlation_id",
  "amqp.method.arguments.publish_number",
];

const { values } = parseArgs({
  options: { size: { type: "string", default: "400" }, runs: { type: "string", default: "3" } },
});
const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const capture = join(folder, "messages.pcap");
console.log(JSON.stringify(makeCapture(capture, Number(values.size), "pcap")));

/** Processor seconds and KiB of a process, whose lines go to a file as they would to a pipe that is read at once. */
function measured(command, args) {
  const out = openSync(join(folder, "out"), "w");
  const { status, stderr } = spawnSync("/usr/bin/time", ["-f", "%U %S %e %M", command, ...args], {
    encoding: "utf8",
    stdio: ["ignore", out, "pipe"],
  });
  closeSync(out);
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  const [user, system, seconds, memory] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { processor: user + system, seconds, memory };
}

const runs = Array.from({ length: Number(values.runs) }, () =>
  measured(process.execPath, [GHOSTFRAME, "messages", capture, "--format", "ndjson"]),
);
const own = runs.toSorted((one, other) => one.processor - other.processor)[Math.floor(runs.length / 2)];
const filter = "amqp.method.method == 40 || amqp.method.method == 60";
const other = measured("tshark", [
  "-r",
  capture,
  "-Y",
  filter,
  "-T",
  "fields",
  ...FIELDS.flatMap(name => ["-e", name]),
]);
const line = (name, { processor, seconds, memory }) =>
  console.log(
    `${name}: ${processor.toFixed(1)} processor s, ${seconds.toFixed(1)} s, ${Math.round(memory / 1024)} MiB`,
  );
line("ghostframe messages", own);
line("tshark", other);
const ratio = other.processor / own.processor;
console.log(`ratio: ${ratio.toFixed(1)} by processor time, ${(other.seconds / own.seconds).toFixed(1)} by the clock`);
if (ratio < LEAST_RATIO || own.memory > MOST_MEMORY) process.exitCode = 1;
