/** The processes of the proxy benchmarks: the relays under test, sink and load generator, and what they cost. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const here = name => fileURLToPath(new URL(name, import.meta.url));
const PATIENCE_MILLISECONDS = 15_000;
/** A relay that loses octets may leave both ends waiting. */
const SILENCE_MILLISECONDS = 120_000;
const STDERR_CHARACTERS = 2000;
/** The unit of times in /proc: a hundredth of a second on every Linux of today. */
const TICKS_PER_SECOND = 100;

/** One thread, plain TCP, and no limit that the benchmarks reach. */
const haproxyConfiguration = (port, upstreamPort) => `global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen relay
  bind 127.0.0.1:${port}
  server sink 127.0.0.1:${upstreamPort}
`;

/** How each relay is started: a command that runs in the foreground. "direct" is none. */
const COMMANDS = {
  haproxy: (port, upstreamPort, folder) => {
    const configuration = join(folder, `haproxy-${port}.cfg`);
    writeFileSync(configuration, haproxyConfiguration(port, upstreamPort));
    return ["haproxy", "-db", "-f", configuration];
  },
  bare: (port, upstreamPort) => [process.execPath, here("bare-relay.mjs"), String(port), String(upstreamPort)],
  ghostframe: (port, upstreamPort, _, options) => ghostframe(port, upstreamPort, ...options),
  sleeping: (port, upstreamPort) => ghostframe(port, upstreamPort, "--no-busy-polling"),
  following: (port, upstreamPort) => ghostframe(port, upstreamPort, "--admin", "127.0.0.1:0"),
};

function ghostframe(port, upstreamPort, ...options) {
  const route = ["--listen", `127.0.0.1:${port}`, "--upstream", `amqp://127.0.0.1:${upstreamPort}`];
  return [process.execPath, here("../../bin/ghostframe.js"), "proxy", ...route, "--format", "ndjson", ...options];
}

/** Those that are ghostframe. */
const TELLING = new Set(["ghostframe", "sleeping", "following"]);

export const RELAYS = ["direct", ...Object.keys(COMMANDS)];

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.on("SIGHUP", () => process.exit(129));

function keep(child) {
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/**
 * Starts a relay in front of the sink, and waits until it takes connections. "direct" is the sink itself; `options` are
 * ghostframe's.
 * `inspected`: resolves when it has told of the end of so many connections since it was started, or is none that tells.
 * `fellBehind`: what it relayed it did not inspect to the end, and said so. `told`: the latest of what it said on stderr.
 * @returns {Promise<{ name: string, port: number, pid: number | null, inspected: (connections: number) => Promise<void>,
 *   fellBehind: () => boolean, told: () => string, stop: () => Promise<void> }>}
 */
export async function startRelay(name, upstreamPort, folder, options = []) {
  if (name === "direct") {
    return {
      name,
      port: upstreamPort,
      pid: null,
      inspected: nothing,
      fellBehind: () => false,
      told: () => "",
      stop: nothing,
    };
  }
  const port = await freePort();
  const [command, ...args] = COMMANDS[name](port, upstreamPort, folder, options);
  const child = keep(spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] }));
  const telling = TELLING.has(name) ? new Telling(child) : null;
  child.stdout.resume();
  let told = "";
  let behind = false;
  child.stderr.on("data", chunk => {
    told = (told + chunk).slice(-STDERR_CHARACTERS);
    behind ||= told.includes("MiB behind");
  });
  let problem = null;
  child.once("error", error => {
    problem = error.message;
  });
  child.once("exit", (code, signal) => {
    problem ??= `ended with ${signal ?? `status ${code}`}`;
  });
  const began = performance.now();
  while (!(await accepts(port))) {
    if (problem === null && performance.now() - began > PATIENCE_MILLISECONDS) problem = "takes no connections";
    if (problem !== null) {
      child.kill("SIGKILL");
      throw new Error(`${name}: ${problem}${told === "" ? "" : `\n${told.trim()}`}`);
    }
    await delay(20);
  }
  return {
    name,
    port,
    pid: child.pid,
    inspected: telling === null ? nothing : connections => telling.closed(connections),
    fellBehind: () => behind,
    told: () => told,
    stop: () => stop(child),
  };
}

/** Where there is nothing to wait for. */
async function nothing() {}

/** What ghostframe tells, an event a line: of the end of a connection, when it is inspected. */
class Telling {
  #closed = 0;
  #rest = "";
  #problem = null;
  #look = () => {};

  constructor(child) {
    child.stdout.setEncoding("utf8").on("data", text => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop();
      // Who only connects, and says nothing, is no client of the benchmark.
      this.#closed += lines.filter(line => /"event":"closed".*"product"/.test(line)).length;
      if (lines.some(line => line.includes('"event":"uninspected"')))
        this.#problem ??= "did not inspect all it relayed";
      this.#look();
    });
    child.once("exit", () => {
      this.#problem ??= "ended";
      this.#look();
    });
  }

  async closed(connections) {
    const late = setTimeout(() => {
      this.#problem ??= "tells nothing of connections that are closed";
      this.#look();
    }, SILENCE_MILLISECONDS);
    while (this.#closed < connections && this.#problem === null) {
      await new Promise(resolve => {
        this.#look = resolve;
      });
    }
    clearTimeout(late);
    if (this.#closed < connections) throw new Error(`ghostframe ${this.#problem}`);
  }
}

/** A graceful relay waits for its connections; the benchmark does not wait for it. */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port) {
  return new Promise(resolve => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Starts sink and load generator. `run` does one job, and throws where the sink did not get all that was sent. */
export async function startEnds() {
  const sink = keep(fork(here("amqp-sink.mjs")));
  const load = keep(fork(here("amqp-load.mjs")));
  for (const child of [sink, load]) child.once("exit", code => abandon(`sink or load generator ended: ${code}`));
  const [{ port }] = await once(sink, "message");

  async function totals() {
    sink.send("totals");
    return (await once(sink, "message"))[0];
  }

  async function answer(job) {
    const [told] = await once(load, "message", { signal: AbortSignal.timeout(SILENCE_MILLISECONDS) }).catch(() => {
      throw new Error(`${job}: nothing came for ${SILENCE_MILLISECONDS / 1000} s`);
    });
    return told;
  }

  async function run(job, options, onProgress) {
    const before = await totals();
    load.send({ job, ...options });
    let told;
    do {
      told = await answer(job);
      if (told.progress !== undefined) onProgress?.(told.progress);
    } while (told.progress !== undefined);
    const after = await totals();
    if (after.faults.length > 0) throw new Error(`${job}: the sink got ${after.faults[0]}`);
    if (told.error !== undefined) throw new Error(told.error);
    for (const what of ["messages", "octets"]) {
      const arrived = after[what] - before[what];
      if (arrived !== told.result[what]) {
        throw new Error(`${job}: the sink got ${arrived} ${what}, and ${told.result[what]} were sent`);
      }
    }
    return told.result;
  }
  return { port, run, totals };
}

function abandon(message) {
  console.error(message);
  process.exit(1);
}

/** Octets of resident memory, all threads together; null where there is no /proc. */
export function residentOctets(pid) {
  const status = ofProcess(pid, "status");
  return status === null ? null : Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Seconds of processor time, all threads, user and system. */
export function processorSeconds(pid) {
  const stat = ofProcess(pid, "stat");
  if (stat === null) return null;
  // proc_pid_stat(5): the name in parentheses may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function openFiles(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}

function ofProcess(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null;
  }
}
