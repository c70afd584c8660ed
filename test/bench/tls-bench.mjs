#!/usr/bin/env node
/**
 * npm run bench:tls -- [--size MEGABYTES] [--runs N] [--assert]
 *
 * What `ghostframe inspect` takes for the same octets of AMQP in the clear, in records of TLS 1.3 without their keys, with
 * them, and for those records as a protocol that nobody knows, which is read as TCP only. Whole processes by turns, user
 * and system, medians of N runs. Of decryption it also shows what a bare loop of node:crypto takes for records of that
 * size, and what `openssl speed` gives one core at 16 KiB. --assert fails where records without keys take more than 1.5
 * times what the octets in the clear take, or the two do not show the same frames. Needs GNU time and openssl.
 */
import { spawnSync } from "node:child_process";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeTlsCaptures } from "./make-tls-capture.mjs";

const GHOSTFRAME = fileURLToPath(new URL("../../bin/ghostframe.js", import.meta.url));
const MOST_RATIO = 1.5;
const LOOPBACK = 65_483;
/** The hardest first. */
const CASES = [
  { name: "200 octets, 60 kB at once", recordOctets: 200, gathered: 60_000, segmentOctets: LOOPBACK },
  { name: "200 octets, a write at once", recordOctets: 200, gathered: 1, segmentOctets: LOOPBACK },
  { name: "2,000 octets", recordOctets: 2000, gathered: 60_000, segmentOctets: LOOPBACK },
  { name: "16 KiB", recordOctets: 16_384, gathered: 60_000, segmentOctets: LOOPBACK },
];

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "200" },
    runs: { type: "string", default: "3" },
    assert: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "ghostframe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const median = numbers => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
const times = (one, other) => `× ${(one / other).toFixed(2)}`;

/** Processor seconds of an inspection, and the frames it found. */
function inspected(...args) {
  const command = [process.execPath, GHOSTFRAME, "inspect", "--format", "json", ...args];
  const { status, stdout, stderr } = spawnSync("/usr/bin/time", ["-f", "%U %S", ...command], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`inspect ${args.join(" ")} failed: ${stderr}`);
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  // Connections of TLS are recognised earlier than those in the clear, and stand in another order.
  const frames = JSON.parse(stdout).connections.map(
    ({ client, frames: { clientToServer, serverToClient } }) => `${client.port}: ${clientToServer} ${serverToClient}`,
  );
  return { seconds: user + system, frames: frames.sort().join() };
}

/** Octets that a bare loop of node:crypto decrypts in a processor second. */
function bareLoop(octets) {
  const [key, nonce, header] = [Buffer.alloc(16, 1), Buffer.alloc(12, 2), Buffer.alloc(5)];
  const cipher = createCipheriv("aes-128-gcm", key, nonce).setAAD(header);
  const body = Buffer.concat([cipher.update(Buffer.alloc(octets)), cipher.final(), cipher.getAuthTag()]);
  const records = Math.ceil(1.6e8 / Math.max(octets, 1000));
  const before = process.cpuUsage();
  for (let i = 0; i < records; i++) {
    const decipher = createDecipheriv("aes-128-gcm", key, nonce).setAAD(header);
    decipher.setAuthTag(body.subarray(octets));
    decipher.update(body.subarray(0, octets));
    decipher.final();
  }
  const { user, system } = process.cpuUsage(before);
  return (octets * records * 1e6) / (user + system);
}

function opensslSpeed() {
  const { stdout } = spawnSync("openssl", ["speed", "-evp", "aes-128-gcm", "-bytes", "16384", "-seconds", "2"], {
    encoding: "utf8",
  });
  return Number(/([\d.]+)k\s*$/.exec(stdout)?.[1]) * 1000;
}

const speed = opensslSpeed();
console.log(`openssl speed -evp aes-128-gcm, 16 KiB: ${(speed / 1e6).toFixed(0)} MB/s`);
for (const { name, ...options } of CASES) {
  const size = Number(values.size);
  const paths = makeTlsCaptures(join(folder, "tls"), size, options);
  const ways = {
    clear: [paths.clear],
    opaque: [paths.opaque],
    records: [paths.tls],
    decrypted: [paths.tls, "--tls-keys", paths.keys],
  };
  const runs = { clear: [], opaque: [], records: [], decrypted: [] };
  const frames = {};
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [way, args] of Object.entries(ways)) {
      const found = inspected(...args);
      runs[way].push(found.seconds);
      frames[way] = found.frames;
    }
  }
  const [clear, opaque, records, decrypted] = Object.values(runs).map(median);
  const bare = bareLoop(options.recordOctets);
  const reached = (size * 1e6) / (decrypted - clear);
  console.log(
    `${name}: in the clear ${clear.toFixed(2)} s, as unknown octets ${opaque.toFixed(2)} s; records ${records.toFixed(2)} s, ${times(records, clear)} and ${times(records, opaque)}; decrypted ${decrypted.toFixed(2)} s: ${(reached / 1e6).toFixed(0)} MB/s more than in the clear, a bare loop ${(bare / 1e6).toFixed(0)} MB/s, ${times(bare, speed)} of openssl's`,
  );
  if (!values.assert) continue;
  if (records > MOST_RATIO * clear) fail(`${name}: records without keys take ${times(records, clear)}`);
  if (frames.decrypted !== frames.clear) fail(`${name}: other frames than in the clear`);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
