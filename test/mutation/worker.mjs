/**
 * Runs tests against one mutant after the other: a process that is told { file, source, groups } and answers
 * { killedBy }, the test file that failed, or null. The mutant is never written to the disk. A mutant that never ends
 * is this process's end: run.mjs kills it.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

process.env.UNTIMED = "1"; // tests that measure time do not count
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Path and text of the file that stands in for the one on the disk. */
let mutated = { path: "", source: "" };

const plugin = {
  name: "mutant",
  enforce: "pre",
  load: id => (id.split("?")[0] === mutated.path ? mutated.source : null),
};
// Not the configuration of `npm test`: its projects would read the file from the disk.
const options = {
  config: false,
  include: ["test/**/*.test.ts"],
  testTimeout: 60_000,
  restoreMocks: true,
  unstubEnvs: true,
  watch: false,
  bail: 1,
  pool: "threads",
  isolate: false,
  maxWorkers: 1,
  reporters: [{}],
};
const vitest = await createVitest("test", { ...options, root: ROOT }, { plugins: [plugin] });
await vitest.standalone();

process.on("message", ({ file, source, groups }) => void run(file, source, groups));
process.send({ ready: true });

/** `groups`: lists of test files. Those of a group run only where the groups before it have not failed. */
async function run(file, source, groups) {
  const before = mutated.path;
  mutated = { path: join(ROOT, file), source };
  if (before !== "" && before !== mutated.path) vitest.invalidateFile(before);
  vitest.invalidateFile(mutated.path);
  let killedBy = null;
  for (const group of groups) {
    const specifications = (await vitest.globTestSpecifications(group)).filter(each =>
      group.some(name => each.moduleId === join(ROOT, name)),
    );
    if (specifications.length < group.length) throw new Error(`not all of these exist: ${group.join(", ")}`);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, false);
    const failed = testModules.find(each => !each.ok());
    if (failed !== undefined || unhandledErrors.length > 0) {
      killedBy = failed?.relativeModuleId ?? "an unhandled error";
      break;
    }
  }
  process.send({ killedBy });
}
