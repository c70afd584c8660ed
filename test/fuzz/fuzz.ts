/**
 * npm run fuzz -- TARGET SECONDS [--seed N]
 *
 * Runs changed inputs for so long. The seed is printed; what fails is made small, and saved in fuzz-findings/.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomNumbers } from "../support/chunkings.ts";
import { minimised } from "./mutate.ts";
import { inputOf, TARGETS } from "./targets.ts";

const FOLDER = "fuzz-findings";
/** Milliseconds for one input: far more than any takes. */
const TOO_LONG = 5000;

const [, , name = "", seconds = "60", flag, given] = process.argv;
const target = TARGETS[name];
if (target === undefined || !(Number(seconds) > 0) || (flag !== undefined && flag !== "--seed")) {
  console.error(`npm run fuzz -- TARGET SECONDS [--seed N]; targets: ${Object.keys(TARGETS).join(", ")}`);
  process.exit(2);
}
const seed = flag === undefined ? Date.now() % 1_000_000_000 : Number(given);
console.log(`${name}, ${seconds} s, seed ${seed}`);

/** What goes wrong with an input, without the numbers in it; null where nothing does. */
async function problemOf(octets: Uint8Array): Promise<string | null> {
  const begun = performance.now();
  try {
    await target!.run(octets);
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack?.split("\n")[1] ?? ""}` : String(error);
  }
  return performance.now() - begun > TOO_LONG ? "takes too long" : null;
}

const corpus = target.corpus();
const known = new Set<string>();
const end = performance.now() + Number(seconds) * 1000;
let [turns, slowest] = [0, 0];
for (; performance.now() < end; turns++) {
  const input = inputOf(target, corpus, randomNumbers(seed + turns));
  const begun = performance.now();
  const problem = await problemOf(input);
  slowest = Math.max(slowest, performance.now() - begun);
  const kind = problem?.replace(/\d+/g, "#");
  if (problem === null || known.has(kind!)) continue;
  known.add(kind!);
  const path = join(FOLDER, `${name}-${seed + turns}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path, input);
  console.log(`turn ${turns} (seed ${seed + turns}): ${problem}\n  saved in ${path}`);
  // What is asynchronous is not made smaller: it takes long as it is.
  const same = (octets: Uint8Array): boolean => {
    try {
      const done = target.run(octets);
      if (done instanceof Promise) done.catch(() => {});
      return false;
    } catch (error) {
      return error instanceof Error && problem.startsWith(error.message);
    }
  };
  const small = minimised(input, same);
  if (small.length < input.length) writeFileSync(path, small);
}
console.log(`${turns} inputs, slowest ${Math.round(slowest)} ms, ${known.size} kinds of failures`);
process.exitCode = known.size === 0 ? 0 : 1;
