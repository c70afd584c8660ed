/**
 * The last lines of a run. Which tests were skipped is said aloud; with CI set a skipped test is a failure, because
 * nothing else would tell that what it tests was never run there. Which tests failed is said once more at the very end,
 * since the end is what people see of a long log.
 */
import type { Reporter, TestModule, Vitest } from "vitest/node";

/** What may be skipped in CI as well, and why. */
const MAY_SKIP: ReadonlyMap<string, string> = new Map([
  [
    "test/proxy/recorder.test.ts > when the disk does not take it > a folder without permission, too",
    "as root there is no such folder",
  ],
  ...["where this user can make nothing", "where this user can make no folder"].map(
    name =>
      [
        `test/cli/proxy-command.test.ts > no place for the recording > ${name}`,
        "only root can become such a user",
      ] as const,
  ),
]);

const LONGEST_REASON = 200; // characters

export class ClosingLines implements Reporter {
  #isFiltered = false;

  onInit({ config }: Vitest): void {
    this.#isFiltered = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (!this.#isFiltered) this.#skipped(modules);
    const failed = modules.flatMap(failuresOf);
    if (failed.length > 0) console.error(["", `FAILED: ${failed.length}`, ...failed, ""].join("\n"));
  }

  #skipped(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap(module =>
      [...module.children.allTests("skipped")].map(test => `${module.relativeModuleId} > ${test.fullName}`),
    );
    if (skipped.length > 0)
      console.warn(["", `SKIPPED, not tested here: ${skipped.length}`, ...skipped, ""].join("\n"));
    if (!process.env.CI) return;
    const unexplained = skipped.filter(name => !MAY_SKIP.has(name));
    if (unexplained.length === 0) return;
    console.error(["No test may be skipped in CI (test/support/closing-lines.ts):", ...unexplained, ""].join("\n"));
    process.exitCode = 1;
  }
}

/** A line for each failed test of a file, and for each error outside its tests. */
function failuresOf(module: TestModule): string[] {
  const line = (name: string, message = "") => `${name}: ${message.split("\n", 1)[0]?.slice(0, LONGEST_REASON)}`;
  const outside = module.errors().map(error => line(module.relativeModuleId, error.message));
  const failed = [...module.children.allTests("failed")].map(test =>
    line(`${module.relativeModuleId} > ${test.fullName}`, test.result().errors?.[0]?.message),
  );
  return [...outside, ...failed];
}
