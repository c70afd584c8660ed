/**
 * npm run mutation: how many small faults the tests notice, by file. Fails where fewer than 90 of 100 are.
 *
 *   npm run mutation -- --file frame-scanner   only files whose path has this in it
 *   npm run mutation -- --sample 100 --seed 7  so many mutants of each file, chosen at random
 *   npm run mutation -- --line 120             only those in this line, or in 120-180
 *   npm run mutation -- --minutes 20           no longer than this; what was not tried is counted
 *   npm run mutation -- --workers 1            2 where nothing is said
 *   npm run mutation -- --list                 only say what would be tried
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EQUIVALENT } from "./equivalent.mjs";
import { applied, mutantsOf } from "./mutants.mjs";
import { TARGETS } from "./targets.mjs";

const LEAST = 0.9;
/** A mutant that takes so many times as long as the tests without one, and this much more, never ends. */
const SLOWER = 4;
const SLACK = 20_000; // ms
const BROKEN = 'throw new Error("this file is broken");';
const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const { values: options } = parseArgs({
  options: {
    file: { type: "string", default: "" },
    line: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "60" },
    workers: { type: "string", default: "2" },
    list: { type: "boolean", default: false },
  },
});
const deadline = Date.now() + Number(options.minutes) * 60_000;

/** A process that runs tests against mutants, one at a time, begun anew after one that never ends. */
class Runner {
  #child = null;

  async run(job, limit) {
    this.#child ??= await begin();
    const child = this.#child;
    child.send(job);
    const stop = new AbortController();
    const timer = setTimeout(() => child.kill("SIGKILL"), limit);
    try {
      const [answer] = await Promise.race([
        once(child, "message", { signal: stop.signal }),
        once(child, "exit", { signal: stop.signal }).then(() => [{ killedBy: "it never ends, or ends the process" }]),
      ]);
      if (!child.connected) this.#child = null;
      return answer;
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  end() {
    this.#child?.kill("SIGKILL");
  }
}

async function begin() {
  const child = fork(WORKER, [], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

/** The mutants of a target that are to be tried, and those listed as equivalent. */
function choose({ file, tests }, random) {
  const source = readFileSync(`${ROOT}${file}`, "utf8");
  const lines = source.split("\n");
  const listed = EQUIVALENT.filter(each => each.file === file);
  const names = mutant => {
    const [line, becomes] = [source, applied(source, mutant)].map(text => text.split("\n")[mutant.line - 1].trim());
    return listed.find(each => each.line === line && each.becomes === becomes);
  };
  const all = mutantsOf(source);
  for (const each of listed) {
    if (!all.some(mutant => names(mutant) === each))
      console.log(`${file}: listed as equivalent, but not there: ${each.line}`);
  }
  let mutants = all.filter(mutant => names(mutant) === undefined);
  if (options.line !== undefined) {
    const [first, last = first] = options.line.split("-").map(Number);
    mutants = mutants.filter(({ line }) => line >= first && line <= last);
  }
  const equivalent = all.length - all.filter(mutant => names(mutant) === undefined).length;
  if (options.sample !== undefined) mutants = sampled(mutants, Number(options.sample), random);
  return { file, tests, source, lines, mutants, equivalent, killed: 0, survivors: [], untried: 0 };
}

function sampled(mutants, count, random) {
  const chosen = mutants.map(mutant => ({ mutant, key: random() })).sort((a, b) => a.key - b.key);
  return chosen
    .slice(0, count)
    .map(({ mutant }) => mutant)
    .sort((a, b) => a.start - b.start);
}

/** Marsaglia's xorshift: the same numbers for the same seed. */
function randomNumbers(seed) {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function inWords({ line, was, text }, { file, lines }) {
  const brief = code => code.replaceAll(/\s+/g, " ");
  return `${file}:${line}: ${brief(was)} → ${brief(text)}\n    ${lines[line - 1].trim()}`;
}

async function tryAll(target) {
  const { file, tests, source, mutants } = target;
  const waiting = [...mutants];
  const runners = Array.from({ length: Number(options.workers) }, () => new Runner());
  const work = async runner => {
    // Without a fault, to know that the tests pass and how long they take.
    const began = Date.now();
    const { killedBy } = await runner.run({ file, source, groups: tests }, 600_000);
    if (killedBy !== null) throw new Error(`${killedBy} fails without a fault in ${file}`);
    const limit = (Date.now() - began) * SLOWER + SLACK;
    // And with one that nobody can miss, to know that it is the changed file that is tested.
    const answer = await runner.run({ file, source: BROKEN, groups: tests }, 600_000);
    if (answer.killedBy === null) throw new Error(`the tests pass without ${file}`);
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      if (Date.now() > deadline) {
        target.untried++;
        continue;
      }
      const time = Math.min(limit, deadline - Date.now());
      const answer = await runner.run({ file, source: applied(source, mutant), groups: tests }, time);
      if (time < limit && Date.now() >= deadline) target.untried++;
      else if (answer.killedBy !== null) target.killed++;
      else {
        target.survivors.push(mutant);
        console.log(`survives: ${inWords(mutant, target)}`);
      }
    }
  };
  try {
    await Promise.all(runners.map(work));
  } finally {
    for (const runner of runners) runner.end();
  }
}

function percent(killed, tried) {
  return tried === 0 ? "-" : `${((100 * killed) / tried).toFixed(1)} %`;
}

const random = randomNumbers(Number(options.seed));
const targets = TARGETS.filter(({ file }) => file.includes(options.file)).map(target => choose(target, random));
if (options.sample !== undefined) console.log(`seed ${options.seed}`);
if (options.list) {
  for (const target of targets) for (const mutant of target.mutants) console.log(inWords(mutant, target));
} else {
  for (const target of targets) await tryAll(target);
  process.exitCode = summary();
}

/** Prints the table; 1 where too few are noticed. */
function summary() {
  const row = (file, tried, killed, ...counts) =>
    [file.padEnd(34), ...[tried, percent(killed, tried), ...counts].map(cell => String(cell).padStart(10))].join(" ");
  const total = { killed: 0, tried: 0, survive: 0, equivalent: 0, untried: 0 };
  console.log(`\n${"file".padEnd(34)}    mutants    noticed    survive equivalent  not tried`);
  for (const { file, killed, survivors, equivalent, untried } of targets) {
    const tried = killed + survivors.length;
    console.log(row(file, tried, killed, survivors.length, equivalent, untried));
    total.killed += killed;
    total.tried += tried;
    total.survive += survivors.length;
    total.equivalent += equivalent;
    total.untried += untried;
  }
  console.log(row("all", total.tried, total.killed, total.survive, total.equivalent, total.untried));
  if (total.killed >= LEAST * total.tried) return 0;
  console.log(`Fewer than ${LEAST * 100} % are noticed.`);
  return 1;
}
