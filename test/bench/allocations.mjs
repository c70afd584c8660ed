#!/usr/bin/env node
/**
 * npm run bench:allocations: a gate for the hot path that needs no quiet machine.
 *
 * Octets that the inspection of clean traffic allocates for each further frame: what V8 counts, not how long it takes. Two
 * captures of the same connections, one three times as long, are inspected without a collection of garbage; the difference is divided by
 * that of their frames. Then the same with one small object more for each frame: the gate must notice that, or it fails, too.
 *
 * V8 does not optimise here, because when it optimises is a matter of time. So numbers beyond 31 bits and fractions count, which
 * optimised code keeps in registers: the limit allows for them.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { makeCapture } from "./make-capture.mjs";

const FLAGS = [
  "--no-opt",
  "--no-maglev",
  "--always-sparkplug",
  "--single-threaded",
  "--no-flush-bytecode",
  "--expose-gc",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
];
const MEGABYTES = [1, 3];
/** Small, as V8 counts memory by pages of 256 KiB: the more frames, the less that matters. */
const BODIES = { most: 20, big: 20 };
const TURNS = 2;
/** Octets for a frame: in 20 runs of Node 20 it took 29 to 37, in newer ones 31. With an object of one field for each frame it takes 77 or more. */
const LIMIT = 44;

if (globalThis.gc === undefined) {
  const folder = mkdtempSync(join(tmpdir(), "ghostframe-allocations-"));
  try {
    // In a process of its own: what it takes to make captures is not garbage of the inspection.
    const captures = MEGABYTES.map(megabytes => {
      const path = join(folder, `${megabytes}.pcap`);
      return { path, frames: makeCapture(path, megabytes, "pcap", { bodies: BODIES }).frames };
    });
    const args = [...FLAGS, process.argv[1], JSON.stringify(captures)];
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    process.exitCode = status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  const { inspect } = await import("../../dist/index.js");
  const unasked = unaskedCollections();
  const captures = JSON.parse(process.argv[2]);
  // Code is compiled when it is first called.
  for (const capture of captures) await allocated(capture, inspect);
  const octets = await octetsForAFrame(captures, inspect);
  await wasteForEachFrame();
  const wasteful = await octetsForAFrame(captures, inspect);
  await nextTurn();
  if (unasked() > 0) throw new Error("garbage was collected while allocations were counted");
  console.log(
    `${octets.toFixed(1)} octets allocated for a frame, at most ${LIMIT}; with an object more ${wasteful.toFixed(1)}`,
  );
  if (octets > LIMIT) console.error("the hot path allocates more than it did: see ARCHITECTURE.md, The hot path");
  if (wasteful <= LIMIT) console.error("an object for each frame would not be noticed: lower the limit");
  process.exitCode = octets <= LIMIT && wasteful > LIMIT ? 0 : 1;
}

/** The least of some turns counts: what V8 makes of its own now and then comes on top. */
async function octetsForAFrame([short, long], inspect) {
  let [less, more] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < TURNS; turn++) {
    less = Math.min(less, await allocated(short, inspect));
    more = Math.min(more, await allocated(long, inspect));
  }
  return (more - less) / (long.frames - short.frames);
}

/** Octets that the inspection of a capture allocates. */
async function allocated({ path, frames }, inspect) {
  globalThis.gc();
  await nextTurn();
  const before = process.memoryUsage().heapUsed;
  const { summary, connections } = await inspect([path]);
  const octets = process.memoryUsage().heapUsed - before;
  const seen = connections.reduce((sum, each) => sum + each.frames.clientToServer + each.frames.serverToClient, 0);
  if (seen !== frames || summary.errors > 0) throw new Error(`${seen} frames were found, expected ${frames}`);
  return octets;
}

/** Counts the collections of garbage that nobody asked for. */
function unaskedCollections() {
  let count = 0;
  const isAsked = ({ detail }) => (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
  new PerformanceObserver(list => {
    count += list.getEntries().filter(entry => !isAsked(entry)).length;
  }).observe({ entryTypes: ["gc"] });
  return () => count;
}

/** Makes an object for every frame. Each is seen by one of these two: three of a message that lies whole in one piece by the first. */
async function wasteForEachFrame() {
  const { WholeMessage } = await import("../../dist/amqp/whole-message.js");
  const { Direction } = await import("../../dist/connection/direction.js");
  let latest = null;
  const read = methodOf(WholeMessage, "read");
  WholeMessage.prototype.read = function (bytes, at, end, limit) {
    const isRead = read.call(this, bytes, at, end, limit);
    for (let frame = 0; isRead && frame < 3; frame++) latest = { frame };
    return isRead;
  };
  const frame = methodOf(Direction, "frame");
  Direction.prototype.frame = function (type, channel, bytes, start, size) {
    latest = { size };
    frame.call(this, type, channel, bytes, start, size);
    return latest;
  };
}

function methodOf({ prototype }, name) {
  return prototype[name];
}
